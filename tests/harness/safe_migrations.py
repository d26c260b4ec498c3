"""Which statements of a migration may not run beside the release before: squawk's rules, and two of our own.

A release only adds (docs/running.md): while old programs still work, nothing they use is renamed, retyped, removed or
newly required. Large tables get their indexes concurrently, or their statements block everybody for minutes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

SQUAWK = Path(sys.executable).with_name("squawk")
RULES = {
    "adding-not-nullable-field",
    "adding-required-field",
    "adding-serial-primary-key-field",
    "ban-drop-column",
    "ban-drop-table",
    "ban-truncate-cascade",
    "changing-column-type",
    "renaming-column",
    "renaming-table",
    "transaction-nesting",
}
LARGE = (
    "invoices_invoice", "invoices_invoiceline", "ledger_entry", "ledger_posting",
    "metering_intervalday", "metering_loadday", "payments_openitem", "runs_billrunitem", "runs_ratedsection",
)  # fmt: skip
_REQUIRED = re.compile(r'ALTER TABLE "(\w+)" ADD COLUMN "(\w+)" .*\bNOT NULL')
_DROPPED = re.compile(r'ALTER TABLE "(\w+)" ALTER COLUMN "(\w+)" DROP DEFAULT')
_INDEX = re.compile(r'CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)\S+ ON "?(\w+)"?')
_TABLE = re.compile(r'CREATE TABLE "(\w+)"')


def faults(statements: Sequence[str]) -> list[str]:
    """Return what is wrong with the statements, by rule and what it is about; tables made here are nobody's yet."""
    sql = "\n".join(each for each in statements if not each.startswith("--"))
    made = set(_TABLE.findall(sql))
    found = [f"{rule}: {about}" for rule, about in _squawk(sql) if not any(f'"{name}"' in about for name in made)]
    required, dropped = set(_REQUIRED.findall(sql)), set(_DROPPED.findall(sql))
    found += [f"required-without-database-default: {table}.{column}" for table, column in required & dropped]
    found += [f"index-blocks-large-table: {table}" for table in _INDEX.findall(sql) if table in {*LARGE} - made]
    return sorted(found)


def _squawk(sql: str) -> list[tuple[str, str]]:
    done = subprocess.run(
        [SQUAWK, "--reporter", "json", "--stdin-filepath", "migration.sql"],
        input=sql, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = sql.splitlines()
    rows = json.loads(done.stdout or "[]")
    return [(row["rule_name"], lines[row["line"]]) for row in rows if row["rule_name"] in RULES]
