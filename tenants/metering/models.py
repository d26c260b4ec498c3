"""Meters, their channels, and the readings: one packed row per channel and day (docs/algorithms/readings.md)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _


class Meter(models.Model):
    """A device and the period in which it hangs at a supply point.

    Serials are not unique between makers, so what never overlaps is one serial at one supply point.
    """

    serial = models.CharField(_("serial number"), max_length=40)
    supply_point = models.ForeignKey(
        "customers.SupplyPoint", on_delete=models.PROTECT, related_name="meters", verbose_name=_("supply point")
    )
    period = DateRangeField(_("period"))

    class Meta:
        verbose_name = _("meter")
        verbose_name_plural = _("meters")
        ordering = ("supply_point", "serial", "period")
        constraints = (
            ExclusionConstraint(
                name="metering_meter_once_at_a_time",
                expressions=[
                    ("supply_point", RangeOperators.EQUAL),
                    ("serial", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(period__isempty=False, period__startswith__isnull=False),
                name="metering_meter_period_has_a_start",
            ),
        )
        indexes = (models.Index(fields=["serial"], name="metering_meter_serial"),)

    def __str__(self) -> str:
        return self.serial


class Channel(models.Model):
    """One register of a supply point: what it measures, in which unit, recorded on days of which zone.

    The unit, the kind and the zone never change; the interval may (markets go from 30 to 5 minutes): each day knows
    its own, ``interval_minutes`` is that of the latest day.
    """

    class Kind(models.TextChoices):
        CONSUMPTION = "consumption", _("Consumption")
        FEED_IN = "feed_in", _("Feed-in")
        GENERATION = "generation", _("Generation")
        REACTIVE = "reactive", _("Reactive energy")
        APPARENT = "apparent", _("Apparent energy")
        DEMAND = "demand", _("Demand")
        CHECK = "check", _("Check meter")

    class Unit(models.TextChoices):
        WATT_HOUR = "Wh", "Wh"
        VAR_HOUR = "varh", "var·h"
        VOLT_AMPERE_HOUR = "VAh", "VA·h"
        WATT = "W", "W"
        VAR = "var", "var"
        VOLT_AMPERE = "VA", "VA"

    supply_point = models.ForeignKey(
        "customers.SupplyPoint",
        on_delete=models.PROTECT,
        related_name="channels",
        db_index=False,
        verbose_name=_("supply point"),
    )
    meter = models.ForeignKey(
        Meter, on_delete=models.PROTECT, related_name="channels", null=True, blank=True, verbose_name=_("meter")
    )
    register_code = models.CharField(_("register"), max_length=16)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    unit = models.CharField(_("unit"), max_length=8, choices=Unit, default=Unit.WATT_HOUR)
    interval_minutes = models.PositiveSmallIntegerField(_("interval in minutes"))
    recording_zone = models.CharField(_("recording zone"), max_length=64)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ("supply_point", "register_code")
        constraints = (
            models.UniqueConstraint(fields=["supply_point", "register_code"], name="metering_channel_register_unique"),
            models.CheckConstraint(
                condition=models.Q(interval_minutes__in=[5, 15, 30, 60]), name="metering_channel_interval_known"
            ),
        )

    def __str__(self) -> str:
        return self.register_code


class ReadingImport(models.Model):
    """One file that was given: where it stands, what it changed; its report is in the rows."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        CHECKING = "checking", _("Checking")
        CHECKED = "checked", _("Checked")
        IMPORTING = "importing", _("Importing")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")

    file_name = models.CharField(_("file name"), max_length=255)
    source = models.CharField(_("source"), max_length=40)
    requested_by = models.CharField(_("requested by"), max_length=254, blank=True)
    file = models.FileField(_("file"), upload_to="readings/%Y/%m/", max_length=255, blank=True)
    checksum = models.CharField(_("SHA-256"), max_length=64)
    size = models.BigIntegerField(_("size in bytes"))
    format = models.CharField(_("format"), max_length=16, blank=True)
    zone = models.CharField(_("zone"), max_length=64, blank=True)
    unit = models.CharField(_("unit"), max_length=16, blank=True)
    identifier = models.CharField(_("supply point"), max_length=32, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.UPLOADED)
    days_read = models.PositiveIntegerField(_("days read"), default=0)
    days_accepted = models.PositiveIntegerField(_("days accepted"), default=0)
    days_corrected = models.PositiveIntegerField(_("days corrected"), default=0)
    days_unchanged = models.PositiveIntegerField(_("days unchanged"), default=0)
    days_outdated = models.PositiveIntegerField(_("days outdated"), default=0)
    rows_refused = models.PositiveIntegerField(_("rows refused"), default=0)
    created_at = models.DateTimeField(_("created at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("reading import")
        verbose_name_plural = _("reading imports")
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=["uploaded", "checking", "checked", "importing", "done", "refused"]),
                name="metering_import_state_known",
            ),
        )
        indexes = (models.Index(fields=["checksum"], name="metering_import_checksum"),)

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_finished(self) -> bool:
        return self.state in {self.State.DONE, self.State.REFUSED, self.State.CHECKED}


