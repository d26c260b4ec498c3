"""What decides about single bills: accounts kept back, dated facts of accounts, and the company's own limits."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _


class AccountHold(models.Model):
    """An account whose bills are kept back, and with them its reminders, until a person lifts it."""

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    note = models.CharField(_("why"), max_length=200)
    placed_by = models.ForeignKey(
        "identity.User",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name=_("placed by"),
    )
    placed_at = models.DateTimeField(_("placed at"))
    until = models.DateField(_("until"), null=True)
    lifted_at = models.DateTimeField(_("lifted at"), null=True)

    class Meta:
        verbose_name = _("held account")
        verbose_name_plural = _("held accounts")
        ordering = ("-placed_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["account"], condition=Q(lifted_at__isnull=True), name="runs_hold_account_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.placed_at:%Y-%m-%d}"


class AccountFact(models.Model):
    """A dated value that a tariff asks for and no agreement fixes (tariff language, ``facts``)."""

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    supply_point = models.ForeignKey(
        "customers.SupplyPoint",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("supply point"),
    )
    name = models.CharField(_("name"), max_length=64)
    value = models.DecimalField(_("value"), max_digits=34, decimal_places=12)
    period = DateRangeField(_("holds for"))
    source = models.CharField(_("source"), max_length=120, blank=True)
    stated_at = models.DateTimeField(_("stated at"))
    changed_at = models.DateTimeField(_("changed at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("fact of an account")
        verbose_name_plural = _("facts of accounts")
        ordering = ("account", "name", "period")
        constraints = (
            ExclusionConstraint(
                name="runs_fact_one_value_a_day",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    (Coalesce("supply_point", 0), RangeOperators.EQUAL),
                    ("name", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(period__isempty=False), name="runs_fact_period_not_empty"),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.name} {self.value}"


class BillingRules(models.Model):
    """The company's own limits; what it does not name is the market's (``policies.brakes``, ``policies.billing``)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    rules = models.JSONField(_("rules"), default=dict)

    class Meta:
        verbose_name = _("billing rules")
        verbose_name_plural = _("billing rules")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="runs_rules_one_row")]

    def __str__(self) -> str:
        return "billing rules"
