"""Collections: the age of what is owed, dunning cases, promises, instalment plans, late fees."""

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

CASE_STATES = ("running", "resting", "closed")
PROMISE_STATES = ("open", "kept", "broken", "withdrawn")
PLAN_STATES = ("active", "completed", "defaulted", "cancelled")
MOST_INSTALMENTS = 60


class Bucket(serializers.Serializer):
    """What is open of one age."""

    code = serializers.CharField()
    amount = values.MoneyField()
    accounts = serializers.IntegerField()


class AgeingOfCurrency(serializers.Serializer):
    """What is owed in one currency by age; the buckets add up to the ledger's receivable."""

    currency = serializers.CharField()
    buckets = Bucket(many=True)
    overdue = values.MoneyField()
    overdue_accounts = serializers.IntegerField()
    total = values.MoneyField()
    receivable = values.MoneyField(help_text="The ledger's own balance.")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        names = ("overdue", "total", "receivable")
        money = {name: values.amount(getattr(instance, name), instance.currency) for name in names}
        buckets = [
            {"code": each.code, "amount": values.amount(each.amount, instance.currency), "accounts": each.accounts}
            for each in instance.buckets
        ]
        return {
            "currency": instance.currency,
            "buckets": buckets,
            "overdue_accounts": instance.overdue_accounts,
            **money,
        }


class Ageing(serializers.Serializer):
    """The age of what is owed, one entry a currency."""

    results = AgeingOfCurrency(many=True)


class Case(serializers.Serializer):
    """What is overdue on one account, from the first day until it is paid."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="account.number")
    customer = serializers.CharField(source="account.customer.number")
    state = serializers.ChoiceField(choices=CASE_STATES)
    reason = serializers.CharField(allow_blank=True, help_text="Why it rests or was closed.")
    overdue = values.MoneyField()
    due_since = serializers.DateField()
    path = serializers.CharField(source="path.code")
    path_version = serializers.IntegerField(source="path.number")
    steps_taken = serializers.IntegerField(source="step")
    next_on = serializers.DateField(allow_null=True)
    opened_on = serializers.DateField()
    closed_on = serializers.DateField(allow_null=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        money = Money.rounded(instance.overdue, instance.currency)
        shown: dict[str, Any] = super().to_representation(_With(instance, overdue=money))
        return shown


class Promise(serializers.Serializer):
    """An amount promised by a day."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="account.number")
    amount = values.MoneyField()
    made_on = serializers.DateField()
    due_on = serializers.DateField()
    state = serializers.ChoiceField(choices=PROMISE_STATES)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        money = Money.rounded(instance.amount, instance.currency)
        shown: dict[str, Any] = super().to_representation(_With(instance, amount=money))
        return shown


class Part(serializers.Serializer):
    """One instalment."""

    position = serializers.IntegerField()
    due_on = serializers.DateField()
    amount = values.MoneyField()


