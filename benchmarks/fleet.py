"""Migrations of a fleet: hundreds of companies with nothing to do, and with one real migration (docs/running.md).

Companies are replayed from the template in a scratch database of a durable server. Then ``manage.py fleet migrate``
runs twice, as in production: with nothing to do (limit: 60 s) and after a release with a new table, a foreign key to
the accounts and an index. The last line compares the time a company takes with what Django's own `migrate` takes for
one company in the same run.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

import measuring

NOTHING_LIMIT = 60.0
DJANGO = """
import django, time; django.setup()
from django.core.management import call_command
from tenancy import context
with context.use(context.retailer_by_code(code='birch')):
    begun = time.monotonic(); call_command('migrate', verbosity=0, interactive=False); print(time.monotonic() - begun)
"""


def main(arguments: Sequence[str]) -> int:
    given = _arguments(arguments)
    print(measuring.machine(), flush=True)
    with measuring.database("fleet") as name:
        begun = time.monotonic()
        _run(name, "tests/harness/make_companies.py", str(given.companies))
        print(f"{given.companies} companies replayed in {time.monotonic() - begun:.0f} s", flush=True)
        nothing = _timed(name, "manage.py", "fleet", "migrate")
        print(f"nothing to do: {nothing:.1f} s for {given.companies} companies (limit {NOTHING_LIMIT:.0f})", flush=True)
        _run(name, "manage.py", "fleet", "migrate", "--only", "alder", extra=True)
        alone = float(_run(name, "-c", DJANGO, extra=True))
        report = _migrate(name, given.parallel)
    return _tell(report, nothing, alone, given.parallel)


def _migrate(name: str, parallel: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "report.json"
        _run(name, "manage.py", "fleet", "migrate", "--parallel", str(parallel), "--report", str(file), extra=True)
        return dict(json.loads(file.read_text()))


def _tell(report: dict, nothing: float, alone: float, parallel: int) -> int:  # type: ignore[type-arg]
    count, seconds = report["counts"]["done"], report["seconds"]
    print(
        f"one migration: {count} in {seconds:.1f} s with {parallel} processes, {seconds / count * 1000:.0f} ms"
        f" each; {alone / (seconds / count):.1f} times as fast as Django's own for one company ({alone:.2f} s)"
    )
    holds = nothing < NOTHING_LIMIT
    print(f"nothing to do {nothing / NOTHING_LIMIT:.2f} of the limit: {'holds' if holds else 'FAILS'}")
    return 0 if holds else 1


def _timed(name: str, *words: str) -> float:
    begun = time.monotonic()
    _run(name, *words)
    return time.monotonic() - begun


def _run(name: str, *words: str, extra: bool = False) -> str:
    """Run a command of the owner; ``extra``: of the release that brings one app more."""
    from harness import databases

    own = databases.environment(name, role="owner")
    if extra:
        own["DJANGO_SETTINGS_MODULE"] = "harness.extra_settings"
    done = subprocess.run(
        [sys.executable, *words], cwd=databases.ROOT, env=own, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words[:3])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--companies", type=int, default=300)
    options.add_argument("--parallel", type=int, default=2, help="processes")
    return options.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
