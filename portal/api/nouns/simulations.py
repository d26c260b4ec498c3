"""Simulations: what past months of a segment would have cost under a tariff."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.simulation import operations, queries
from identity.capabilities import Capability
from kernel.errors import Invalid, NotFound
from kernel.periods import Period
from portal.api import filtering, parsing, values, views
from tenants.tariffs import queries as tariff_queries

STATES = ("running", "done", "cancelled")
SOURCES = ("invoiced", "rated")
KINDS = ("household", "business")
CSV = "text/csv"
COLUMNS = (
    *("account", "customer", "month", "billed_from", "energy_wh", "currency", "billed", "simulated", "difference"),
    *("income_billed", "income_simulated", "purchase", "reason"),
)


class Segment(serializers.Serializer):
    """Whose months are simulated; empty is everybody's."""

    kind = serializers.CharField(allow_blank=True)
    segment = serializers.CharField(allow_blank=True)
    product = serializers.CharField(source="product_code", allow_blank=True)


class Simulation(serializers.Serializer):
    """A tariff, rated on the real readings of a segment for past months."""

    number = serializers.IntegerField()
    title = serializers.CharField(allow_blank=True)
    product = serializers.CharField(source="version.product.code", allow_null=True, default=None)
    version = serializers.IntegerField(source="version.number", allow_null=True, default=None)
    parameters = values.ObjectField(help_text="What holds for everybody; decimals as strings.")
    period = values.PeriodField()
    customers = Segment(source="*")
    purchase_series = serializers.CharField(allow_blank=True, help_text="The index series of purchase prices.")
    currency = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    accounts = serializers.IntegerField(source="account_count")
    done = serializers.IntegerField(source="done_count", help_text="Accounts that are through.")
    percent = serializers.SerializerMethodField(help_text="The same in whole percents.")

    def get_percent(self, simulation: Any) -> int:
        return simulation.done_count * 100 // max(simulation.account_count, 1)


class NewSegment(parsing.Input):
    """Whose months are simulated."""

    kind = serializers.ChoiceField(choices=KINDS, required=False)
    segment = serializers.CharField(max_length=40, required=False)
    product = serializers.CharField(
        max_length=64, required=False, help_text="Only supply points that were on this product get the tariff."
    )


@values.example(
    {
        "product": "flat",
        "version": 2,
        "period": {"start": "2026-01-01", "end": "2026-04-01"},
        "parameters": {"margin": "0.02"},
        "customers": {"kind": "household"},
        "title": "Flat from July",
    }
)
class NewSimulation(parsing.Input):
    """A product version, draft or not, for whole months that are over."""

    product = serializers.CharField(max_length=64, help_text="The product's code.")
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    period = values.ClosedPeriodField()
    parameters = values.AttributesField(required=False, help_text="What is to hold for everybody.")
    customers = NewSegment(required=False)
    purchase_series = serializers.CharField(
        max_length=64, required=False, help_text="An index series in money per kWh or MWh; gives the energy margin."
    )
    title = serializers.CharField(max_length=120, allow_blank=True, default="")

    def validate_period(self, given: Any) -> Any:
        if given["end"] <= given["start"]:
            raise serializers.ValidationError({"end": [_("The end must be later than the start.")]})
        return given


class Side(serializers.Serializer):
    """Those who pay less, or those who pay more."""

    accounts = serializers.IntegerField()
    amount = values.MoneyField()


class Bin(serializers.Serializer):
    """Accounts whose difference lies between two bounds; null is without end, twice 0 is unchanged."""

    low = serializers.CharField(allow_null=True)
    high = serializers.CharField(allow_null=True)
    accounts = serializers.IntegerField()
    amount = values.MoneyField(help_text="Their differences together.")


class Mover(serializers.Serializer):
    """An account that gains or loses much."""

    account = serializers.CharField()
    customer = serializers.CharField()
    billed = values.MoneyField()
    simulated = values.MoneyField()
    difference = values.MoneyField()


class Margin(serializers.Serializer):
    """What the retailer earns less the energy at the purchase prices, over the months that have a price."""

    purchase_series = serializers.CharField()
    months = serializers.IntegerField()
    months_without_price = serializers.IntegerField()
    purchase = values.MoneyField()
    income_now = values.MoneyField()
    income_then = values.MoneyField()
    now = values.MoneyField()
    then = values.MoneyField()


