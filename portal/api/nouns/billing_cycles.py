"""When accounts are billed, which are kept back, and bills out of turn."""

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

from billing.runs import operations, queries
from identity.capabilities import Capability
from portal.api import filtering, parsing, values, views
from portal.api.nouns import customers
from portal.api.nouns.bill_runs import BillRun
from tenants.customers import queries as customer_queries

CODE = r"^[A-Za-z0-9_-]{1,32}$"
MONTHS = [1, 2, 3, 6, 12]
COMING = 6


class Cycle(serializers.Serializer):
    """Which months a bill covers."""

    code = serializers.CharField()
    titles = values.TextsField(help_text="Its name.")
    months = serializers.ChoiceField(choices=MONTHS, help_text="Months in a bill.")
    cut_off_day = serializers.IntegerField(min_value=1, max_value=28)
    first_month = serializers.DateField()
    ended_on = serializers.DateField(allow_null=True)
    lots = serializers.IntegerField(source="lot_count")
    accounts = serializers.IntegerField(source="member_count")


@values.example(
    {"code": "monthly", "titles": {"en": "Monthly"}, "months": 1, "cut_off_day": 1, "first_month": "2026-06-01"}
)
class NewCycle(parsing.Input):
    """A cycle to be made; its first period starts on the cut-off day of the first month."""

    code = serializers.RegexField(CODE)
    titles = values.TextsField(help_text="Its name.")
    months = serializers.ChoiceField(choices=MONTHS)
    cut_off_day = serializers.IntegerField(min_value=1, max_value=28, default=1)
    first_month = values.DayField()


class NextBill(serializers.Serializer):
    """A period to come."""

    period = values.PeriodField()
    billing_day = serializers.DateField(allow_null=True, help_text="Null until the year's working days are known.")
    run = serializers.IntegerField(source="run.number", allow_null=True, default=None)


class Lot(serializers.Serializer):
    """A share of a cycle's accounts, billed on one day."""

    code = serializers.CharField()
    cycle = serializers.CharField(source="cycle.code")
    titles = values.TextsField(help_text="Its name.")
    billing_days = serializers.IntegerField(help_text="Days after the cut-off.")
    working_days = serializers.SerializerMethodField(help_text="Whether they are working days.")
    accounts = serializers.IntegerField(source="member_count")

    def get_working_days(self, lot: Any) -> bool:
        return str(lot.billing_day_kind) == "working"


@values.example(
    {"code": "north-1", "cycle": "monthly", "titles": {"en": "North 1"}, "billing_days": 3, "working_days": True}
)
class NewLot(parsing.Input):
    """A lot to be made; what its rule leaves open takes in every account."""

    code = serializers.RegexField(CODE)
    cycle = serializers.CharField(max_length=32)
    titles = values.TextsField(help_text="Its name.")
    billing_days = serializers.IntegerField(min_value=0, max_value=60, default=1)
    working_days = serializers.BooleanField(default=False)
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=customers.KINDS), required=False)
    segments = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=100)
    regions = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=100)
    list_only = serializers.BooleanField(default=False, help_text="Only accounts that a list names.")


@values.example({"accounts": ["A-1001", "A-1002"]})
class Assigning(parsing.Input):
    """Accounts to be put into the lot; they leave the one they are in."""

    accounts = serializers.ListField(child=serializers.CharField(max_length=32), min_length=1, max_length=10000)


class Assigned(serializers.Serializer):
    """How many accounts moved."""

    moved = serializers.IntegerField()


class Hold(serializers.Serializer):
    """An account whose bills are kept back."""

    account = serializers.CharField(source="account.number")
    note = serializers.CharField()
    placed_at = serializers.DateTimeField()
    until = serializers.DateField(allow_null=True)


@values.example({"account": "A-1001", "note": "A complaint is looked into."})
class NewHold(parsing.Input):
    """An account to be held."""

    account = serializers.CharField(max_length=32)
    note = serializers.CharField(max_length=200)
    until = values.DayField(required=False, help_text="It runs out by itself on that day.")


@values.example({"until": "2026-06-15"})
class BillingNow(parsing.Input):
    """Up to which day, not including it, everything not billed yet is billed."""

    until = values.DayField()


