"""Bill runs: made, rated and issued in the background; what is odd waits for a person."""

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

from billing.runs import operations, queries
from identity.capabilities import Capability
from kernel.errors import NotFound
from kernel.periods import Period
from portal.api import filtering, parsing, problems, values, views
from tenants.customers import queries as customer_queries

STATES = ("preparing", "rating", "review", "issuing", "done", "cancelled")
ITEM_STATES = ("waiting", "drafted", "parked", "released", "refused", "held", "issued", "cancelled")
KINDS = ("regular", "single", "final")
LONGEST_PERIOD = 400


class BillRun(serializers.Serializer):
    """One sweep over the accounts that are due for a supply period."""

    number = serializers.IntegerField()
    title = serializers.CharField(allow_blank=True)
    kind = serializers.ChoiceField(choices=KINDS, help_text="`final` makes the last bill of an account.")
    lot = serializers.CharField(source="lot.code", allow_null=True, default=None, help_text="The lot it bills.")
    planned_for = serializers.DateField(allow_null=True, help_text="The lot's billing day.")
    period = values.PeriodField()
    state = serializers.ChoiceField(choices=STATES)
    held_at = serializers.DateTimeField(allow_null=True, help_text="A held run rests.")
    hold_note = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    billing_date = serializers.DateField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    items = serializers.IntegerField(source="item_count", help_text="Bills to be made.")
    issued = serializers.IntegerField(source="issued_count")
    for_review = serializers.IntegerField(source="review_count", help_text="Bills that wait for a person.")


class Progress(serializers.Serializer):
    """How far a run is."""

    state = serializers.ChoiceField(choices=STATES)
    items = serializers.IntegerField()
    rated = serializers.IntegerField()
    issued = serializers.IntegerField()
    for_review = serializers.IntegerField()
    rated_percent = serializers.IntegerField()
    issued_percent = serializers.IntegerField()
    by_state = serializers.DictField(child=serializers.IntegerField())
    by_reason = serializers.DictField(child=serializers.IntegerField(), help_text="Why bills wait.")
    totals = values.MoneyField(many=True, help_text="One for each currency.")


