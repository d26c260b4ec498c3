"""Which address does what, and the type of its parameters in stripe-python."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from config.stripe_server import (
    accounts,
    answers,
    balances,
    billing_portal,
    bills,
    catalogue,
    checkout,
    clocks,
    intents,
    meters,
    methods,
    subscriptions,
)
from config.stripe_server.refusals import missing
from config.stripe_server.state import Desk, Thing, shown

Deed = Callable[..., Thing]


@dataclass(frozen=True, slots=True)
class Route:
    """An address: its pattern with groups for keys, the type of its parameters, and the function that answers."""

    method: str
    pattern: re.Pattern[str]
    params: str
    deed: Deed
    keyed: bool

    def answer(self, desk: Desk, key: str, params: Thing) -> Thing:
        """Do it."""
        return self.deed(desk, key, params) if self.keyed else self.deed(desk, params)


def find(method: str, path: str) -> tuple[Route, str] | None:
    """Return the route of an address and the key in it."""
    for route in ROUTES:
        found = route.pattern.fullmatch(path) if route.method == method else None
        if found:
            return route, (found.groups() or ("",))[0]
    return None


def _route(method: str, path: str, params: str, deed: Deed) -> Route:
    keyed = "{id}" in path
    return Route(method, re.compile(path.replace("{id}", "([^/]+)")), params, deed, keyed)


def _retrieve(kind: str) -> Deed:
    def retrieve(desk: Desk, key: str, params: Thing) -> Thing:
        found = desk.store.things.get(key)
        if found and found["object"] == kind and found["_account"] == desk.account and found.get("_dropped"):
            return {"id": key, "object": kind, "deleted": True}
        if found is None or found["object"] != kind or found["_account"] != desk.account:
            raise missing(kind.replace(".", " "), key)
        return found

    return retrieve


def _list(kind: str, url: str) -> Deed:
    def rows(desk: Desk, params: Thing) -> Thing:
        hidden = {"_gone"}
        found = [thing for thing in desk.all(kind) if not hidden & {name for name in thing if thing[name] is True}]
        taken: tuple[str, ...] = ()
        if kind == "subscription" and params.get("status") in (None, "all"):
            taken = ("status",)
            wanted = params.get("status")
            found = [thing for thing in found if wanted == "all" or thing["status"] not in subscriptions.ENDED]
        if kind == "event":
            found, taken = _events(found, params), ("type", "types", "delivery_success")
        if kind == "balance_transaction" and "payout" in params:
            found, taken = [thing for thing in found if thing["_payout"] == params["payout"]], ("payout",)
        if kind == "price" and "product" not in params:
            taken = (*taken, "lookup_keys")
            keys = params.get("lookup_keys")
            found = [thing for thing in found if keys is None or thing["lookup_key"] in keys]
        return answers.page(desk, found, params, url, taken=taken)

    return rows


def _events(found: list[Thing], params: Thing) -> list[Thing]:
    wanted = params.get("types") or ([params["type"]] if "type" in params else None)
    if wanted is None:
        return found
    patterns = [re.compile(re.escape(word).replace(r"\*", ".*")) for word in wanted]
    return [event for event in found if any(pattern.fullmatch(event["type"]) for pattern in patterns)]


def _customers_methods(desk: Desk, key: str, params: Thing) -> Thing:
    owner = desk.find("customer", key)
    found = [each for each in desk.all("payment_method", customer=owner["id"])]
    return answers.page(desk, found, params, f"/v1/customers/{key}/payment_methods", taken=("allow_redisplay",))


def _search(kind: str) -> Deed:
    """The part of Stripe's search that finds by metadata or by a plain field, joined by AND."""
    clause = re.compile(r"""(?:metadata\[["'](?P<name>[^"']+)["']\]|(?P<field>\w+)):["'](?P<value>[^"']*)["']""")

    def found(desk: Desk, params: Thing) -> Thing:
        wanted = [match.groupdict() for match in clause.finditer(params["query"])]
        rows = [
            thing for thing in desk.all(kind)
            if all((thing["metadata"].get(w["name"]) if w["name"] else thing.get(w["field"])) == w["value"] for w in wanted)
        ]  # fmt: skip
        limit = params.get("limit", answers.USUAL)
        return {"object": "search_result", "url": f"/v1/{kind}s/search", "has_more": len(rows) > limit,
                "next_page": None, "data": rows[:limit]}  # fmt: skip

    return found


