"""Customers as payment providers keep them: deleted there when a person is erased and when the company ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from billing.payments.models import Payer
from billing.payments.providers import choosing, transfer
from billing.payments.providers.base import ProviderRefused, ProviderSilent
from kernel.errors import GridhallError
from tenancy import outside
from tenancy.outside import Entry, Outcome, Place
from tenancy.subjects import Subject

NAME = "payment_provider"
ERASED = "erased-"
"""How the references of erased people begin; nothing stands at the provider under them."""


def payers() -> Any:
    """This will list those whom a provider knows; who pays by bank transfer is known to none."""
    return Payer.objects.exclude(provider=transfer.NAME).exclude(reference__startswith=ERASED).order_by("pk")


def of_person(subject: Subject) -> Sequence[Entry]:
    """This will name the person's entries at providers."""
    return [_entry(each) for each in payers().filter(customer_id=subject.customer_id)]


def of_company(*, after: int, limit: int) -> Sequence[Entry]:
    """This will name the next entries of the company."""
    return [_entry(each) for each in payers().filter(pk__gt=after)[:limit]]


def remove(entry: Entry) -> Outcome:
    """This will delete a customer at the provider; raises Away while it is silent. What it refuses stays there."""
    try:
        provider = choosing.of_merchant(name=entry["provider"], merchant=entry["at"])
        return Outcome.REMOVED if provider.erase_person(reference=entry["reference"]) else Outcome.GONE
    except ProviderSilent as silent:
        raise outside.Away(place=entry["provider"]) from silent
    except (ProviderRefused, GridhallError):
        return Outcome.REFUSED


def _entry(payer: Payer) -> Entry:
    return {"key": payer.pk, "provider": payer.provider, "at": payer.merchant, "reference": payer.reference}


outside.register(
    Place(NAME, {"en": "Payment provider", "zh-hans": "支付服务商"}, of_person, of_company, remove)
)  # fmt: skip
