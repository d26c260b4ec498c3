"""What is known that a line of a statement may speak of, gathered for many lines at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import F
from django.db.models.functions import Abs, Upper

from billing.invoices import queries as invoice_queries
from billing.payments import ledger_sides, matching
from billing.payments.matching import Known, Said, Suggestion, Weights
from billing.payments.models import BankLine, KnownPayer, LineBooking, OpenItem, ProviderMovement
from billing.payments.queries import balances
from markets import packs
from tenancy import context
from tenants.customers import queries as customer_queries

PAYOUT_DAYS = dt.timedelta(days=10)
"""How far the day of a payout and that of its line may lie apart."""
MOST_ALIKE = 200
"""Accounts that owe just the amount of a line: where there are more, the amount says nothing."""


def weights() -> Weights:
    """This will return how the market weighs what a receipt says: ``policies.payments.matching``."""
    policy = packs.pack(context.current_retailer().market).policies["payments"]["matching"]
    return Weights(points=policy["points"], automatic_from=policy["automatic_from"], lead=policy["lead"])


def suggestions(*, lines: Sequence[BankLine]) -> dict[int, list[Suggestion]]:
    """This will return for each line that brought money the accounts it may belong to, the likeliest first."""
    incoming = [line for line in lines if line.amount > 0]
    known, by = _known(incoming), weights()
    return {line.pk: matching.suggest(said(line), known, by) for line in incoming}


def said(line: BankLine) -> Said:
    """This will return what a line says, as matching reads it."""
    return Said(
        amount=line.amount - line.used,
        texts=[line.structured, line.end_to_end, line.text],
        party_name=line.party_name,
        party_account=_signs(line.party_account),
    )


def payouts_like(*, line: BankLine) -> list[ProviderMovement]:
    """This will return the payouts that a line may show: of its amount, about its day, not shown by another line."""
    kind = ProviderMovement.Kind.PAYOUT if line.amount > 0 else ProviderMovement.Kind.PAYOUT_FAILED
    shown = LineBooking.objects.filter(movement__isnull=False, undone_at__isnull=True).values("movement")
    found = ProviderMovement.objects.filter(
        kind=kind, amount=abs(line.amount) - line.used, currency=line.currency,
        moved_on__gte=line.booked_on - PAYOUT_DAYS, moved_on__lte=line.booked_on + PAYOUT_DAYS,
    ).exclude(pk__in=shown)  # fmt: skip
    return [each for each in found.order_by("moved_on", "pk") if ledger_sides.is_in_transit(each)]


def certain_payout(*, line: BankLine, words: Sequence[str]) -> ProviderMovement | None:
    """This will return the payout that a line names, or the only one of its amount when it names the provider."""
    found = payouts_like(line=line)
    named = [each for each in found if each.reference.upper() in words]
    if named:
        return named[0]
    texts = " ".join([line.party_name, line.text, line.structured]).casefold()
    return found[0] if len(found) == 1 and found[0].provider in texts else None


def _known(lines: Sequence[BankLine]) -> Known:
    words = {word for line in lines for word in matching.tokens([line.structured, line.end_to_end, line.text])}
    invoices = {
        number.upper(): (key, account)
        for key, number, account in invoice_queries.invoices(kind="invoice")
        .annotate(capitals=Upper("number"))
        .filter(capitals__in=words)
        .values_list("pk", "number", "account")
    }
    accounts = {
        number.upper(): key
        for key, number in customer_queries.accounts()
        .annotate(capitals=Upper("number"))
        .filter(capitals__in=words)
        .values_list("pk", "number")
    }
    payers: dict[str, list[int]] = {}
    named = {line.party_account for line in lines} - {""}
    for payer in KnownPayer.objects.filter(party_account__in=named).order_by("-last_on", "pk"):
        payers.setdefault(_signs(payer.party_account), []).append(payer.account_id)
    owing = _accounts_owing({line.amount - line.used for line in lines}, {line.currency for line in lines})
    held = {a for _, a in invoices.values()} | set(accounts.values()) | {a for found in payers.values() for a in found}
    same_name = _accounts_named({line.party_name for line in lines} - {""})
    candidates = sorted(held | owing | same_name)
    due: dict[int, list[tuple[int | None, Decimal]]] = {}
    for row in balances.open_debits(account_ids=candidates):
        due.setdefault(row.account_id, []).append((row.invoice_id, row.open.amount))
    return Known(invoices=invoices, accounts=accounts, payers=payers, due=due, names=_names(candidates))


def _signs(account: str) -> str:
    """A bank account as it is compared: found by its marks, told apart by its signs, however it is written."""
    return "".join(each for each in account if each.isalnum()).upper() or account


def _accounts_owing(amounts: set[Decimal], currencies: set[str]) -> set[int]:
    still_open = OpenItem.objects.filter(settled__lt=Abs(F("amount")), amount__gt=0, currency__in=currencies)
    owing = still_open.annotate(left=F("amount") - F("settled")).filter(left__in=amounts)
    found = owing.order_by("account").values_list("account", "left")
    by_amount: dict[Decimal, set[int]] = {}
    for account_id, left in found[: MOST_ALIKE * max(len(amounts), 1)]:
        by_amount.setdefault(left, set()).add(account_id)
    return {account for held in by_amount.values() if len(held) <= MOST_ALIKE for account in held}


def _accounts_named(names: set[str]) -> set[int]:
    found = customer_queries.accounts().filter(customer__name__in=names)
    return set(found.values_list("pk", flat=True)[: MOST_ALIKE * max(len(names), 1)])


def _names(account_ids: Sequence[int]) -> dict[int, str]:
    return dict(customer_queries.accounts().filter(pk__in=account_ids).values_list("pk", "customer__name"))