def _current_account(desk: Desk, params: Thing) -> Thing:
    return desk.store.things[desk.account]


def _account(desk: Desk, key: str, params: Thing) -> Thing:
    return accounts.own(desk, key)


def _accounts(desk: Desk, params: Thing) -> Thing:
    return answers.page(
        desk, [thing for thing in desk.all("account") if thing.get("_connected")], params, "/v1/accounts"
    )


def _balance(desk: Desk, params: Thing) -> Thing:
    return balances.balance(desk)


def _on(desk: Desk, key: str, params: Thing) -> Thing:
    return meters.switch(desk, key, on=True)


def _off(desk: Desk, key: str, params: Thing) -> Thing:
    return meters.switch(desk, key, on=False)


def _pay(desk: Desk, key: str, params: Thing) -> Thing:
    paid = bills.pay(desk, key, params)
    subscriptions.paid_after_all(desk, paid)
    return paid


def _invoice_lines(desk: Desk, key: str, params: Thing) -> Thing:
    rows = [shown(each) for each in desk.find("invoice", key)["lines"]["data"]]
    return answers.page(desk, rows, params, f"/v1/invoices/{key}/lines")


def _preview(desk: Desk, params: Thing) -> Thing:
    return billing_portal.preview(desk, params)


def _rest(path: str, kind: str, name: str, *, listed: bool = True) -> list[Route]:
    routes = [_route("GET", f"/v1/{path}/{{id}}", f"{name}RetrieveParams", _retrieve(kind))]
    if listed:
        routes.append(_route("GET", f"/v1/{path}", f"{name}ListParams", _list(kind, f"/v1/{path}")))
    return routes


