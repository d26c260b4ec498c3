"""What the operator knows of each company: numbers, never a person or a reading."""

from __future__ import annotations

from django.db import models


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
