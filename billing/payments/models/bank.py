"""Bank accounts, their statements, and what each line of a statement was booked to."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Abs
from django.utils.translation import gettext_lazy as _

from kernel import personal
from tenancy.sealed_fields import BlindIndexField, SealedModel, SealedTextField

BRIEF = 70
"""Signs of a line's text that a list shows."""


class FileProfile(models.Model):
    """How the columns of a CSV file of a bank or an agent are to be read; see ``statements.csv_files``."""

    name = models.CharField(_("name"), max_length=80)
    settings = models.JSONField(_("columns"), default=dict)

    class Meta:
        verbose_name = _("file profile")
        verbose_name_plural = _("file profiles")
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["name"], name="payments_profile_name_once"),)

    def __str__(self) -> str:
        return self.name


class BankAccount(models.Model):
    """An account of the company at a bank; ``position`` is its balance after the last imported line."""

    name = models.CharField(_("name"), max_length=80)
    number = models.CharField(_("account number or IBAN"), max_length=34)
    bic = models.CharField(_("BIC"), max_length=11, blank=True)
    holder = models.CharField(_("account holder"), max_length=140, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    position = models.DecimalField(_("balance"), max_digits=20, decimal_places=4, default=0)
    read_until = models.DateField(_("read until"), null=True)
    profile = models.ForeignKey(
        FileProfile, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("file profile")
    )

    class Meta:
        verbose_name = _("bank account")
        verbose_name_plural = _("bank accounts")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=["number", "currency"], name="payments_bank_account_once"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="payments_bank_currency_code"),
        )

    def __str__(self) -> str:
        return self.name


class BankStatement(models.Model):
    """A statement as it was imported: whole, with its balances."""

    bank_account = models.ForeignKey(
        BankAccount, on_delete=models.PROTECT, related_name="statements", verbose_name=_("bank account")
    )
    file_name = models.CharField(_("file"), max_length=200)
    format = models.CharField(_("format"), max_length=32)
    identification = models.CharField(_("statement"), max_length=64, blank=True)
    first_on = models.DateField(_("from"), null=True)
    last_on = models.DateField(_("to"), null=True)
    opening = models.DecimalField(_("opening balance"), max_digits=20, decimal_places=4, null=True)
    closing = models.DecimalField(_("closing balance"), max_digits=20, decimal_places=4, null=True)
    row_count = models.IntegerField(_("rows"))
    new_count = models.IntegerField(_("new rows"))
    report = models.JSONField(_("report"), default=list, encoder=DjangoJSONEncoder)
    imported_by = models.CharField(_("imported by"), max_length=254)
    imported_at = models.DateTimeField(_("imported at"))

    class Meta:
        verbose_name = _("bank statement")
        verbose_name_plural = _("bank statements")
        indexes = (models.Index(fields=["-imported_at", "-id"], name="payments_statement_newest"),)

    def __str__(self) -> str:
        return self.identification or self.file_name


