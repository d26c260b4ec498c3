"""Deposits and guarantees: asked for, held, returned or set off; every movement of money names its ledger entry."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Deposit(models.Model):
    """A security for what an account may come to owe."""

    class Kind(models.TextChoices):
        CASH = "cash", _("Deposit")
        GUARANTEE = "guarantee", _("Bank guarantee")

    class State(models.TextChoices):
        ASKED = "asked", _("Asked for")
        HELD = "held", _("Held")
        EXPIRED = "expired", _("Expired")
        ENDED = "ended", _("Ended")

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.ASKED)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    asked_on = models.DateField(_("asked for on"))
    due_on = models.DateField(_("due on"))
    held_since = models.DateField(_("held since"), null=True)
    ended_on = models.DateField(_("ended on"), null=True)
    expires_on = models.DateField(_("expires on"), null=True)
    reminded_on = models.DateField(_("reminded on"), null=True)
    guarantor = models.CharField(_("bank"), max_length=200, blank=True)
    document = models.CharField(_("number of the guarantee"), max_length=100, blank=True)
    calculation = models.JSONField(_("why so much"), encoder=DjangoJSONEncoder, default=dict)
    by = models.CharField(_("by"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("deposit")
        verbose_name_plural = _("deposits")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="arrears_deposit_positive"),
            models.CheckConstraint(
                condition=Q(state="asked", held_since__isnull=True)
                | Q(state="held", held_since__isnull=False, ended_on__isnull=True)
                | Q(state="expired", held_since__isnull=False, ended_on__isnull=False)
                | Q(state="ended", ended_on__isnull=False),
                name="arrears_deposit_state_has_its_day",
            ),
            models.CheckConstraint(
                condition=~Q(kind="guarantee", state__in=("held", "expired")) | Q(expires_on__isnull=False),
                name="arrears_guarantee_expires",
            ),
            models.CheckConstraint(
                condition=~Q(state="expired") | Q(kind="guarantee"), name="arrears_only_guarantees_expire"
            ),
        )
        indexes = (
            models.Index(fields=["account", "-id"], name="arrears_deposit_of_account"),
            models.Index(fields=["expires_on"], condition=Q(state="held"), name="arrears_guarantee_expiry"),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind} {self.amount}"


class DepositMovement(models.Model):
    """Money that came to a deposit (positive) or left it (negative)."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("Received")
        INTEREST = "interest", _("Interest")
        RETURNED = "returned", _("Returned")
        SET_OFF = "set_off", _("Set off against bills")

    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="movements", verbose_name=_("deposit"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    on = models.DateField(_("on"))
    at = models.DateTimeField(_("at"))
    by = models.CharField(_("by"), max_length=200, blank=True)
    details = models.JSONField(_("details"), encoder=DjangoJSONEncoder, default=dict)
    entry = models.ForeignKey(
        "ledger.Entry", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("ledger entry")
    )

    class Meta:
        verbose_name = _("movement of a deposit")
        verbose_name_plural = _("movements of deposits")
        constraints = (
            models.UniqueConstraint(fields=["entry"], name="arrears_movement_entry_once"),
            models.UniqueConstraint(
                fields=["deposit"], condition=Q(kind="received"), name="arrears_deposit_received_once"
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="arrears_movement_not_zero"),
        )

    def __str__(self) -> str:
        return f"{self.deposit_id} {self.kind} {self.amount}"
