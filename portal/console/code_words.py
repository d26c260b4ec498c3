"""What the codes that stand in records are called on the staff's pages; a code nobody named is shown as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

MESSAGES = {
    "invoice_issued": _("Bill issued"), "credit_note_issued": _("Credit note issued"),
    "dunning_reminder": _("Payment reminder"), "dunning_demand": _("Demand for payment"),
    "dunning_stop_notice": _("Notice of a stop of supply"),
    "dunning_stop_announced": _("Stop of supply announced"),
    "stop_final_notice": _("Last notice before the stop"), "dunning_agency": _("Debt handed to an agency"),
    "deposit_asked": _("Deposit asked for"), "guarantee_expires": _("Guarantee ends"),
    "prepayment_low": _("Prepaid balance low"), "prepayment_used_up": _("Prepaid balance used up"),
    "prepayment_recovered": _("Prepaid balance filled up"), "self_read_accepted": _("Customer's read accepted"),
    "self_read_corrected": _("Customer's read corrected"), "self_read_refused": _("Customer's read refused"),
    "free_text": _("Free text"),
}  # fmt: skip
CHARGE_SOURCES = {
    "console": _("Entered by staff"), "api": _("By a program"), "add_on": _("Add-on"), "late_fee": _("Late fee"),
    "deposit": _("Deposit"), "late_fee_waiver": _("Late fee waived"),
}  # fmt: skip
FORMATS = {
    "nem12": "NEM12", "nem13": "NEM13", "greenbutton": "Green Button", "long": _("A row a reading"),
    "registers": _("Register reads"), "batch": _("By a program"),
}  # fmt: skip
BANDS = {
    "tip": _("Sharp peak"), "peak": _("Peak"), "flat": _("Flat rate"), "shoulder": _("Flat rate"),
    "valley": _("Valley"), "off_peak": _("Off-peak"), "deep": _("Deep valley"),
}  # fmt: skip
KINDS: dict[str, Mapping[str, Any]] = {"message": MESSAGES, "charge": CHARGE_SOURCES, "format": FORMATS, "band": BANDS}
_COLUMNS = "columns"


def word(kind: str, code: str) -> str:
    """Return what a code of a kind is called: ``word("message", "invoice_issued")``."""
    if kind == "language":
        return next((name for known, name in settings.LANGUAGES if known == code), code)
    if kind == "format" and code.startswith(_COLUMNS) and code.removeprefix(_COLUMNS).isdigit():
        return gettext("{count} columns a day").format(count=code.removeprefix(_COLUMNS))
    return str(KINDS[kind].get(code, code))
