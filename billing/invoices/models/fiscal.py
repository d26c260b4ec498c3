"""What is handed to the tax bureau and what it answered: batches of documents, each document once."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.invoices.models.issued import Invoice


class FiscalState(models.TextChoices):
    CONFIRMING = "confirming", _("Awaits the red-letter confirmation")
    WAITING = "waiting", _("To be exported")
    EXPORTED = "exported", _("Exported")
    ISSUED = "issued", _("Issued by the bureau")
    REFUSED = "refused", _("Refused by the bureau")


class FiscalBatch(models.Model):
    """A bulk file for the tax bureau, its bytes kept, and who made it when."""

    created_at = models.DateTimeField(_("made at"))
    file = models.CharField(_("file"), max_length=200)
    documents = models.PositiveIntegerField(_("documents"))
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=2)

    class Meta:
        verbose_name = _("batch for the tax bureau")
        verbose_name_plural = _("batches for the tax bureau")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.pk}"


class FiscalDocument(models.Model):
    """The fiscal invoice of an invoice, or the red-letter invoice of a credit note: fields, state, bureau's number."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="fiscal", verbose_name=_("invoice"))
    state = models.CharField(_("state"), max_length=12, choices=FiscalState)
    batch = models.ForeignKey(
        FiscalBatch, on_delete=models.PROTECT, null=True, related_name="items", verbose_name=_("batch")
    )
    fields = models.JSONField(_("fields"), encoder=DjangoJSONEncoder)
    number = models.CharField(_("number of the bureau"), max_length=20, blank=True)
    issued_on = models.DateField(_("issued by the bureau on"), null=True)
    refusal = models.CharField(_("refusal of the bureau"), max_length=400, blank=True)
    confirmation = models.CharField(_("red-letter confirmation"), max_length=40, blank=True)
    confirmed_on = models.DateField(_("confirmed on"), null=True)

    class Meta:
        verbose_name = _("fiscal document")
        verbose_name_plural = _("fiscal documents")
        constraints = (
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="invoices_fiscal_number_once"),
            models.CheckConstraint(condition=Q(state__in=FiscalState.values), name="invoices_fiscal_state_known"),
            models.CheckConstraint(
                condition=Q(state=FiscalState.ISSUED, issued_on__isnull=False, number__regex=r"^[0-9]{20}$")
                | (~Q(state=FiscalState.ISSUED) & Q(number="")),
                name="invoices_fiscal_issued_has_a_number",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[FiscalState.CONFIRMING, FiscalState.WAITING]) | Q(batch__isnull=False),
                name="invoices_fiscal_exported_in_a_batch",
            ),
        )
        indexes = (models.Index(fields=["state", "id"], name="invoices_fiscal_by_state"),)

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.state}"
