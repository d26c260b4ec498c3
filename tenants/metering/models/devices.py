"""Meters and their channels: what hangs where, and what it measures; and when nothing hangs there, why."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Meter(models.Model):
    """A device and the period in which it hangs at a metering position of a supply point.

    A position has one meter at a time and never none, unless a pause says why (docs/algorithms/registers.md, No gap).
    Without one given the serial is the position: the database fills it in. Serials are not unique between makers: of
    one maker a serial hangs in one place at a time, without a maker at one supply point once at a time.
    """

    serial = models.CharField(_("serial number"), max_length=40)
    make = models.CharField(_("maker and type"), max_length=80, blank=True)
    position = models.CharField(_("metering position"), max_length=40, blank=True)
    supply_point = models.ForeignKey(
        "customers.SupplyPoint", on_delete=models.PROTECT, related_name="meters", verbose_name=_("supply point")
    )
    period = DateRangeField(_("period"))
    changed_at = models.DateTimeField(_("changed at"), db_default=Now(), editable=False)

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
            ExclusionConstraint(
                name="metering_meter_one_at_a_position",
                expressions=[
                    ("supply_point", RangeOperators.EQUAL),
                    ("position", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="metering_meter_in_one_place",
                expressions=[
                    ("make", RangeOperators.EQUAL),
                    ("serial", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=~models.Q(make=""),
            ),
        )
        indexes = (
            models.Index(fields=["serial"], name="metering_meter_serial"),
            models.Index(fields=["changed_at"], name="metering_meter_changed"),
        )

    def __str__(self) -> str:
        return self.serial


class MeterPause(models.Model):
    """Why no meter counts at a supply point, or at one of its positions, for a while.

    ``wh_per_day`` is what is agreed to be used while nothing is measured.
    """

    class Kind(models.TextChoices):
        REMOVED = "removed", _("Meter removed")
        SUSPENDED = "suspended", _("Supply suspended")
        UNMETERED = "unmetered", _("Unmetered")

    supply_point = models.ForeignKey(
        "customers.SupplyPoint",
        on_delete=models.PROTECT,
        related_name="meter_pauses",
        db_index=False,
        verbose_name=_("supply point"),
    )
    position = models.CharField(_("metering position"), max_length=40, blank=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    period = DateRangeField(_("period"))
    wh_per_day = models.BigIntegerField(_("agreed Wh a day"), default=0)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_by = models.CharField(_("recorded by"), max_length=254, blank=True)

    class Meta:
        verbose_name = _("pause of metering")
        verbose_name_plural = _("pauses of metering")
        ordering = ("supply_point", "period")
        constraints = (
            ExclusionConstraint(
                name="metering_pause_one_at_a_time",
                expressions=[
                    ("supply_point", RangeOperators.EQUAL),
                    ("position", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(period__isempty=False, period__startswith__isnull=False),
                name="metering_pause_period_has_a_start",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["removed", "suspended", "unmetered"]), name="metering_pause_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(wh_per_day=0) | models.Q(wh_per_day__gt=0, kind="unmetered"),
                name="metering_pause_only_unmetered_uses",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.period}"


class Channel(models.Model):
    """One register of a supply point: what it measures, in which unit, recorded on days of which zone.

    Gas and water are recorded in litres; dated factors turn gas into kWh (``ChannelFactor``).
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
        LITRE = "L", "L"

    class Energy(models.TextChoices):
        ELECTRICITY = "electricity", _("Electricity")
        GAS = "gas", _("Gas")
        HEAT = "heat", _("Heat")
        WATER = "water", _("Water")

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
    energy = models.CharField(_("energy"), max_length=16, choices=Energy, default=Energy.ELECTRICITY)
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
