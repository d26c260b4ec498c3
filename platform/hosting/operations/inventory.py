"""What a company has: tables with the digest of their rows, files, archives, words by which it is known."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from hosting import models
from tenancy import models as tenancy_models
from tenancy.archives import catalogue, writing
from tenancy.database import connection

SCHEMA = re.compile(r"t_[a-z0-9]{12}")
FORMER = ("former", "schema", "schema_name")
"""Under which names events and jobs of a restore keep the spaces that they made or left behind."""


def schemas_of(*, retailer: Any) -> list[str]:
    """Return the company's space and those that a restore left behind, as far as they stand and are nobody else's."""
    named = {retailer.schema_name}
    for details in models.FleetEvent.objects.filter(retailer_id=retailer.pk).values_list("details", flat=True):
        named |= {str(details[name]) for name in FORMER if name in details}
    named |= set(models.Job.objects.filter(retailer_id=retailer.pk).values_list("schema_name", flat=True))
    others = tenancy_models.Retailer.objects.exclude(pk=retailer.pk).values_list("schema_name", flat=True)
    wanted = {name for name in named if SCHEMA.fullmatch(name)} - set(others)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", [sorted(wanted)])
        standing = {name for (name,) in cursor.fetchall()}
    return sorted(standing | {retailer.schema_name})


def tables(*, schema_name: str) -> list[dict[str, Any]]:
    """Return each table of a schema with its rows and the SHA-256 of their text, all from one moment."""
    found = []
    with transaction.atomic(), connection.cursor() as cursor:
        for setting in catalogue.SETTINGS:
            cursor.execute(setting)
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema_name])
        if cursor.fetchone() is None:
            return []
        for table in catalogue.tables(cursor, schema_name):
            digest, rows = hashlib.sha256(), 0
            for block in writing.copy_text(cursor, schema_name, table):
                digest.update(block)
                rows += block.count(b"\n")
            found.append({"space": schema_name, "name": table.name, "rows": rows, "sha256": digest.hexdigest()})
    return found


def files(*, schema_name: str) -> dict[str, Any]:
    """Return how many files a space has, their bytes, and the SHA-256 over the list of their digests."""
    root = Path(settings.FILES_DIR) / schema_name
    paths = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else []
    listed = [f"{writing.digest_of(path)} {path.relative_to(root).as_posix()}" for path in paths]
    size = sum(path.stat().st_size for path in paths)
    return {"space": schema_name, "count": len(paths), "bytes": size, "sha256": digest(listed)}


def remove_files(*, schema_name: str) -> None:
    """Remove a space's folder with all that is in it; what is gone already is left alone."""
    if SCHEMA.fullmatch(schema_name):
        _remove(Path(settings.FILES_DIR) / schema_name)


def archive_folders(*, code: str) -> list[Path]:
    """Return the folders below the host's archives that are named by the company's code."""
    root = Path(settings.BACKUP_DIR)
    return sorted(path for path in root.rglob(code) if path.is_dir()) if root.is_dir() else []


def archives_of(*, retailer: Any) -> list[dict[str, Any]]:
    """Return the archives that the host holds of a company: each file with its size and SHA-256."""
    found = []
    for folder in archive_folders(code=retailer.code):
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            found.append({"name": path.name, "bytes": path.stat().st_size, "sha256": writing.digest_of(path)})
    return found


def remove_archives(*, retailer: Any) -> None:
    """Remove every archive that the host holds of a company."""
    for folder in archive_folders(code=retailer.code):
        _remove(folder)


def words_of(*, retailer: Any) -> list[str]:
    """Return the words by which the company is known: its names, addresses and mail addresses."""
    brand = getattr(retailer, "brand", None)
    found = [*retailer.names.values(), retailer.legal_name, *retailer.domains.values_list("domain", flat=True)]
    if brand is not None:
        found += [brand.support_email, brand.support_phone, brand.sender_email, brand.tax_number]
    return sorted({word for word in found if word})


def digest(entries: Iterable[Any]) -> str:
    """Return the SHA-256 of a list as JSON with sorted keys."""
    text = json.dumps(list(entries), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _remove(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)
