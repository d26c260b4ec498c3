"""Drafts, which may change, and invoices, which never do (triggers in migrations 0002 and 0004).

Lines are written before their invoice: the invoice closes them, and its trigger checks that they sum to its
totals. A period is billed once: ``BilledPeriod`` holds what un-reversed invoices cover.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.invoices.stored_json import StoredJSONField


class InvoiceKind(models.TextChoices):
    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


class Draft(models.Model):
    """A rated bill that waits for issue: the bill of each supply point, explained, and the versions it used."""

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="drafts", verbose_name=_("account")
    )
    supply_period = DateRangeField(_("supply period"))
    currency = models.CharField(_("currency"), max_length=3)
    total = models.DecimalField(_("total"), max_digits=20, decimal_places=4)
    parts = StoredJSONField(_("parts"))
    versions = StoredJSONField(_("versions used"))
    run_item = models.BigIntegerField(_("bill run item"), null=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = (models.UniqueConstraint(fields=["run_item"], name="invoices_draft_one_per_run_item"),)

    def __str__(self) -> str:
        return f"{self.account_id} {self.supply_period}"


class NumberSeries(models.Model):
    """Invoice numbers without gaps: one row per legal entity, series, kind of document and time until the next reset.

    The row is locked to take numbers. ``year`` and ``month`` are 0 where the series does not start anew with them.
    """

    legal_entity = models.CharField(_("legal entity"), max_length=200)
    series = models.CharField(_("series"), max_length=16, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=16, choices=InvoiceKind)
    year = models.PositiveSmallIntegerField(_("year"))
    month = models.PositiveSmallIntegerField(_("month"), default=0)
    prefix = models.CharField(_("prefix"), max_length=32)
    next_number = models.BigIntegerField(_("next number"), default=1)

    class Meta:
        verbose_name = _("number series")
        verbose_name_plural = _("number series")
        constraints = (
            models.UniqueConstraint(
                fields=["legal_entity", "series", "kind", "year", "month"], name="invoices_series_once"
            ),
            models.CheckConstraint(condition=Q(next_number__gt=0), name="invoices_series_positive"),
        )

    def __str__(self) -> str:
        return f"{self.legal_entity} {self.kind} {self.year}"


class Invoice(models.Model):
    """An issued invoice or credit note, frozen with everything its document shows."""

    kind = models.CharField(_("kind"), max_length=16, choices=InvoiceKind)
    series = models.ForeignKey(
        NumberSeries, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("number series")
    )
    sequence = models.BigIntegerField(_("number in the series"))
    number = models.CharField(_("number"), max_length=48)
    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="invoices", db_index=False,
        verbose_name=_("account"),
    )  # fmt: skip
    # DO_NOTHING: the draft's own trigger refuses, with a name
    draft = models.ForeignKey(
        Draft, on_delete=models.DO_NOTHING, null=True, related_name="invoices", db_index=False, verbose_name=_("draft")
    )
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="reversals", db_index=False,
        verbose_name=_("reverses"),
    )  # fmt: skip
    entry = models.ForeignKey(
        "ledger.Entry", on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("ledger entry"),
    )  # fmt: skip
    supply_period = DateRangeField(_("supply period"))
    issued_on = models.DateField(_("issued on"))
    due_on = models.DateField(_("due on"))
    currency = models.CharField(_("currency"), max_length=3)
    net = models.DecimalField(_("net"), max_digits=20, decimal_places=4)
    tax = models.DecimalField(_("tax"), max_digits=20, decimal_places=4)
    gross = models.DecimalField(_("gross"), max_digits=20, decimal_places=4)
    prices_include_tax = models.BooleanField(_("prices include tax"))
    partial = models.BooleanField(_("takes back a part only"), default=False)
    final = models.BooleanField(_("final bill"), default=False)
    reason = models.CharField(_("reason"), max_length=400, blank=True, default="")
    taxes = StoredJSONField(_("tax summary"))
    buyer = StoredJSONField(_("customer as billed"))
    seller = StoredJSONField(_("seller as billed"))
    usage = StoredJSONField(_("usage by day"))

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = (
            models.UniqueConstraint(fields=["series", "sequence"], name="invoices_number_once"),
            models.UniqueConstraint(fields=["number"], name="invoices_number_text_once"),
            models.UniqueConstraint(fields=["draft"], name="invoices_draft_issued_once"),
            models.UniqueConstraint(fields=["reverses"], condition=Q(partial=False), name="invoices_reversed_once"),
            models.UniqueConstraint(fields=["entry"], name="invoices_entry_once"),
            models.CheckConstraint(condition=Q(gross=F("net") + F("tax")), name="invoices_totals_add_up"),
            models.CheckConstraint(condition=Q(kind__in=InvoiceKind.values), name="invoices_kind_known"),
            models.CheckConstraint(
                condition=Q(kind=InvoiceKind.CREDIT_NOTE, reverses__isnull=False)
                | Q(kind=InvoiceKind.INVOICE, reverses__isnull=True),
                name="invoices_credit_note_reverses",
            ),
            models.CheckConstraint(
                condition=Q(partial=False) | Q(kind=InvoiceKind.CREDIT_NOTE), name="invoices_partial_is_a_credit_note"
            ),
        )
        indexes = (
            models.Index(fields=["reverses"], condition=Q(reverses__isnull=False), name="invoices_credits_of"),
            models.Index(fields=["account", "-issued_on", "-id"], name="invoices_of_account"),
            models.Index(fields=["-issued_on", "-id"], name="invoices_newest"),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def billed_parts(self) -> list[dict[str, Any]]:
        """The parts of the draft it was made of, or of the drafts of all sites; none for a credit note."""
        if self.draft is not None:
            return list(self.draft.parts)
        if self.kind != InvoiceKind.INVOICE:
            return []
        return [part for row in self.drafts.select_related("draft").order_by("pk") for part in row.draft.parts]


class InvoiceLine(models.Model):
    """A frozen line: what was charged at which supply point, its price and tax, and the cells that explain it."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveIntegerField(_("position"))
    credits = models.PositiveIntegerField(_("position it takes back"), null=True)
    code = models.CharField(_("code"), max_length=64)
    titles = StoredJSONField(_("titles"))
    supply_point = models.ForeignKey(
        "customers.SupplyPoint", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("supply point")
    )
    identifier = models.CharField(_("supply point"), max_length=32, blank=True)
    supply_period = DateRangeField(_("supply period"))
    product_version_id = models.BigIntegerField(_("product version"), null=True)
    quantity = models.DecimalField(_("quantity"), max_digits=34, decimal_places=10, null=True)
    unit = models.CharField(_("unit"), max_length=24, blank=True)
    price = models.DecimalField(_("price"), max_digits=34, decimal_places=16, null=True)
    payee = models.CharField(_("earned by"), max_length=16)
    ledger = models.CharField(_("ledger account"), max_length=64, blank=True, default="")
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    net = models.DecimalField(_("net"), max_digits=20, decimal_places=4)
    tax = models.DecimalField(_("tax"), max_digits=20, decimal_places=4)
    gross = models.DecimalField(_("gross"), max_digits=20, decimal_places=4)
    tax_rate = models.DecimalField(_("tax rate"), max_digits=7, decimal_places=6)
    cells = StoredJSONField(_("explanation"))

    class Meta:
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        ordering = ("invoice", "position")
        constraints = (
            models.UniqueConstraint(fields=["invoice", "position"], name="invoices_line_position_once"),
            models.CheckConstraint(condition=Q(gross=F("net") + F("tax")), name="invoices_line_adds_up"),
            models.CheckConstraint(
                condition=Q(amount=F("net")) | Q(amount=F("gross")), name="invoices_line_amount_is_net_or_gross"
            ),
        )

    def __str__(self) -> str:
        return f"{self.invoice_id}/{self.position} {self.code}"


class IssuedDraft(models.Model):
    """A draft that went into a collective invoice together with those of other accounts, and the account it is of."""

    draft = models.OneToOneField(Draft, on_delete=models.DO_NOTHING, related_name="+", verbose_name=_("draft"))
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="drafts", verbose_name=_("invoice"))
    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )

    class Meta:
        verbose_name = _("draft in a collective invoice")
        verbose_name_plural = _("drafts in collective invoices")

    def __str__(self) -> str:
        return f"{self.draft_id} in {self.invoice_id}"


class BilledPeriod(models.Model):
    """The days of a supply point that an invoice in force covers; given back when the invoice is credited."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="billed_periods")
    supply_point = models.ForeignKey(
        "customers.SupplyPoint", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    period = DateRangeField(_("period"))

    class Meta:
        verbose_name = _("billed period")
        verbose_name_plural = _("billed periods")
        constraints = (
            ExclusionConstraint(
                name="invoices_period_billed_once",
                expressions=[("supply_point", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
        )

    def __str__(self) -> str:
        return f"{self.supply_point_id} {self.period}"