class Results(serializers.Serializer):
    """What is found so far, over the accounts and months that could be compared."""

    accounts = serializers.IntegerField()
    months = serializers.IntegerField()
    invoiced_months = serializers.IntegerField(help_text="Months whose billed amount comes from invoices.")
    energy_wh = serializers.IntegerField()
    now = values.MoneyField(help_text="Billed.")
    then = values.MoneyField(help_text="Simulated.")
    difference = values.MoneyField()
    winners = Side()
    losers = Side()
    unchanged = serializers.IntegerField()
    unmeasured = serializers.IntegerField(help_text="Accounts billed nothing or less: they have no share.")
    by_share = Bin(many=True, help_text="Difference as a share of what was billed: 0.05 is 5 % more.")
    by_amount = Bin(many=True)
    gain_most = Mover(many=True)
    lose_most = Mover(many=True)
    refused_accounts = serializers.IntegerField()
    refused_months = serializers.IntegerField()
    refusals = serializers.DictField(child=serializers.IntegerField(), help_text="Accounts by reason.")
    margin = Margin(allow_null=True)


class Row(serializers.Serializer):
    """One month of one account: billed and simulated, or why it could not be compared."""

    account = serializers.CharField()
    customer = serializers.CharField()
    month = serializers.DateField(help_text="Its first day.")
    billed_from = serializers.ChoiceField(
        choices=SOURCES, allow_null=True, help_text="Where the billed amount comes from."
    )
    energy_wh = serializers.IntegerField(allow_null=True)
    billed = values.MoneyField(allow_null=True)
    simulated = values.MoneyField(allow_null=True)
    difference = values.MoneyField(allow_null=True)
    purchase = values.MoneyField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    reason_text = serializers.CharField(allow_blank=True, help_text="The same as a sentence.")


class SimulationFilters(filtering.Filters):
    state = django_filters.ChoiceFilter(choices=[(state, state) for state in STATES], help_text="Where it stands.")


class RowFilters(filtering.Filters):
    account = django_filters.CharFilter(
        field_name="simulated_account__account__number", help_text="The account's number."
    )
    reason = django_filters.CharFilter(help_text="Why it could not be compared.")


