"""Own hosts of a company whose plan does not hold them any more: told first, served for a while, then stopped.

The host that the platform gave works all the time. With the feature back, what was stopped is proven anew by itself.
"""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from hosting import models, own_hosts, plan_mails, plans
from hosting.operations import companies, domains
from tenancy import context

State = models.CompanyHost.State
WATCHED = (State.PENDING, State.PROVEN, State.SERVED)


def keep_to_plans(*, at: dt.datetime) -> None:
    """Bring the own hosts of all companies to what their plans hold, as far as that is due. Asked again: the same."""
    with context.use_public():
        rows = models.CompanyHost.objects.filter(state__in=[*WATCHED, State.STOPPED]).select_related("retailer")
        found = list(rows.order_by("retailer_id", "id"))
    for _, group in groupby(found, key=lambda each: each.retailer_id):
        mine = list(group)
        if plans.of(mine[0].retailer).allows(own_hosts.FEATURE):
            _take_up(mine, at)
        else:
            _run_out(mine, at)


def _take_up(mine: list[models.CompanyHost], at: dt.datetime) -> None:
    """Forget that they were outside the plan; what was stopped is looked at like a new one."""
    for each in mine:
        if each.outside_plan_since is None:
            continue
        again = {"state": State.PENDING, "added_at": at, "checked_at": None, "missing_since": None, "problem": ""}
        with context.use_public(), transaction.atomic():
            rows = models.CompanyHost.objects.filter(pk=each.pk, outside_plan_since__isnull=False)
            stopped = rows.filter(state=State.STOPPED)
            if stopped.update(**again, outside_plan_since=None, told_at=None):
                _note(each, "resume_host", at)
            rows.update(outside_plan_since=None, told_at=None)


def _run_out(mine: list[models.CompanyHost], at: dt.datetime) -> None:
    retailer = mine[0].retailer
    served = [each for each in mine if each.state == State.SERVED]
    with context.use_public():
        keys = [each.pk for each in mine]
        models.CompanyHost.objects.filter(pk__in=keys, outside_plan_since__isnull=True).update(outside_plan_since=at)
    if any(each.told_at is None for each in served) and _told(retailer, served, at):
        with context.use_public():
            rows = models.CompanyHost.objects.filter(pk__in=[each.pk for each in served], told_at__isnull=True)
            rows.update(told_at=at)
    for each in mine:
        _stop(each, at)


def _told(retailer: Any, served: list[models.CompanyHost], at: dt.datetime) -> bool:
    """Mail the administrators what ends when; without one there is nobody to tell."""
    to = plan_mails.administrators(retailer=retailer)
    with context.use_public():
        given = own_hosts.given(retailer=retailer)
    until = at + dt.timedelta(days=settings.OWN_HOST_GRACE_DAYS)
    facts = {
        "hosts": [each.host for each in served], "given": given,
        "until": f"{until.astimezone(ZoneInfo(retailer.time_zone)):%Y-%m-%d %H:%M}",
    }  # fmt: skip
    sent = 0
    for each in to:
        words = plan_mails.names(retailer=retailer, language=each[1]) | facts
        sent += plan_mails.send(to=each, name="host_outside_plan", words=words)
    return bool(sent or not to)


def _stop(each: models.CompanyHost, at: dt.datetime) -> None:
    """Serve a host no more whose time of grace is over, and none that was not served yet."""
    with context.use_public(), transaction.atomic():
        rows = models.CompanyHost.objects.select_for_update(of=("self",)).select_related("retailer")
        found = rows.filter(pk=each.pk, state__in=WATCHED).first()
        if found is None or own_hosts.may_be_served(found=found, at=at):
            return
        was_served = found.state == State.SERVED
        found.state, found.problem = State.STOPPED, ""
        found.save(update_fields=["state", "problem"])
        domains.serve_no_more(found)
        if was_served:
            _note(found, "stop_host", at)


def _note(found: models.CompanyHost, action: str, at: dt.datetime) -> None:
    companies.record(retailer=found.retailer, action=action, at=at, details={"host": found.host})
