"""Following the provider: what it says when asked is booked, once, in whatever order and however often we hear of it.

A success is booked by ``payments.operations.receive`` under the provider's own reference. What went back afterwards
(refunds, disputes) is booked by movements, each unique by the provider's reference and kind.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from billing.ledger import chart
from billing.ledger import entries as ledger_entries
from billing.payments import locks
from billing.payments import operations as payments
from billing.payments.models import Attempt, Payer, Payment, ProviderMovement, Refund, SavedMethod
from billing.payments.operations import posting, refunding
from billing.payments.providers import choosing
from billing.payments.providers.base import Back, Found, Kept, State
from kernel.money import Money

Kind = ProviderMovement.Kind
_BACK_KINDS = {"refund": (Kind.REFUND, Kind.REFUND_FAILED), "dispute": (Kind.DISPUTE, Kind.DISPUTE_WON)}


def follow(*, attempt: Attempt, found: Found, at: dt.datetime) -> Attempt:
    """This will bring an attempt, the books and the saved methods to what the provider says."""
    with transaction.atomic():
        locks.hold_accounts([attempt.account_id])
        locked = Attempt.objects.select_for_update().get(pk=attempt.pk)
        _note(locked, found, at)
        if found.state == State.SUCCEEDED and found.money is not None:
            _receive(locked, found, at)
        if found.kept is not None:
            keep_method(attempt=locked, kept=found.kept, at=at)
        locked.save()
        if locked.payment_id is not None:
            for back in found.backs:
                _book_back(locked, back, at)
    return locked


def follow_page(*, attempt: Attempt, at: dt.datetime) -> Attempt:
    """This will ask the provider about an attempt and follow the answer; raises ProviderSilent."""
    topic, subject = ("payment", attempt.reference) if attempt.reference else ("page", attempt.page)
    if not subject:
        return attempt
    return follow(attempt=attempt, found=choosing.by_name(attempt.provider).find(topic=topic, subject=subject), at=at)


def follow_subject(*, provider: str, topic: str, subject: str, at: dt.datetime) -> Attempt | None:
    """This will ask about a page or a payment that a message names; None when it is none of ours."""
    if not subject:
        return None
    found = choosing.by_name(provider).find(topic=topic, subject=subject)
    attempt = Attempt.objects.filter(provider=provider, token=found.token).first() if found.token else None
    if attempt is None:
        return None
    return follow(attempt=attempt, found=found, at=at)


def follow_all_back(*, attempt: Attempt, at: dt.datetime) -> Attempt:
    """This will ask again about a settled attempt: what went back since."""
    return follow_page(attempt=attempt, at=at)


def keep_method(*, attempt: Attempt, kept: Kept, at: dt.datetime) -> SavedMethod:
    """This will note a method that the provider keeps for the customer; the same again changes nothing."""
    customer = attempt.account.customer
    payer = Payer.objects.filter(provider=attempt.provider, customer=customer).order_by("-pk").first()
    found, _ = SavedMethod.objects.get_or_create(
        payer=payer,
        reference=kept.reference,
        defaults={"kind": kept.kind, "title": kept.title, "expires_on": kept.expires_on, "saved_at": at},
    )
    return found


def _note(attempt: Attempt, found: Found, at: dt.datetime) -> None:
    """A success is final; a page that failed once may still succeed."""
    attempt.checked_at = at
    attempt.page = attempt.page or found.page
    if attempt.state == Attempt.State.SUCCEEDED:
        return
    if found.reference:
        attempt.reference = found.reference
    attempt.failure = found.failure
    if found.state == State.SUCCEEDED:
        attempt.state, attempt.settled_at = Attempt.State.SUCCEEDED, found.at or at
        attempt.method, attempt.receipt = found.method, found.receipt
    elif found.state == State.EXPIRED:
        attempt.state, attempt.settled_at = Attempt.State.EXPIRED, at
    elif found.state == State.FAILED and attempt.kind == Attempt.Kind.AUTOMATIC:
        attempt.state, attempt.settled_at = Attempt.State.FAILED, at
    else:
        attempt.state = Attempt.State.WAITING


def _receive(attempt: Attempt, found: Found, at: dt.datetime) -> None:
    if found.money is None or found.at is None or attempt.payment_id is not None:
        return
    attempt.payment = payments.receive(
        account_id=attempt.account_id,
        money=found.money,
        method=found.method,
        source=attempt.provider,
        reference=found.reference,
        received_on=payments.day_of(found.at),
        at=at,
        invoice_ids=attempt.invoices,
    )


def _book_back(attempt: Attempt, back: Back, at: dt.datetime) -> None:
    """Take the money from the account when it is gone, and give it back when it came back."""
    gone, came = _BACK_KINDS[back.kind]
    own = Refund.objects.filter(reference=back.ours).first() if back.ours else None
    if own is not None:
        _follow_own_refund(attempt, own, back, at)
        return
    known = set(
        ProviderMovement.objects.filter(provider=attempt.provider, reference=back.reference).values_list(
            "kind", flat=True
        )
    )
    if back.taken and gone not in known:
        _take(attempt, back, gone, at)
    if back.returned and gone in known and came not in known:
        _return(attempt, back, came, at)


def _follow_own_refund(attempt: Attempt, refund: Refund, back: Back, at: dt.datetime) -> None:
    """Our own refund was booked when it was approved; only that it came back is news."""
    if not back.returned:
        return
    if refund.state in refunding.ON_ITS_WAY:
        refunding.fail_refund(refund_id=refund.pk, note=f"{back.kind} {back.reference}", at=at)
        return
    came = _BACK_KINDS[back.kind][1]
    movements = ProviderMovement.objects.filter(provider=attempt.provider, reference=back.reference, kind=came)
    if refund.state == Refund.State.PAID and not movements.exists():
        _return(attempt, back, came, at)


def _take(attempt: Attempt, back: Back, kind: str, at: dt.datetime) -> None:
    payment = Payment.objects.get(pk=attempt.payment_id or 0)
    whole = back.money == Money.rounded(payment.amount, payment.currency)
    first = not ProviderMovement.objects.filter(payment=payment).exists()
    on = max(payments.day_of(back.on), payment.received_on)
    if whole and first:  # taken back by a person before: that was this
        entry = payments.reverse(payment_id=payment.pk, reason=f"{kind} {back.reference}", at=at, on=on).entry_id
    else:
        entry = _post(attempt, back, at, on, back.money)
    _write(attempt, back, kind, on=on, at=at, entry=entry)


def _return(attempt: Attempt, back: Back, kind: str, at: dt.datetime) -> None:
    on = payments.day_of(at)
    _write(attempt, back, kind, on=on, at=at, entry=_post(attempt, back, at, on, -back.money))


def _post(attempt: Attempt, back: Back, at: dt.datetime, on: dt.date, money: Money) -> int:
    """Owed again (positive) against the provider's clearing account, or paid again (negative)."""
    entry = posting.post(
        kind=posting.EntryKind.REFUND if money.amount > 0 else posting.EntryKind.PAYMENT,
        on=on,
        reference=back.reference,
        sides=[
            ledger_entries.debit(chart.RECEIVABLE, money, account_id=attempt.account_id),
            ledger_entries.credit(chart.CLEARING, money),
        ],
        at=at,
    )
    payments.settle_accounts(account_ids=[attempt.account_id], at=at)
    return entry


def _write(attempt: Attempt, back: Back, kind: str, *, on: dt.date, at: dt.datetime, entry: int) -> None:
    ProviderMovement.objects.create(
        provider=attempt.provider, reference=back.reference, kind=kind, amount=back.money.amount, moved_on=on,
        currency=back.money.currency, recorded_at=at, payment_id=attempt.payment_id, entry_id=entry,
    )  # fmt: skip
