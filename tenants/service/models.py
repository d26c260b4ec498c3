"""Orders to the field: supply stopped and resumed, with the notice that has to be given first."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tenants.service.kinds import OPEN_STATES, OrderKind, OrderReason, OrderState


class SupplyOrder(models.Model):
    """One order for one supply point; its steps stand in ``SupplyOrderEvent`` and are only ever added."""

    kind = models.CharField(_("kind"), max_length=16, choices=OrderKind)
    reason = models.CharField(_("reason"), max_length=16, choices=OrderReason)
    supply_point = models.ForeignKey(
        "customers.SupplyPoint", on_delete=models.PROTECT, related_name="+", db_index=False,
        verbose_name=_("supply point"),
    )  # fmt: skip
    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    request_key = models.CharField(_("asked for by"), max_length=120)
    state = models.CharField(_("state"), max_length=16, choices=OrderState, default=OrderState.REQUESTED)
    requested_at = models.DateTimeField(_("requested at"))
    earliest_at = models.DateTimeField(_("not before"))
    promised_until = models.DateTimeField(_("promised until"), null=True)
    final_notice_at = models.DateTimeField(_("last notice given at"), null=True)
    dispatched_at = models.DateTimeField(_("dispatched at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    calculation = models.JSONField(_("why it is allowed"), encoder=DjangoJSONEncoder, default=dict)
    evidence = models.JSONField(_("what was reported"), encoder=DjangoJSONEncoder, default=dict)

    class Meta:
        verbose_name = _("supply order")
        verbose_name_plural = _("supply orders")
        constraints = (
            models.UniqueConstraint(fields=["request_key"], name="service_order_asked_once"),
            models.UniqueConstraint(
                fields=["supply_point", "kind"], condition=Q(state__in=OPEN_STATES), name="service_order_open_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=OrderKind.values), name="service_order_kind_known"),
            models.CheckConstraint(condition=Q(reason__in=OrderReason.values), name="service_order_reason_known"),
            models.CheckConstraint(condition=Q(state__in=OrderState.values), name="service_order_state_known"),
            models.CheckConstraint(
                condition=Q(dispatched_at__isnull=True) | Q(dispatched_at__gte=F("earliest_at")),
                name="service_order_not_before_its_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES, ended_at__isnull=True)
                | (~Q(state__in=OPEN_STATES) & Q(ended_at__isnull=False)),
                name="service_order_ends_with_a_time",
            ),
        )
        indexes = (
            models.Index(fields=["state", "kind", "id"], name="service_order_state"),
            models.Index(fields=["supply_point", "-id"], name="service_order_of_point"),
            models.Index(fields=["account", "-id"], name="service_order_of_account"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.supply_point_id} {self.state}"


class SupplyOrderEvent(models.Model):
    """One step of an order: who did what when. A trigger refuses changes (migration 0002)."""

    order = models.ForeignKey(
        SupplyOrder, on_delete=models.PROTECT, related_name="events", db_index=False, verbose_name=_("supply order")
    )
    at = models.DateTimeField(_("at"))
    what = models.CharField(_("what"), max_length=16)
    by = models.CharField(_("by"), max_length=200, blank=True)
    details = models.JSONField(_("details"), encoder=DjangoJSONEncoder, default=dict)

    class Meta:
        verbose_name = _("step of a supply order")
        verbose_name_plural = _("steps of supply orders")
        indexes = (models.Index(fields=["order", "id"], name="service_event_of_order"),)

    def __str__(self) -> str:
        return f"{self.order_id} {self.what}"
