"""Visits of the host's support in a company: asked for, allowed, entered and ended; the company's own record."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from identity import entering_rights
from identity.capabilities import Capability

MINUTES_AT_LEAST = 15
MINUTES_AT_MOST = 1440


class SupportEntry(models.Model):
    """One visit of one person of the host; he acts as ``user``, who exists for that alone."""

    class Cause(models.TextChoices):
        TIME = "time"
        LEFT = "left"
        COMPANY = "company"
        HOST = "host"
        REFUSED = "refused"
        LAPSED = "lapsed"
        ELSEWHERE = "elsewhere"

    class Mail(models.TextChoices):
        NONE = ""
        ASKED = "asked"
        STARTED = "started"

    user = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="support_entries")
    operator_id = models.BigIntegerField()
    reason = models.CharField(max_length=400)
    ticket = models.CharField(max_length=60, blank=True)
    minutes = models.PositiveSmallIntegerField()
    write = models.BooleanField(default=False)
    personal = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    consent_needed = models.BooleanField(default=False)
    consent_at = models.DateTimeField(null=True)
    consent_by = models.ForeignKey(
        "identity.User", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    consent_hash = models.CharField(max_length=64, blank=True)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    hand_over_hash = models.CharField(max_length=64, blank=True)
    hand_over_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    session_key = models.CharField(max_length=40, blank=True)
    device_mark = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=45, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    cause = models.CharField(max_length=10, choices=Cause.choices, blank=True)
    mail_due = models.CharField(max_length=8, choices=Mail.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["operator_id"], condition=Q(ended_at__isnull=True), name="support_entry_one_open_a_person"
            ),
            models.CheckConstraint(
                condition=Q(minutes__range=(MINUTES_AT_LEAST, MINUTES_AT_MOST)), name="support_entry_minutes"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="support_entry_has_a_reason"),
            models.CheckConstraint(
                condition=Q(started_at__isnull=True, ends_at__isnull=True)
                | Q(started_at__isnull=False, ends_at__gt=F("started_at")),
                name="support_entry_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(started_at__isnull=True) | Q(consent_needed=False) | Q(consent_at__isnull=False),
                name="support_entry_not_before_consent",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, cause="") | (Q(ended_at__isnull=False) & ~Q(cause="")),
                name="support_entry_ended_for_a_cause",
            ),
        ]
        indexes = [
            models.Index(fields=["-asked_at"], name="support_entry_asked"),
            models.Index(fields=["asked_at"], condition=~Q(mail_due=""), name="support_entry_mail_due"),
        ]

    def __str__(self) -> str:
        return f"support {self.operator_id} {self.asked_at:%F %T}"

    @property
    def state(self) -> str:
        """``waiting`` for consent, ``ready`` to enter, ``live`` or ``ended``."""
        if self.ended_at is not None:
            return "ended"
        if self.started_at is not None:
            return "live"
        return "waiting" if self.consent_needed and self.consent_at is None else "ready"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the visitor may do while he is there."""
        return entering_rights.of(write=self.write, personal=self.personal)
