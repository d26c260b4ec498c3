"""What the operator knows of each company: numbers, never a person or a reading."""

from __future__ import annotations

from django.db import models

from hosting.deletion_models import Deletion, ErasedPerson, HostKey
from hosting.fleet_models import BackupPolicy, Fault, HealthDay, Job
from hosting.plan_models import (
    ApiCalls,
    BillingMessage,
    Coupon,
    HostingInvoice,
    Interval,
    Plan,
    PlanVersion,
    ProviderPrice,
    Subscription,
    Usage,
)
from hosting.signup_models import CompanyHost, SignUp, SignUpStep

__all__ = [
    "ApiCalls",
    "Backup",
    "BackupPolicy",
    "BillingMessage",
    "CompanyHealth",
    "CompanyHost",
    "Coupon",
    "Deletion",
    "ErasedPerson",
    "Fault",
    "FleetEvent",
    "HealthDay",
    "HostKey",
    "HostingInvoice",
    "Interval",
    "Job",
    "Plan",
    "PlanVersion",
    "ProviderPrice",
    "SignUp",
    "SignUpStep",
    "Subscription",
    "Usage",
]


class CompanyHealth(models.Model):
    """The latest figures that a company's own worker reported of itself."""

    retailer = models.OneToOneField("tenancy.Retailer", on_delete=models.CASCADE, related_name="health")
    measured_at = models.DateTimeField()
    figures = models.JSONField(default=dict)
    storage_bytes = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"health of {self.retailer_id} at {self.measured_at:%F %T}"


class FleetEvent(models.Model):
    """What the operator did to a company: by whom, when and why, without a name of a person of the company."""

    retailer = models.ForeignKey("tenancy.Retailer", on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    action = models.CharField(max_length=40)
    actor_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=400, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["retailer", "-at"], name="fleet_event_of_retailer")]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.action}"


class Backup(models.Model):
    """An archive of one company that was written, tried or restored, and what came of it."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    retailer = models.ForeignKey("tenancy.Retailer", on_delete=models.CASCADE, related_name="backups")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    made_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    name = models.CharField(max_length=120)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    tables = models.IntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    files = models.IntegerField(default=0)
    error = models.CharField(max_length=400, blank=True)
    tried_at = models.DateTimeField(null=True)
    differences = models.JSONField(null=True)
    scheduled = models.BooleanField(default=False)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["retailer", "-made_at"], name="backup_of_retailer")]
        constraints = [models.UniqueConstraint(fields=["name"], name="backup_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_proven(self) -> bool:
        """Whether it was restored into a scratch schema and nothing differed."""
        return self.differences == []
