"""Who is supplied, where, and who pays: customers, billing accounts, premises, supply points and their occupancy."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
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

    def personal_owner(self) -> tuple[str, int]:
        return "customer", self.pk


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

    def personal_owner(self) -> tuple[str, int]:
        return "customer", self.customer_id


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

    def personal_owner(self) -> tuple[str, int]:
        return "premises", self.pk


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


class PersonalAccess(models.Model):
    """Who was shown personal fields of whom, and where; only added to."""

    class Door(models.TextChoices):
        CONSOLE = "console", _("Page")
        EXPORT = "export", _("File")
        API = "api", _("Program")
        SHOWN = "shown", _("Shown on request")

    at = models.DateTimeField(_("at"))
    actor_id = models.BigIntegerField(_("person"), null=True)
    actor_name = models.CharField(_("who"), max_length=160)
    door = models.CharField(_("door"), max_length=8, choices=Door)
    page = models.CharField(_("page"), max_length=120)
    customers = ArrayField(models.BigIntegerField(), verbose_name=_("customers"), default=list)
    premises = ArrayField(models.BigIntegerField(), verbose_name=_("premises"), default=list)
    everybody = models.BooleanField(_("a file of many"), default=False)
    fields = ArrayField(models.CharField(max_length=60), verbose_name=_("fields"), default=list)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("access to personal fields")
        verbose_name_plural = _("accesses to personal fields")
        ordering = ("-at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(door="shown") | ~models.Q(reason=""), name="customers_access_shown_with_reason"
            ),
        )
        indexes = (
            GinIndex(fields=["customers"], name="customers_access_customers"),
            GinIndex(fields=["premises"], name="customers_access_premises"),
            models.Index(fields=["at"], name="customers_access_at"),
        )

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.actor_name} {self.page}"


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
