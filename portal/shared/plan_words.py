"""Plans, states, limits and lines of the host's bills in the reader's language, for the company and the operator."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from hosting import backup_policy, plans
from kernel import texts
from portal.shared import formats

STATES = {
    "trial": _("Trial"), "active": _("Active"), "past_due": _("Payment overdue"), "read_only": _("Read-only"),
    "suspended": _("Suspended"), "ended": _("Ended"),
}  # fmt: skip
TONES = {
    "trial": "info", "active": "success", "past_due": "warn", "read_only": "danger", "suspended": "danger",
    "ended": "neutral",
}  # fmt: skip
FEATURES = {
    "payments": _("Online payments by your customers"), "demand_response": _("Demand response"),
    "api": _("API for your own programs"), "white_label_domain": _("Your own domain"), "sso": _("Single sign-on"),
}  # fmt: skip
LIMITS = {
    "supply_points": _("Supply points"), "staff": _("Staff"), "api_calls": _("API calls in a month"),
    "storage_bytes": _("Storage"), "retention_months": _("Months that readings are kept"),
    "backup_hours": _("Hours between backups"), "backups_kept": _("Backups kept"),
}  # fmt: skip
COLLECTIONS = {
    "stripe": _("By card or direct debit (Stripe)"), "manual": _("By invoice"), "free": _("Complimentary"),
}  # fmt: skip
INTERVALS = {"month": _("Monthly"), "year": _("Yearly")}
BILL_STATES = {"draft": _("Draft"), "open": _("To be paid"), "paid": _("Paid"), "void": _("Void")}
BILL_TONES = {"draft": "neutral", "open": "warn", "paid": "success", "void": "neutral"}
_WHAT = {
    "base": _("{plan}: base price"), "usage": _("{plan}: {quantity} supply-point days"),
    "unused": _("{plan}: paid ahead and not used"), "coupon": _("Coupon {note}"),
    "credit_kept": _("Kept as credit for the next bill"), "credit_used": _("Credit of earlier bills"),
    "text": "{note}",
}  # fmt: skip
SECONDS_OF_HOUR = 3600
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Bar:
    """A count against its limit; without one ``allowed`` is 0."""

    name: str
    label: Any
    present: int
    allowed: int
    shown: str
    level: str

    @property
    def filled(self) -> int:
        return min(self.present, self.allowed)

    @property
    def state(self) -> str:
        return "failed" if self.level == "full" else ""


def bars(limits: Mapping[str, int], usage: Mapping[str, int]) -> list[Bar]:
    """Return what is used of what may be used; ``level`` is ok, near (four fifths) or full."""
    return [_bar(name, limits.get(name, 0), usage.get(name, 0)) for name in plans.COUNTED]


def amount_of(name: str, value: int) -> str:
    """Return a count with its unit."""
    return formats.file_size(value) if name == "storage_bytes" else formats.number(value)


def limits(limits: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return the limits of a plan as people read them; backups without a number are the host's usual ones."""
    none = gettext("no limit")
    known = {
        "backup_hours": int(settings.BACKUP_EVERY.total_seconds()) // SECONDS_OF_HOUR,
        "backups_kept": settings.BACKUPS_KEPT, **limits,
    }  # fmt: skip
    return [(str(label), amount_of(name, known[name]) if name in known else none) for name, label in LIMITS.items()]


def backups(found: backup_policy.Policy) -> str:
    """Return how often a company is backed up and how many archives are kept."""
    if not found.hours:
        return gettext("Not by the clock")
    text = gettext("One every {hours} hours, the last {kept} are kept")
    return text.format(hours=formats.number(found.hours), kept=formats.number(found.kept))


def title(names: Mapping[str, str]) -> str:
    """Return a plan's name in the reader's language."""
    return texts.pick(names, get_language() or "en")


def price(found: Any) -> str:
    """Return a price as people read it: ¥1,980.00 a month and ¥0.60 for each supply point."""
    if found is None:
        return "–"
    base, point = formats.money(found.base), formats.price(found.point, found.base.currency)
    if found.interval == "year":
        return gettext("{base} a year and {point} for each supply point").format(base=base, point=point)
    return gettext("{base} a month and {point} for each supply point").format(base=base, point=point)


def payment(found: Any) -> str:
    """Return how often and how a company pays."""
    return f"{INTERVALS[found.interval]} · {COLLECTIONS[found.collection]}"


def line(data: Mapping[str, Any]) -> str:
    """Return what a line of a bill is for, with its days."""
    said = str(_WHAT.get(data["kind"], _WHAT["text"]))
    plan, quantity = title(data.get("titles") or {}), formats.number(int(data.get("quantity") or 1))
    text = said.format(plan=plan, quantity=quantity, note=data.get("note", ""))
    if not data.get("start"):
        return text
    last = dt.date.fromisoformat(data["end"]) - dt.timedelta(days=1)
    return f"{text} ({formats.day(dt.date.fromisoformat(data['start']))} – {formats.day(last)})"


def bill_csv(bill: Any) -> HttpResponse:
    """Return a bill as a file: a line each, the total last."""
    page = io.StringIO()
    writer = csv.writer(page)
    writer.writerow([gettext("Invoice"), gettext("Line"), gettext("Amount"), gettext("Currency")])
    for each in bill.lines:
        writer.writerow([_safe(bill.number), _safe(line(each)), str(Decimal(each["amount"])), bill.currency])
    writer.writerow([_safe(bill.number), gettext("Total"), str(bill.total), bill.currency])
    answer = HttpResponse("\ufeff" + page.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="hosting-{bill.pk}.csv"'
    return answer


def _bar(name: str, allowed: int, present: int) -> Bar:
    level = "ok"
    if allowed and present >= allowed:
        level = "full"
    elif allowed and present * 5 >= allowed * 4:
        level = "near"
    shown = amount_of(name, present)
    if allowed:
        shown = gettext("{present} of {allowed}").format(present=shown, allowed=amount_of(name, allowed))
    return Bar(name, LIMITS[name], present, allowed, shown, level)


def _safe(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
