"""What is sold and for how much: products, their dated versions, agreements, and the indices prices follow."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.tariffs import json_numbers


class Product(models.Model):
    """What a customer chooses by name; its prices stand in dated versions."""

    code = models.CharField(_("code"), max_length=64)
    titles = models.JSONField(_("titles"), default=dict)
    market = models.CharField(_("market"), max_length=8)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ("code",)
        constraints = (models.UniqueConstraint(fields=["code"], name="tariffs_product_code_unique"),)

    def __str__(self) -> str:
        return self.code


class ProductVersion(models.Model):
    """A tariff document in force from a day on.

    A published version never changes: a database trigger refuses it, and allows only its withdrawal.
    The version in force on a day is the published one with the latest ``valid_from`` not after it.
    ``author``, ``reviewer`` and ``publisher`` are empty where a program acted without a person; ``four_eyes`` tells
    whether the company asked for a second person when the version was published.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        REVIEWED = "reviewed", _("Reviewed")
        PUBLISHED = "published", _("Published")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    product = models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        related_name="versions",
        verbose_name=_("product"),
    )
    number = models.PositiveIntegerField(_("version"))
    document = models.JSONField(_("tariff document"), encoder=json_numbers.Encoder, decoder=json_numbers.Decoder)
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.DRAFT)
    valid_from = models.DateField(_("valid from"))
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    author = models.ForeignKey(
        "identity.User", on_delete=models.PROTECT, null=True, db_index=False, related_name="+", verbose_name=_("author")
    )
    reviewer = models.ForeignKey(
        "identity.User",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name=_("reviewer"),
    )
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True)
    publisher = models.ForeignKey(
        "identity.User",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name=_("publisher"),
    )
    four_eyes = models.BooleanField(_("four eyes"), default=True)
    changed_at = models.DateTimeField(_("changed at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("product version")
        verbose_name_plural = _("product versions")
        ordering = ("product", "number")
        constraints = (
            models.UniqueConstraint(
                fields=["product", "number"],
                name="tariffs_productversion_number_unique",
            ),
            models.UniqueConstraint(
                fields=["product", "valid_from"],
                condition=models.Q(status="published"),
                name="tariffs_productversion_one_published_per_day",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["draft", "reviewed", "published", "withdrawn"]),
                name="tariffs_productversion_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(author__isnull=True)
                | models.Q(reviewer__isnull=True)
                | ~models.Q(reviewer=models.F("author")),
                name="tariffs_productversion_reviewer_is_not_author",
            ),
            models.CheckConstraint(
                condition=models.Q(publisher__isnull=True)
                | models.Q(four_eyes=False)
                | (
                    models.Q(reviewer__isnull=False)
                    & (models.Q(author__isnull=True) | ~models.Q(publisher=models.F("author")))
                ),
                name="tariffs_productversion_published_by_four_eyes",
            ),
        )

    def __str__(self) -> str:
        return f"{self.product_id} v{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be changed."""
        return self.status in (self.Status.DRAFT, self.Status.REVIEWED)


class DraftSave(models.Model):
    """One state of a draft, kept so that a person can go back to it and everybody who worked on it is known."""

    version = models.ForeignKey(
        ProductVersion, on_delete=models.CASCADE, related_name="saves", verbose_name=_("product version")
    )
    document = models.JSONField(_("tariff document"), encoder=json_numbers.Encoder, decoder=json_numbers.Decoder)
    saved_by = models.ForeignKey(
        "identity.User", on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("saved by")
    )
    saved_at = models.DateTimeField(_("saved at"))

    class Meta:
        verbose_name = _("saved draft")
        verbose_name_plural = _("saved drafts")
        ordering = ("version", "-saved_at", "-id")

    def __str__(self) -> str:
        return f"{self.version_id} {self.saved_at:%F %T}"


class TariffPolicy(models.Model):
    """How the company handles its prices; one row, and without it the rule of four eyes holds."""

    four_eyes = models.BooleanField(_("four eyes"), default=True)

    class Meta:
        verbose_name = _("tariff policy")
        verbose_name_plural = _("tariff policies")
        constraints = (models.CheckConstraint(condition=models.Q(pk=1), name="tariffs_tariffpolicy_one_row"),)

    def __str__(self) -> str:
        return "four eyes" if self.four_eyes else "two eyes"


class Agreement(models.Model):
    """An account takes a product at a supply point for a period, with its own parameters.

    A change of parameters in mid-term ends one agreement and starts the next one.
    """

    account = models.ForeignKey(
        "customers.Account",
        on_delete=models.PROTECT,
        related_name="agreements",
        verbose_name=_("account"),
    )
    supply_point = models.ForeignKey(
        "customers.SupplyPoint",
        on_delete=models.PROTECT,
        related_name="agreements",
        verbose_name=_("supply point"),
    )
    product = models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        related_name="agreements",
        verbose_name=_("product"),
    )
    parameters = models.JSONField(
        _("parameters"),
        default=dict,
        blank=True,
        encoder=json_numbers.Encoder,
        decoder=json_numbers.Decoder,
    )
    period = DateRangeField(_("period"))
    changed_at = models.DateTimeField(_("changed at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ("supply_point", "period")
        constraints = (
            ExclusionConstraint(
                name="tariffs_agreement_one_at_a_time",
                expressions=[
                    ("supply_point", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(period__isempty=False, period__startswith__isnull=False),
                name="tariffs_agreement_period_has_a_start",
            ),
        )
        indexes = (
            GistIndex(fields=["period"], name="tariffs_agreement_period"),
            models.Index(fields=["changed_at"], name="tariffs_agreement_changed"),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.product_id} {self.period}"


class IndexSeries(models.Model):
    """A published series a price can follow: one value a period, one per label, or one per interval."""

    class Shape(models.TextChoices):
        SINGLE = "single", _("One value a period")
        LABEL = "label", _("One value per label")
        INTERVAL = "interval", _("One value per interval")

    code = models.CharField(_("code"), max_length=64)
    titles = models.JSONField(_("titles"), default=dict)
    unit = models.CharField(_("unit"), max_length=32)
    shape = models.CharField(_("shape"), max_length=16, choices=Shape, default=Shape.SINGLE)
    interval_minutes = models.PositiveSmallIntegerField(_("interval in minutes"), null=True, blank=True)

    class Meta:
        verbose_name = _("index series")
        verbose_name_plural = _("index series")
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(fields=["code"], name="tariffs_indexseries_code_unique"),
            models.CheckConstraint(
                condition=models.Q(shape="interval", interval_minutes__isnull=False)
                | (models.Q(shape__in=["single", "label"]) & models.Q(interval_minutes__isnull=True)),
                name="tariffs_indexseries_interval_has_minutes",
            ),
        )

    def __str__(self) -> str:
        return self.code


class IndexValue(models.Model):
    """One publication of a series for a period; a later version replaces it and the former one stays."""

    series = models.ForeignKey(
        IndexSeries,
        on_delete=models.PROTECT,
        related_name="values",
        verbose_name=_("index series"),
    )
    period = DateRangeField(_("period"))
    label = models.CharField(_("label"), max_length=32, blank=True)
    values = ArrayField(models.DecimalField(max_digits=20, decimal_places=8), verbose_name=_("values"))
    version = models.PositiveIntegerField(_("version"), default=1)
    published_at = models.DateTimeField(_("published at"))

    class Meta:
        verbose_name = _("index value")
        verbose_name_plural = _("index values")
        ordering = ("series", "period", "label", "version")
        constraints = (
            ExclusionConstraint(
                name="tariffs_indexvalue_one_per_version",
                expressions=[
                    ("series", RangeOperators.EQUAL),
                    ("label", RangeOperators.EQUAL),
                    ("version", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
        )

    def __str__(self) -> str:
        return f"{self.series_id} {self.period} v{self.version}"


class CalendarFact(models.Model):
    """The days of a period on which a dated fact held, such as a heat alarm; without a row it is not known yet."""

    name = models.CharField(_("fact"), max_length=40)
    period = DateRangeField(_("period"))
    days = ArrayField(models.DateField(), verbose_name=_("days"), default=list, blank=True)

    class Meta:
        verbose_name = _("calendar fact")
        verbose_name_plural = _("calendar facts")
        ordering = ("name", "period")
        constraints = (
            ExclusionConstraint(
                name="tariffs_calendarfact_said_once",
                expressions=[("name", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.period}"
