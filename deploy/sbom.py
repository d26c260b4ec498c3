"""Write the bill of materials of the locked packages as CycloneDX JSON: name, version, purl and hashes of each.

``python deploy/sbom.py build/sbom.json``. Read from ``requirements.lock``, which is what is installed; markers are kept
as a property, for a package that only some machines get. Format: CycloneDX 1.5 (ECMA-424).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def bill(lock: str) -> dict[str, Any]:
    """Return the bill of a lock file's text; raises ValueError for a line that pins no version."""
    entries = lock.replace("\\\n", " ").splitlines()
    components = [_component(line) for line in entries if line.strip() and not line.startswith("#")]
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components}


def _component(line: str) -> dict[str, Any]:
    stated = line.split("--hash", maxsplit=1)[0].strip()
    required = Requirement(stated)
    pins = [each.version for each in required.specifier if each.operator == "=="]
    if len(pins) != 1:
        raise ValueError(f"requirements.lock: no single version in {stated!r}")
    purl = f"pkg:pypi/{required.name}@{pins[0]}"
    found: dict[str, Any] = {"type": "library", "bom-ref": f"{purl}#{required.marker or ''}".rstrip("#")}
    found |= {"name": required.name, "version": pins[0], "purl": purl}
    found["externalReferences"] = [_distribution(required.name, HASH.findall(line))]
    if required.marker:
        found["properties"] = [{"name": "marker", "value": str(required.marker)}]
    return found


def _distribution(name: str, hashes: list[str]) -> dict[str, Any]:
    """Return where the package's files stand, with the hashes that one of them must have."""
    listed = [{"alg": "SHA-256", "content": each} for each in hashes]
    return {"type": "distribution", "url": f"pkg:pypi/{name}", "hashes": listed}


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(bill((ROOT / "requirements.lock").read_text("utf-8")), indent=2) + "\n", "utf-8")