class Simulations(views.Noun):
    """Simulations of this company."""

    scopes = {
        "list": Capability.SEE_TARIFFS,
        "create": Capability.CHANGE_TARIFFS,
        "retrieve": Capability.SEE_TARIFFS,
        "results": Capability.SEE_CUSTOMERS,
        "file": Capability.SEE_CUSTOMERS,
        "cancel": Capability.CHANGE_TARIFFS,
    }
    filterset_class = SimulationFilters
    ordering = ("-number",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.simulations()

    @extend_schema(summary=_("List simulations"), responses=Simulation(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Simulation)

    @extend_schema(
        summary=_("Start a simulation"),
        description="Rates the months in the background; ask again for its progress, then for its results.",
        request=NewSimulation,
        responses={202: Simulation},
    )
    def create(self, request: Request) -> Response:
        given = self.body(NewSimulation)
        chosen = given.get("customers", {})
        version = self.refer(
            tariff_queries.version, product_code=given["product"], number=given["version"], where="version"
        )
        product_code = self._known_product(chosen.get("product", ""))
        try:
            made = operations.create_simulation(
                version=version,
                period=Period(**given["period"]),
                at=timezone.now(),
                title=given["title"],
                parameters=given.get("parameters"),
                kind=chosen.get("kind", ""),
                segment=chosen.get("segment", ""),
                product_code=product_code,
                purchase_series=given.get("purchase_series", ""),
            )
        except Invalid as refusal:
            if refusal.where in given.get("parameters", {}):
                refusal.where = f"parameters.{refusal.where}"
            raise
        operations.begin(simulation=made)
        return self.show(self._shown(made.number), accepted=f"/api/v1/simulations/{made.number}")

    @extend_schema(summary=_("Show a simulation"), responses=Simulation)
    def retrieve(self, request: Request, number: int) -> Response:
        return self.show(self._shown(number))

    @extend_schema(summary=_("Show the results of a simulation"), responses=Results)
    def results(self, request: Request, number: int) -> Response:
        found = queries.simulation(number=number)
        return self.show(_results(queries.results(simulation=found)))

    @extend_schema(
        summary=_("Get the rows of a simulation as CSV"),
        responses={(200, CSV): OpenApiResponse(OpenApiTypes.STR, description="A row for each account and month.")},
    )
    def file(self, request: Request, number: int) -> HttpResponse:
        found = queries.simulation(number=number)
        headers = {"Content-Disposition": f'attachment; filename="simulation-{number}.csv"'}
        return HttpResponse(_table(found), content_type=CSV, headers=headers)

    @extend_schema(summary=_("Cancel a simulation"), request=None, responses=Simulation)
    def cancel(self, request: Request, number: int) -> Response:
        found = queries.simulation(number=number)
        operations.cancel_simulation(simulation_id=found.pk, at=timezone.now())
        return self.show(self._shown(number))

    def _known_product(self, code: str) -> str:
        if code:
            self.refer(tariff_queries.product, code=code, where="customers.product")
        return code

    def _shown(self, number: int) -> Any:
        found = queries.simulations().filter(number=number).first()
        if found is None:
            raise NotFound(what=queries.SIMULATION, name=str(number))
        return Simulation(found).data


class SimulationRows(views.Noun):
    """The months of a simulation, account by account."""

    scopes = {"list": Capability.SEE_CUSTOMERS}
    filterset_class = RowFilters
    ordering = ("id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.months(simulation=queries.simulation(number=self.kwargs["number"]) if self.kwargs else None)  # type: ignore[arg-type]

    @extend_schema(summary=_("List the rows of a simulation"), responses=Row(many=True))
    def list(self, request: Request, number: int) -> Response:
        currency = queries.simulation(number=number).currency
        return self.page(self.get_queryset(), _Rows, given=lambda rows: {"currency": currency})


class _Rows(Row):
    """Rows as they are stored."""

    class Meta:
        ref_name = "Row"

    def to_representation(self, instance: Any) -> dict[str, Any]:
        currency = self.context["currency"]
        amounts = {name: getattr(instance, name) for name in ("billed", "simulated", "purchase")}
        return {
            "account": instance.simulated_account.account.number,
            "customer": instance.simulated_account.account.customer.number,
            "month": instance.month.isoformat(),
            "billed_from": instance.source or None,
            "energy_wh": instance.energy_wh,
            **{name: values.amount(value, currency) for name, value in amounts.items()},
            "difference": values.amount(_difference(instance), currency),
            "reason": instance.reason,
            "reason_text": queries.reason_sentence(row=instance),
        }


def _difference(row: Any) -> Decimal | None:
    return None if row.reason else row.simulated - row.billed


def _results(found: Any) -> dict[str, Any]:
    said = {name: values.amount(getattr(found, name), found.currency) for name in ("now", "then", "difference")}
    plain = ("accounts", "months", "invoiced_months", "energy_wh", "refused_accounts", "refused_months", "refusals")
    spread = found.spread
    sides = {"winners": spread.winners, "losers": spread.losers}
    return {
        **{name: getattr(found, name) for name in plain},
        **said,
        **{
            name: {"accounts": side.count, "amount": values.amount(side.amount, found.currency)}
            for name, side in sides.items()
        },
        "unchanged": spread.unchanged,
        "unmeasured": spread.unmeasured,
        "by_share": [_bin(each, found.currency) for each in spread.shares],
        "by_amount": [_bin(each, found.currency) for each in spread.amounts],
        "gain_most": [_mover(each, found.currency) for each in found.gainers],
        "lose_most": [_mover(each, found.currency) for each in found.payers],
        "margin": None if found.margin is None else _margin(found.margin, found.currency),
    }


def _bin(found: Any, currency: str) -> dict[str, Any]:
    return {
        "low": values.decimal(found.low),
        "high": values.decimal(found.high),
        "accounts": found.count,
        "amount": values.amount(found.amount, currency),
    }


def _mover(row: Any, currency: str) -> dict[str, Any]:
    amounts = {name: values.amount(getattr(row, name), currency) for name in ("billed", "simulated", "difference")}
    return {"account": row.account.number, "customer": row.account.customer.number, **amounts}


def _margin(found: Any, currency: str) -> dict[str, Any]:
    names = ("purchase", "income_now", "income_then", "now", "then")
    return {
        "purchase_series": found.series,
        "months": found.months,
        "months_without_price": found.months_without_price,
        **{name: values.amount(getattr(found, name), currency) for name in names},
    }


def _table(simulation: Any) -> str:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    writer.writerows(_lines(simulation))
    return written.getvalue()


def _lines(simulation: Any) -> Iterator[list[Any]]:
    for row in queries.month_rows(simulation=simulation):
        account = row.simulated_account.account
        amounts = (row.billed, row.simulated, _difference(row))
        others = (row.income_billed, row.income_simulated, row.purchase)
        yield [
            *(account.number, account.customer.number, row.month.isoformat(), row.source, row.energy_wh),
            *(simulation.currency, *map(values.decimal, amounts), *map(values.decimal, others), row.reason),
        ]
