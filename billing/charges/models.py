"""Charges and credits that are no energy: fees, add-ons, points, programme credits, each with its source."""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

MONTHS = [1, 2, 3, 6, 12]


class AddOn(models.Model):
    """Something an account pays for month by month beside its energy: a service fee, a device, a guarantee.

    ``amount`` is the price of one piece for one month, as tariffs state prices; charges are made from it day by day
    (``billing.charges.recurring``).
    """

    account = models.ForeignKey(
        "customers.Account", on_delete=models.PROTECT, related_name="add_ons", verbose_name=_("account")
    )
    supply_point = models.ForeignKey(
        "customers.SupplyPoint",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("supply point"),
    )
    kind = models.CharField(_("kind"), max_length=40)
    source = models.CharField(_("source"), max_length=40)
    reference = models.CharField(_("reference"), max_length=100)
    titles = models.JSONField(_("titles"))
    amount = models.DecimalField(_("amount a month"), max_digits=20, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3, default=1)
    months = models.PositiveSmallIntegerField(_("due every so many months"), default=1)
    prorated = models.BooleanField(_("shared by days"), default=True)
    payee = models.CharField(_("earned by"), max_length=16)
    tax = models.CharField(_("tax"), max_length=16)
    period = DateRangeField(_("agreed for"))
    agreed_at = models.DateTimeField(_("agreed at"))

    class Meta:
        verbose_name = _("add-on")
        verbose_name_plural = _("add-ons")
        ordering = ("account", "id")
        constraints = (
            models.UniqueConstraint(fields=["source", "reference"], name="charges_addon_source_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="charges_addon_amount_not_zero"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="charges_addon_quantity_positive"),
            models.CheckConstraint(condition=Q(months__in=MONTHS), name="charges_addon_months_known"),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__startswith__isnull=False),
                name="charges_addon_has_a_start",
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind}"


class AccountCharge(models.Model):
    """One amount that goes on an account's next bill: positive it is charged, negative it is credited.

    ``invoice`` is the one that carries it. A trigger (migration 0002) lets it go to another invoice only when that
    one was credited, and freezes everything else: what is wrong is cancelled, never changed.
    """

    account = models.ForeignKey(
        "customers.Account",
        on_delete=models.PROTECT,
        related_name="charges",
        db_index=False,
        verbose_name=_("account"),
    )
    supply_point = models.ForeignKey(
        "customers.SupplyPoint",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("supply point"),
    )
    kind = models.CharField(_("kind"), max_length=40)
    source = models.CharField(_("source"), max_length=40)
    reference = models.CharField(_("reference"), max_length=100)
    titles = models.JSONField(_("titles"))
    on = models.DateField(_("on"))
    period = DateRangeField(_("for the days"), null=True)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3, null=True)
    price = models.DecimalField(_("price"), max_digits=20, decimal_places=4, null=True)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    payee = models.CharField(_("earned by"), max_length=16)
    tax = models.CharField(_("tax"), max_length=16)
    add_on = models.ForeignKey(
        AddOn, on_delete=models.PROTECT, null=True, related_name="charges", verbose_name=_("add-on")
    )
    invoice = models.ForeignKey(
        "invoices.Invoice", on_delete=models.PROTECT, null=True, related_name="charges", verbose_name=_("invoice")
    )
    added_at = models.DateTimeField(_("added at"))
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True)
    cancel_reason = models.CharField(_("why it was cancelled"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        ordering = ("-on", "-id")
        constraints = (
            models.UniqueConstraint(fields=["source", "reference"], name="charges_charge_source_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="charges_charge_amount_not_zero"),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True) | Q(invoice__isnull=True), name="charges_cancelled_is_not_billed"
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="charges_charge_currency_code"),
        )
        indexes = (models.Index(fields=["account", "on"], name="charges_charge_account"),)

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind} {self.amount} {self.currency}"
