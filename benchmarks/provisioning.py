"""Seconds from the proven mail address to a company that works, and what migrating its tables would take instead.

Run ``python benchmarks/provisioning.py [companies]``. It starts the PostgreSQL of the tests, works in a database of its
own and drops it. What is measured is what the programs do: the click on the link (web) and the order that follows it
(provision worker), one after the other; what passes between the two in the queue is measured by a test with real
workers. The mail with the way in is kept in memory.
"""

from __future__ import annotations

import datetime as dt
import os
import pathlib
import re
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "platform"), str(ROOT / "tests")]

LIMIT = 2.0
"""Seconds that signing up may take."""


def main(count: int) -> None:
    from harness import databases

    name = databases.clone(f"gridhall_{os.getpid()}_benchmark")
    os.environ.update(databases.environment(name, role="owner"))
    try:
        import django

        django.setup()
        measure(count)
    finally:
        from django.db import connections

        connections.close_all()
        databases.drop(name)


def measure(count: int) -> None:
    from django.conf import settings
    from django.core import mail

    from config import celery
    from hosting.operations import offering

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SIGN_UPS_PER_SENDER, mail.outbox = count, []
    offering.load_defaults(at=dt.datetime.now(dt.UTC))
    celery.read_addresses()
    made = [sign_up(n) for n in range(count)]
    for n, (click, order) in enumerate(made, start=1):
        print(f"company {n}: link {click:.3f} s, space, trial and administrator {order:.3f} s")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    seconds = statistics.median(click + order for click, order in made)
    slowest = max(click + order for click, order in made)
    migrated = migrate()
    print(f"slowest of {count}: {slowest:.2f} s; the limit is {LIMIT:.0f} s")
    print(
        f"{seconds:.2f} s from the proven address to the ready space (median of {count}); "
        f"migrating its tables takes {migrated:.2f} s, {migrated / seconds:.1f} times that"
    )


def sign_up(number: int) -> tuple[float, float]:
    """Sign a company up as the programs do; return the seconds of the click and of the order."""
    from django.core import mail

    from hosting.operations import sign_up_steps, signing_up

    now = dt.datetime.now(dt.UTC)
    wish = signing_up.Wish(
        code=f"measured-{chr(97 + number // 26)}{chr(97 + number % 26)}", names={"en": "Measured"},
        legal_name="Measured Ltd", place="au/NSW", default_language="en", admin_name="Ada",
        admin_email=f"ada{number}@measured.test", plan="growth", accepted=True,
    )  # fmt: skip
    made = signing_up.ask(wish=wish, sender="", at=now)
    signing_up.mail_link(sign_up_id=made.pk, at=now)
    token = re.search(r"/signup/confirm/([^/\s]+)/", str(mail.outbox[-1].body))
    began = time.perf_counter()
    confirmed = signing_up.confirm(token=token[1] if token else "", at=now)
    clicked = time.perf_counter()
    state = sign_up_steps.carry_on(sign_up_id=confirmed.pk, clock=lambda: dt.datetime.now(dt.UTC))
    ended = time.perf_counter()
    if state != "ready":
        raise RuntimeError(f"the company is {state}")
    return clicked - began, ended - clicked


def migrate() -> float:
    """Return the seconds that an empty schema takes to be migrated."""
    from django.core.management import call_command
    from django.core.management.commands import migrate as django_migrate
    from django.db import connection

    from tenancy import context, models

    schema = "t_measured0000"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{schema}"')
    began = time.perf_counter()
    with context.use(models.Retailer(schema_name=schema)):
        call_command(django_migrate.Command(), verbosity=0, interactive=False)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
