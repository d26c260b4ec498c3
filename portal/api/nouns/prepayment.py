"""Accounts that pay ahead."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.prepayment import queries
from identity.capabilities import Capability
from portal.api import values, views

STATES = [("ok", "ok"), ("low", "low"), ("stopping", "stopping")]


class Prepaid(serializers.Serializer):
    """What is left of what an account paid ahead: credit plus limit, less the use since the last bill."""

    account = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    since = serializers.DateField()
    credit = values.MoneyField()
    credit_limit = values.MoneyField()
    estimated_use = values.MoneyField()
    daily_use = values.MoneyField()
    available = values.MoneyField()
    stops = serializers.BooleanField()
    assessed_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        names = ("credit", "credit_limit", "estimated_use", "daily_use", "available")
        money = {name: values.amount(getattr(instance, name), instance.currency) for name in names}
        assessed = instance.assessed_at.isoformat() if instance.assessed_at else None
        about = {"account": instance.account.number, "state": instance.state, "since": instance.since.isoformat()}
        return {**about, **money, "stops": instance.stops, "assessed_at": assessed}


class PrepaidAccounts(views.Noun):
    """Accounts that pay ahead."""

    scopes = {"list": Capability.SEE_PAYMENTS}
    ordering = ("account_id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.prepaid_accounts()

    @extend_schema(summary=_("List the accounts that pay ahead"), responses=Prepaid(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Prepaid)
