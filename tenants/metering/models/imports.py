"""Files and batches of readings that were given, how they are to be read, and what became of each row."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.metering.models.devices import Channel


class MappingProfile(models.Model):
    """How the columns of one kind of CSV or spreadsheet are to be read; remembered by the look of its header."""

    name = models.CharField(_("name"), max_length=80)
    fingerprint = models.CharField(_("fingerprint of the header"), max_length=64)
    mapping = models.JSONField(_("mapping"))
    created_by = models.CharField(_("created by"), max_length=254, blank=True)
    created_at = models.DateTimeField(_("created at"))
    used_at = models.DateTimeField(_("last used at"))

    class Meta:
        verbose_name = _("mapping profile")
        verbose_name_plural = _("mapping profiles")
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["name"], name="metering_profile_name_unique"),)
        indexes = (models.Index(fields=["fingerprint", "-used_at"], name="metering_profile_fingerprint"),)

    def __str__(self) -> str:
        return self.name


class ReadingImport(models.Model):
    """One file or batch that was given: where it stands, what it changed; its report is in the rows.

    ``given_at`` is when these very bytes were first given: it ranks readings that carry no time of their own.
    ``heartbeat_at`` is the last sign of life of the worker that has it in hand.
    """

    class State(models.TextChoices):
        MAPPING = "mapping", _("Waits for its columns")
        UPLOADED = "uploaded", _("Uploaded")
        CHECKING = "checking", _("Checking")
        CHECKED = "checked", _("Checked")
        CONFIRMED = "confirmed", _("Confirmed")
        IMPORTING = "importing", _("Importing")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")
        TAKING_BACK = "taking_back", _("Being taken back")
        TAKEN_BACK = "taken_back", _("Taken back")

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
    profile = models.ForeignKey(
        MappingProfile,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("mapping profile"),
    )
    mapping = models.JSONField(_("mapping"), default=dict, blank=True)
    key = models.CharField(_("key of the sender"), max_length=200, blank=True)
    check_only = models.BooleanField(_("check first"), default=False)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.UPLOADED)
    days_read = models.PositiveIntegerField(_("days read"), default=0)
    days_accepted = models.PositiveIntegerField(_("days accepted"), default=0)
    days_corrected = models.PositiveIntegerField(_("days corrected"), default=0)
    days_unchanged = models.PositiveIntegerField(_("days unchanged"), default=0)
    days_outdated = models.PositiveIntegerField(_("days outdated"), default=0)
    rows_refused = models.PositiveIntegerField(_("rows refused"), default=0)
    rows_read = models.PositiveBigIntegerField(_("rows read"), default=0)
    bytes_read = models.PositiveBigIntegerField(_("bytes read"), default=0)
    bytes_total = models.PositiveBigIntegerField(_("bytes once unpacked"), default=0)
    given_at = models.DateTimeField(_("first given at"), null=True, blank=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    taken_back_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    taken_back_by = models.CharField(_("taken back by"), max_length=254, blank=True)
    taken_back_because = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("reading import")
        verbose_name_plural = _("reading imports")
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[
                        "mapping",
                        "uploaded",
                        "checking",
                        "checked",
                        "confirmed",
                        "importing",
                        "done",
                        "refused",
                        "taking_back",
                        "taken_back",
                    ]
                ),
                name="metering_import_state_known",
            ),
            models.UniqueConstraint(
                fields=["source", "key"], condition=~models.Q(key=""), name="metering_import_key_unique"
            ),
        )
        indexes = (
            models.Index(fields=["checksum"], name="metering_import_checksum"),
            models.Index(
                fields=["state"],
                name="metering_import_unfinished",
                condition=models.Q(state__in=["uploaded", "checking", "confirmed", "importing", "taking_back"]),
            ),
        )

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_finished(self) -> bool:
        return self.state in {self.State.DONE, self.State.REFUSED, self.State.CHECKED, self.State.TAKEN_BACK}


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
