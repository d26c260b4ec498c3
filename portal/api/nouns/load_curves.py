"""The load of all channels together, interval by interval."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from kernel.periods import Period
from portal.api import values, views
from portal.api.nouns import customers
from tenants.metering import queries
from tenants.metering.formats.base import ACCEPTED_MINUTES

CARRIERS = ["electricity", "gas", "heat", "water"]
KINDS = ["consumption", "feed_in", "generation"]
MOST_DAYS = 366


class LoadRange(serializers.Serializer):
    """Which energy, which days, whose."""

    start = values.DayField(help_text="The first day, on the company's clock.")
    end = values.DayField(help_text="The day after the last one; at most 366 days.")
    energy = serializers.ChoiceField(choices=CARRIERS, required=False, default="electricity", help_text="What flows.")
    kind = serializers.ChoiceField(choices=KINDS, required=False, default="consumption", help_text="Which way.")
    minutes = serializers.ChoiceField(
        choices=list(ACCEPTED_MINUTES), required=False, help_text="Else the longest interval that was recorded."
    )
    customer_kind = serializers.ChoiceField(
        choices=customers.KINDS, required=False, default="", help_text="Only customers of this kind."
    )
    segment = serializers.CharField(
        max_length=40, required=False, default="", help_text="Only customers of this segment."
    )
    region = serializers.CharField(max_length=40, required=False, default="", help_text="Only this region.")

    def validate(self, attrs: Any) -> Any:
        if not attrs["start"] < attrs["end"] <= attrs["start"] + dt.timedelta(days=MOST_DAYS):
            raise serializers.ValidationError({"end": [_("The end is 1 to 366 days after the start.")]})
        return attrs


class LoadShares(serializers.Serializer):
    """Shares of the time of all channels; they sum to 1."""

    actual = serializers.FloatField()
    estimated = serializers.FloatField()
    missing = serializers.FloatField()


class LoadCurve(serializers.Serializer):
    """Sums over all channels in [start, end), on one grid of instants."""

    energy = serializers.ChoiceField(choices=CARRIERS)
    kind = serializers.ChoiceField(choices=KINDS)
    unit = serializers.CharField()
    time_zone = serializers.CharField()
    start = serializers.DateField()
    end = serializers.DateField()
    interval_minutes = serializers.IntegerField()
    total = serializers.IntegerField()
    shares = LoadShares(allow_null=True, help_text="Null where nothing was expected.")
    values = serializers.ListField(
        child=serializers.IntegerField(allow_null=True), help_text="Whole numbers in the unit; null without a reading."
    )
    estimated = serializers.ListField(child=serializers.IntegerField(), help_text="What of it no meter told.")
    missing = serializers.ListField(
        child=serializers.FloatField(allow_null=True), help_text="The share of channels without a reading."
    )
    waiting_days = serializers.IntegerField(help_text="Days with new readings that are not summed yet.")


class LoadCurves(views.Noun):
    """What all channels of the company add up to."""

    scopes = {"load": Capability.SEE_READINGS}
    query_serializers = {"load": LoadRange}

    @extend_schema(summary=_("Show the load of all channels"), responses=LoadCurve)
    def load(self, request: Request) -> Response:
        wanted = self.parameters()
        period, zone = Period(wanted["start"], wanted["end"]), self.company.time_zone
        near = Period(period.start - dt.timedelta(days=1), period.end + dt.timedelta(days=1))
        what = {"carrier": wanted["energy"], "kind": wanted["kind"]}
        minutes = wanted.get("minutes") or queries.load_minutes(period=near, **what)
        only = queries.Only(wanted["customer_kind"], wanted["segment"], wanted["region"])
        curve = queries.load_curve(period=period, zone=zone, minutes=minutes, only=only, **what)
        return self.show(
            {
                "energy": wanted["energy"],
                "kind": wanted["kind"],
                "unit": curve.unit,
                "time_zone": zone,
                "start": period.start.isoformat(),
                "end": period.end.isoformat(),
                "interval_minutes": minutes,
                "total": curve.total,
                "shares": _shares(curve),
                "waiting_days": queries.load_days_waiting(),
                **_columns(curve),
            }
        )


def _shares(curve: queries.LoadCurve) -> dict[str, float] | None:
    found = curve.shares()
    names = ("actual", "estimated", "missing")
    return None if found is None else {name: round(share, 6) for name, share in zip(names, found, strict=True)}


def _columns(curve: queries.LoadCurve) -> dict[str, list[Any]]:
    known, expected = curve.known_minutes.tolist(), curve.expected_minutes.tolist()
    return {
        "values": [each if there else None for each, there in zip(curve.energy.tolist(), known, strict=True)],
        "estimated": curve.estimated.tolist(),
        "missing": [round((of - there) / of, 6) if of else None for there, of in zip(known, expected, strict=True)],
    }
