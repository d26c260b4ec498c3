"""What the platform is made of and seals with is listed, and the lists are true."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
KEYS = ROOT / "docs" / "algorithms" / "keys.md"
USES = re.compile(r"^\s*(?:from|import) (?:cryptography|hmac|secrets)\b", re.MULTILINE)
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
    program = Path(sys.executable).with_name("uv")
    options = ["--quiet", "--frozen", "--offline", "--no-emit-project", "--format", "cyclonedx1.5", "-o", str(made)]
    subprocess.run([program, "export", *options], cwd=ROOT, check=True, capture_output=True)

    bill = json.loads(made.read_text("utf-8"))
    listed = {(part["name"], part.get("version")) for part in bill["components"] if part.get("purl")}
    recipe = (ROOT / "Makefile").read_text("utf-8").split("\nsbom:", 1)[1].split("\n\n", 1)[0]
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    named = {re.split(r"[\[<>=!~; ]", each, maxsplit=1)[0].lower().replace("_", "-") for each in declared}

    assert bill["bomFormat"] == "CycloneDX"
    assert named <= {name for name, _ in listed}
    assert all(version for _, version in listed)
    assert "--format cyclonedx1.5" in recipe