_COMPANY: list[Route] = [
    _route("GET", "/v1/account", "AccountRetrieveCurrentParams", _current_account),
    _route("GET", "/v1/accounts", "AccountListParams", _accounts),
    _route("GET", "/v1/accounts/{id}", "AccountRetrieveParams", _account),
    _route("POST", "/v1/accounts", "AccountCreateParams", accounts.create),
    _route("POST", "/v1/accounts/{id}", "AccountUpdateParams", accounts.update),
    _route("DELETE", "/v1/accounts/{id}", "AccountDeleteParams", accounts.delete),
    _route("POST", "/v1/account_links", "AccountLinkCreateParams", accounts.link),
    _route("GET", "/v1/balance", "BalanceRetrieveParams", _balance),
    _route("POST", "/v1/webhook_endpoints", "WebhookEndpointCreateParams", accounts.create_endpoint),
    _route("POST", "/v1/webhook_endpoints/{id}", "WebhookEndpointUpdateParams", accounts.update_endpoint),
    _route("DELETE", "/v1/webhook_endpoints/{id}", "WebhookEndpointDeleteParams", accounts.delete_endpoint),
]
_PAYING: list[Route] = [
    _route("GET", "/v1/customers/search", "CustomerSearchParams", _search("customer")),
    _route("POST", "/v1/customers", "CustomerCreateParams", methods.create_customer),
    _route("POST", "/v1/customers/{id}", "CustomerUpdateParams", methods.update_customer),
    _route("DELETE", "/v1/customers/{id}", "CustomerDeleteParams", methods.delete_customer),
    _route("GET", "/v1/customers/{id}/payment_methods", "CustomerListPaymentMethodsParams", _customers_methods),
    _route("POST", "/v1/payment_methods", "PaymentMethodCreateParams", methods.create_method),
    _route("POST", "/v1/payment_methods/{id}/attach", "PaymentMethodAttachParams", methods.attach_method),
    _route("POST", "/v1/payment_methods/{id}/detach", "PaymentMethodDetachParams", methods.detach_method),
    _route("POST", "/v1/setup_intents", "SetupIntentCreateParams", methods.create_setup),
    _route("POST", "/v1/setup_intents/{id}/confirm", "SetupIntentConfirmParams", methods.confirm_setup),
    _route("POST", "/v1/setup_intents/{id}/cancel", "SetupIntentCancelParams", methods.cancel_setup),
    _route("GET", "/v1/payment_intents/search", "PaymentIntentSearchParams", _search("payment_intent")),
    _route("POST", "/v1/payment_intents", "PaymentIntentCreateParams", intents.create),
    _route("POST", "/v1/payment_intents/{id}", "PaymentIntentUpdateParams", intents.update),
    _route("POST", "/v1/payment_intents/{id}/confirm", "PaymentIntentConfirmParams", intents.confirm),
    _route("POST", "/v1/payment_intents/{id}/cancel", "PaymentIntentCancelParams", intents.cancel),
    _route("POST", "/v1/checkout/sessions", "checkout.SessionCreateParams", checkout.create),
    _route("POST", "/v1/checkout/sessions/{id}", "checkout.SessionUpdateParams", checkout.update),
    _route("POST", "/v1/checkout/sessions/{id}/expire", "checkout.SessionExpireParams", checkout.expire),
    _route("GET", "/v1/checkout/sessions/{id}/line_items", "checkout.SessionListLineItemsParams", checkout.lines),
    _route("POST", "/v1/refunds", "RefundCreateParams", balances.refund),
    _route("POST", "/v1/refunds/{id}", "RefundUpdateParams", balances.update_refund),
    _route("POST", "/v1/disputes/{id}", "DisputeUpdateParams", balances.answer_dispute),
    _route("POST", "/v1/disputes/{id}/close", "DisputeCloseParams", balances.close_dispute),
    _route("POST", "/v1/payouts", "PayoutCreateParams", balances.create_payout),
]
_SELLING: list[Route] = [
    _route("POST", "/v1/products", "ProductCreateParams", catalogue.create_product),
    _route("POST", "/v1/products/{id}", "ProductUpdateParams", catalogue.update_product),
    _route("GET", "/v1/prices/search", "PriceSearchParams", _search("price")),
    _route("POST", "/v1/prices", "PriceCreateParams", catalogue.create_price),
    _route("POST", "/v1/prices/{id}", "PriceUpdateParams", catalogue.update_price),
    _route("POST", "/v1/coupons", "CouponCreateParams", catalogue.create_coupon),
    _route("DELETE", "/v1/coupons/{id}", "CouponDeleteParams", catalogue.delete_coupon),
    _route("POST", "/v1/promotion_codes", "PromotionCodeCreateParams", catalogue.create_promotion),
    _route("POST", "/v1/promotion_codes/{id}", "PromotionCodeUpdateParams", catalogue.update_promotion),
    _route("POST", "/v1/subscriptions", "SubscriptionCreateParams", subscriptions.create),
    _route("POST", "/v1/subscriptions/{id}", "SubscriptionUpdateParams", subscriptions.update),
    _route("DELETE", "/v1/subscriptions/{id}", "SubscriptionCancelParams", subscriptions.cancel),
    _route("POST", "/v1/invoiceitems", "InvoiceItemCreateParams", bills.create_item),
    _route("DELETE", "/v1/invoiceitems/{id}", "InvoiceItemDeleteParams", bills.delete_item),
    _route("POST", "/v1/invoices/create_preview", "InvoiceCreatePreviewParams", _preview),
    _route("GET", "/v1/invoices/{id}/lines", "InvoiceLineItemListParams", _invoice_lines),
    _route("POST", "/v1/invoices", "InvoiceCreateParams", bills.create),
    _route("POST", "/v1/invoices/{id}", "InvoiceUpdateParams", bills.update),
    _route("DELETE", "/v1/invoices/{id}", "InvoiceDeleteParams", bills.delete),
    _route("POST", "/v1/invoices/{id}/finalize", "InvoiceFinalizeInvoiceParams", bills.finalize),
    _route("POST", "/v1/invoices/{id}/pay", "InvoicePayParams", _pay),
    _route("POST", "/v1/invoices/{id}/send", "InvoiceSendInvoiceParams", bills.send),
    _route("POST", "/v1/invoices/{id}/void", "InvoiceVoidInvoiceParams", bills.void),
    _route("POST", "/v1/invoices/{id}/mark_uncollectible", "InvoiceMarkUncollectibleParams", bills.give_up),
    _route("POST", "/v1/billing/meters", "billing.MeterCreateParams", meters.create),
    _route("POST", "/v1/billing/meters/{id}", "billing.MeterUpdateParams", meters.update),
    _route("POST", "/v1/billing/meters/{id}/reactivate", "billing.MeterReactivateParams", _on),
    _route("POST", "/v1/billing/meters/{id}/deactivate", "billing.MeterDeactivateParams", _off),
    _route("GET", "/v1/billing/meters/{id}/event_summaries", "billing.MeterListEventSummariesParams", meters.summaries),
    _route("POST", "/v1/billing/meter_events", "billing.MeterEventCreateParams", meters.record),
    _route("POST", "/v1/billing/meter_event_adjustments", "billing.MeterEventAdjustmentCreateParams", meters.adjust),
    _route("POST", "/v1/billing_portal/sessions", "billing_portal.SessionCreateParams", billing_portal.create),
    _route("POST", "/v1/test_helpers/test_clocks", "test_helpers.TestClockCreateParams", clocks.create),
    _route("POST", "/v1/test_helpers/test_clocks/{id}/advance", "test_helpers.TestClockAdvanceParams", clocks.advance),
    _route("DELETE", "/v1/test_helpers/test_clocks/{id}", "test_helpers.TestClockDeleteParams", clocks.delete),
]
_READING: list[Route] = [
    *_rest("customers", "customer", "Customer"),
    *_rest("payment_methods", "payment_method", "PaymentMethod"),
    *_rest("setup_intents", "setup_intent", "SetupIntent"),
    *_rest("mandates", "mandate", "Mandate", listed=False),
    *_rest("payment_intents", "payment_intent", "PaymentIntent"),
    *_rest("charges", "charge", "Charge"),
    *_rest("checkout/sessions", "checkout.session", "checkout.Session"),
    *_rest("refunds", "refund", "Refund"),
    *_rest("disputes", "dispute", "Dispute"),
    *_rest("payouts", "payout", "Payout"),
    *_rest("balance_transactions", "balance_transaction", "BalanceTransaction"),
    *_rest("events", "event", "Event"),
    *_rest("webhook_endpoints", "webhook_endpoint", "WebhookEndpoint"),
    *_rest("products", "product", "Product"),
    *_rest("prices", "price", "Price"),
    *_rest("coupons", "coupon", "Coupon"),
    *_rest("promotion_codes", "promotion_code", "PromotionCode"),
    *_rest("subscriptions", "subscription", "Subscription"),
    *_rest("invoiceitems", "invoiceitem", "InvoiceItem"),
    *_rest("invoices", "invoice", "Invoice"),
    *_rest("billing/meters", "billing.meter", "billing.Meter"),
    *_rest("test_helpers/test_clocks", "test_helpers.test_clock", "test_helpers.TestClock"),
]
ROUTES: list[Route] = [*_COMPANY, *_PAYING, *_SELLING, *_READING]


def names() -> list[tuple[str, str, Any]]:
    """Return every address with the name of its parameters' type."""
    return [(route.method, route.pattern.pattern, route.params) for route in ROUTES]
