"""What one unit of a channel of gas, heat or water stands for, from a day on."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.metering.models.devices import Channel


class ChannelFactor(models.Model):
    """A ratio by which readings of a channel become kWh: volume correction × kWh per m³, each dated.

    A recording day takes the ratios in force on it. A channel of litres without a heat content on some day has no
    energy on it.
    """

    class Kind(models.TextChoices):
        VOLUME = "volume_correction", _("Volume correction")
        HEAT = "energy_content", _("kWh per m³")

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="factors", db_index=False, verbose_name=_("channel")
    )
    kind = models.CharField(_("kind"), max_length=24, choices=Kind)
    numerator = models.DecimalField(_("numerator"), max_digits=20, decimal_places=9)
    denominator = models.DecimalField(_("denominator"), max_digits=20, decimal_places=9, default=1)
    period = DateRangeField(_("period"))
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_by = models.CharField(_("recorded by"), max_length=254, blank=True)

    class Meta:
        verbose_name = _("factor of a channel")
        verbose_name_plural = _("factors of channels")
        ordering = ("channel", "kind", "period")
        constraints = (
            ExclusionConstraint(
                name="metering_channel_factor_one_at_a_time",
                expressions=[
                    ("channel", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(period__isempty=False, period__startswith__isnull=False),
                name="metering_channel_factor_has_a_start",
            ),
            models.CheckConstraint(
                condition=models.Q(numerator__gt=0, denominator__gt=0), name="metering_channel_factor_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["volume_correction", "energy_content"]),
                name="metering_channel_factor_kind_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.numerator}/{self.denominator}"
