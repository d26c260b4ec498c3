"""What accounts used since their last invoice, rated as a bill would be."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.accruals import queries
from identity.capabilities import Capability
from portal.api import values, views

STATES = [("rated", "rated"), ("nothing", "nothing"), ("refused", "refused")]


class Unbilled(serializers.Serializer):
    """An account's open days: rated up to ``rated_until``, estimated up to ``until``; the ends are not included."""

    account = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    reason = serializers.CharField(allow_null=True)
    since = serializers.DateField()
    rated_until = serializers.DateField()
    until = serializers.DateField()
    energy_wh = serializers.IntegerField()
    rated = values.MoneyField()
    net = values.MoneyField()
    gross = values.MoneyField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        days = {name: getattr(instance, name).isoformat() for name in ("since", "rated_until", "until")}
        money = {name: values.amount(getattr(instance, name), instance.currency) for name in ("rated", "net", "gross")}
        about = {"account": instance.account.number, "state": instance.state, "reason": instance.reason or None}
        return {**about, **days, "energy_wh": instance.energy_wh, **money}


class UnbilledAmounts(views.Noun):
    """Supplied, not yet billed."""

    scopes = {"list": Capability.SEE_BILLS}
    ordering = ("account_id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.unbilled()

    @extend_schema(summary=_("List what is supplied and not yet billed"), responses=Unbilled(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Unbilled)
