"""What is offered: plans in versions, and coupons."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml
from django.db import IntegrityError, transaction
from django.db.models import Max

from hosting import models, plans, prices, subscription_states
from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from kernel.money import minor_places
from tenancy import context

DEFAULTS = Path(__file__).resolve().parents[1] / "default_plans.yaml"
CODE = re.compile(r"[a-z][a-z0-9-]{1,39}")
COUPON = re.compile(r"[A-Z0-9-]{3,40}")
FIELDS = ("titles", "summaries", "features", "limits", "prices", "terms")
LARGEST_LIMITS = {"backup_hours": 24 * 31, "backups_kept": 1000, "retention_months": 1200}
LARGEST_LIMIT, LONGEST_STAGE, POINT_PLACES = 10**15, 3650, 6
LONGEST_COUPON = 120


def save_plan(*, code: str, content: Mapping[str, Any], at: dt.datetime, position: int = 0) -> models.PlanVersion:
    """Offer a plan, or a new version of it when its content changed; raises Invalid.

    ``content`` holds titles, summaries, features, limits, prices and terms. Companies keep the version they signed.
    """
    if not CODE.fullmatch(code):
        raise Invalid(where="code", reason=gettext_noop("A code is small letters, digits and dashes, a letter first."))
    checked = _checked(content)
    with context.use_public(), transaction.atomic():
        plan, _ = models.Plan.objects.get_or_create(code=code, defaults={"position": position})
        models.Plan.objects.select_for_update().get(pk=plan.pk)
        latest = plan.versions.order_by("-number").first()
        if latest is not None and all(getattr(latest, name) == checked[name] for name in FIELDS):
            return latest
        return models.PlanVersion.objects.create(
            plan=plan, number=latest.number + 1 if latest else 1, made_at=at, **checked
        )


def load_defaults(*, at: dt.datetime) -> int:
    """Offer the plans of the data file where none stands under their codes; return how many were made."""
    with context.use_public():
        known = set(models.Plan.objects.values_list("code", flat=True))
        last = models.Plan.objects.aggregate(last=Max("position"))["last"] or 0
    made = [each for each in yaml.safe_load(DEFAULTS.read_text("utf-8")) if each["code"] not in known]
    for place, each in enumerate(made, start=last + 1):
        content = {name: each.get(name, {}) for name in FIELDS}
        save_plan(code=each["code"], content=content, at=at, position=place)
    return len(made)


def offer(*, code: str, on: bool) -> None:
    """Offer a plan, or take it off the list; companies that have it keep it. Raises NotFound."""
    with context.use_public():
        if not models.Plan.objects.filter(code=code).update(is_offered=on):
            raise NotFound(what=gettext_noop("plan"), name=code)


def make_coupon(*, code: str, percent: Decimal, months: int | None, at: dt.datetime) -> models.Coupon:
    """Make a coupon: ``percent`` off for ``months``, for good when None; raises Invalid or Conflict."""
    if not COUPON.fullmatch(code):
        raise Invalid(where="code", reason=gettext_noop("A coupon's code is 3 to 40 capitals, digits and dashes."))
    if not Decimal(0) < percent <= Decimal(100):
        raise Invalid(where="percent", reason=gettext_noop("A coupon takes more than 0 and at most 100 per cent off."))
    if months is not None and not 0 < months <= LONGEST_COUPON:
        raise Invalid(where="months", reason=gettext_noop("A coupon lasts 1 to 120 months; leave it empty for good."))
    try:
        with context.use_public(), transaction.atomic():
            return models.Coupon.objects.create(code=code, percent=percent, months=months, made_at=at)
    except IntegrityError as error:
        raise Conflict(where="code", reason=gettext_noop("a coupon stands under that code already.")) from error


def switch_coupon(*, code: str, on: bool) -> None:
    """Let a coupon be given, or not any more; who has it keeps it. Raises NotFound."""
    with context.use_public():
        if not models.Coupon.objects.filter(code=code).update(is_active=on):
            raise NotFound(what=gettext_noop("coupon"), name=code)


def _checked(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "titles": _texts(content["titles"], "titles"),
        "summaries": _texts(content.get("summaries") or {}, "summaries", needed=False),
        "features": _features(content["features"]),
        "limits": _limits(content["limits"]),
        "prices": _prices(content["prices"]),
        "terms": _terms(content["terms"]),
    }


def _texts(texts: Mapping[str, Any], where: str, *, needed: bool = True) -> dict[str, str]:
    found = {str(language): str(text).strip() for language, text in texts.items() if str(text).strip()}
    if needed and not found:
        raise Invalid(where=where, reason=gettext_noop("Give the plan a name."))
    return found


def _features(features: Any) -> list[str]:
    unknown = sorted(set(features) - set(plans.FEATURES))
    if unknown:
        raise Invalid(where="features", reason=gettext_noop("There is no feature “{value}”."), value=unknown[0])
    return [name for name in plans.FEATURES if name in features]


def _limits(limits: Mapping[str, Any]) -> dict[str, int]:
    for name, value in limits.items():
        if name not in plans.LIMITS:
            raise Invalid(where="limits", reason=gettext_noop("There is no limit “{value}”."), value=name)
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise Invalid(where=name, reason=gettext_noop("A limit is a whole number above 0, or empty for none."))
        if value > (most := LARGEST_LIMITS.get(name, LARGEST_LIMIT)):
            raise Invalid(where=name, reason=gettext_noop("At most {most} can be promised."), most=most)
    return {name: limits[name] for name in plans.LIMITS if name in limits}


def _prices(given: Mapping[str, Any]) -> dict[str, Any]:
    if not given:
        raise Invalid(where="prices", reason=gettext_noop("Give a price in at least one currency."))
    found: dict[str, Any] = {}
    for currency, intervals in given.items():
        if not re.fullmatch(r"[A-Z]{3}", str(currency)) or not intervals or set(intervals) - set(prices.MONTHS):
            raise Invalid(
                where="prices", reason=gettext_noop("“{value}” is not a currency with prices."), value=currency
            )
        found[currency] = {name: _price(each, str(currency)) for name, each in sorted(intervals.items())}
    return dict(sorted(found.items()))


def _price(given: Mapping[str, Any], currency: str) -> dict[str, str]:
    places = {"base": minor_places(currency), "point": POINT_PLACES}
    try:
        values = {name: Decimal(str(given[name])) for name in places}
    except (InvalidOperation, KeyError) as error:
        raise Invalid(where="prices", reason=gettext_noop("A price is a number such as 1980.00.")) from error
    for name, value in values.items():
        exponent = value.as_tuple().exponent
        if not value.is_finite() or value < 0 or not isinstance(exponent, int) or -exponent > places[name]:
            raise Invalid(
                where="prices",
                reason=gettext_noop("“{value}” cannot be charged in {currency}: it is below zero or too exact."),
                value=str(value),
                currency=currency,
            )
    return {name: format(value, "f") for name, value in values.items()}


def _terms(terms: Mapping[str, Any]) -> dict[str, int]:
    found = {}
    for name in subscription_states.Terms.__slots__:
        value = terms.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LONGEST_STAGE:
            raise Invalid(where=name, reason=gettext_noop("Say the days as a whole number from 0 to 3650."))
        found[name] = value
    return found