class BankLine(SealedModel):
    """A line of a statement: money in (positive) or out, and how much of it was booked on from suspense."""

    bank_account = models.ForeignKey(
        BankAccount, on_delete=models.PROTECT, related_name="lines", db_index=False, verbose_name=_("bank account")
    )
    statement = models.ForeignKey(
        BankStatement, on_delete=models.PROTECT, related_name="lines", verbose_name=_("statement")
    )
    row = models.IntegerField(_("row"))
    fingerprint = models.CharField(_("fingerprint"), max_length=80)
    booked_on = models.DateField(_("booked on"))
    value_on = models.DateField(_("value date"))
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    party_name = SealedTextField(_("other party"), max_length=200, blank=True, sort="name", index="marks")
    party_account = SealedTextField(
        _("other party's account"), max_length=64, blank=True, kind="number", sort="number", index="marks"
    )
    end_to_end = models.CharField(_("end-to-end reference"), max_length=64, blank=True)
    bank_reference = models.CharField(_("bank's reference"), max_length=64, blank=True)
    structured = models.CharField(_("structured reference"), max_length=64, blank=True)
    text = SealedTextField(_("text"), blank=True, index="marks")
    marks = BlindIndexField()
    is_return = models.BooleanField(_("return"), default=False)
    used = models.DecimalField(_("booked on"), max_digits=20, decimal_places=4, default=0)
    parked = models.CharField(_("parked because"), max_length=200, blank=True)
    tried_at = models.DateTimeField(_("matched at"), null=True)
    entry = models.ForeignKey(
        "ledger.Entry", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("ledger entry")
    )

    class Meta:
        verbose_name = _("line of a bank statement")
        verbose_name_plural = _("lines of bank statements")
        constraints = (
            models.UniqueConstraint(fields=["bank_account", "fingerprint"], name="payments_line_once"),
            models.UniqueConstraint(fields=["entry"], name="payments_line_entry_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="payments_line_not_zero"),
            models.CheckConstraint(
                condition=Q(used__gte=0) & Q(used__lte=Abs(F("amount"))), name="payments_line_not_overspent"
            ),
        )
        indexes = (
            models.Index(fields=["booked_on", "id"], condition=Q(used__lt=Abs(F("amount"))), name="payments_line_open"),
            models.Index(fields=["bank_account", "booked_on"], name="payments_line_day"),
            models.Index(fields=["end_to_end"], name="payments_line_end_to_end"),
            GinIndex(fields=["marks"], name="payments_line_marks"),
        )

    @property
    def brief(self) -> str:
        """The beginning of the text, else a reference of the bank; masked as the text is."""
        if not self.text:
            return self.end_to_end or self.bank_reference
        return self.text if len(self.text) <= BRIEF else personal.like(self.text, f"{self.text[: BRIEF - 1]}…")

    @property
    def is_done(self) -> bool:
        return self.used == abs(self.amount)

    def __str__(self) -> str:
        return f"{self.booked_on} {self.amount} {self.currency} {self.party_name}"


class LineBooking(models.Model):
    """A part of a line, taken out of suspense: to an account, a refund, a clearing, a fee."""

    class Kind(models.TextChoices):
        PAYMENT = "payment", _("Payment")
        REVERSAL = "reversal", _("Payment taken back")
        REFUND = "refund", _("Refund paid")
        CLEARING = "clearing", _("Clearing")
        FEE = "fee", _("Bank charges")
        RETURN = "return", _("Sent back")
        PAYOUT = "payout", _("Payout of a provider")

    line = models.ForeignKey(BankLine, on_delete=models.PROTECT, related_name="bookings", verbose_name=_("line"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    payment = models.ForeignKey(
        "payments.Payment", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("payment")
    )
    refund = models.ForeignKey(
        "payments.Refund", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("refund")
    )
    entry = models.ForeignKey(
        "ledger.Entry", on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("ledger entry"),
    )  # fmt: skip
    movement = models.ForeignKey(
        "payments.ProviderMovement", on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("payout"),
    )  # fmt: skip
    reasons = models.JSONField(_("reasons"), default=list)
    booked_by = models.CharField(_("booked by"), max_length=254, blank=True)
    booked_at = models.DateTimeField(_("booked at"))
    undone_at = models.DateTimeField(_("taken back at"), null=True)

    class Meta:
        verbose_name = _("booking of a line")
        verbose_name_plural = _("bookings of lines")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="payments_booking_positive"),
            models.CheckConstraint(
                condition=Q(kind__in=["payment", "reversal", "refund", "clearing", "fee", "return", "payout"]),
                name="payments_booking_kind_known",
            ),
            models.UniqueConstraint(
                fields=["movement"], condition=Q(undone_at__isnull=True), name="payments_booking_payout_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.line_id} {self.kind} {self.amount}"


class KnownPayer(SealedModel):
    """A bank account from which an account was paid before; ``marks`` are those of its number alone."""

    party_account = SealedTextField(
        _("other party's account"), max_length=64, kind="number", sort="number", index="marks"
    )
    account = models.ForeignKey(
        "customers.Account", on_delete=models.CASCADE, related_name="+", verbose_name=_("account")
    )
    party_name = SealedTextField(_("other party"), max_length=200, blank=True, sort="name")
    marks = BlindIndexField()
    last_on = models.DateField(_("last paid on"))

    class Meta:
        verbose_name = _("known payer")
        verbose_name_plural = _("known payers")
        constraints = (models.UniqueConstraint(fields=["account", "marks"], name="payments_payer_once"),)
        indexes = (GinIndex(fields=["marks"], name="payments_known_payer_marks"),)

    def __str__(self) -> str:
        return f"{self.party_account} → {self.account_id}"
