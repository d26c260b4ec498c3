"""The kinds of ledger accounts and of entries."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LedgerAccountKind(models.TextChoices):
    """What an account stands for; assets and expenses grow by debit, the others by credit."""

    ASSET = "asset", _("Asset")
    LIABILITY = "liability", _("Liability")
    INCOME = "income", _("Income")
    EXPENSE = "expense", _("Expense")


class EntryKind(models.TextChoices):
    """Why an entry was made."""

    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")
    PAYMENT = "payment", _("Payment")
    REFUND = "refund", _("Refund")
    ADJUSTMENT = "adjustment", _("Adjustment")
    CHARGE = "charge", _("Charge")
    DEPOSIT = "deposit", _("Deposit")
    TRANSFER = "transfer", _("Transfer")
    WRITE_OFF = "write_off", _("Write-off")
    ACCRUAL = "accrual", _("Accrual")
    REVERSAL = "reversal", _("Reversal")
