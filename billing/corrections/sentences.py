"""What changed, in the words of the person who reads it: in the customer's language or one's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils import formats, translation
from django.utils.translation import gettext, ngettext

from billing.corrections import causes, policy
from billing.runs import queries as run_queries
from billing.runs import reasons as run_reasons
from kernel import sentences
from kernel.errors import gettext_noop

LONGEST = 400
WH_PER_KWH = 1000

NEEDS: Mapping[str, str] = {
    policy.SWITCHED_OFF: gettext_noop("Corrections of these customers are never automatic."),
    policy.BY_AMOUNT: gettext_noop("The amounts are above what goes by itself."),
    policy.BY_PERCENT: gettext_noop("The share of the bills is above what goes by itself."),
    policy.BY_AGE: gettext_noop("The bill is older than what goes by itself."),
    policy.PART_CREDITED: gettext_noop("A part of the bill was credited; the new bill charges it again."),
    policy.CREDITED: gettext_noop("The bill was credited by hand; billing it anew charges it again."),
    policy.BY_LIMIT: gettext_noop("More would be charged than the law allows so long after."),
    policy.WRONG_METER: gettext_noop("A wrong meter is corrected farther back than the law allows."),
}
PLAIN: Mapping[str, str] = {
    causes.REGISTER: gettext_noop("Register reads of {identifier}: {old} → {new}."),
    causes.CORRECTION: gettext_noop("The quantity of {identifier} was corrected."),
    causes.PAUSE: gettext_noop("The time without a meter at {identifier} changed."),
    causes.TERMS: gettext_noop("The agreement of {identifier} holds for other days."),
    causes.PARAMETER: gettext_noop("{name} of the agreement of {identifier}: {old} → {new}."),
    causes.PRODUCT: gettext_noop("Price list of {identifier}: {old} → {new}."),
    causes.INDEX: gettext_noop("Published value {name}: {old} → {new}."),
    causes.FACT: gettext_noop("{name} of {identifier}: {old} → {new}."),
    causes.EARLIER: gettext_noop("An earlier bill was corrected, and tiers or carried values go on from it."),
    causes.SUPPLY: gettext_noop("The account answers for other supply points or days."),
    causes.UNKNOWN: gettext_noop("What the bill rests on cannot be put together now."),
    causes.RETURNED: gettext_noop("What had changed is as it was."),
    causes.CREDITED: gettext_noop("The bill was credited and is billed anew."),
}


def of_cause(cause: Mapping[str, Any]) -> str:
    """This will say one change in the present language."""
    if cause["what"] == causes.READINGS:
        return _of_readings(cause)
    values = {name: _shown(cause.get(name)) for name in ("identifier", "name", "old", "new")}
    return sentences.fill(gettext(PLAIN[cause["what"]]), values)


def of_needs(codes: Sequence[str]) -> list[str]:
    """This will say in the present language why a person decides."""
    return [gettext(NEEDS[code]) for code in codes if code in NEEDS]


def of_trouble(row: Any) -> str:
    """This will say in the present language why a bill cannot be rated; nothing when it can."""
    return run_queries.brake_sentence(code=row.trouble["code"], params=row.trouble["params"]) if row.trouble else ""


def trouble_of(refusal: Exception) -> dict[str, Any]:
    """This will return a refusal as a correction keeps it."""
    code, params = run_reasons.of_error(refusal)
    return {"code": code, "params": params}


def on_credit_note(row: Any) -> str:
    """This will return the reason printed on the credit note, in the customer's language."""
    with translation.override(row.account.customer.language):
        return _short(gettext("Another bill takes its place."), row.reasons)


def on_new_bill(row: Any) -> str:
    """This will return the reason printed on the new bill, in the customer's language."""
    with translation.override(row.account.customer.language):
        return _short(gettext("Replaces bill {number}.").format(number=row.invoice.number), row.reasons)


def _short(first: str, reasons: Sequence[Mapping[str, Any]]) -> str:
    text = first
    for cause in reasons:
        longer = f"{text} {of_cause(cause)}"
        if len(longer) > LONGEST:
            return text
        text = longer
    return text


def _of_readings(cause: Mapping[str, Any]) -> str:
    days = cause.get("days") or []
    if not days:
        return gettext("The readings of {identifier} changed.").format(identifier=cause.get("identifier", ""))
    words = ngettext(
        "The readings of {identifier} of {first} changed: {old} → {new} kWh.",
        "The readings of {identifier} changed on {count} days from {first} to {last}: {old} → {new} kWh.",
        len(days),
    )
    return words.format(
        identifier=cause.get("identifier", ""),
        count=len(days),
        first=_day(days[0]["day"]),
        last=_day(days[-1]["day"]),
        old=_kwh(sum(day["old"] for day in days)),
        new=_kwh(sum(day["new"] for day in days)),
    )


def _day(text: str) -> str:
    return formats.date_format(dt.date.fromisoformat(text), "DATE_FORMAT")


def _kwh(wh: int) -> str:
    return formats.number_format((Decimal(wh) / WH_PER_KWH).normalize() if wh else 0, force_grouping=True)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(each) for each in value) or "–"
    if isinstance(value, Mapping):
        return str(value.get("value") or f"v{value.get('version')}")
    return "–" if value in (None, "") else str(value)
