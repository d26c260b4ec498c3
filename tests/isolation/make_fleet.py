"""Make the fleet in a fresh database: company 0 filled by operations, the others by replaying its rows (as owner)."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings

settings.PASSWORD_HASHERS = ["harness.hashers.QuickHasher"]

import psycopg
from isolation import canaries, filling, hosted, own_secrets, planting, replaying

from tenancy import context


def main(superuser_url: str, companies: int) -> None:
    """Make ``companies`` companies; write down what stayed without a canary, and how long it took."""
    started = time.monotonic()
    files = Path(settings.FILES_DIR)
    first = filling.register(0)
    with context.use(first):
        filling.fill()
        refused = filling.fill_empty_tables()
        here = planting.models_of_companies()
        texts = own_secrets.sealed_texts(here)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        planter = planting.Planter(connection, first.schema_name, files)
        planter.plant(here)
        found = replaying.read(connection, first.schema_name)
        for number in range(1, companies):
            retailer = filling.register(number)
            replaying.write(connection, retailer.schema_name, number, found)
            replaying.copy_files(files / first.schema_name, files / retailer.schema_name, number)
    for number in range(companies):
        own_secrets.give(number, texts)
    refused |= hosted.fill(companies)
    report = {"seconds": time.monotonic() - started, "bare": planter.bare, "refused": refused}
    (files / "fleet.json").write_text(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else canaries.COMPANIES)
