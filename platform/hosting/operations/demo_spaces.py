"""Demo spaces: companies with synthetic data that end by themselves, and from which no message leaves."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac

from hosting.operations import companies, sign_up_steps
from kernel.errors import Conflict, Invalid, gettext_noop
from tenancy import context
from tenancy import models as tenancy_models

ENDED = "The demo is over: the doors are closed."
PASSWORD_LETTERS = 16
LONGEST_DAYS = 365
Retailer = tenancy_models.Retailer


def password_of(retailer: Any) -> str:
    """Return the password of the made-up people of a demo space: derived from the host's key, stored nowhere."""
    digest = salted_hmac("hosting.demo", retailer.schema_name, algorithm="sha256").digest()
    return base64.b32encode(digest).decode().lower()[:PASSWORD_LETTERS]


def prolong(*, code: str, days: int, at: dt.datetime, actor_id: int | None = None) -> dt.datetime:
    """Let a demo space last for so many days from now; raises Invalid, or Conflict for a company in earnest."""
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(
            where="days", reason=gettext_noop("Choose a number from {low} to {high}."), low=1, high=LONGEST_DAYS
        )
    retailer = context.retailer_by_code(code=code)
    if not retailer.is_demo:
        raise Conflict(reason=gettext_noop("this is no demo space."))
    until = at + dt.timedelta(days=days)
    with context.use_public():
        Retailer.objects.filter(pk=retailer.pk).update(demo_until=until)
        companies.record(
            retailer=retailer, action="prolong_demo", at=at, actor_id=actor_id, details={"until": until.isoformat()}
        )
    return until


def end_over(*, at: dt.datetime) -> int:
    """Close the doors of the demo spaces whose time is over; return how many."""
    with context.use_public():
        over = list(Retailer.objects.filter(demo_until__lte=at, status=Retailer.Status.ACTIVE))
    for retailer in over:
        companies.suspend_company(code=retailer.code, reason=ENDED, at=at)
    return len(over)


def to_take_down(*, at: dt.datetime) -> list[int]:
    """Return the demo spaces that ended so long ago that nobody misses them."""
    before = at - dt.timedelta(days=settings.DEMO_KEPT_DAYS)
    with context.use_public():
        rows = Retailer.objects.filter(demo_until__lt=before, status=Retailer.Status.SUSPENDED)
        return list(rows.order_by("id").values_list("id", flat=True))


def take_down(*, retailer_id: int, at: dt.datetime) -> bool:
    """Drop a demo space whose time is long over, as owner; return whether it was there. In earnest: never."""
    if retailer_id not in to_take_down(at=at):
        return False
    with context.use_public():
        sign_up_steps.take_down(retailer=Retailer.objects.get(pk=retailer_id))
    return True