class ReadingImportRow(models.Model):
    """What became of a row of the file: a day that was taken, or the reason why it was not."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        CORRECTED = "corrected", _("Corrected")
        UNCHANGED = "unchanged", _("Unchanged")
        OUTDATED = "outdated", _("Outdated")
        REFUSED = "refused", _("Refused")

    reading_import = models.ForeignKey(
        ReadingImport, on_delete=models.CASCADE, related_name="rows", verbose_name=_("reading import")
    )
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome)
    row = models.PositiveIntegerField(_("row"), null=True, blank=True)
    column = models.PositiveIntegerField(_("column"), null=True, blank=True)
    code = models.CharField(_("reason code"), max_length=40, blank=True)
    params = models.JSONField(_("reason details"), default=dict, blank=True)
    channel = models.ForeignKey(
        Channel,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("channel"),
    )
    identifier = models.CharField(_("supply point"), max_length=64, blank=True)
    register_code = models.CharField(_("register"), max_length=16, blank=True)
    day = models.DateField(_("day"), null=True, blank=True)
    total = models.BigIntegerField(_("total"), null=True, blank=True)
    missing = models.PositiveSmallIntegerField(_("missing slots"), null=True, blank=True)

    class Meta:
        verbose_name = _("import row")
        verbose_name_plural = _("import rows")
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(outcome="refused") | ~models.Q(code=""),
                name="metering_importrow_refusal_has_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.row} {self.outcome}"


class IntervalDay(models.Model):
    """The readings of a channel on one day of its recording zone; the newest version.

    ``values`` are little-endian int32, one a slot; ``quality`` one byte a slot, or a single byte when all are alike.
    """

    pk = models.CompositePrimaryKey("channel_id", "day")
    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="days", db_index=False, verbose_name=_("channel")
    )
    day = models.DateField(_("day"))
    values = models.BinaryField(_("values"))
    quality = models.BinaryField(_("quality"))
    total = models.BigIntegerField(_("total"))
    missing = models.SmallIntegerField(_("missing slots"), default=0)
    version = models.IntegerField(_("version"), default=1)
    stamped_at = models.DateTimeField(_("changed at the source"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"))
    import_id = models.BigIntegerField(_("reading import"), null=True, blank=True)

    class Meta:
        verbose_name = _("interval day")
        verbose_name_plural = _("interval days")


class IntervalDayRevision(models.Model):
    """A former version of an interval day, kept for good."""

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="revisions", db_index=False, verbose_name=_("channel")
    )
    day = models.DateField(_("day"))
    version = models.IntegerField(_("version"))
    values = models.BinaryField(_("values"))
    quality = models.BinaryField(_("quality"))
    total = models.BigIntegerField(_("total"))
    missing = models.SmallIntegerField(_("missing slots"), default=0)
    stamped_at = models.DateTimeField(_("changed at the source"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"))
    import_id = models.BigIntegerField(_("reading import"), null=True, blank=True)
    replaced_at = models.DateTimeField(_("replaced at"))

    class Meta:
        verbose_name = _("former version of an interval day")
        verbose_name_plural = _("former versions of interval days")
        constraints = (
            models.UniqueConstraint(fields=["channel", "day", "version"], name="metering_revision_version_unique"),
        )
