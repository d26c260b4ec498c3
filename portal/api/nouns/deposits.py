"""Deposits and bank guarantees."""

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

from billing.arrears import operations, queries
from identity.capabilities import Capability
from kernel.money import Money
from portal.api import filtering, parsing, values, views
from tenants.customers import queries as customer_queries

KINDS, STATES = ("cash", "guarantee"), ("asked", "held", "expired", "ended")


class Deposit(serializers.Serializer):
    """A security for what an account may come to owe."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="account.number")
    kind = serializers.ChoiceField(choices=KINDS)
    state = serializers.ChoiceField(choices=STATES)
    amount = serializers.SerializerMethodField()
    asked_on = serializers.DateField()
    due_on = serializers.DateField()
    held_since = serializers.DateField(allow_null=True)
    expires_on = serializers.DateField(allow_null=True, help_text="Of a guarantee.")
    ended_on = serializers.DateField(allow_null=True)

    def get_amount(self, deposit: Any) -> values.MoneyField:
        return values.amount(deposit.amount, deposit.currency)  # type: ignore[return-value]


@values.example({"account": "A-1001", "kind": "cash", "amount": "500.00"})
class NewDeposit(parsing.Input):
    """A security to be asked for; the customer is written to."""

    account = serializers.CharField(max_length=32)
    kind = serializers.ChoiceField(choices=KINDS)
    amount = serializers.DecimalField(max_digits=20, decimal_places=2, help_text="In the account's currency.")


class DepositFilters(filtering.Filters):
    kind = django_filters.ChoiceFilter(choices=[(each, each) for each in KINDS], help_text="Money or a guarantee.")
    state = django_filters.ChoiceFilter(choices=[(each, each) for each in STATES], help_text="How it stands.")
    account = django_filters.CharFilter(field_name="account__number", help_text="The account's number.")


class Deposits(views.Noun):
    """Deposits and bank guarantees."""

    scopes = {"list": Capability.SEE_ARREARS, "create": Capability.WORK_ARREARS, "retrieve": Capability.SEE_ARREARS}
    filterset_class = DepositFilters
    ordering = ("id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.deposits()

    @extend_schema(summary=_("List deposits"), responses=Deposit(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Deposit)

    @extend_schema(summary=_("Ask for a deposit"), request=NewDeposit, responses={201: Deposit})
    def create(self, request: Request) -> Response:
        given = self.body(NewDeposit)
        account = self.refer(customer_queries.account, where="account", number=given["account"])
        made = operations.ask_deposit(
            account_id=account.pk,
            kind=given["kind"],
            amount=Money.rounded(given["amount"], account.currency),
            on=self.today(),
            at=timezone.now(),
            by=f"key {self.caller.key.prefix}",
        )
        self.record("arrears.ask_deposit", f"account {account.number}")
        return self.show(self._shown(made.pk), created=f"/api/v1/deposits/{made.pk}")

    @extend_schema(summary=_("Show a deposit"), responses=Deposit)
    def retrieve(self, request: Request, deposit_id: int) -> Response:
        return self.show(self._shown(deposit_id))

    def _shown(self, deposit_id: int) -> Any:
        return Deposit(queries.deposit(deposit_id=deposit_id)).data
