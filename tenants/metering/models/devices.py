"""Meters and their channels: what hangs where, and what it measures."""

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
