"""What the operator keeps of the fleet: figures day by day, faults, and jobs such as a restore. Never a person."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

NAME, WORD, REFERENCE = 120, 20, 64


class HealthDay(models.Model):
    """The figures of a company as they stood last on a day (UTC)."""

    retailer = models.ForeignKey("tenancy.Retailer", on_delete=models.CASCADE, related_name="health_days")
    day = models.DateField()
    figures = models.JSONField(default=dict)
    storage_bytes = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["retailer", "day"], name="health_once_a_day")]
        indexes = [models.Index(fields=["day"], name="health_by_day")]

    def __str__(self) -> str:
        return f"health of {self.retailer_id} on {self.day}"


class Fault(models.Model):
    """How often something went wrong at one place of the program on a day: no message, so no person's data."""

    retailer = models.ForeignKey("tenancy.Retailer", on_delete=models.CASCADE, null=True, related_name="faults")
    day = models.DateField()
    source = models.CharField(max_length=NAME)
    kind = models.CharField(max_length=NAME)
    place = models.CharField(max_length=200)
    count = models.BigIntegerField(default=1)
    last_at = models.DateTimeField()
    request_id = models.CharField(max_length=REFERENCE, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["retailer", "day", "source", "kind", "place"], nulls_distinct=False, name="fault_once_a_day"
            ),
            models.CheckConstraint(condition=Q(count__gt=0), name="fault_counted"),
        ]
        indexes = [models.Index(fields=["day"], name="fault_by_day")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.place}: {self.count}"


class Job(models.Model):
    """Work on a whole company, done by the owner's worker in steps; each step is recorded with what it did.

    ``done`` of ``total`` steps are behind it. A worker that dies loses the step under way, never those before.
    """

    class Kind(models.TextChoices):
        BACKUP = "backup"
        DRILL = "drill"
        REPLACE = "replace"
        RESTORE = "restore"
        TAKEOUT = "takeout"

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    kind = models.CharField(max_length=WORD, choices=Kind.choices)
    state = models.CharField(max_length=WORD, choices=State.choices, default=State.WAITING)
    retailer = models.ForeignKey("tenancy.Retailer", on_delete=models.CASCADE, null=True, related_name="jobs")
    priority = models.SmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    actor_id = models.BigIntegerField(null=True)
    by_company = models.BooleanField(default=False)
    reason = models.CharField(max_length=400, blank=True)
    backup = models.ForeignKey("hosting.Backup", on_delete=models.SET_NULL, null=True, related_name="jobs")
    upload = models.CharField(max_length=NAME, blank=True)
    code = models.CharField(max_length=40, blank=True)
    host = models.CharField(max_length=253, blank=True)
    opened = models.BooleanField(default=False)
    schema_name = models.CharField(max_length=WORD, blank=True)
    work = models.JSONField(default=dict)
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    step = models.CharField(max_length=NAME, blank=True)
    attempts = models.IntegerField(default=0)
    stop_asked = models.BooleanField(default=False)
    error_code = models.CharField(max_length=60, blank=True)
    error_params = models.JSONField(default=dict)
    name = models.CharField(max_length=NAME, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    rows = models.BigIntegerField(default=0)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["retailer"], condition=Q(state__in=["waiting", "running"]), name="job_one_per_company"
            ),
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(state__in=["waiting", "running"]) & ~Q(code=""),
                name="job_one_per_new_code",
            ),
            models.CheckConstraint(condition=Q(done__gte=0, total__gte=0), name="job_steps_not_negative"),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(finished_at__isnull=False), name="job_done_has_its_end"
            ),
        ]
        indexes = [
            models.Index(fields=["retailer", "-asked_at"], name="job_of_company"),
            models.Index(
                fields=["priority", "id"], condition=Q(state__in=["waiting", "running"]), name="job_unfinished"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}: {self.state}"


class BackupPolicy(models.Model):
    """How often one company is backed up and how much is kept, where that differs from the host's settings."""

    retailer = models.OneToOneField("tenancy.Retailer", on_delete=models.CASCADE, related_name="backup_policy")
    every_hours = models.IntegerField()
    kept = models.IntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(every_hours__gte=0), name="backup_policy_hours"),
            models.CheckConstraint(condition=Q(kept__gte=1), name="backup_policy_keeps_one"),
        ]

    def __str__(self) -> str:
        return f"{self.retailer_id}: every {self.every_hours} h"