@values.example({"moved_out_on": "2026-06-15"})
class MovingOut(parsing.Input):
    """The first day without supply."""

    moved_out_on = values.DayField()


class Runs(serializers.Serializer):
    """The runs that make the bills, the oldest period first."""

    results = BillRun(many=True)


class Fact(serializers.Serializer):
    """A dated value that a tariff asks for and no agreement fixes."""

    account = serializers.CharField(source="account.number")
    supply_point = serializers.CharField(source="supply_point.identifier", allow_null=True, default=None)
    name = serializers.CharField()
    value = serializers.CharField()
    period = values.PeriodField()
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]


@values.example({"account": "A-1001", "name": "paid_after", "value": "4", "start": "2026-05-01"})
class NewFact(parsing.Input):
    """A value from a day on; what was stated before without an end ends there."""

    account = serializers.CharField(max_length=32)
    supply_point = serializers.CharField(max_length=32, required=False)
    name = serializers.RegexField(r"^[a-z][a-z0-9_]{0,63}$", help_text="As the tariff's `facts` name it.")
    value = serializers.RegexField(r"^-?\d{1,15}(\.\d{1,12})?$")
    start = values.DayField()
    end = values.DayField(required=False)
    source = serializers.CharField(max_length=120, default="api")  # type: ignore[assignment]

    def validate(self, attrs: Any) -> Any:
        if "end" in attrs and attrs["end"] <= attrs["start"]:
            raise serializers.ValidationError({"end": [_("The end must be later than the start.")]})
        return attrs


class FactFilters(filtering.Filters):
    account = django_filters.CharFilter(field_name="account__number", help_text="The account's number.")


