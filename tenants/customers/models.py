"""Who is supplied, where, and who pays: customers, billing accounts, premises, supply points and their occupancy."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.db import models
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _

from tenancy.sealed_fields import BlindIndexField, SealedModel, SealedTextField


class Customer(SealedModel):
    """A person or a company that contracts with the retailer. Name, mail and telephone stand sealed."""

    class Kind(models.TextChoices):
        HOUSEHOLD = "household", _("Household")
        BUSINESS = "business", _("Business")

    number = models.CharField(_("customer number"), max_length=32)
    name = SealedTextField(_("name"), max_length=200, sort="name", index="marks")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.HOUSEHOLD)
    segment = models.CharField(_("segment"), max_length=40, blank=True)
    email = SealedTextField(_("e-mail"), max_length=254, blank=True, kind="mail", sort="mail", index="marks")
    phone = SealedTextField(_("phone"), max_length=40, blank=True, kind="phone", sort="phone", index="marks")
    language = models.CharField(_("language"), max_length=12, blank=True)
    marks = BlindIndexField()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=["number"], name="customers_customer_number_unique"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["household", "business"]),
                name="customers_customer_kind_known",
            ),
        )
        indexes = (
            GinIndex(fields=["marks"], name="customers_customer_marks"),
            models.Index(OpClass(Upper("number"), name="text_pattern_ops"), name="customers_customer_from"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class Account(SealedModel):
    """A billing account: one customer, one currency, one bill per period."""

    number = models.CharField(_("account number"), max_length=32)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="accounts",
        verbose_name=_("customer"),
    )
    currency = models.CharField(_("currency"), max_length=3)
    billing_address = SealedTextField(_("billing address"), blank=True, sort="address")
    opened_on = models.DateField(_("opened on"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=["number"], name="customers_account_number_unique"),
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"),
                name="customers_account_currency_is_iso",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_on__isnull=True) | models.Q(closed_on__gte=models.F("opened_on")),
                name="customers_account_closed_after_opened",
            ),
        )
        indexes = (models.Index(OpClass(Upper("number"), name="text_pattern_ops"), name="customers_account_from"),)

    def __str__(self) -> str:
        return self.number


class Premises(SealedModel):
    """A place that is supplied: its address, its region in the market and its clock."""

    address = SealedTextField(_("supply address"), sort="address", index="marks")
    region = models.CharField(_("region"), max_length=40, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64)
    marks = BlindIndexField()

    class Meta:
        verbose_name = _("premises")
        verbose_name_plural = _("premises")
        ordering = ("id",)
        indexes = (GinIndex(fields=["marks"], name="customers_premises_marks"),)

    def __str__(self) -> str:
        return self.address


class SupplyPoint(models.Model):
    """The point at which energy is handed over: NMI, 户号, ESI ID.

    ``attributes`` holds what the grid knows of it: capacity_kva, voltage, household_size, phases...
    """

    identifier = models.CharField(_("supply point"), max_length=32)
    premises = models.ForeignKey(
        Premises,
        on_delete=models.PROTECT,
        related_name="supply_points",
        verbose_name=_("premises"),
    )
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)

    class Meta:
        verbose_name = _("supply point")
        verbose_name_plural = _("supply points")
        ordering = ("identifier",)
        constraints = (models.UniqueConstraint(fields=["identifier"], name="customers_supplypoint_identifier_unique"),)
        indexes = (
            models.Index(OpClass(Upper("identifier"), name="text_pattern_ops"), name="customers_supplypoint_from"),
        )

    def __str__(self) -> str:
        return self.identifier


class Occupancy(models.Model):
    """Which account answers for a supply point in which period; never two at once."""

    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        related_name="occupancies",
        verbose_name=_("account"),
    )
    supply_point = models.ForeignKey(
        SupplyPoint,
        on_delete=models.PROTECT,
        related_name="occupancies",
        verbose_name=_("supply point"),
    )
    period = DateRangeField(_("period"))
    changed_at = models.DateTimeField(_("changed at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("occupancy")
        verbose_name_plural = _("occupancies")
        ordering = ("supply_point", "period")
        constraints = (
            ExclusionConstraint(
                name="customers_occupancy_one_account_at_a_time",
                expressions=[
                    ("supply_point", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(period__isempty=False, period__startswith__isnull=False),
                name="customers_occupancy_period_has_a_start",
            ),
        )
        indexes = (
            GistIndex(fields=["period"], name="customers_occupancy_period"),
            models.Index(fields=["changed_at"], name="customers_occupancy_changed"),
        )

    def __str__(self) -> str:
        return f"{self.supply_point_id} {self.period}"


class CustomerLogin(models.Model):
    """The person who signs in for a customer."""

    user = models.OneToOneField(
        "identity.User",
        on_delete=models.CASCADE,
        related_name="customer_login",
        verbose_name=_("user"),
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.CASCADE,
        related_name="logins",
        verbose_name=_("customer"),
    )

    class Meta:
        verbose_name = _("customer sign-in")
        verbose_name_plural = _("customer sign-ins")

    def __str__(self) -> str:
        return f"{self.user_id} for {self.customer_id}"
