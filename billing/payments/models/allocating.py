"""Open items and what settles them.

Each change of what an account owes is an open item: a trigger on the ledger's postings writes it (migration 0002), so
that items and ledger cannot differ. An allocation says how much of a credit settles which debit; the database keeps
the sums and refuses more than there is.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Abs
from django.utils.translation import gettext_lazy as _


class OpenItem(models.Model):
    """What one ledger entry changed for one account: positive is owed (an invoice), negative is credit (a payment)."""

    entry = models.ForeignKey(
        "ledger.Entry", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("ledger entry")
    )
    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )
    currency = models.CharField(_("currency"), max_length=3)
    kind = models.CharField(_("kind"), max_length=16)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    settled = models.DecimalField(_("settled"), max_digits=20, decimal_places=4, default=0)
    business_date = models.DateField(_("business date"))
    due_on = models.DateField(_("due on"))
    reference = models.CharField(_("reference"), max_length=100)
    invoice = models.ForeignKey(
        "invoices.Invoice", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("invoice")
    )
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="reversed_by", verbose_name=_("reverses")
    )

    class Meta:
        verbose_name = _("open item")
        verbose_name_plural = _("open items")
        constraints = (
            models.UniqueConstraint(fields=["entry", "account", "currency"], name="payments_item_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="payments_item_not_zero"),
            models.CheckConstraint(
                condition=Q(settled__gte=0) & Q(settled__lte=Abs(F("amount"))), name="payments_item_not_overspent"
            ),
        )
        indexes = (
            models.Index(
                fields=["account", "due_on", "id"], condition=Q(settled__lt=Abs(F("amount"))), name="payments_item_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}: {self.amount} {self.currency}"


class Allocation(models.Model):
    """How much of a credit settles which debit; taken back by a row of the negative amount."""

    debit = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="+", verbose_name=_("owed"))
    credit = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="+", verbose_name=_("credit"))
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    effective_on = models.DateField(_("counts from"))
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("takes back")
    )
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        constraints = (
            models.UniqueConstraint(fields=["reverses"], name="payments_allocation_reversed_once"),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, amount__gt=0) | Q(reverses__isnull=False, amount__lt=0),
                name="payments_allocation_sign",
            ),
        )
        indexes = (
            models.Index(fields=["effective_on"], name="payments_allocation_day"),
            models.Index(fields=["made_at", "id"], name="payments_allocation_newest"),
        )

    def __str__(self) -> str:
        return f"{self.credit_id} → {self.debit_id}: {self.amount}"
