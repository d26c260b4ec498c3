"""Billing accounts: what they answer for, what they owe."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.ledger import queries as ledger_queries
from identity.capabilities import Capability
from portal.api import filtering, parsing, values, views
from tenants.customers import operations, queries


class Account(serializers.Serializer):
    """A billing account: one customer, one currency, one bill per period."""

    number = serializers.CharField()
    customer = serializers.CharField(source="customer.number", help_text="The customer's number.")
    currency = serializers.RegexField(values.CURRENCY)
    billing_address = values.PersonalField(allow_blank=True)
    opened_on = serializers.DateField()
    closed_on = serializers.DateField(allow_null=True)


@values.example({"number": "A-1001", "customer": "C-1001", "currency": "AUD", "opened_on": "2026-05-01"})
class NewAccount(parsing.Input):
    """An account to be opened."""

    number = serializers.CharField(max_length=32)
    customer = serializers.CharField(max_length=32, help_text="The customer's number.")
    currency = serializers.RegexField(values.CURRENCY, help_text="ISO 4217.")
    opened_on = values.DayField()
    billing_address = serializers.CharField(max_length=1000, allow_blank=True, default="")


@values.example({"on": "2026-09-01"})
class Closing(parsing.Input):
    """From which day on the account is closed."""

    on = values.DayField()


class Balance(serializers.Serializer):
    """What the account owes; negative when it has credit."""

    account = serializers.CharField()
    balance = values.MoneyField()


class StatementRow(serializers.Serializer):
    """One change of the balance."""

    entry = serializers.IntegerField(source="entry_id")
    posted_at = serializers.DateTimeField()
    business_date = serializers.DateField()
    kind = serializers.CharField()
    reference = serializers.CharField(allow_blank=True, help_text="The document, such as an invoice number.")
    amount = values.MoneyField(source="money", help_text="Positive: owed; negative: paid or credited.")
    balance = values.MoneyField(help_text="Owed after it.")


class Statement(serializers.Serializer):
    """Every change of the balance, oldest first."""

    account = serializers.CharField()
    results = StatementRow(many=True)


class BalanceDay(serializers.Serializer):
    """Up to which day postings count."""

    on = values.DayField(required=False, help_text="Up to the end of this day; all postings without it.")


class AccountFilters(filtering.Filters):
    customer = django_filters.CharFilter(field_name="customer__number", help_text="The customer's number.")
    currency = django_filters.CharFilter(help_text="ISO 4217.")
    open_on = django_filters.DateFilter(method="standing", help_text="Accounts that stand open on this day.")
    search = django_filters.CharFilter(method="meet", help_text="Meets numbers, names and supply points.")

    def standing(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset.filter(pk__in=queries.accounts(open_on=value).values("pk"))

    def meet(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=queries.accounts(search=value).values("pk"))


class Accounts(views.Noun):
    """Billing accounts of this company."""

    scopes = {
        "list": Capability.SEE_CUSTOMERS,
        "create": Capability.CHANGE_CUSTOMERS,
        "retrieve": Capability.SEE_CUSTOMERS,
        "close": Capability.CHANGE_CUSTOMERS,
        "balance": Capability.SEE_LEDGER,
        "statement": Capability.SEE_LEDGER,
    }
    query_serializers = {"balance": BalanceDay}
    filterset_class = AccountFilters
    ordering = ("number",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.accounts()

    @extend_schema(summary=_("List accounts"), responses=Account(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Account)

    @extend_schema(summary=_("Open an account"), request=NewAccount, responses={201: Account})
    def create(self, request: Request) -> Response:
        given = self.body(NewAccount)
        customer = self.refer(queries.customer, number=given.pop("customer"), where="customer")
        made = operations.open_account(customer=customer, **given)
        return self.show(Account(made).data, created=f"/api/v1/accounts/{made.number}")

    @extend_schema(summary=_("Show an account"), responses=Account)
    def retrieve(self, request: Request, number: str) -> Response:
        return self.show(Account(queries.account(number=number)).data)

    @extend_schema(summary=_("Close an account"), request=Closing, responses=Account)
    def close(self, request: Request, number: str) -> Response:
        account = queries.account(number=number)
        operations.close_account(account=account, on=self.body(Closing)["on"])
        return self.show(Account(queries.account(number=number)).data)

    @extend_schema(summary=_("Show what an account owes"), responses=Balance)
    def balance(self, request: Request, number: str) -> Response:
        account = queries.account(number=number)
        owed = ledger_queries.balance(account_id=account.pk, currency=account.currency, on=self.parameters().get("on"))
        return self.show({"account": account.number, "balance": values.money(owed)})

    @extend_schema(summary=_("Show an account's statement"), responses=Statement)
    def statement(self, request: Request, number: str) -> Response:
        account = queries.account(number=number)
        rows = ledger_queries.statement(account_id=account.pk, currency=account.currency)
        return self.show({"account": account.number, "results": StatementRow(rows, many=True).data})
