"""Late fees as they were charged, each bill's in parts that add up to its fee, and what was waived."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LateFee(models.Model):
    """One part of the late fee of an invoice: for new days, or what days charged before cost more or less since.

    ``total`` is the fee of the invoice after this part; parts sum up to it (``number`` counts them).
    """

    invoice = models.ForeignKey(
        "invoices.Invoice", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("invoice")
    )
    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    number = models.PositiveIntegerField(_("part"))
    days = DateRangeField(_("days"))
    corrects = models.BooleanField(_("corrects days charged before"), default=False)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    total = models.DecimalField(_("fee so far"), max_digits=20, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    calculation = models.JSONField(_("calculation"), encoder=DjangoJSONEncoder)
    charge = models.ForeignKey(
        "charges.AccountCharge", on_delete=models.PROTECT, related_name="+", verbose_name=_("charge")
    )
    assessed_at = models.DateTimeField(_("computed at"))

    class Meta:
        verbose_name = _("late fee")
        verbose_name_plural = _("late fees")
        constraints = (
            models.UniqueConstraint(fields=["invoice", "number"], name="arrears_late_fee_part_once"),
            models.UniqueConstraint(fields=["charge"], name="arrears_late_fee_charge_once"),
            models.CheckConstraint(condition=Q(total__gte=0), name="arrears_late_fee_not_negative"),
            models.CheckConstraint(condition=~Q(amount=0), name="arrears_late_fee_not_zero"),
            models.CheckConstraint(
                condition=Q(corrects=True) | Q(amount__gt=0), name="arrears_late_fee_lowered_by_correction"
            ),
            ExclusionConstraint(
                name="arrears_late_fee_days_once",
                expressions=[("invoice", RangeOperators.EQUAL), ("days", RangeOperators.OVERLAPS)],
                condition=Q(corrects=False),
            ),
        )
        indexes = (models.Index(fields=["account", "-id"], name="arrears_late_fee_of_account"),)

    def __str__(self) -> str:
        return f"{self.invoice_id}/{self.number} {self.amount}"


class Waiver(models.Model):
    """Late fees that a customer need not pay: asked for by one person, decided by another."""

    class State(models.TextChoices):
        ASKED = "asked", _("Waits for approval")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    invoice = models.ForeignKey(
        "invoices.Invoice", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("invoice")
    )
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("reason"), max_length=400)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(_("asked at"))
    decided_by = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided at"), null=True)
    charge = models.ForeignKey(
        "charges.AccountCharge", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("charge")
    )

    class Meta:
        verbose_name = _("waiver")
        verbose_name_plural = _("waivers")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="arrears_waiver_positive"),
            models.UniqueConstraint(fields=["invoice"], condition=Q(state="asked"), name="arrears_waiver_asked_once"),
            models.CheckConstraint(
                condition=Q(state="asked", decided_at__isnull=True) | (~Q(state="asked") & Q(decided_at__isnull=False)),
                name="arrears_waiver_decided_has_a_time",
            ),
        )
        indexes = (models.Index(fields=["account", "-id"], name="arrears_waiver_of_account"),)

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.amount}"