class Plan(serializers.Serializer):
    """Open bills that are paid in parts."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="account.number")
    total = values.MoneyField()
    made_on = serializers.DateField()
    state = serializers.ChoiceField(choices=PLAN_STATES)
    instalments = Part(many=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        def money(amount: Any) -> Money:
            return Money.rounded(amount, instance.currency)

        parts = [_With(part, amount=money(part.amount)) for part in instance.instalments.all()]
        told = _With(instance, total=money(instance.total), instalments=parts)
        shown: dict[str, Any] = super().to_representation(told)
        return shown


@values.example({"account": "A-1001", "amount": "300.00", "due_on": "2026-05-01"})
class NewPromise(parsing.Input):
    """A promise to be noted."""

    account = serializers.CharField(max_length=32)
    amount = serializers.DecimalField(max_digits=20, decimal_places=2, help_text="In the account's currency.")
    due_on = values.DayField()


@values.example({"account": "A-1001", "count": 3, "first_on": "2026-05-01"})
class NewPlan(parsing.Input):
    """A plan over all that is open on an account."""

    account = serializers.CharField(max_length=32)
    count = serializers.IntegerField(min_value=2, max_value=MOST_INSTALMENTS)
    first_on = values.DayField()


class CaseFilters(filtering.Filters):
    state = django_filters.ChoiceFilter(choices=[(each, each) for each in CASE_STATES], help_text="Where it stands.")
    account = django_filters.CharFilter(field_name="account__number", help_text="The account's number.")


class PromiseFilters(filtering.Filters):
    state = django_filters.ChoiceFilter(choices=[(each, each) for each in PROMISE_STATES], help_text="How it stands.")
    account = django_filters.CharFilter(field_name="account__number", help_text="The account's number.")


class PlanFilters(filtering.Filters):
    state = django_filters.ChoiceFilter(choices=[(each, each) for each in PLAN_STATES], help_text="How it stands.")
    account = django_filters.CharFilter(field_name="account__number", help_text="The account's number.")


class Cases(views.Noun):
    """Dunning cases and the age of what is owed."""

    scopes = {"list": Capability.SEE_ARREARS, "retrieve": Capability.SEE_ARREARS, "ageing": Capability.SEE_ARREARS}
    filterset_class = CaseFilters
    ordering = ("id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.all_cases()

    @extend_schema(summary=_("List dunning cases"), responses=Case(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Case)

    @extend_schema(summary=_("Show a dunning case"), responses=Case)
    def retrieve(self, request: Request, case_id: int) -> Response:
        return self.show(Case(queries.case(case_id=case_id)).data)

    @extend_schema(summary=_("Show the age of what is owed"), responses=Ageing)
    def ageing(self, request: Request) -> Response:
        return self.show({"results": AgeingOfCurrency(queries.ageing(on=self.today()), many=True).data})


class Promises(views.Noun):
    """Promises to pay."""

    scopes = {"list": Capability.SEE_ARREARS, "create": Capability.WORK_ARREARS}
    filterset_class = PromiseFilters
    ordering = ("id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.promises()

    @extend_schema(summary=_("List promises to pay"), responses=Promise(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Promise)

    @extend_schema(summary=_("Note a promise to pay"), request=NewPromise, responses={201: Promise})
    def create(self, request: Request) -> Response:
        given = self.body(NewPromise)
        account = self.refer(customer_queries.account, where="account", number=given["account"])
        made = operations.promise(
            account_id=account.pk,
            amount=Money.rounded(given["amount"], account.currency),
            due_on=given["due_on"],
            source="api",
            by=f"key {self.caller.key.prefix}",
            on=self.today(),
            at=timezone.now(),
        )
        self.record("arrears.promise", f"account {account.number}")
        shown = Promise(queries.promises().get(pk=made.pk)).data
        return self.show(shown, created=f"/api/v1/promises?account={account.number}")


class Plans(views.Noun):
    """Instalment plans."""

    scopes = {"list": Capability.SEE_ARREARS, "create": Capability.WORK_ARREARS}
    filterset_class = PlanFilters
    ordering = ("id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.plans()

    @extend_schema(summary=_("List instalment plans"), responses=Plan(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Plan)

    @extend_schema(summary=_("Make an instalment plan"), request=NewPlan, responses={201: Plan})
    def create(self, request: Request) -> Response:
        given = self.body(NewPlan)
        account = self.refer(customer_queries.account, where="account", number=given["account"])
        made = operations.make_plan(
            account_id=account.pk,
            count=given["count"],
            first_on=given["first_on"],
            source="api",
            by=f"key {self.caller.key.prefix}",
            on=self.today(),
            at=timezone.now(),
        )
        self.record("arrears.plan", f"account {account.number}")
        shown = Plan(queries.plans().get(pk=made.pk)).data
        return self.show(shown, created=f"/api/v1/instalment-plans?account={account.number}")


class _With:
    """A row with some of its values shown as money."""

    def __init__(self, row: Any, **shown: Any) -> None:
        self._row, self._shown = row, shown

    def __getattr__(self, name: str) -> Any:
        return self._shown[name] if name in self._shown else getattr(self._row, name)
