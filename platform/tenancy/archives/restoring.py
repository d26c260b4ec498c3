"""Restoring an archive into a schema of its own at one go. Owner processes only."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.db import transaction

from tenancy import context
from tenancy.archives import loading
from tenancy.archives.manifest import Manifest, read_manifest
from tenancy.database import connection


def restore(*, path: Path, schema_name: str) -> Manifest:
    """Make schema, role, tables and files from an archive, all or nothing; return its manifest.

    Every byte is checked against the manifest before anything is committed. Raises UnreadableArchive, Damaged,
    WrongTables; the schema is then as it was before: not there.
    """
    manifest = read_manifest(path=path)
    try:
        with (
            context.use_public(),
            loading.opened(path=path, manifest=manifest, schema_name=schema_name, work={}) as work,
            transaction.atomic(),
        ):
            for stage in loading.stages(manifest):
                work.run(stage)
    except BaseException:
        shutil.rmtree(loading.folder_of(schema_name), ignore_errors=True)
        raise
    connection.forget_path()
    return manifest
