"""One customer's own year on every product he might have."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.simulation import comparisons, queries
from identity.capabilities import Capability
from kernel.errors import NotFound
from portal.api import values, views
from tenants.customers import queries as customer_queries

MOST_MONTHS = 24


class Asked(serializers.Serializer):
    """Which day's prices, and how many months."""

    on = values.DayField(required=False, help_text="The day whose prices hold; today without it.")
    months = serializers.IntegerField(
        min_value=1, max_value=MOST_MONTHS, default=comparisons.MONTHS, help_text="Whole months before that day."
    )


class Offer(serializers.Serializer):
    """A product, and what the compared months cost on it."""

    product = serializers.CharField()
    titles = values.TextsField()
    version = serializers.IntegerField()
    present = serializers.BooleanField(help_text="The customer has it.")
    cost = values.MoneyField()
    saving = values.MoneyField(help_text="Against the present product; negative where it is dearer.")
    monthly = serializers.DictField(child=values.MoneyField(), help_text="By the first day of the month.")


class Declined(serializers.Serializer):
    """A product that cannot be compared."""

    product = serializers.CharField()
    titles = values.TextsField()
    reason = serializers.CharField()
    reason_text = serializers.CharField(help_text="What is missing.")


class MissingMonth(serializers.Serializer):
    """A month that is left out for every product."""

    month = serializers.DateField(help_text="Its first day.")
    reason = serializers.CharField()
    reason_text = serializers.CharField()


class Comparison(serializers.Serializer):
    """Products, the cheapest first, at the prices of one day."""

    supply_point = serializers.CharField()
    account = serializers.CharField()
    on = serializers.DateField()
    period = values.ClosedPeriodField()
    months = serializers.ListField(child=serializers.DateField(), help_text="The months that are compared.")
    days = serializers.IntegerField(help_text="Days that are compared.")
    missing = MissingMonth(many=True)
    energy_wh = serializers.IntegerField()
    offers = Offer(many=True)
    declined = Declined(many=True)


class SupplyPointComparison(views.Noun):
    """A supply point's own months on every product of its market."""

    scopes = {"comparison": Capability.SEE_READINGS}
    query_serializers = {"comparison": Asked}

    @extend_schema(
        summary=_("Compare products for a supply point"),
        description="Rates the readings of the last months on every product in force, with the customer's parameters.",
        responses=Comparison,
    )
    def comparison(self, request: Request, identifier: str) -> Response:
        asked = self.parameters()
        on = asked.get("on") or self.today()
        point = customer_queries.supply_point_by_identifier(identifier=identifier)
        held = point.occupancies.select_related("account").filter(period__contains=on).first()
        if held is None:
            raise NotFound(what=customer_queries.ACCOUNT, name=identifier)
        found = comparisons.compare(account=held.account, supply_point=point, on=on, months=asked["months"])
        return self.show({"supply_point": identifier, "account": held.account.number, "on": on, **_comparison(found)})


def _comparison(found: Any) -> dict[str, Any]:
    return {
        "period": {"start": found.period.start.isoformat(), "end": found.period.end.isoformat()},
        "months": [month.start for month in found.compared],
        "days": found.days,
        "missing": [{"month": month, **_reason(refusal)} for month, refusal in sorted(found.missing.items())],
        "energy_wh": found.energy_wh,
        "offers": [_offer(each, found.currency) for each in found.offers],
        "declined": [{**_product(each.version), **_reason(each.refusal)} for each in found.declined],
    }


def _offer(found: Any, currency: str) -> dict[str, Any]:
    return {
        **_product(found.version),
        "version": found.version.number,
        "present": found.is_present,
        "cost": values.amount(found.cost, currency),
        "saving": values.amount(found.saving, currency),
        "monthly": {month.isoformat(): values.amount(cost, currency) for month, cost in found.monthly.items()},
    }


def _product(version: Any) -> dict[str, Any]:
    return {"product": version.product.code, "titles": version.product.titles}


def _reason(refusal: Any) -> dict[str, str]:
    return {"reason": refusal.code, "reason_text": queries.refusal_sentence(refusal=refusal)}
