"""Stripe's objects, as plain dictionaries, in our words; pure."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from billing.payments.models import PaymentMethod
from billing.payments.providers.base import Back, Found, Kept, PayoutFound, PayoutPart, State
from kernel.money import Money, minor_places

METHODS = {"card": PaymentMethod.CARD, "alipay": PaymentMethod.ALIPAY, "wechat_pay": PaymentMethod.WECHAT_PAY}
ATTEMPT = "gridhall_attempt"
REFUND = "gridhall_refund"
_NAMES = {"alipay": "Alipay", "wechat_pay": "WeChat Pay"}
_WARNING = "warning_"
_DISPUTE_RETURNED = ("won", "prevented")
_SHOWN_DIGITS = "••••"


def minor(money: Money) -> int:
    """Return an amount in the smallest unit of its currency, as Stripe counts."""
    return int(money.amount.scaleb(minor_places(money.currency)))


def money(amount: int, currency: str) -> Money:
    """Return Stripe's amount as money."""
    code = currency.upper()
    return Money.rounded(Decimal(amount).scaleb(-minor_places(code)), code)


def instant(seconds: int) -> dt.datetime:
    """Return Stripe's time."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def key_of(value: Any) -> str:
    """Return the key of a field that may be expanded."""
    return "" if value is None else value if isinstance(value, str) else str(value["id"])


def of_intent(intent: Any, *, page: str = "", backs: tuple[Back, ...] = ()) -> Found:
    """Return what a payment intent says; ``latest_charge`` and ``payment_method`` must be expanded."""
    charge, method = intent["latest_charge"], intent["payment_method"]
    paid = intent["status"] == "succeeded"
    error = intent["last_payment_error"]
    return Found(
        state=_state(intent),
        reference=intent["id"],
        page=page,
        token=token_of(intent),
        money=money(intent["amount_received"] if paid else intent["amount"], intent["currency"]),
        method=_method(charge) if paid else "",
        at=instant(charge["created"]) if paid else None,
        failure=_failure(error) if error and not paid else "",
        receipt=(charge["receipt_url"] or "") if paid else "",
        kept=kept(method) if paid and not isinstance(method, str | None) and method["customer"] else None,
        backs=backs,
    )


def of_session(session: Any, backs: tuple[Back, ...] = ()) -> Found:
    """Return what a checkout session says; its intent must be expanded with charge and method."""
    state = State.EXPIRED if session["status"] == "expired" else State.WAITING
    intent = session["payment_intent"]
    if intent is not None and intent["status"] == "succeeded":
        return of_intent(intent, page=session["id"], backs=backs)
    if session["mode"] == "setup" and session["setup_intent"] is not None:
        setup = session["setup_intent"]
        if setup["status"] == "succeeded":
            return Found(
                State.SUCCEEDED, page=session["id"], token=token_of(session), kept=kept(setup["payment_method"]),
                at=instant(setup["created"]),
            )  # fmt: skip
    error = intent["last_payment_error"] if intent is not None else None
    return Found(state, page=session["id"], token=token_of(session), failure=_failure(error) if error else "")


def kept(method: Any) -> Kept:
    """Return a payment method as we name it: "Visa •••• 4242"."""
    if method["type"] != "card":
        return Kept(method["id"], method["type"], _NAMES.get(method["type"], method["type"]))
    card = method["card"]
    last = dt.date(card["exp_year"], card["exp_month"], calendar.monthrange(card["exp_year"], card["exp_month"])[1])
    title = f"{str(card['brand']).replace('_', ' ').title()} {_SHOWN_DIGITS} {card['last4']}"
    return Kept(method["id"], "card", title, last)


def backs(refunds: Iterable[Any], disputes: Iterable[Any]) -> tuple[Back, ...]:
    """Return what went back of a payment, the oldest first."""
    found = [of_refund(each) for each in refunds]
    found += [_of_dispute(each) for each in disputes]
    return tuple(sorted(found, key=lambda each: (each.on, each.reference)))


def of_refund(refund: Any) -> Back:
    """Return a refund in our words."""
    status = refund["status"]
    gone = status in ("succeeded", "pending")
    ours = (refund["metadata"] or {}).get(REFUND, "")
    amount = money(refund["amount"], refund["currency"])
    returned = status in ("failed", "canceled")
    return Back(refund["id"], "refund", amount, instant(refund["created"]), gone, returned, ours)


def _of_dispute(dispute: Any) -> Back:
    """An inquiry takes no money; a dispute takes it at once and gives it back when it is won."""
    inquiry = dispute["status"].startswith(_WARNING)
    returned = dispute["status"] in _DISPUTE_RETURNED
    amount = money(dispute["amount"], dispute["currency"])
    taken = not inquiry and not returned
    return Back(dispute["id"], "dispute", amount, instant(dispute["created"]), taken, returned)


def payout(found: Any, transactions: Iterable[Any]) -> PayoutFound:
    """Return a payout with its parts; the payout's own transaction is none of them."""
    parts = tuple(
        PayoutPart(
            reference=each["id"],
            payment=_payment_of(each["source"]),
            kind=each["type"],
            gross=money(each["amount"], each["currency"]),
            fee=money(each["fee"], each["currency"]),
        )
        for each in transactions
        if each["type"] != "payout"
    )
    return PayoutFound(
        reference=found["id"],
        money=money(found["amount"], found["currency"]),
        on=instant(found["arrival_date"]),
        paid=found["status"] == "paid",
        failed=found["status"] in ("failed", "canceled"),
        parts=parts,
    )


def topic_of(event: Any) -> tuple[str, str]:
    """Return what to ask about, and under which reference; an empty topic is nothing for us."""
    thing = event["data"]["object"]
    kind = thing["object"]
    if kind == "payment_intent":
        return "payment", thing["id"]
    if kind == "checkout.session":
        return "page", thing["id"]
    if kind in ("charge", "refund", "dispute"):
        return "payment", key_of(thing.get("payment_intent"))
    if kind in ("payout", "account"):
        return kind, thing["id"]
    if kind == "payment_method" and event["type"] == "payment_method.detached":
        return "forgotten", thing["id"]
    return "", key_of(thing.get("id"))


def _payment_of(source: Any) -> str:
    if source is None or isinstance(source, str):
        return ""
    return key_of(source.get("payment_intent"))


def _state(intent: Any) -> State:
    if intent["status"] == "succeeded":
        return State.SUCCEEDED
    if intent["status"] == "canceled":
        return State.EXPIRED
    return State.FAILED if intent["last_payment_error"] else State.WAITING


def _method(charge: Any) -> str:
    return str(METHODS.get(charge["payment_method_details"]["type"], PaymentMethod.OTHER))


def token_of(thing: Any) -> str:
    """Return the token of the attempt that a thing was made for."""
    return str((thing["metadata"] or {}).get(ATTEMPT, ""))


def _failure(error: Any) -> str:
    return str(error.get("decline_code") or error.get("code") or error.get("type") or "failed")
