"""Records of migrations of the fleet, written by the owner alone, and signs of life of the programs."""

from __future__ import annotations

from django.db import models


class MigrationState(models.TextChoices):
    """What became of a company in a run."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class FleetRun(models.Model):
    """One run of ``fleet migrate``: how it was asked for and what came of it."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        STOPPED = "stopped"
        KILLED = "killed"

    fingerprint = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    options = models.JSONField(default=dict)
    waves = models.JSONField(default=list)
    counts = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["-started_at"], name="fleet_run_newest")]
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=models.Q(state="running"), name="fleet_run_one_at_work")
        ]

    def __str__(self) -> str:
        return f"run {self.pk}: {self.state}"


class FleetMigration(models.Model):
    """How far each company's schema is: what was tried last, and what came of it."""

    retailer = models.OneToOneField("tenancy.Retailer", on_delete=models.CASCADE)
    run = models.ForeignKey(FleetRun, on_delete=models.SET_NULL, null=True, related_name="companies")
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(
        max_length=8, choices=MigrationState.choices, default=MigrationState.DONE, db_default="done"
    )
    wave = models.IntegerField(default=0, db_default=0)
    attempts = models.IntegerField(default=0, db_default=0)
    worker = models.IntegerField(null=True)
    seconds = models.FloatField(default=0.0, db_default=0.0)
    started_at = models.DateTimeField(null=True)
    migrated_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["run", "wave", "state"], name="fleet_migration_waiting")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=MigrationState.values), name="fleet_migration_known_state"
            ),
            models.CheckConstraint(
                condition=~models.Q(state=MigrationState.FAILED) | ~models.Q(error=""), name="fleet_migration_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.retailer_id}: {self.error or self.state}"


class Heartbeat(models.Model):
    """When a program last gave a sign of life, such as the schedule's through the queue to a worker."""

    name = models.CharField(max_length=60, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%F %T}"
