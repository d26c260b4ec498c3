"""What validation found, what was proposed in its place, and how each interval came to be what it is."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, IntegerRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.metering.models.devices import Channel


class ReadingException(models.Model):
    """A day of a channel that a check did not let pass; open until a person or better readings close it.

    ``slots`` are half-open and absent when the whole day is meant; ``params`` are the numbers of the finding.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        HEALED = "healed", _("Healed")
        ACCEPTED = "accepted", _("Accepted")
        ESTIMATED = "estimated", _("Estimated")
        EDITED = "edited", _("Edited")

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="exceptions", db_index=False, verbose_name=_("channel")
    )
    day = models.DateField(_("day"))
    code = models.CharField(_("check"), max_length=24)
    blocking = models.BooleanField(_("holds the bill"))
    slots = IntegerRangeField(_("slots"), null=True, blank=True)
    params = models.JSONField(_("numbers"), default=dict, blank=True)
    version = models.IntegerField(_("version"), default=0)
    import_id = models.BigIntegerField(_("reading import"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.OPEN)
    found_at = models.DateTimeField(_("found at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=254, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("reading exception")
        verbose_name_plural = _("reading exceptions")
        ordering = ("day", "channel", "code")
        constraints = (
            models.UniqueConstraint(
                fields=["channel", "day", "code"],
                condition=models.Q(state="open"),
                name="metering_exception_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "healed", "accepted", "estimated", "edited"]),
                name="metering_exception_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", closed_at=None) | ~models.Q(state="open") & ~models.Q(closed_at=None),
                name="metering_exception_closed_when_not_open",
            ),
        )
        indexes = (
            models.Index(fields=["channel", "day"], name="metering_exception_day"),
            models.Index(fields=["code", "day"], condition=models.Q(state="open"), name="metering_exception_queue"),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.day}"


class DayProposal(models.Model):
    """A day as it should read instead: estimated by the ladder, or edited by a person; applied, declined or overtaken.

    ``values`` and ``quality`` are the whole day packed; ``parts`` say which slots change, by what method and from which
    reference days. ``base_version`` is the version it was made for, 0 when there was no such day.
    """

    class Kind(models.TextChoices):
        ESTIMATE = "estimate", _("Estimate")
        EDIT = "edit", _("Edit")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        APPLIED = "applied", _("Applied")
        DECLINED = "declined", _("Declined")
        OVERTAKEN = "overtaken", _("Overtaken")

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="proposals", db_index=False, verbose_name=_("channel")
    )
    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.PROPOSED)
    base_version = models.IntegerField(_("made for version"))
    values = models.BinaryField(_("values"))
    quality = models.BinaryField(_("quality"))
    parts = models.JSONField(_("parts"), default=list)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    blocking = models.BooleanField(_("holds the bill"), default=False)
    correction = models.BooleanField(_("changes a final day"), default=False)
    needs_second = models.BooleanField(_("asks for a second person"), default=False)
    made_at = models.DateTimeField(_("made at"))
    made_by = models.CharField(_("made by"), max_length=254, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=254, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("proposal for a day")
        verbose_name_plural = _("proposals for days")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["channel", "day"], condition=models.Q(state="proposed"), name="metering_proposal_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(state="proposed", decided_at=None)
                | ~models.Q(state="proposed") & ~models.Q(decided_at=None),
                name="metering_proposal_decided_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["proposed", "applied", "declined", "overtaken"]),
                name="metering_proposal_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="edit") | ~models.Q(reason="") & ~models.Q(made_by=""),
                name="metering_proposal_edit_has_reason",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="applied", needs_second=True)
                | ~models.Q(decided_by="") & ~models.Q(decided_by=models.F("made_by")),
                name="metering_proposal_four_eyes",
            ),
        )
        indexes = (models.Index(fields=["channel", "day"], name="metering_proposal_day"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"


class Determination(models.Model):
    """How a range of slots came to values the meter did not tell; it stands until other values replace them.

    ``former_values`` and ``former_quality`` are what stood there (packed, the range only); ``former_version`` is 0 when
    there was no such day. ``by`` is empty when policy applied it.
    """

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="determinations", db_index=False, verbose_name=_("channel")
    )
    day = models.DateField(_("day"))
    slots = IntegerRangeField(_("slots"))
    method = models.CharField(_("method"), max_length=16)
    scaled = models.BooleanField(_("scaled to registers"), default=False)
    reference_days = ArrayField(models.DateField(), verbose_name=_("reference days"), default=list, blank=True)
    values = models.BinaryField(_("values"))
    former_values = models.BinaryField(_("former values"))
    former_quality = models.BinaryField(_("former quality"))
    former_version = models.IntegerField(_("former version"))
    version = models.IntegerField(_("version"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    by = models.CharField(_("by"), max_length=254, blank=True)
    at = models.DateTimeField(_("at"))
    proposal = models.ForeignKey(
        DayProposal, on_delete=models.PROTECT, related_name="determinations", verbose_name=_("proposal")
    )
    replaced_at = models.DateTimeField(_("replaced at"), null=True, blank=True)

    class Meta:
        verbose_name = _("determination of intervals")
        verbose_name_plural = _("determinations of intervals")
        ordering = ("-id",)
        constraints = (
            ExclusionConstraint(
                name="metering_determination_one_a_slot",
                expressions=[
                    ("channel", RangeOperators.EQUAL),
                    ("day", RangeOperators.EQUAL),
                    ("slots", RangeOperators.OVERLAPS),
                ],
                condition=models.Q(replaced_at=None),
            ),
            models.CheckConstraint(
                condition=models.Q(slots__isempty=False, slots__startswith__gte=0),
                name="metering_determination_has_slots",
            ),
            models.CheckConstraint(
                condition=~models.Q(method="manual") | ~models.Q(reason="") & ~models.Q(by=""),
                name="metering_determination_edit_signed",
            ),
        )
        indexes = (models.Index(fields=["channel", "day"], name="metering_determination_day"),)

    def __str__(self) -> str:
        return f"{self.method} {self.day}"


class MeterFlag(models.Model):
    """What the meter or its reader said beside the readings of a day: an outage, a reset, a clock that drifted."""

    class Kind(models.TextChoices):
        OUTAGE = "outage", _("Power outage")
        OVERFLOW = "overflow", _("Pulse overflow")
        REVERSE = "reverse", _("Reverse rotation")
        RESET = "reset", _("Meter reset")
        CLOCK = "clock", _("Clock set")
        FAULT = "fault", _("Meter fault")
        TAMPER = "tamper", _("Tampering")

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="flags", db_index=False, verbose_name=_("channel")
    )
    day = models.DateField(_("day"))
    slots = IntegerRangeField(_("slots"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    seconds = models.IntegerField(_("seconds"), null=True, blank=True)
    code = models.CharField(_("code of the source"), max_length=16, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("flag of a meter")
        verbose_name_plural = _("flags of meters")
        ordering = ("day", "id")
        constraints = (
            models.UniqueConstraint(fields=["channel", "day", "slots", "kind", "code"], name="metering_flag_said_once"),
            models.CheckConstraint(
                condition=models.Q(slots__isempty=False, slots__startswith__gte=0), name="metering_flag_has_slots"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"


class FinalPeriod(models.Model):
    """Days of a channel that are final: from then on they change only by a marked correction, which is billed anew."""

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="final_periods", db_index=False, verbose_name=_("channel")
    )
    period = DateRangeField(_("period"))
    by = models.CharField(_("by"), max_length=254, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("final period")
        verbose_name_plural = _("final periods")
        ordering = ("channel", "period")
        constraints = (
            ExclusionConstraint(
                name="metering_final_once",
                expressions=[("channel", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=models.Q(
                    period__isempty=False, period__startswith__isnull=False, period__endswith__isnull=False
                ),
                name="metering_final_has_days",
            ),
        )

    def __str__(self) -> str:
        return str(self.period)