class Cycles(views.Noun):
    """Billing cycles of this company."""

    scopes = {"list": Capability.SEE_BILLS, "create": Capability.RUN_BILLS, "retrieve": Capability.SEE_BILLS}
    ordering = ("code",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.cycles()

    @extend_schema(summary=_("List billing cycles"), responses=Cycle(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Cycle)

    @extend_schema(summary=_("Make a billing cycle"), request=NewCycle, responses={201: Cycle})
    def create(self, request: Request) -> Response:
        given = self.body(NewCycle)
        made = operations.create_cycle(**{**given, "months": int(given["months"])})
        self.record("cycle.create", made.code)
        return self.show(Cycle(queries.cycle(code=made.code)).data, created=f"/api/v1/billing-cycles/{made.code}")

    @extend_schema(summary=_("Show a billing cycle"), responses=Cycle)
    def retrieve(self, request: Request, code: str) -> Response:
        return self.show(Cycle(queries.cycle(code=code)).data)


class Lots(views.Noun):
    """Billing lots of this company."""

    scopes = {
        "list": Capability.SEE_BILLS,
        "create": Capability.RUN_BILLS,
        "retrieve": Capability.SEE_BILLS,
        "coming": Capability.SEE_BILLS,
        "assign": Capability.RUN_BILLS,
    }
    ordering = ("code",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.lots()

    @extend_schema(summary=_("List billing lots"), responses=Lot(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Lot)

    @extend_schema(summary=_("Make a billing lot"), request=NewLot, responses={201: Lot})
    def create(self, request: Request) -> Response:
        given = self.body(NewLot)
        rule = {name: given[name] for name in ("kinds", "segments", "regions") if given.get(name)}
        cycle = self.refer(queries.cycle, code=given["cycle"], where="cycle")
        made = operations.create_lot(
            cycle_code=cycle.code,
            rule=rule | ({"list_only": True} if given["list_only"] else {}),
            **{name: given[name] for name in ("code", "titles", "billing_days", "working_days")},
        )
        self.record("lot.create", made.code)
        return self.show(Lot(queries.lot(code=made.code)).data, created=f"/api/v1/billing-lots/{made.code}")

    @extend_schema(summary=_("Show a billing lot"), responses=Lot)
    def retrieve(self, request: Request, code: str) -> Response:
        return self.show(Lot(queries.lot(code=code)).data)

    @extend_schema(summary=_("Show a lot's next periods"), responses=NextBill(many=True))
    def coming(self, request: Request, code: str) -> Response:
        found = queries.next_bills(lot=queries.lot(code=code), since=self.today(), count=COMING)
        return Response(NextBill(found, many=True).data)

    @extend_schema(summary=_("Put accounts into a lot"), request=Assigning, responses=Assigned)
    def assign(self, request: Request, code: str) -> Response:
        lot = queries.lot(code=code)
        numbers = self.body(Assigning)["accounts"]
        moved = operations.assign(lot_code=lot.code, account_numbers=numbers, at=timezone.now())
        self.record("lot.assign", lot.code, accounts=moved)
        return self.show({"moved": moved})


class Holds(views.Noun):
    """Accounts of this company whose bills are kept back."""

    scopes = {"list": Capability.SEE_BILLS, "create": Capability.RUN_BILLS, "lift": Capability.RUN_BILLS}
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        on = dt.date.min if getattr(self, "swagger_fake_view", False) else self.today()
        return queries.held_accounts(on=on)

    @extend_schema(summary=_("List held accounts"), responses=Hold(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Hold)

    @extend_schema(summary=_("Hold an account"), request=NewHold, responses={201: Hold})
    def create(self, request: Request) -> Response:
        given = self.body(NewHold)
        account = self.refer(customer_queries.account, number=given["account"], where="account")
        made = operations.hold_account(
            account_id=account.pk, note=given["note"], until=given.get("until"), **self.signed()
        )
        self.record("account.hold", account.number, note=given["note"])
        return self.show(Hold(made).data, created=f"/api/v1/billing-holds/{account.number}")

    @extend_schema(summary=_("Lift a hold"), request=None, responses={204: None})
    def lift(self, request: Request, number: str) -> Response:
        account = customer_queries.account(number=number)
        operations.lift_hold(account_id=account.pk, at=timezone.now())
        self.record("account.lift", account.number)
        return Response(status=204)


class OutOfTurn(views.Noun):
    """Bills on demand and final bills."""

    scopes = {"bill": Capability.RUN_BILLS, "move_out": Capability.RUN_BILLS}

    @extend_schema(summary=_("Bill an account now"), request=BillingNow, responses={202: Runs})
    def bill(self, request: Request, number: str) -> Response:
        account = customer_queries.account(number=number)
        until = self.body(BillingNow)["until"]
        runs = operations.bill_now(account_id=account.pk, until=until, at=timezone.now())
        self.record("account.bill", account.number, runs=[run.number for run in runs])
        return self._accepted(runs)

    @extend_schema(
        summary=_("Move an account out"),
        description="Ends all its supply on that day and starts the final bill.",
        request=MovingOut,
        responses={202: Runs},
    )
    def move_out(self, request: Request, number: str) -> Response:
        account = customer_queries.account(number=number)
        day = self.body(MovingOut)["moved_out_on"]
        runs = operations.close_account(account_id=account.pk, moved_out_on=day, at=timezone.now())
        self.record("account.move_out", account.number, runs=[run.number for run in runs])
        return self._accepted(runs)

    def _accepted(self, runs: list[Any]) -> Response:
        numbers = [run.number for run in runs]
        shown = BillRun(queries.runs().filter(number__in=numbers).order_by("number"), many=True).data
        return Response({"results": shown}, status=202)


class Facts(views.Noun):
    """Dated values of accounts that tariffs ask for."""

    scopes = {"list": Capability.SEE_BILLS, "create": Capability.RUN_BILLS}
    filterset_class = FactFilters
    ordering = ("id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.fact_rows()

    @extend_schema(summary=_("List facts of accounts"), responses=Fact(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Fact)

    @extend_schema(summary=_("State a fact of an account"), request=NewFact, responses={201: Fact})
    def create(self, request: Request) -> Response:
        given = self.body(NewFact)
        account = self.refer(customer_queries.account, number=given["account"], where="account")
        point = None
        if "supply_point" in given:
            lookup = customer_queries.supply_point_by_identifier
            point = self.refer(lookup, identifier=given["supply_point"], where="supply_point")
        made = operations.state_fact(
            account_id=account.pk,
            supply_point_id=None if point is None else point.pk,
            name=given["name"],
            value=Decimal(given["value"]),
            start=given["start"],
            end=given.get("end"),
            source=given["source"],
            at=timezone.now(),
        )
        self.record("fact.state", account.number, name=made.name, value=str(made.value))
        return self.show(Fact(queries.fact_rows().get(pk=made.pk)).data, created="/api/v1/account-facts")
