"""Refunds: asked for by one person's key, approved by another's."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.payments import operations, queries
from identity.capabilities import Capability
from portal.api import filtering, parsing, values, views
from portal.api.nouns.payments import PLACES, parsed
from tenants.customers import queries as customer_queries

STATES = ("requested", "approved", "sent", "paid", "rejected", "failed")
METHODS = ("provider", "bank_transfer", "cash", "write_back")


class Refund(serializers.Serializer):
    """Credit of an account that goes back."""

    reference = serializers.CharField()
    account = serializers.CharField(source="account.number", allow_null=True, default=None)
    method = serializers.ChoiceField(choices=METHODS)
    state = serializers.ChoiceField(choices=STATES)
    amount = serializers.SerializerMethodField()
    reason = serializers.CharField(allow_blank=True)
    requested_by = serializers.CharField()
    requested_at = serializers.DateTimeField()
    decided_by = serializers.CharField(allow_blank=True)
    paid_on = serializers.DateField(allow_null=True)

    def get_amount(self, refund: Any) -> values.MoneyField:
        return values.amount(refund.amount, refund.currency)  # type: ignore[return-value]


class Payee(parsing.Input):
    """Who gets a bank transfer."""

    name = serializers.CharField(max_length=140)
    account = serializers.CharField(max_length=34, help_text="IBAN or account number.")
    bic = serializers.CharField(max_length=11, required=False)


@values.example(
    {"account": "A-1001", "amount": "20.00", "method": "bank_transfer", "reason": "Paid twice.",
     "payee": {"name": "Ada Moss", "account": "DE89370400440532013000"}}
)  # fmt: skip
class NewRefund(parsing.Input):
    """A refund in the account's currency, never above its credit."""

    account = serializers.CharField(max_length=32, help_text="The account's number.")
    amount = serializers.RegexField(PLACES, help_text="Decimal, greater than zero.")
    method = serializers.ChoiceField(choices=METHODS)
    reason = serializers.CharField(max_length=200)
    payee = Payee(required=False)
    payment = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="The payment that goes back (method provider)."
    )


@values.example({"note": "The credit is needed for the next bill."})
class Rejecting(parsing.Input):
    """Why it is turned down."""

    note = serializers.CharField(max_length=200)


class RefundFilters(filtering.Filters):
    account = django_filters.CharFilter(field_name="account__number", help_text="The account's number.")
    state = django_filters.ChoiceFilter(choices=[(one, one) for one in STATES], help_text="Where it stands.")


class Refunds(views.Noun):
    """Refunds of this company."""

    scopes = {
        "list": Capability.SEE_PAYMENTS,
        "create": Capability.TAKE_PAYMENTS,
        "retrieve": Capability.SEE_PAYMENTS,
        "approve": Capability.APPROVE_PAYMENTS,
        "reject": Capability.APPROVE_PAYMENTS,
    }
    moves_money = frozenset({"approve"})
    filterset_class = RefundFilters
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.refunds()

    @extend_schema(summary=_("List refunds"), responses=Refund(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Refund)

    @extend_schema(summary=_("Ask for a refund"), request=NewRefund, responses={201: Refund})
    def create(self, request: Request) -> Response:
        given = self.body(NewRefund)
        account = self.refer(customer_queries.account, number=given["account"], where="account")
        if "payment" in given:
            self.refer(queries.payment, payment_id=given["payment"], where="payment")
        made = operations.request_refund(
            account_id=account.pk,
            money=parsed(given["amount"], account.currency),
            method=given["method"],
            reason=given["reason"],
            requested_by=self._person(),
            at=timezone.now(),
            payment_id=given.get("payment"),
            payee=given.get("payee"),
        )
        self.record("refund.request", f"refund {made.reference}", amount=str(made.amount))
        return self.show(_shown(made.reference), created=f"/api/v1/refunds/{made.reference}")

    @extend_schema(summary=_("Show a refund"), responses=Refund)
    def retrieve(self, request: Request, reference: str) -> Response:
        return self.show(_shown(reference))

    @extend_schema(summary=_("Approve a refund"), request=None, responses=Refund)
    def approve(self, request: Request, reference: str) -> Response:
        found = queries.refund(reference=reference)
        operations.approve_refund(refund_id=found.pk, approved_by=self._person(), at=timezone.now())
        self.record("refund.approve", f"refund {reference}")
        return self.show(_shown(reference))

    @extend_schema(summary=_("Reject a refund"), request=Rejecting, responses=Refund)
    def reject(self, request: Request, reference: str) -> Response:
        given = self.body(Rejecting)
        found = queries.refund(reference=reference)
        operations.reject_refund(refund_id=found.pk, rejected_by=self._person(), note=given["note"], at=timezone.now())
        self.record("refund.reject", f"refund {reference}", note=given["note"])
        return self.show(_shown(reference))

    def _person(self) -> str:
        """A key acts for the person who made it: two keys of one person are one person."""
        return str(self.caller.key.created_by)


def _shown(reference: str) -> Any:
    return Refund(queries.refund(reference=reference)).data
