"""Standing authorities: given with the text that was read, ended at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from billing.payments import locks
from billing.payments.models import Authority, SavedMethod
from billing.payments.providers import authority_texts
from kernel import texts
from kernel.errors import GridhallError, Invalid, gettext_noop
from kernel.money import Money
from tenancy import context


class OtherText(GridhallError):
    """The text that was agreed to is not the one that stands now."""

    code = "authority_text"
    template = gettext_noop("The text of the authority has changed meanwhile. Read it again and agree to it.")


@dataclass(frozen=True, slots=True)
class AuthorityText:
    """A text to be agreed to, and its version."""

    text: str
    version: str


def text_of(
    *,
    account: Any,
    method: SavedMethod,
    purpose: str,
    language: str,
    amount: Money | None = None,
    threshold: Money | None = None,
) -> AuthorityText:
    """This will return the very text a customer agrees to for an account, a method and a purpose."""
    retailer = context.current_retailer()
    company = retailer.legal_name or texts.pick(retailer.names, language)
    text = authority_texts.written(
        purpose=purpose, language=language, company=company, account=account.number, method=method.title,
        amount=_shown(amount), threshold=_shown(threshold),
    )  # fmt: skip
    return AuthorityText(text, authority_texts.VERSION)


def give_authority(
    *,
    account: Any,
    method: SavedMethod,
    purpose: str,
    language: str,
    version: str,
    by: str,
    at: dt.datetime,
    amount: Money | None = None,
    threshold: Money | None = None,
) -> Authority:
    """This will note that a customer agreed; one that stood for the same purpose ends. Raises OtherText or Invalid."""
    _check(account, method, purpose, amount, threshold)
    wanted = text_of(
        account=account, method=method, purpose=purpose, language=language, amount=amount, threshold=threshold
    )
    if version != wanted.version:
        raise OtherText()
    with transaction.atomic():
        locks.hold_accounts([account.pk])
        revoke_authority(account=account, purpose=purpose, by=by, at=at)
        return Authority.objects.create(
            account=account, method=method, purpose=purpose, text=wanted.text, version=wanted.version,
            language=language, given_at=at, given_by=by, amount=amount.amount if amount else None,
            threshold=threshold.amount if threshold else None,
        )  # fmt: skip


def revoke_authority(*, account: Any, purpose: str, by: str, at: dt.datetime) -> int:
    """This will end the authority of a purpose at once; return how many stood (none or one)."""
    standing = Authority.objects.filter(account=account, purpose=purpose, revoked_at__isnull=True)
    return standing.update(revoked_at=at, revoked_by=by)


def _check(account: Any, method: SavedMethod, purpose: str, amount: Money | None, threshold: Money | None) -> None:
    if method.payer.customer_id != account.customer_id or method.removed_at is not None:
        raise Invalid(reason=gettext_noop("Choose one of your saved payment methods."), where="method")
    if purpose not in Authority.Purpose.values:
        raise Invalid(reason=gettext_noop("Choose what the authority is for."), where="purpose")
    if purpose == Authority.Purpose.TOP_UP and (amount is None or amount.amount <= 0):
        raise Invalid(reason=gettext_noop("Say how much is to be topped up."), where="amount")
    if purpose == Authority.Purpose.TOP_UP and (threshold is None or threshold.amount < 0):
        raise Invalid(reason=gettext_noop("Say below which balance to top up."), where="threshold")


def _shown(money: Money | None) -> str:
    return f"{money.amount:,} {money.currency}" if money else ""
