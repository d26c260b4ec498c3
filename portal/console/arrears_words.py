"""How collections say things: codes of rules and steps as words, ageing as a table."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kernel import texts
from portal.shared import formats, tables

CLASSES = {"good": _("Good"), "usual": _("Usual"), "weak": _("Weak")}
FLAGS = {
    "life_support": _("Life support"),
    "hardship": _("Hardship"),
    "important": _("Important user: the authority gets a copy"),
}
CONDITIONS = {
    "overdue_days": _("Overdue for so many days"),
    "demand_sent": _("A demand was sent"),
    "notice_given": _("Notice was given so many days before"),
    "announced": _("Announced so many days before"),
    "minimum": _("At least so much is overdue"),
    "not_protected": _("Nobody there is protected"),
    "nothing_rests": _("Nothing keeps dunning back"),
    "authority_copy": _("The authority has its copy"),
}
KINDS = {
    "reminder": _("Reminder"),
    "demand": _("Demand"),
    "stop_notice": _("Notice of disconnection"),
    "stop_announced": _("Disconnection announced"),
    "stop": _("Disconnection ordered"),
    "stop_refused": _("Disconnection not allowed yet"),
    "agency": _("Handed to an agency"),
    "agency_due": _("To be handed to an agency"),
    "call": _("Call the customer"),
    "promised": _("Promise to pay"),
    "promise_kept": _("Promise kept"),
    "promise_broken": _("Promise broken"),
    "plan_made": _("Instalment plan made"),
    "plan_completed": _("Instalment plan paid"),
    "plan_defaulted": _("Instalment missed: all is due"),
    "authority_copy": _("Copy to the authority"),
    "closed": _("Case closed"),
}
TONES = {
    "stop": "danger",
    "stop_refused": "warn",
    "promise_broken": "warn",
    "plan_defaulted": "warn",
    "closed": "success",
}
HINDRANCES = {
    "holiday": _("a holiday"),
    "eve_of_holiday": _("the day before a holiday"),
    "weekend": _("the weekend"),
    "eve_of_weekend": _("the day before the weekend"),
    "closed_season": _("a season in which it is forbidden"),
    "hour": _("outside the allowed hours"),
    "calendar_ends": _("a day whose holidays are not known yet"),
}


def ageing_table(found: Any) -> dict[str, Any]:
    """Return one currency's ageing: buckets, and a table of kinds and segments by age."""
    buckets = [
        {"title": gettext(each.title), "amount": each.amount, "accounts": each.accounts, "code": each.code}
        for each in found.buckets
    ]
    columns = [
        tables.Column("name", _("Kind and segment"), primary=True),
        *(tables.Column(each["code"], each["title"], kind="money") for each in buckets),
        tables.Column("sum", _("Together"), kind="money"),
    ]
    codes = [each["code"] for each in buckets]
    rows = [
        {
            "name": _segment(name),
            "amounts": list(zip(codes, amounts, strict=True)),
            "sum": sum(amounts, Decimal(0)),
        }
        for name, amounts in found.segments.items()
    ]
    table = tables.Table(columns=columns, rows=rows)
    return {"found": found, "ages": buckets[:-1], "credit": buckets[-1], "table": table}


def check_rows(check: Any) -> list[dict[str, Any]]:
    """Return the conditions of a check as rows of a page."""
    if check is None:
        return []
    return [
        {
            "title": CONDITIONS.get(each.code, each.code),
            "asked": named(each.asked),
            "found": named(each.found),
            "met": each.met,
            "from_day": None if each.met else each.from_day,
        }
        for each in check.conditions
    ]


def event(found: Any, language: str) -> dict[str, Any]:
    """Return an event of a case as it stands in the timeline."""
    title = found.details.get("titles")
    return {
        "title": texts.pick(title, language) if title else KINDS.get(found.kind, found.kind),
        "time": formats.day(found.on),
        "text": _event_text(found),
        "tone": TONES.get(found.kind, ""),
    }


def fee(part: Any) -> dict[str, Any]:
    """Return a part of a late fee with its calculation as one line a span."""
    spans = [
        gettext("{first} to {last}: {amount} × {rate} → {fee}").format(
            first=formats.day(dt.date.fromisoformat(span["first"])),
            last=formats.day(dt.date.fromisoformat(span["until"]) - dt.timedelta(days=1)),
            amount=span["amount"].rstrip("0").rstrip("."),
            rate=span["rate"],
            fee=f"{Decimal(span['fee']):.4f}",
        )
        for span in part.calculation["spans"]
    ]
    return {"part": part, "spans": spans}


def _event_text(found: Any) -> str:
    said = [found.by] if found.by else []
    amount = found.details.get("amount")
    if amount:
        said.append(f"{Decimal(amount):.2f} {found.case.currency}")
    for check in (found.details.get("check") or {}).get("conditions", ()):
        if not check["met"]:
            said.append(str(CONDITIONS.get(check["code"], check["code"])))
    return " · ".join(said)


def named(text: str) -> str:
    """Return what a condition asks or found, protections by their names, days as the reader writes them."""
    return ", ".join(str(FLAGS.get(part) or _day_of(part)) for part in text.split(", ")) if text else ""


DASHES = 2
"""How many a day has that is written year, month, day."""


def _day_of(text: str) -> str:
    if text.count("-") != DASHES:
        return text
    try:
        return formats.day(dt.date.fromisoformat(text))
    except ValueError:
        return text


def _segment(name: str) -> str:
    kind, _mark, segment = name.partition(" · ")
    words = {"household": gettext("Household"), "business": gettext("Business")}
    return f"{words.get(kind, kind)} · {segment}" if segment else words.get(kind, kind)
