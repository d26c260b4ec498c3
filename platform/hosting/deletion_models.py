"""The end of a company, the persons that were erased, and the key with which the host signs what it certifies."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

REASON, WORD = 400, 20


class HostKey(models.Model):
    """A key pair of the host: the public half in clear, the private one sealed under the platform's key."""

    name = models.CharField(max_length=WORD)
    public = models.CharField(max_length=64)
    sealed = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name"], name="host_key_name_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.public[:16]}"


class Deletion(models.Model):
    """A company that shall end: asked for, waited for, taken back, or carried out step by step to its certificate.

    ``step`` is the last one that is done; ``evidence`` what the steps found. ``needles`` and ``recipients`` are needed
    until the proof and the last mail, and emptied then.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        REVOKED = "revoked"
        RUNNING = "running"
        DONE = "done"

    class Meanwhile(models.TextChoices):
        CLOSED = "closed"
        READ_ONLY = "read_only"

    retailer = models.ForeignKey("tenancy.Retailer", on_delete=models.PROTECT, related_name="deletions")
    state = models.CharField(max_length=WORD, choices=State.choices, default=State.WAITING)
    meanwhile = models.CharField(max_length=WORD, choices=Meanwhile.choices)
    reason = models.CharField(max_length=REASON)
    by_company = models.BooleanField(default=False)
    actor_id = models.BigIntegerField(null=True)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    closed_doors = models.BooleanField(default=False)
    reminded = models.JSONField(default=list)
    export = models.ForeignKey("hosting.Backup", on_delete=models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoked_by_company = models.BooleanField(default=False)
    revoke_actor_id = models.BigIntegerField(null=True)
    revoke_reason = models.CharField(max_length=REASON, blank=True)
    step = models.CharField(max_length=WORD, blank=True)
    attempts = models.IntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=REASON, blank=True)
    evidence = models.JSONField(default=dict)
    needles = models.JSONField(default=list)
    recipients = models.JSONField(default=list)
    certificate = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["retailer"], condition=Q(state__in=["waiting", "running"]), name="deletion_one_per_company"
            ),
            models.CheckConstraint(condition=Q(due_at__gte=models.F("asked_at")), name="deletion_due_after_asked"),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(finished_at__isnull=False, certificate__isnull=False),
                name="deletion_done_is_certified",
            ),
            models.CheckConstraint(
                condition=~Q(state="revoked") | Q(revoked_at__isnull=False), name="deletion_revoked_has_its_time"
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state__in=["waiting", "running"]), name="deletion_open")]

    def __str__(self) -> str:
        return f"{self.retailer_id}: {self.state} until {self.due_at:%F}"


class ErasedPerson(models.Model):
    """That a customer was erased: numbers alone. Kept outside the company's space, so that a restore can repeat it."""

    retailer = models.ForeignKey("tenancy.Retailer", on_delete=models.CASCADE, related_name="erased_persons")
    customer_id = models.BigIntegerField()
    request_id = models.BigIntegerField()
    erased_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["retailer", "customer_id", "request_id"], name="erased_person_once")
        ]

    def __str__(self) -> str:
        return f"{self.retailer_id}: {self.customer_id} at {self.erased_at:%F}"
