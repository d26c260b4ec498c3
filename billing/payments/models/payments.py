"""Payments as they came in, and their reversals. Rows are only ever added."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PaymentMethod(models.TextChoices):
    """How a customer paid."""

    BANK_TRANSFER = "bank_transfer", _("Bank transfer")
    DIRECT_DEBIT = "direct_debit", _("Direct debit")
    CARD = "card", _("Card")
    ALIPAY = "alipay", _("Alipay")
    WECHAT_PAY = "wechat_pay", _("WeChat Pay")
    CASH = "cash", _("Cash")
    CHEQUE = "cheque", _("Cheque")
    AGENT = "agent", _("Collecting agent")
    OTHER = "other", _("Other")


class Payment(models.Model):
    """Money received for an account; once per source and reference."""

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    method = models.CharField(_("method"), max_length=16, choices=PaymentMethod)
    source = models.CharField(_("source"), max_length=64)
    reference = models.CharField(_("reference"), max_length=100)
    received_on = models.DateField(_("received on"))
    recorded_at = models.DateTimeField(_("recorded at"))
    chosen = models.JSONField(_("invoices chosen"), default=list)
    payer = models.JSONField(_("payer"), default=dict, encoder=DjangoJSONEncoder)
    entry = models.ForeignKey(
        "ledger.Entry", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("ledger entry")
    )

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = (
            models.UniqueConstraint(fields=["source", "reference"], name="payments_payment_once"),
            models.UniqueConstraint(fields=["entry"], name="payments_payment_entry_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payments_payment_positive"),
            models.CheckConstraint(condition=Q(method__in=PaymentMethod.values), name="payments_payment_method_known"),
            models.CheckConstraint(condition=~Q(reference=""), name="payments_payment_has_reference"),
        )
        indexes = (
            models.Index(fields=["account", "-received_on", "-id"], name="payments_of_account"),
            models.Index(fields=["-received_on", "-id"], name="payments_newest"),
            models.Index(fields=["recorded_at", "id"], name="payments_recorded"),
            models.Index(fields=["reference"], name="payments_reference"),
        )

    def __str__(self) -> str:
        return f"{self.source} {self.reference}: {self.amount} {self.currency}"


class PaymentReversal(models.Model):
    """A payment taken back: a bounce, a chargeback, a mistake."""

    payment = models.OneToOneField(
        Payment, on_delete=models.PROTECT, related_name="reversal", verbose_name=_("payment")
    )
    reason = models.CharField(_("reason"), max_length=200)
    reversed_on = models.DateField(_("reversed on"))
    recorded_at = models.DateTimeField(_("recorded at"))
    entry = models.ForeignKey(
        "ledger.Entry", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("ledger entry")
    )

    class Meta:
        verbose_name = _("reversal of a payment")
        verbose_name_plural = _("reversals of payments")
        constraints = (models.UniqueConstraint(fields=["entry"], name="payments_reversal_entry_once"),)
        indexes = (models.Index(fields=["recorded_at", "id"], name="payments_reversal_recorded"),)

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.reason}"
