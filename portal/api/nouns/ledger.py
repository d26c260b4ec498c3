"""The books: what accounts owe, and the trial balance."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.ledger import queries
from identity.capabilities import Capability
from kernel.money import Money
from portal.api import values, views
from portal.api.nouns import accounts
from tenancy import context
from tenants.customers import queries as customer_queries


class TrialRow(serializers.Serializer):
    """One ledger account in one currency; the balance is debit less credit."""

    code = serializers.CharField()
    kind = serializers.CharField()
    titles = values.TextsField()
    debit = values.MoneyField()
    credit = values.MoneyField()
    balance = values.MoneyField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        names = ("debit", "credit", "balance")
        money = {name: values.amount(getattr(instance, name), instance.currency) for name in names}
        return {"code": instance.code, "kind": instance.kind, "titles": dict(instance.titles), **money}


class TrialBalance(serializers.Serializer):
    """All ledger accounts; per currency debits and credits are equal."""

    results = TrialRow(many=True)


class Closing(serializers.Serializer):
    """A closed day: the chain of seals up to there, the sums of all accounts, and the proof over both.

    Keep it outside the platform: it proves later that the books up to that day are still those that were closed.
    """

    day = serializers.DateField()
    position = serializers.IntegerField()
    seal = serializers.CharField()
    totals = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    previous = serializers.CharField()
    proof = serializers.CharField()
    closed_at = serializers.DateTimeField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        document = instance.as_closing().document(company=context.current_retailer().code)
        shown: dict[str, Any] = super().to_representation({**document, "closed_at": instance.closed_at})
        return shown


class AccountBalance(accounts.Balance):
    """What an account owes; negative when it has credit."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        owed = self.context["balances"].get((instance.pk, instance.currency), Money.zero(instance.currency))
        return {"account": instance.number, "balance": values.money(owed)}


class Balances(views.Noun):
    """What accounts owe."""

    scopes = {"list": Capability.SEE_LEDGER}
    filterset_class = accounts.AccountFilters
    ordering = ("number",)

    def get_queryset(self) -> QuerySet[Any]:
        return customer_queries.accounts()

    @extend_schema(summary=_("List the balances of accounts"), responses=AccountBalance(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), AccountBalance, given=_balances)


class Books(views.Noun):
    """The ledger as a whole."""

    scopes = {"trial_balance": Capability.SEE_LEDGER}
    query_serializers = {"trial_balance": accounts.BalanceDay}

    @extend_schema(summary=_("Show the trial balance"), responses=TrialBalance)
    def trial_balance(self, request: Request) -> Response:
        rows = queries.trial_balance(on=self.parameters().get("on"))
        return self.show({"results": TrialRow(rows, many=True).data})


def _balances(page: list[Any]) -> dict[str, Any]:
    return {"balances": queries.balances(account_ids=[account.pk for account in page])}


class Closings(views.Noun):
    """Closed days of the books."""

    scopes = {"list": Capability.SEE_LEDGER}
    ordering = ("-day",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.closings()

    @extend_schema(summary=_("List the closed days"), responses=Closing(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Closing)
