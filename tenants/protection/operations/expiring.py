"""A night's work: what is older than the company keeps it goes in batches, and a signed record says what went.

Each batch is committed by itself and noted; who is killed loses one batch's note at most, and the next try goes on.
Rows that are only ever added are removed by the owner's worker, in the second half of the same night.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from hosting import certificates
from identity import operations as identity_operations
from kernel.errors import Invalid, gettext_noop
from tenancy import context, retention
from tenancy.retention import Held, Months, Rule
from tenants.protection import terms
from tenants.protection.models import RetentionChoice, RetentionRun

KIND = "gridhall-retention"
GENESIS = "0" * 64
BATCHES_AT_ONCE = 2_000
"""So many batches of one kind a night; the next night goes on."""


def choose(*, rule: str, months: int, at: dt.datetime, by: Any) -> Months:
    """This will set for how many months the company keeps a kind of records; raises Invalid outside its bounds."""
    found = retention.rule(rule)
    if found is None or found.expire is None:
        raise Invalid(where="months", reason=gettext_noop("This kind of records stays."))
    bounds = terms.months_of(rule=found, chosen=months)
    if months < max(bounds.least, 1) or (bounds.most is not None and months > bounds.most):
        raise Invalid(
            where="months",
            reason=gettext_noop("Between {least} and {most} months: the law asks for the first, the plan the second."),
            least=max(bounds.least, 1), most=bounds.most if bounds.most is not None else "∞",
        )  # fmt: skip
    with transaction.atomic():
        RetentionChoice.objects.update_or_create(
            rule=rule, defaults={"months": months, "changed_at": at, "changed_by": by}
        )
        identity_operations.record(
            action="privacy.keep", subject=f"retention {rule}", by=by, at=at, details={"months": months}
        )
    return terms.months_of(rule=found, chosen=months)


def run_night(*, on: dt.date, at: dt.datetime, owner: bool = False, limit: int = retention.BATCH) -> RetentionRun:
    """This will remove what is too old, of the kinds that this process may remove; finished when all kinds are.

    Run again on the same day it goes on, and once finished it does nothing.
    """
    run, _ = RetentionRun.objects.get_or_create(day=on, defaults={"began_at": at})
    if run.finished_at is None:
        own, needed = terms.chosen(), terms.held()
        for rule in retention.rules():
            if rule.expire is not None and rule.owner == owner and not _is_done(run, rule):
                months = terms.months_of(rule=rule, chosen=own.get(rule.name))
                _work(run=run, rule=rule, months=months, needed=needed, on=on, limit=limit)
        if all(_is_done(run, rule) for rule in retention.rules() if rule.expire is not None):
            _finish(run, at)
    return run


def waits_for_owner(*, run: RetentionRun) -> bool:
    """This will tell whether only kinds are left that the owner's worker removes."""
    return run.finished_at is None and all(
        _is_done(run, rule) for rule in retention.rules() if rule.expire is not None and not rule.owner
    )


def verify() -> int:
    """This will follow the chain of nights and check each signature; return the first broken one's key, 0: none."""
    from hosting import host_keys

    keys, previous = host_keys.known(), GENESIS
    for run in RetentionRun.objects.filter(finished_at__isnull=False).order_by("day"):
        document = run.certificate or {}
        body = document.get("body", {"previous": "", "rules": None})
        sound = body["previous"] == previous == run.previous and body["rules"] == run.rules
        try:
            digest = certificates.verify(document=document, keys=keys)
        except (certificates.WrongSignature, certificates.NotACertificate):
            return int(run.pk)
        if not sound or digest != run.digest:
            return int(run.pk)
        previous = digest
    return 0


def _is_done(run: RetentionRun, rule: Rule) -> bool:
    return bool(run.rules.get(rule.name, {}).get("done"))


def _work(*, run: RetentionRun, rule: Rule, months: Months, needed: Held, on: dt.date, limit: int) -> None:
    entry = {"months": months.months, "before": "", "rows": 0, **run.rules.get(rule.name, {})}
    if months.months is not None and rule.expire is not None:
        scope = terms.scope_of(months=months.months, on=on, needed=needed, limit=limit)
        entry["before"] = scope.before.isoformat()
        for _ in range(BATCHES_AT_ONCE):
            count = rule.expire(scope)
            entry["rows"] += count
            _keep(run, rule, entry)
            if count == 0:
                break
    _keep(run, rule, entry | {"done": True})


def _keep(run: RetentionRun, rule: Rule, entry: dict[str, Any]) -> None:
    run.rules = {**run.rules, rule.name: entry}
    run.save(update_fields=["rules"])


def _finish(run: RetentionRun, at: dt.datetime) -> None:
    signer, retailer = certificates.signer(), context.current_retailer()
    with transaction.atomic():
        list(RetentionRun.objects.select_for_update().order_by("day"))
        last = RetentionRun.objects.filter(finished_at__isnull=False).order_by("-day").first()
        previous = last.digest if last else GENESIS
        body = {
            "number": f"{retailer.code}-R{run.day:%Y%m%d}", "host": retailer.legal_name or retailer.code,
            "day": run.day.isoformat(), "rules": run.rules, "previous": previous, "finished_at": at.isoformat(),
        }  # fmt: skip
        run.certificate = signer.sign(kind=KIND, body=body)
        run.previous, run.digest, run.finished_at = previous, run.certificate["signature"]["sha256"], at
        run.save()
