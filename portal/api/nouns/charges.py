"""Charges and credits that are no energy, and what accounts pay for month by month."""

from __future__ import annotations

import datetime as dt
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

from billing.charges import operations, queries
from identity.capabilities import Capability
from kernel.money import Money
from portal.api import filtering, parsing, values, views
from tenants.customers import queries as customer_queries

STATES = ("pending", "billed", "cancelled")
SOURCE = "api"
MONTHS = [1, 2, 3, 6, 12]
PLACES = r"^-?\d{1,12}(\.\d{1,2})?$"


class Charge(serializers.Serializer):
    """An amount on a bill that is no energy; negative it is a credit."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="account.number")
    kind = serializers.CharField(help_text="As the market's pack names it: `late_fee`, `solar_credit`, …")
    source = serializers.CharField(help_text="Who added it.")  # type: ignore[assignment]
    reference = serializers.CharField(help_text="Given once for each source.")
    titles = values.TextsField(help_text="The text on the bill.")
    on = serializers.DateField()
    period = values.PeriodField(allow_null=True)
    amount = serializers.SerializerMethodField()
    payee = serializers.CharField()
    tax = serializers.ChoiceField(choices=("standard", "none"))
    state = serializers.SerializerMethodField()
    invoice = serializers.CharField(source="invoice.number", allow_null=True, default=None)

    def get_amount(self, charge: Any) -> values.MoneyField:
        return values.amount(charge.amount, charge.currency)  # type: ignore[return-value]

    def get_state(self, charge: Any) -> str:
        if charge.cancelled_at is not None:
            return "cancelled"
        return "billed" if charge.billed else "pending"


@values.example(
    {"account": "A-1001", "kind": "loyalty", "reference": "points-2026-05", "amount": "-5.00", "on": "2026-05-31"}
)
class NewCharge(parsing.Input):
    """A charge for the account's next bill, in its currency."""

    account = serializers.CharField(max_length=32, help_text="The account's number.")
    kind = serializers.CharField(max_length=40)
    reference = serializers.CharField(max_length=100, help_text="The same again adds nothing.")
    amount = serializers.RegexField(PLACES, help_text="Decimal; negative for a credit.")
    on = values.DayField()
    titles = values.TextsField(required=False, help_text="The text on the bill; else the kind's.")


@values.example({"reason": "Waived after a complaint."})
class Cancelling(parsing.Input):
    """Why it is taken back."""

    reason = serializers.CharField(max_length=200)


class AddOn(serializers.Serializer):
    """What an account pays for month by month."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="account.number")
    kind = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    reference = serializers.CharField()
    titles = values.TextsField(help_text="The text on the bill.")
    amount = serializers.SerializerMethodField(help_text="For one piece and one stretch of `months`.")
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3)
    months = serializers.ChoiceField(choices=MONTHS)
    prorated = serializers.BooleanField(help_text="Parts cost their share by days.")
    period = values.PeriodField()

    def get_amount(self, add_on: Any) -> values.MoneyField:
        return values.amount(add_on.amount, add_on.currency)  # type: ignore[return-value]


@values.example(
    {"account": "A-1001", "kind": "service_fee", "reference": "care-plan", "amount": "9.90", "start": "2026-06-01"}
)
class NewAddOn(parsing.Input):
    """An add-on to be agreed, in the account's currency."""

    account = serializers.CharField(max_length=32, help_text="The account's number.")
    kind = serializers.CharField(max_length=40)
    reference = serializers.CharField(max_length=100, help_text="The same again agrees nothing.")
    amount = serializers.RegexField(PLACES, help_text="For one piece and one stretch of `months`.")
    quantity = serializers.RegexField(r"^\d{1,9}(\.\d{1,3})?$", default="1")
    months = serializers.ChoiceField(choices=MONTHS, default=1)
    prorated = serializers.BooleanField(default=True)
    start = values.DayField()
    end = values.DayField(required=False, help_text="The day after the last one; without it for ever.")


@values.example({"end": "2026-09-01"})
class AddOnEnding(parsing.Input):
    """The day after the last one."""

    end = values.DayField()


class ChargeFilters(filtering.Filters):
    account = django_filters.CharFilter(field_name="account__number", help_text="The account's number.")
    kind = django_filters.CharFilter(help_text="As the market's pack names it.")
    state = django_filters.ChoiceFilter(
        choices=[(state, state) for state in STATES], method="standing", help_text="Where it stands."
    )

    def standing(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=queries.charges(state=value).values("pk"))


