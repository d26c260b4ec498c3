"""Bank accounts and how their files are to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from billing.payments.models import BankAccount, FileProfile
from billing.payments.statements import csv_files
from kernel.errors import Conflict, gettext_noop
from tenants.customers import refusals

LONGEST_NAME = 80


def add_bank_account(
    *, name: str, number: str, currency: str, holder: str = "", bic: str = "", settings: Mapping[str, Any] | None = None
) -> BankAccount:
    """This will add a bank account; ``settings`` is the profile of its CSV files. Raises Conflict or FileRefused."""
    taken = Conflict(
        reason=gettext_noop("there is a bank account “{number}” or a profile of that name."), number=number
    )
    broken = {"payments_bank_account_once": taken, "payments_profile_name_once": taken}
    with transaction.atomic(), refusals.named(broken):
        profile = None
        if settings:
            csv_files.check_profile(settings)
            profile = FileProfile.objects.create(name=f"{name} {number}"[:LONGEST_NAME], settings=dict(settings))
        plain = "".join(number.split())
        return BankAccount.objects.create(
            name=name, number=plain, currency=currency, holder=holder, bic=bic, profile=profile
        )
