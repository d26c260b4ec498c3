"""When accounts are billed: cycles, the lots their accounts are shared over, and which account is in which lot."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

MONTHS = [1, 2, 3, 6, 12]
LATEST_CUT_OFF = 28
"""Every month has that day."""


class BillingCycle(models.Model):
    """Every so many months, from the cut-off day of ``first_month`` on, for ever."""

    code = models.CharField(_("code"), max_length=32)
    titles = models.JSONField(_("titles"))
    months = models.PositiveSmallIntegerField(_("months in a bill"))
    cut_off_day = models.PositiveSmallIntegerField(_("cut-off day"), default=1)
    first_month = models.DateField(_("first month"))
    ended_on = models.DateField(_("no period starts from"), null=True, blank=True)

    class Meta:
        verbose_name = _("billing cycle")
        verbose_name_plural = _("billing cycles")
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(fields=["code"], name="runs_cycle_code_once"),
            models.CheckConstraint(condition=Q(months__in=MONTHS), name="runs_cycle_months_known"),
            models.CheckConstraint(
                condition=Q(cut_off_day__range=(1, LATEST_CUT_OFF)), name="runs_cycle_cut_off_in_every_month"
            ),
            models.CheckConstraint(condition=Q(first_month__day=1), name="runs_cycle_first_month_is_a_first"),
        )

    def __str__(self) -> str:
        return self.code


class BillingLot(models.Model):
    """A share of a cycle's accounts that is billed on one day, counted from the cut-off.

    ``rule`` says which accounts are taken in by themselves: ``{"kinds": [...], "segments": [...], "regions": [...]}``;
    what is empty or absent takes all, ``{"list_only": true}`` none.
    """

    class DayKind(models.TextChoices):
        CALENDAR = "calendar", _("days")
        WORKING = "working", _("working days")

    cycle = models.ForeignKey(
        BillingCycle, on_delete=models.PROTECT, related_name="lots", verbose_name=_("billing cycle")
    )
    code = models.CharField(_("code"), max_length=32)
    titles = models.JSONField(_("titles"))
    billing_days = models.PositiveSmallIntegerField(_("billed so many days after the cut-off"), default=1)
    billing_day_kind = models.CharField(_("days counted"), max_length=16, choices=DayKind, default=DayKind.CALENDAR)
    rule = models.JSONField(_("rule"), default=dict, blank=True)

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        ordering = ("cycle", "code")
        constraints = (
            models.UniqueConstraint(fields=["code"], name="runs_lot_code_once"),
            models.CheckConstraint(condition=Q(billing_day_kind__in=["calendar", "working"]), name="runs_lot_day_kind"),
        )

    def __str__(self) -> str:
        return self.code


class LotAccount(models.Model):
    """The one lot that bills an account."""

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    lot = models.ForeignKey(BillingLot, on_delete=models.PROTECT, related_name="members", verbose_name=_("lot"))
    by_rule = models.BooleanField(_("by rule"), default=True)
    assigned_at = models.DateTimeField(_("assigned at"))

    class Meta:
        verbose_name = _("account of a lot")
        verbose_name_plural = _("accounts of lots")
        constraints = (models.UniqueConstraint(fields=["account"], name="runs_lotaccount_account_once"),)

    def __str__(self) -> str:
        return f"{self.account_id} {self.lot_id}"