class Item(serializers.Serializer):
    """One account's bill in the run."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="account.number")
    customer = serializers.CharField(source="account.customer.number")
    state = serializers.ChoiceField(choices=ITEM_STATES)
    reason = serializers.CharField(allow_blank=True, help_text="Why it waits for a person.")
    reason_text = serializers.SerializerMethodField(help_text="The same as a sentence.")
    brakes = serializers.SerializerMethodField(help_text="Every reason to look at it, each with its sentence.")
    total = values.MoneyField(allow_null=True)
    energy_wh = serializers.IntegerField(allow_null=True)
    invoice = serializers.CharField(source="invoice.number", allow_null=True, default=None)
    attempts = serializers.IntegerField()
    changed_at = serializers.DateTimeField()

    def get_reason_text(self, item: Any) -> str:
        return queries.reason_sentence(item=item)

    def get_brakes(self, item: Any) -> list[dict[str, str]]:
        return [{"code": each["code"], "text": queries.brake_sentence(**each)} for each in item.brakes]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown = super().to_representation(_WithoutTotal(instance))
        return {**shown, "total": values.amount(instance.total, instance.account.currency)}


@values.example({"period": {"start": "2026-05-01", "end": "2026-06-01"}, "title": "May 2026"})
class NewBillRun(parsing.Input):
    """A run over a supply period."""

    period = values.ClosedPeriodField()
    title = serializers.CharField(max_length=120, allow_blank=True, default="")
    accounts = serializers.ListField(
        child=serializers.CharField(max_length=32),
        required=False,
        min_length=1,
        max_length=1000,
        help_text="Only these account numbers; all that are due without it.",
    )

    def validate_period(self, given: Any) -> Any:
        if not 0 < (given["end"] - given["start"]).days <= LONGEST_PERIOD:
            raise serializers.ValidationError({"end": [_("The end must be later than the start.")]})
        return given


@values.example({"billing_date": "2026-06-02"})
class Issuing(parsing.Input):
    """The day that stands on the invoices."""

    billing_date = values.DayField()


@values.example({"note": "The customer asked about the reading."})
class Holding(parsing.Input):
    """Why it is kept back."""

    note = serializers.CharField(max_length=200)


@values.example({"reason": "far_above_history"})
class Rerating(parsing.Input):
    """Which bills are rated anew: those named, or all that wait for one reason."""

    items = serializers.ListField(child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), required=False)
    reason = serializers.CharField(max_length=40, required=False)

    def validate(self, attrs: Any) -> Any:
        if not attrs:
            raise serializers.ValidationError({"items": [_("Name the bills, or the reason for which they wait.")]})
        return attrs


class Rerated(serializers.Serializer):
    """How many bills are rated anew."""

    items = serializers.IntegerField()


class RunFilters(filtering.Filters):
    state = django_filters.ChoiceFilter(choices=[(state, state) for state in STATES], help_text="Where it stands.")


class ItemFilters(filtering.Filters):
    state = django_filters.ChoiceFilter(choices=[(each, each) for each in ITEM_STATES], help_text="Where it stands.")
    reason = django_filters.CharFilter(help_text="Why it waits.")
    account = django_filters.CharFilter(field_name="account__number", help_text="The account's number.")


class BillRuns(views.Noun):
    """Bill runs of this company."""

    scopes = {
        "list": Capability.SEE_BILLS,
        "create": Capability.RUN_BILLS,
        "retrieve": Capability.SEE_BILLS,
        "progress": Capability.SEE_BILLS,
        "rerate": Capability.RUN_BILLS,
        "issue": Capability.ISSUE_BILLS,
        "close": Capability.RUN_BILLS,
        "cancel": Capability.RUN_BILLS,
        "hold": Capability.RUN_BILLS,
        "resume": Capability.RUN_BILLS,
    }
    moves_money = frozenset({"issue"})
    filterset_class = RunFilters
    ordering = ("-number",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.runs()

    @extend_schema(summary=_("List bill runs"), responses=BillRun(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), BillRun)

    @extend_schema(
        summary=_("Start a bill run"),
        description="Selects the accounts and rates them in the background; ask for its progress.",
        request=NewBillRun,
        responses={202: BillRun},
    )
    def create(self, request: Request) -> Response:
        given = self.body(NewBillRun)
        period = Period(**given["period"])
        chosen = _account_ids(given["accounts"]) if "accounts" in given else None
        run = operations.create_run(period=period, at=timezone.now(), title=given["title"], account_ids=chosen)
        operations.begin(run=run)
        return self._accepted(run)

    @extend_schema(summary=_("Show a bill run"), responses=BillRun)
    def retrieve(self, request: Request, number: int) -> Response:
        return self.show(self._shown(number))

    @extend_schema(summary=_("Show the progress of a bill run"), responses=Progress)
    def progress(self, request: Request, number: int) -> Response:
        run = queries.run(number=number)
        found = queries.progress(run=run)
        return self.show(
            {
                "state": run.state,
                **{name: getattr(found, name) for name in ("items", "rated", "issued", "for_review")},
                "rated_percent": found.rated_share,
                "issued_percent": found.issued_share,
                "by_state": found.counts,
                "by_reason": queries.reason_counts(run=run),
                "totals": [values.amount(total, currency) for currency, total in sorted(found.totals.items())],
            }
        )

    @extend_schema(summary=_("Rate bills anew"), request=Rerating, responses={202: Rerated})
    def rerate(self, request: Request, number: int) -> Response:
        given = self.body(Rerating)
        run = queries.run(number=number)
        count = operations.rerate(
            run_id=run.pk, at=timezone.now(), item_ids=given.get("items"), reason=given.get("reason", "")
        )
        operations.begin(run=queries.run(number=number))
        return Response({"items": count}, status=202)

    @extend_schema(
        summary=_("Issue a bill run"),
        description="Numbers, freezes and posts every drafted bill in the background.",
        request=Issuing,
        responses={202: BillRun},
    )
    def issue(self, request: Request, number: int) -> Response:
        day = self.body(Issuing)["billing_date"]
        run = operations.start_issuing(run_id=queries.run(number=number).pk, billing_date=day)
        operations.begin(run=run)
        self.record("bill_run.issue", f"bill run {number}", billing_date=day.isoformat())
        return self._accepted(run)

    @extend_schema(summary=_("Close a bill run"), request=None, responses=BillRun)
    def close(self, request: Request, number: int) -> Response:
        operations.close_run(run_id=queries.run(number=number).pk, at=timezone.now())
        return self.show(self._shown(number))

    @extend_schema(summary=_("Cancel a bill run"), request=None, responses=BillRun)
    def cancel(self, request: Request, number: int) -> Response:
        operations.cancel_run(run_id=queries.run(number=number).pk, at=timezone.now())
        return self.show(self._shown(number))

    @extend_schema(summary=_("Hold a bill run"), request=Holding, responses=BillRun)
    def hold(self, request: Request, number: int) -> Response:
        note = self.body(Holding)["note"]
        operations.hold_run(run_id=queries.run(number=number).pk, note=note, at=timezone.now())
        return self.show(self._shown(number))

    @extend_schema(summary=_("Resume a held bill run"), request=None, responses=BillRun)
    def resume(self, request: Request, number: int) -> Response:
        operations.begin(run=operations.resume_run(run_id=queries.run(number=number).pk))
        return self.show(self._shown(number))

    def _accepted(self, run: Any) -> Response:
        return self.show(self._shown(run.number), accepted=f"/api/v1/bill-runs/{run.number}")

    def _shown(self, number: int) -> Any:
        found = queries.runs().filter(number=number).first()
        if found is None:
            raise NotFound(what=queries.RUN, name=str(number))
        return BillRun(found).data


class BillRunItems(views.Noun):
    """The bills of a run, one for each account."""

    scopes = {
        "list": Capability.SEE_BILLS,
        "retrieve": Capability.SEE_BILLS,
        "release": Capability.RUN_BILLS,
        "approve": Capability.ISSUE_BILLS,
        "hold": Capability.RUN_BILLS,
        "resume": Capability.RUN_BILLS,
    }
    filterset_class = ItemFilters
    ordering = ("id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.items(run=queries.run(number=self.kwargs["number"]) if self.kwargs else None)  # type: ignore[arg-type]

    @extend_schema(summary=_("List the bills of a run"), responses=Item(many=True))
    def list(self, request: Request, number: int) -> Response:
        return self.page(self.get_queryset(), Item)

    @extend_schema(summary=_("Show a bill of a run"), responses=Item)
    def retrieve(self, request: Request, number: int, item_id: int) -> Response:
        return self.show(self._shown(number, item_id))

    @extend_schema(
        summary=_("Release a parked bill"),
        description="Above the approval limit it then waits for another person's word.",
        request=None,
        responses=Item,
    )
    def release(self, request: Request, number: int, item_id: int) -> Response:
        operations.release(item_id=self._found(number, item_id).pk, **self.signed())
        return self.show(self._shown(number, item_id))

    @extend_schema(
        summary=_("Approve a released bill"),
        description="Above the approval limit a second person agrees: whoever made the key acts.",
        request=None,
        responses=Item,
    )
    def approve(self, request: Request, number: int, item_id: int) -> Response:
        operations.approve(item_id=self._found(number, item_id).pk, **self.signed())
        self.record("bill.approve", f"bill run {number}, item {item_id}")
        return self.show(self._shown(number, item_id))

    @extend_schema(summary=_("Hold a bill back"), request=Holding, responses=Item)
    def hold(self, request: Request, number: int, item_id: int) -> Response:
        note = self.body(Holding)["note"]
        operations.hold(item_id=self._found(number, item_id).pk, note=note, at=timezone.now())
        return self.show(self._shown(number, item_id))

    @extend_schema(summary=_("Resume a held bill"), request=None, responses=Item)
    def resume(self, request: Request, number: int, item_id: int) -> Response:
        operations.resume(item_id=self._found(number, item_id).pk, at=timezone.now())
        operations.begin(run=queries.run(number=number))
        return self.show(self._shown(number, item_id))

    def _found(self, number: int, item_id: int) -> Any:
        return queries.item(run=queries.run(number=number), item_id=item_id)

    def _shown(self, number: int, item_id: int) -> Any:
        return Item(self._found(number, item_id)).data


class _WithoutTotal:
    """An item whose total is shown by itself: as money."""

    total = None

    def __init__(self, item: Any) -> None:
        self._item = item

    def __getattr__(self, name: str) -> Any:
        return getattr(self._item, name)


def _account_ids(numbers: list[str]) -> list[int]:
    found = dict(customer_queries.accounts().filter(number__in=numbers).values_list("number", "pk"))
    for place, number in enumerate(numbers):
        if number not in found:
            raise problems.UnknownReference(where=f"accounts.{place}", what=customer_queries.ACCOUNT, name=number)
    return list(found.values())
