"""The readings: one packed row per channel and day, and its former versions (docs/algorithms/readings.md)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.metering.models.devices import Channel


class IntervalDay(models.Model):
    """The readings of a channel on one day of its recording zone; the newest version.

    ``values`` are little-endian int32, one a slot; ``quality`` one byte a slot, or a single byte when all are alike.
    ``slot_stamps`` are little-endian int64, microseconds of 1970, where the slots of the day were changed at
    different times; else ``stamped_at`` is that of all of them (``tenants.metering.merging``).
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
    slot_stamps = models.BinaryField(_("changes of the slots"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"))
    import_id = models.BigIntegerField(_("reading import"), null=True, blank=True)

    class Meta:
        verbose_name = _("interval day")
        verbose_name_plural = _("interval days")


class IntervalDayRevision(models.Model):
    """A former version of an interval day, kept for good; one that was ``removed`` was followed by none."""

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
    slot_stamps = models.BinaryField(_("changes of the slots"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"))
    import_id = models.BigIntegerField(_("reading import"), null=True, blank=True)
    replaced_at = models.DateTimeField(_("replaced at"))
    removed = models.BooleanField(_("removed"), default=False)

    class Meta:
        verbose_name = _("former version of an interval day")
        verbose_name_plural = _("former versions of interval days")
        constraints = (
            models.UniqueConstraint(fields=["channel", "day", "version"], name="metering_revision_version_unique"),
        )
        indexes = (
            models.Index(
                fields=["channel", "day", "version"],
                name="metering_revision_removed",
                condition=models.Q(removed=True),
            ),
        )
