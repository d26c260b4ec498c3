"""Payments: told by other systems, listed, taken back; and what is open."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.invoices import queries as invoice_queries
from billing.payments import operations, queries
from identity.capabilities import Capability
from kernel.money import Money
from portal.api import filtering, parsing, values, views
from tenants.customers import queries as customer_queries

SOURCE = "api"
METHODS = (
    "bank_transfer", "direct_debit", "card", "alipay", "wechat_pay", "cash", "cheque", "agent", "other",
)  # fmt: skip
PLACES = r"^\d{1,12}(\.\d{1,4})?$"
MOST_INVOICES = 100


class Payment(serializers.Serializer):
    """Money that came in for an account."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="account.number")
    method = serializers.ChoiceField(choices=METHODS)
    source = serializers.CharField(help_text="Where it came from: api, console, stripe, bank:…, desk:…, agent:…")  # type: ignore[assignment]
    reference = serializers.CharField(help_text="Once per source.")
    received_on = serializers.DateField()
    recorded_at = serializers.DateTimeField()
    amount = serializers.SerializerMethodField()
    reversed_on = serializers.DateField(source="reversal.reversed_on", allow_null=True, default=None)

    def get_amount(self, payment: Any) -> values.MoneyField:
        return values.amount(payment.amount, payment.currency)  # type: ignore[return-value]


class SettledPart(serializers.Serializer):
    """A part of a payment that settles a bill or another debit now."""

    kind = serializers.CharField()
    reference = serializers.CharField(help_text="The bill's number.")
    amount = values.MoneyField(source="money")


class PaymentDetail(serializers.Serializer):
    """A payment with what it settles now."""

    payment = Payment()
    settles = SettledPart(many=True)
    credit = values.MoneyField(help_text="What of it is not used yet.")
    reversal_reason = serializers.CharField(source="reversal.reason", allow_null=True, default=None)


@values.example(
    {
        "account": "A-1001",
        "amount": "102.08",
        "method": "bank_transfer",
        "reference": "T-778",
        "received_on": "2026-06-03",
    }
)
class NewPayment(parsing.Input):
    """A payment in the account's currency. The same reference again books nothing."""

    account = serializers.CharField(max_length=32, help_text="The account's number.")
    amount = serializers.RegexField(PLACES, help_text="Decimal, greater than zero.")
    method = serializers.ChoiceField(choices=METHODS)
    reference = serializers.CharField(max_length=100, help_text="Yours; other content under it is refused.")
    received_on = values.DayField()
    invoices = serializers.ListField(
        child=serializers.CharField(max_length=48), required=False, max_length=MOST_INVOICES,
        help_text="Bills to settle first; then the oldest due.",
    )  # fmt: skip


@values.example({"reason": "Returned by the bank."})
class Reversing(parsing.Input):
    """Why it is taken back."""

    reason = serializers.CharField(max_length=200)


class PaymentFilters(filtering.Filters):
    account = django_filters.CharFilter(field_name="account__number", help_text="The account's number.")
    method = django_filters.ChoiceFilter(choices=[(one, one) for one in METHODS], help_text="How it was paid.")
    reference = django_filters.CharFilter(help_text="Exactly.")
    received_from = django_filters.DateFilter(field_name="received_on", lookup_expr="gte", help_text="From this day.")
    received_until = django_filters.DateFilter(field_name="received_on", lookup_expr="lte", help_text="To this day.")


class Payments(views.Noun):
    """Payments of this company's accounts."""

    scopes = {
        "list": Capability.SEE_PAYMENTS,
        "create": Capability.TAKE_PAYMENTS,
        "retrieve": Capability.SEE_PAYMENTS,
        "reverse": Capability.APPROVE_PAYMENTS,
        "open": Capability.SEE_PAYMENTS,
    }
    moves_money = frozenset({"create", "reverse"})
    filterset_class = PaymentFilters
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.payments()

    @extend_schema(summary=_("List payments"), responses=Payment(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Payment)

    @extend_schema(summary=_("Book a payment"), request=NewPayment, responses={201: Payment})
    def create(self, request: Request) -> Response:
        given = self.body(NewPayment)
        account = self.refer(customer_queries.account, number=given["account"], where="account")
        chosen = [
            self.refer(invoice_queries.invoice, number=number, where="invoices").invoice.pk
            for number in given.get("invoices", [])
        ]
        made = operations.receive(
            account_id=account.pk,
            money=parsed(given["amount"], account.currency),
            method=given["method"],
            source=SOURCE,
            reference=given["reference"],
            received_on=given["received_on"],
            at=timezone.now(),
            invoice_ids=chosen,
        )
        self.record("payment.receive", account.number, payment=made.pk, amount=str(made.amount))
        shown = Payment(queries.payment(payment_id=made.pk).payment).data
        return self.show(shown, created=f"/api/v1/payments/{made.pk}")

    @extend_schema(summary=_("Show a payment"), responses=PaymentDetail)
    def retrieve(self, request: Request, payment_id: int) -> Response:
        return self.show(PaymentDetail(queries.payment(payment_id=payment_id)).data)

    @extend_schema(summary=_("Take a payment back"), request=Reversing, responses=PaymentDetail)
    def reverse(self, request: Request, payment_id: int) -> Response:
        given = self.body(Reversing)
        operations.reverse(payment_id=payment_id, reason=given["reason"], at=timezone.now())
        self.record("payment.reverse", f"payment {payment_id}", reason=given["reason"])
        return self.show(PaymentDetail(queries.payment(payment_id=payment_id)).data)


class OpenItem(serializers.Serializer):
    """Something the account owes."""

    kind = serializers.CharField()
    reference = serializers.CharField(help_text="The bill's number.")
    due_on = serializers.DateField()
    gross = values.MoneyField()
    open = values.MoneyField()


class Open(serializers.Serializer):
    """What an account owes, bill by bill, and what it has in credit."""

    account = serializers.CharField()
    items = OpenItem(many=True)
    credit = values.MoneyField()


class OpenAmounts(views.Noun):
    """What accounts owe."""

    scopes = {"retrieve": Capability.SEE_PAYMENTS}

    @extend_schema(summary=_("Show what an account owes"), responses=Open)
    def retrieve(self, request: Request, number: str) -> Response:
        account = customer_queries.account(number=number)
        credit = queries.account_credit(account_ids=[account.pk]).get(account.pk, Money.zero(account.currency))
        items = queries.open_debits(account_ids=[account.pk])
        return self.show(Open({"account": account.number, "items": items, "credit": credit}).data)


def parsed(text: str, currency: str) -> Money:
    """Return an amount of a body as money of the account; more decimals than it has are refused."""
    try:
        return Money(Decimal(text), currency)
    except ValueError as error:
        raise serializers.ValidationError({"amount": [_("It has more decimals than the currency.")]}) from error
