"""What all channels of a company add up to, day by day; and the days and reads that are to be looked at (again)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.metering.models.devices import Channel


class LoadDay(models.Model):
    """The sum over all channels of one energy, kind, zone, unit and interval on one recording day.

    ``energy`` and ``estimated`` are little-endian int64 sums a slot in the unit, ``estimated`` of what no meter told;
    ``known`` and ``guessed`` count the channels with a reading and those of them with an estimated one.
    """

    day = models.DateField(_("day"))
    zone = models.CharField(_("recording zone"), max_length=64)
    kind = models.CharField(_("kind"), max_length=16, choices=Channel.Kind)
    carrier = models.CharField(_("energy"), max_length=16, choices=Channel.Energy, default=Channel.Energy.ELECTRICITY)
    unit = models.CharField(_("unit"), max_length=8, choices=Channel.Unit)
    minutes = models.PositiveSmallIntegerField(_("interval in minutes"))
    channels = models.PositiveIntegerField(_("channels"))
    energy = models.BinaryField(_("energy"))
    estimated = models.BinaryField(_("of it estimated"))
    known = models.BinaryField(_("channels with a reading"))
    guessed = models.BinaryField(_("channels with an estimate"))
    summed_at = models.DateTimeField(_("summed at"))

    class Meta:
        verbose_name = _("load of a day")
        verbose_name_plural = _("loads of days")
        ordering = ("day", "kind", "zone", "minutes")
        constraints = (
            models.UniqueConstraint(
                fields=["day", "carrier", "kind", "zone", "unit", "minutes"], name="metering_load_day_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"


class Touched(models.Model):
    """A note of the transaction that changed readings: what follows from them is to be done again.

    Written with the change itself, so none is lost; taken out by who does the work. ``work`` is ``load`` (a recording
    day was stored) or ``sums`` (a register was read: the intervals since the read before are compared with it).
    """

    class Work(models.TextChoices):
        LOAD = "load", _("Load of a day")
        SUMS = "sums", _("Sums against registers")

    work = models.CharField(_("work"), max_length=8, choices=Work)
    day = models.DateField(_("day"))
    supply_point_id = models.BigIntegerField(_("supply point"), null=True, blank=True)
    touched_at = models.DateTimeField(_("touched at"))

    class Meta:
        verbose_name = _("note of changed readings")
        verbose_name_plural = _("notes of changed readings")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(work="load", supply_point_id=None)
                | models.Q(work="sums", supply_point_id__isnull=False),
                name="metering_touched_names_its_place",
            ),
        )
        indexes = (models.Index(fields=["work", "day"], name="metering_touched_work"),)

    def __str__(self) -> str:
        return f"{self.work} {self.day}"
