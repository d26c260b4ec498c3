"""Debts nobody expects to be paid: written off, recovered later, or given to an agency."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class WriteOff(models.Model):
    """An amount taken out of the books: asked for by one person, approved by another."""

    class State(models.TextChoices):
        ASKED = "asked", _("Waits for approval")
        APPROVED = "approved", _("Written off")
        REFUSED = "refused", _("Refused")

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    recovered = models.DecimalField(_("recovered"), max_digits=20, decimal_places=4, default=0)
    currency = models.CharField(_("currency"), max_length=3)
    covers = models.JSONField(_("open bills"), encoder=DjangoJSONEncoder)
    reason = models.CharField(_("reason"), max_length=400)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(_("asked at"))
    decided_by = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided at"), null=True)
    entry = models.ForeignKey(
        "ledger.Entry", on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("ledger entry"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("write-off")
        verbose_name_plural = _("write-offs")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="arrears_write_off_positive"),
            models.CheckConstraint(
                condition=Q(recovered__gte=0) & Q(recovered__lte=F("amount")), name="arrears_write_off_recovered_within"
            ),
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="asked"), name="arrears_write_off_asked_once"
            ),
            models.UniqueConstraint(fields=["entry"], name="arrears_write_off_entry_once"),
            models.CheckConstraint(
                condition=Q(state="approved", entry__isnull=False) | (~Q(state="approved") & Q(entry__isnull=True)),
                name="arrears_write_off_posted_when_approved",
            ),
        )
        indexes = (models.Index(fields=["account", "-id"], name="arrears_write_off_of_account"),)

    def __str__(self) -> str:
        return f"{self.account_id} {self.amount}"


class WriteOffRecovery(models.Model):
    """Money that came for a debt written off: the write-off is taken back by so much."""

    write_off = models.ForeignKey(WriteOff, on_delete=models.PROTECT, related_name="recoveries")
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    on = models.DateField(_("on"))
    at = models.DateTimeField(_("at"))
    entry = models.ForeignKey(
        "ledger.Entry", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("ledger entry")
    )

    class Meta:
        verbose_name = _("recovery of a write-off")
        verbose_name_plural = _("recoveries of write-offs")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="arrears_recovery_positive"),
            models.UniqueConstraint(fields=["entry"], name="arrears_recovery_entry_once"),
        )

    def __str__(self) -> str:
        return f"{self.write_off_id} {self.amount}"


class Agency(models.Model):
    """A company that collects for this one, for a share of what it brings in."""

    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=200)
    commission = models.DecimalField(_("commission"), max_digits=7, decimal_places=6)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        constraints = (
            models.UniqueConstraint(fields=["code"], name="arrears_agency_code_once"),
            models.CheckConstraint(
                condition=Q(commission__gte=0) & Q(commission__lte=1), name="arrears_agency_commission_is_a_share"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Placement(models.Model):
    """An account's debt in the hands of an agency, until it is paid or recalled."""

    class State(models.TextChoices):
        PLACED = "placed", _("At the agency")
        RECALLED = "recalled", _("Recalled")
        PAID = "paid", _("Paid")

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="placements", verbose_name=_("agency"))
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    collected = models.DecimalField(_("collected"), max_digits=20, decimal_places=4, default=0)
    currency = models.CharField(_("currency"), max_length=3)
    commission = models.DecimalField(_("commission"), max_digits=7, decimal_places=6)
    covers = models.JSONField(_("open bills"), encoder=DjangoJSONEncoder)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.PLACED)
    placed_on = models.DateField(_("handed over on"))
    ended_on = models.DateField(_("ended on"), null=True)
    by = models.CharField(_("by"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("hand-over to an agency")
        verbose_name_plural = _("hand-overs to agencies")
        constraints = (
            models.UniqueConstraint(fields=["account"], condition=Q(state="placed"), name="arrears_placed_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="arrears_placement_positive"),
            models.CheckConstraint(
                condition=Q(collected__gte=0) & Q(collected__lte=F("amount")), name="arrears_placement_collected_within"
            ),
        )
        indexes = (models.Index(fields=["account", "-id"], name="arrears_placement_of_account"),)

    def __str__(self) -> str:
        return f"{self.account_id} {self.agency_id}"
