"""What a source said of readings beside their values: how good they are, by which method, and why."""

from __future__ import annotations

from django.contrib.postgres.fields import IntegerRangeField
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.metering.models.devices import Channel

LONGEST_WORDS = 240


class SourceNote(models.Model):
    """Letter of quality, method and reason (NEM12, 300 and 400 rows) of a range of slots of one delivered day.

    ``stamped_at`` is when the source last changed the delivery: the note stands for the slots that still have its
    readings. ``day_slots`` is how many slots the delivery cut the day into. A note is kept once, by whichever import
    said it first.
    """

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="source_notes", db_index=False, verbose_name=_("channel")
    )
    day = models.DateField(_("day"))
    slots = IntegerRangeField(_("slots"))
    day_slots = models.PositiveSmallIntegerField(_("slots of the day"))
    letter = models.CharField(_("quality of the source"), max_length=1)
    method = models.CharField(_("method of the source"), max_length=2, blank=True)
    reason = models.CharField(_("reason code of the source"), max_length=3, blank=True)
    words = models.CharField(_("words of the source"), max_length=LONGEST_WORDS, blank=True)
    stamped_at = models.DateTimeField(_("changed at the source"))
    recorded_at = models.DateTimeField(_("recorded at"))
    import_id = models.BigIntegerField(_("reading import"), null=True, blank=True)

    class Meta:
        verbose_name = _("note of a source")
        verbose_name_plural = _("notes of sources")
        ordering = ("day", "slots", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["channel", "day", "stamped_at", "slots", "day_slots", "letter", "method", "reason", "words"],
                name="metering_source_note_once",
            ),
            models.CheckConstraint(
                condition=models.Q(slots__isempty=False, slots__startswith__gte=0, slots__endswith__isnull=False),
                name="metering_source_note_has_slots",
            ),
            models.CheckConstraint(
                condition=~models.Q(method="", reason="", words=""), name="metering_source_note_says_something"
            ),
        )

    def __str__(self) -> str:
        return f"{self.letter}{self.method} {self.day}"
