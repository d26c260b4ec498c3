"""Money that goes back to customers: requested by one person, approved by another."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Refund(models.Model):
    """Credit of an account that is paid out or written back; without account: a receipt nobody owns, sent back."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("Waits for approval")
        APPROVED = "approved", _("Approved, to be paid")
        SENT = "sent", _("On its way")
        PAID = "paid", _("Paid")
        REJECTED = "rejected", _("Rejected")
        FAILED = "failed", _("Failed, back in credit")

    class Method(models.TextChoices):
        PROVIDER = "provider", _("Back the way it came")
        BANK_TRANSFER = "bank_transfer", _("Bank transfer")
        CASH = "cash", _("Cash")
        WRITE_BACK = "write_back", _("Written back")

    reference = models.CharField(_("reference"), max_length=35)
    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("account")
    )
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    method = models.CharField(_("method"), max_length=16, choices=Method)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.REQUESTED)
    payment = models.ForeignKey(
        "payments.Payment", on_delete=models.PROTECT, null=True, related_name="refunds", verbose_name=_("payment")
    )
    payee = models.JSONField(_("payee"), default=dict, encoder=DjangoJSONEncoder)
    reason = models.CharField(_("reason"), max_length=200)
    requested_by = models.CharField(_("requested by"), max_length=254)
    requested_at = models.DateTimeField(_("requested at"))
    decided_by = models.CharField(_("decided by"), max_length=254, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    batch = models.CharField(_("payment file"), max_length=35, blank=True)
    paid_on = models.DateField(_("paid on"), null=True)
    entry = models.ForeignKey(
        "ledger.Entry", on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("ledger entry"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = (
            models.UniqueConstraint(fields=["reference"], name="payments_refund_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payments_refund_positive"),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "approved", "sent", "paid", "rejected", "failed"]),
                name="payments_refund_state_known",
            ),
            models.CheckConstraint(
                condition=Q(method__in=["provider", "bank_transfer", "cash", "write_back"]),
                name="payments_refund_method_known",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("requested_by")) | Q(state="rejected"), name="payments_refund_four_eyes"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "rejected"]) | (~Q(decided_by="") & Q(entry__isnull=False)),
                name="payments_refund_approved",
            ),
        )
        indexes = (models.Index(fields=["state", "-requested_at"], name="payments_refund_state"),)

    def __str__(self) -> str:
        return self.reference
