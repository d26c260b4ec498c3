"""What the platform is made of and seals with is listed, and the lists are true."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
KEYS = ROOT / "docs" / "algorithms" / "keys.md"
USES = re.compile(r"^\s*(?:from|import) (?:cryptography|hmac|secrets)\b", re.MULTILINE)
LOCKED = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)", re.MULTILINE)
PLAYED = ("platform/config/stripe_server/", "platform/config/demo", "platform/config/embedded/")
"""What stands in for others on a developer's machine."""


def test_every_use_of_keys_and_chance_is_in_the_inventory():
    text = KEYS.read_text("utf-8")
    used = {
        path.relative_to(ROOT).as_posix()
        for folder in ("platform", "tenants", "billing", "portal")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts and USES.search(path.read_text("utf-8"))
    }
    named = set(re.findall(r"`([\w/]+\.py)`", text))

    assert {path for path in used if not path.startswith(PLAYED)} - named == set()
    assert named - used == set()


def test_the_bill_of_materials_names_every_locked_package(tmp_path):
    made = tmp_path / "sbom.json"
    subprocess.run([sys.executable, "deploy/sbom.py", str(made)], cwd=ROOT, check=True)

    bill = json.loads(made.read_text("utf-8"))
    listed = {(part["name"], part["version"]) for part in bill["components"]}
    locked = LOCKED.findall((ROOT / "requirements.lock").read_text("utf-8"))
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    named = {re.split(r"[\[<>=!~; ]", each, maxsplit=1)[0].lower().replace("_", "-") for each in declared}

    assert bill["bomFormat"] == "CycloneDX"
    assert listed == set(locked)
    assert named <= {name for name, _ in listed}
    assert all(part["externalReferences"][0]["hashes"] for part in bill["components"])


def test_a_package_without_a_version_is_refused():
    written = runpy.run_path(str(ROOT / "deploy" / "sbom.py"))

    with pytest.raises(ValueError, match="no single version in 'celery>=5'"):
        written["bill"]("celery>=5 \\\n    --hash=sha256:" + "0" * 64)
