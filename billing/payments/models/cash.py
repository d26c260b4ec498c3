"""Cash at the counter, and cash that agents collect."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CashDesk(models.Model):
    """A till; its receipts are numbered without gaps, and it knows what should lie in its drawer."""

    code = models.CharField(_("code"), max_length=16)
    name = models.CharField(_("name"), max_length=80)
    currency = models.CharField(_("currency"), max_length=3)
    balance = models.DecimalField(_("in the drawer"), max_digits=20, decimal_places=4, default=0)
    next_receipt = models.BigIntegerField(_("next receipt"), default=1)

    class Meta:
        verbose_name = _("cash desk")
        verbose_name_plural = _("cash desks")
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(fields=["code"], name="payments_desk_code_once"),
            models.CheckConstraint(condition=Q(balance__gte=0), name="payments_desk_not_below_zero"),
            models.CheckConstraint(condition=Q(next_receipt__gt=0), name="payments_desk_receipt_positive"),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class CashSession(models.Model):
    """A cashier's turn at a desk, from counting in to counting out."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        COUNTED = "counted", _("Counted, difference waits for approval")
        CLOSED = "closed", _("Closed")

    desk = models.ForeignKey(CashDesk, on_delete=models.PROTECT, related_name="sessions", verbose_name=_("cash desk"))
    cashier = models.CharField(_("cashier"), max_length=254)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(_("opened at"))
    opening = models.DecimalField(_("float"), max_digits=20, decimal_places=4)
    counted = models.JSONField(_("counted"), default=dict)
    counted_total = models.DecimalField(_("counted in all"), max_digits=20, decimal_places=4, null=True)
    expected = models.DecimalField(_("expected"), max_digits=20, decimal_places=4, null=True)
    reason = models.CharField(_("reason of the difference"), max_length=200, blank=True)
    approved_by = models.CharField(_("approved by"), max_length=254, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)

    class Meta:
        verbose_name = _("cash desk session")
        verbose_name_plural = _("cash desk sessions")
        constraints = (
            models.UniqueConstraint(fields=["desk"], condition=~Q(state="closed"), name="payments_session_one_open"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "counted", "closed"]), name="payments_session_state_known"
            ),
            models.CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=models.F("cashier")), name="payments_session_four_eyes"
            ),
        )
        indexes = (models.Index(fields=["-opened_at"], name="payments_session_newest"),)

    def __str__(self) -> str:
        return f"{self.desk_id} {self.opened_at:%Y-%m-%d}"


class CashMovement(models.Model):
    """What went into a drawer (positive) or out of it, each with its place in the ledger."""

    class Kind(models.TextChoices):
        FLOAT = "float", _("Float")
        PAYMENT = "payment", _("Payment")
        REVERSAL = "reversal", _("Payment taken back")
        REFUND = "refund", _("Refund")
        DEPOSIT = "deposit", _("Brought to the bank")
        DIFFERENCE = "difference", _("Difference")

    session = models.ForeignKey(
        CashSession, on_delete=models.PROTECT, related_name="movements", verbose_name=_("session")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    reference = models.CharField(_("reference"), max_length=100, blank=True)
    receipt = models.BigIntegerField(_("receipt"), null=True)
    payment = models.ForeignKey(
        "payments.Payment", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("payment")
    )
    entry = models.ForeignKey(
        "ledger.Entry", on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("ledger entry"),
    )  # fmt: skip
    moved_at = models.DateTimeField(_("at"))
    desk = models.ForeignKey(CashDesk, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        verbose_name = _("cash movement")
        verbose_name_plural = _("cash movements")
        constraints = (
            models.UniqueConstraint(fields=["desk", "receipt"], name="payments_receipt_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="payments_movement_not_zero"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class Agent(models.Model):
    """A third party that collects cash for the company (a bank branch, a shop) and settles with it."""

    code = models.CharField(_("code"), max_length=32)
    name = models.CharField(_("name"), max_length=120)
    profile = models.ForeignKey(
        "payments.FileProfile", on_delete=models.PROTECT, related_name="+", verbose_name=_("file profile")
    )

    class Meta:
        verbose_name = _("collecting agent")
        verbose_name_plural = _("collecting agents")
        ordering = ("code",)
        constraints = (models.UniqueConstraint(fields=["code"], name="payments_agent_code_once"),)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class AgentStatement(models.Model):
    """A file in which an agent tells what was collected, and what it keeps."""

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="statements", verbose_name=_("agent"))
    file_name = models.CharField(_("file"), max_length=200)
    row_count = models.IntegerField(_("rows"))
    new_count = models.IntegerField(_("new rows"))
    currency = models.CharField(_("currency"), max_length=3)
    collected = models.DecimalField(_("collected"), max_digits=20, decimal_places=4)
    commission = models.DecimalField(_("commission"), max_digits=20, decimal_places=4)
    entry = models.ForeignKey(
        "ledger.Entry", on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("ledger entry"),
    )  # fmt: skip
    imported_by = models.CharField(_("imported by"), max_length=254)
    imported_at = models.DateTimeField(_("imported at"))

    class Meta:
        verbose_name = _("agent's statement")
        verbose_name_plural = _("agents' statements")
        indexes = (models.Index(fields=["-imported_at"], name="payments_agent_newest"),)

    def __str__(self) -> str:
        return f"{self.agent_id} {self.file_name}"
