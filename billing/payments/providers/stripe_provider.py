"""Stripe: a connected account of the company under the platform's key, or an account of its own under its own key.

The library retries lost connections by itself; each request that changes something carries an idempotency key that is
derived from our own row. Nothing is believed that a message or a browser brings: state is what ``find`` returns.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any, TypeVar

import stripe
from django.conf import settings

from billing.payments.providers import stripe_words as words
from billing.payments.providers.base import (
    Asked,
    Back,
    BadSignature,
    Capabilities,
    Found,
    Page,
    PayoutFound,
    ProviderRefused,
    ProviderSilent,
    Standing,
    State,
    Told,
)
from hosting import stripe_client
from kernel.money import Money

NAME = "stripe"
TOLERANCE_SECONDS = 300
PAGE_SIZE = 100
MISSING = "resource_missing"
SEARCH_BACK = dt.timedelta(hours=1)
ORIGINS = ("https://checkout.stripe.com", "https://connect.stripe.com")
OFFERED = ("card", "alipay", "wechat_pay")
SAVES = ("card", "alipay")
EVENTS = (
    "checkout.session.completed", "checkout.session.expired", "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed", "payment_intent.succeeded", "payment_intent.payment_failed",
    "payment_intent.canceled", "charge.refunded", "refund.created", "refund.updated", "refund.failed",
    "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated", "payout.paid", "payout.failed", "account.updated", "payment_method.detached",
)  # fmt: skip
_EXPANDED = ["payment_intent.latest_charge", "payment_intent.payment_method", "setup_intent.payment_method"]
_LOCALES = {"zh-hans": "zh", "en": "en"}
T = TypeVar("T")


def origins() -> tuple[str, ...]:
    """Return where a browser is sent to."""
    return (settings.STRIPE_API_BASE,) if settings.STRIPE_API_BASE else ORIGINS


def said(ask: Callable[[], T]) -> T:
    """Ask and turn Stripe's refusals into ours; a declined card is for the caller."""
    try:
        return ask()
    except stripe.CardError:
        raise
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        raise ProviderSilent() from error
    except stripe.StripeError as error:
        raise ProviderRefused(said=error.user_message or type(error).__name__) from error