class AddOnFilters(filtering.Filters):
    account = django_filters.CharFilter(field_name="account__number", help_text="The account's number.")


class Charges(views.Noun):
    """Charges and credits of this company's accounts."""

    scopes = {
        "list": Capability.SEE_BILLS,
        "create": Capability.RUN_BILLS,
        "retrieve": Capability.SEE_BILLS,
        "cancel": Capability.RUN_BILLS,
    }
    filterset_class = ChargeFilters
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.charges()

    @extend_schema(summary=_("List charges"), responses=Charge(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Charge)

    @extend_schema(summary=_("Add a charge or credit"), request=NewCharge, responses={201: Charge})
    def create(self, request: Request) -> Response:
        given = self.body(NewCharge)
        account = self.refer(customer_queries.account, number=given["account"], where="account")
        made = operations.add(
            account_id=account.pk,
            kind=given["kind"],
            source=SOURCE,
            reference=given["reference"],
            titles=given.get("titles"),
            amount=_money(given["amount"], account.currency),
            on=given["on"],
            at=timezone.now(),
        )
        self.record("charge.add", account.number, charge=made.pk, amount=str(made.amount))
        return self.show(_charge(made.pk), created=f"/api/v1/charges/{made.pk}")

    @extend_schema(summary=_("Show a charge"), responses=Charge)
    def retrieve(self, request: Request, charge_id: int) -> Response:
        return self.show(_charge(charge_id))

    @extend_schema(summary=_("Cancel a charge"), request=Cancelling, responses=Charge)
    def cancel(self, request: Request, charge_id: int) -> Response:
        reason = self.body(Cancelling)["reason"]
        operations.cancel(charge_id=queries.charge(charge_id=charge_id).pk, reason=reason, at=timezone.now())
        self.record("charge.cancel", f"charge {charge_id}")
        return self.show(_charge(charge_id))


class AddOns(views.Noun):
    """Add-ons of this company's accounts."""

    scopes = {
        "list": Capability.SEE_BILLS,
        "create": Capability.RUN_BILLS,
        "retrieve": Capability.SEE_BILLS,
        "end": Capability.RUN_BILLS,
    }
    filterset_class = AddOnFilters
    ordering = ("id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.add_ons()

    @extend_schema(summary=_("List add-ons"), responses=AddOn(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), AddOn)

    @extend_schema(summary=_("Agree an add-on"), request=NewAddOn, responses={201: AddOn})
    def create(self, request: Request) -> Response:
        given = self.body(NewAddOn)
        account = self.refer(customer_queries.account, number=given["account"], where="account")
        made = operations.agree_add_on(
            account_id=account.pk,
            kind=given["kind"],
            source=SOURCE,
            reference=given["reference"],
            amount=_money(given["amount"], account.currency),
            quantity=Decimal(given["quantity"]),
            months=int(given["months"]),
            prorated=given["prorated"],
            start=given["start"],
            end=given.get("end"),
            at=timezone.now(),
        )
        self.record("add_on.agree", account.number, add_on=made.pk)
        return self.show(_add_on(made.pk), created=f"/api/v1/add-ons/{made.pk}")

    @extend_schema(summary=_("Show an add-on"), responses=AddOn)
    def retrieve(self, request: Request, add_on_id: int) -> Response:
        return self.show(_add_on(add_on_id))

    @extend_schema(summary=_("End an add-on"), request=AddOnEnding, responses=AddOn)
    def end(self, request: Request, add_on_id: int) -> Response:
        day: dt.date = self.body(AddOnEnding)["end"]
        operations.end_add_on(add_on_id=queries.add_on(add_on_id=add_on_id).pk, end=day)
        self.record("add_on.end", f"add-on {add_on_id}", end=day.isoformat())
        return self.show(_add_on(add_on_id))


def _charge(charge_id: int) -> Any:
    return Charge(queries.charge(charge_id=charge_id)).data


def _add_on(add_on_id: int) -> Any:
    return AddOn(queries.add_on(add_on_id=add_on_id)).data


def _money(amount: str, currency: str) -> Money:
    return Money.rounded(Decimal(amount), currency)