class StripeProvider:
    """An account at Stripe. ``account`` is set for a connected account under the platform's key."""

    name = NAME

    def __init__(
        self,
        *,
        key: str,
        merchant: str,
        account: str = "",
        webhook_secret: str = "",
        methods: tuple[str, ...] = OFFERED,
    ) -> None:
        self.merchant = merchant
        self.account = account
        self._secret = webhook_secret
        self._client = stripe_client.client(key=key)
        offered = tuple(method for method in OFFERED if method in methods)
        saves = tuple(method for method in SAVES if method in offered)
        self.capabilities = Capabilities(offered, saves, collects=True, refunds=True, pays_out=True)

    def standing(self) -> Standing:
        """Return how the account stands."""
        found = said(
            lambda: (
                self._client.v1.accounts.retrieve(self.account)
                if self.account
                else self._client.v1.accounts.retrieve_current()
            )
        )
        due = list((found.requirements and found.requirements.currently_due) or [])
        facts = {"country": found.country, "currency": found.default_currency, "payouts": bool(found.payouts_enabled)}
        return Standing(bool(found.charges_enabled), tuple(due), facts)

    def person(self, *, number: str, name: str, email: str, key: str) -> str:
        """Return the reference of a customer, made on the first call."""
        facts: Any = {"name": name, "metadata": {"number": number}} | ({"email": email} if email else {})
        return str(said(lambda: self._client.v1.customers.create(facts, options=self._options(key))).id)

    def start(self, asked: Asked) -> Page:
        """Open a checkout session for the amount."""
        money = asked.money or Money.zero("XXX")
        line = {
            "currency": money.currency.lower(),
            "unit_amount": words.minor(money),
            "product_data": {"name": asked.title},
        }
        metadata = {words.ATTEMPT: asked.token}
        wanted: Any = {
            "mode": "payment", "customer": asked.person.reference, "metadata": metadata,
            "line_items": [{"quantity": 1, "price_data": line}], "client_reference_id": asked.token,
            "payment_intent_data": {"metadata": metadata, "description": asked.title}, **self._common(asked),
        }  # fmt: skip
        if "wechat_pay" in asked.methods:
            wanted["payment_method_options"] = {"wechat_pay": {"client": "web"}}
        return self._session(asked, wanted)

    def start_saving(self, asked: Asked) -> Page:
        """Open a checkout session that keeps a method."""
        metadata = {words.ATTEMPT: asked.token}
        wanted: Any = {
            "mode": "setup", "customer": asked.person.reference, "metadata": metadata,
            "setup_intent_data": {"metadata": metadata}, **self._common(asked),
        }  # fmt: skip
        if asked.money is not None:
            wanted["currency"] = asked.money.currency.lower()
        return self._session(asked, wanted)

    def charge(self, asked: Asked) -> Found:
        """Collect without the customer; a decline is an answer."""
        money = asked.money or Money.zero("XXX")
        kind = asked.methods[0] if asked.methods else "card"
        wanted: Any = {
            "amount": words.minor(money), "currency": money.currency.lower(), "customer": asked.person.reference,
            "payment_method": asked.saved, "confirm": True, "off_session": True, "description": asked.title,
            "metadata": {words.ATTEMPT: asked.token}, "allowed_payment_method_types": [kind],
            "expand": ["latest_charge", "payment_method"],
        }  # fmt: skip
        try:
            made = said(lambda: self._client.v1.payment_intents.create(wanted, options=self._options(asked.key)))
        except stripe.CardError as error:
            intent = error.error.payment_intent if error.error else None
            code = str((error.error and error.error.decline_code) or error.code or "card_declined")
            return Found(State.FAILED, words.key_of(intent), token=asked.token, failure=code)
        return words.of_intent(made.to_dict())

    def find(self, *, topic: str, subject: str) -> Found:
        """Return what a page or a payment says now, with everything that went back."""
        if topic == "page":
            session = said(
                lambda: self._client.v1.checkout.sessions.retrieve(
                    subject, {"expand": _EXPANDED}, options=self._options()
                )
            )
            return words.of_session(session.to_dict(), self._backs(words.key_of(session.payment_intent)))
        expand = ["latest_charge", "payment_method"]
        intent = said(
            lambda: self._client.v1.payment_intents.retrieve(subject, {"expand": expand}, options=self._options())
        )
        return words.of_intent(intent.to_dict(), backs=self._backs(subject))

    def search(self, asked: Asked, *, saving: bool) -> Found | None:
        """Look through what this customer did since the attempt for the one that carries its token."""
        since = int(((asked.made_at or dt.datetime.now(dt.UTC)) - SEARCH_BACK).timestamp())
        wanted: Any = {"customer": asked.person.reference, "created": {"gte": since}, "limit": PAGE_SIZE}
        sessions = said(lambda: self._client.v1.checkout.sessions.list(wanted, options=self._options()))
        for session in sessions.auto_paging_iter():
            if words.token_of(session.to_dict()) == asked.token:
                return self.find(topic="page", subject=session.id)
        intents = said(lambda: self._client.v1.payment_intents.list(wanted, options=self._options()))
        for intent in () if saving else intents.auto_paging_iter():
            if words.token_of(intent.to_dict()) == asked.token:
                return self.find(topic="payment", subject=intent.id)
        return None

    def forget(self, *, saved: str) -> None:
        """Detach a method from its customer; one that is detached already stays so."""
        try:
            said(lambda: self._client.v1.payment_methods.detach(saved, options=self._options()))
        except ProviderRefused:
            found = said(lambda: self._client.v1.payment_methods.retrieve(saved, options=self._options()))
            if found.customer is not None:
                raise

    def erase_person(self, *, reference: str) -> bool:
        """Delete a customer for good; one that is not there any more is left so."""
        try:
            said(lambda: self._client.v1.customers.delete(reference, options=self._options()))
        except ProviderRefused as refused:
            if getattr(refused.__cause__, "code", "") != MISSING:
                raise
            return False
        return True

    def refund(self, *, payment: str, money: Money, key: str, reference: str) -> Back:
        """Give money back the way it came."""
        wanted: Any = {"payment_intent": payment, "amount": words.minor(money), "metadata": {words.REFUND: reference}}
        made = said(lambda: self._client.v1.refunds.create(wanted, options=self._options(key)))
        return words.of_refund(made.to_dict())

    def payout(self, *, reference: str) -> PayoutFound:
        """Return a payout; an automatic one with every transaction in it."""
        found = said(lambda: self._client.v1.payouts.retrieve(reference, options=self._options()))
        wanted: Any = {"payout": reference, "limit": PAGE_SIZE, "expand": ["data.source"]}
        rows: list[Any] = []
        if found.automatic:
            listed = said(lambda: self._client.v1.balance_transactions.list(wanted, options=self._options()))
            rows = [each.to_dict() for each in listed.auto_paging_iter()]
        return words.payout(found.to_dict(), rows)

    def read(self, *, body: bytes, signature: str, at: dt.datetime) -> Told:
        """Return a message whose signature is Stripe's and not older than five minutes."""
        try:
            stripe.WebhookSignature.verify_header(body.decode(), signature, self._secret, TOLERANCE_SECONDS)
            event = json.loads(body)
            topic, subject = words.topic_of(event)
            return Told(event["id"], event["type"], topic, subject, event.get("account") or "", event)
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadSignature() from error

    def own_reference(self) -> str:
        """Return the reference of the account that the key belongs to."""
        return str(said(self._client.v1.accounts.retrieve_current).id)

    def listen(self, *, url: str) -> tuple[str, str]:
        """Register our address for messages at an account of its own; return its key and secret."""
        wanted: Any = {"url": url, "enabled_events": list(EVENTS), "api_version": stripe.api_version}
        made = said(lambda: self._client.v1.webhook_endpoints.create(wanted))
        return str(made.id), str(made.secret)

    def onboarding(self, *, return_url: str, refresh_url: str) -> str:
        """Return the address at which the company gives Stripe what is missing."""
        wanted: Any = {
            "account": self.account, "type": "account_onboarding", "return_url": return_url, "refresh_url": refresh_url,
        }  # fmt: skip
        return str(said(lambda: self._client.v1.account_links.create(wanted)).url)

    def open_account(self, *, country: str, email: str, retailer: str, key: str) -> str:
        """Make a connected account for a company; return its reference."""
        wanted: Any = {"type": "standard", "country": country, "metadata": {"retailer": retailer}}
        if email:
            wanted["email"] = email
        return str(said(lambda: self._client.v1.accounts.create(wanted, options={"idempotency_key": key})).id)

    def retailer_of(self, *, account: str) -> str:
        """Return the code of the company that a connected account was made for."""
        found = said(lambda: self._client.v1.accounts.retrieve(account))
        return str((found.to_dict()["metadata"] or {}).get("retailer", ""))

    def _backs(self, intent: str) -> tuple[Back, ...]:
        if not intent:
            return ()
        wanted: Any = {"payment_intent": intent, "limit": PAGE_SIZE}
        refunds = said(lambda: self._client.v1.refunds.list(wanted, options=self._options()))
        disputes = said(lambda: self._client.v1.disputes.list(wanted, options=self._options()))
        return words.backs(
            [each.to_dict() for each in refunds.auto_paging_iter()],
            [each.to_dict() for each in disputes.auto_paging_iter()],
        )

    def _common(self, asked: Asked) -> dict[str, Any]:
        return {
            "allowed_payment_method_types": list(asked.methods), "success_url": asked.return_url,
            "cancel_url": asked.cancel_url, "locale": _LOCALES.get(asked.person.language, "auto"),
        }  # fmt: skip

    def _session(self, asked: Asked, wanted: Any) -> Page:
        made = said(lambda: self._client.v1.checkout.sessions.create(wanted, options=self._options(asked.key)))
        return Page(str(made.id), str(made.url))

    def _options(self, key: str = "") -> Any:
        options: dict[str, str] = {"stripe_account": self.account} if self.account else {}
        return options | ({"idempotency_key": key} if key else {})
