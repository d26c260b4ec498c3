"""Requests of people about their data, holds that forbid removal, how long records are kept, and each night's run."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from tenancy.sealed_fields import SealedModel, SealedTextField

WORD, NAME, REASON = 20, 120, 400


class DataRequest(SealedModel):
    """A person asks for his data, for their removal or for a correction; erasing takes two people of staff.

    ``work`` holds what is still to be removed once the rows are, here and elsewhere; then the certificate is signed.
    ``wanted`` is what a correction asks for, as JSON, until it is carried out.
    """

    class Kind(models.TextChoices):
        ACCESS = "access"
        ERASURE = "erasure"
        CORRECTION = "correction"

    class State(models.TextChoices):
        ASKED = "asked"
        CHECKED = "checked"
        ERASING = "erasing"
        READY = "ready"
        DONE = "done"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    class Source(models.TextChoices):
        PORTAL = "portal"
        STAFF = "staff"
        API = "api"

    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, related_name="data_requests")
    kind = models.CharField(max_length=WORD, choices=Kind.choices)
    state = models.CharField(max_length=WORD, choices=State.choices, default=State.ASKED)
    source = models.CharField(max_length=WORD, choices=Source.choices)
    asked_at = models.DateTimeField()
    due_on = models.DateField()
    asked_by = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="+")
    checked_by = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=REASON, blank=True)
    file = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    file_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    work = models.JSONField(default=dict)
    wanted = SealedTextField(null=True, blank=True)
    certificate = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "kind"],
                condition=Q(state__in=["asked", "checked", "erasing"]),
                name="protection_request_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(kind="erasure", state__in=["erasing", "done"])
                | (Q(checked_by__isnull=False, decided_by__isnull=False) & ~Q(checked_by=F("decided_by"))),
                name="protection_erasure_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(kind="erasure", state="done") | Q(certificate__isnull=False),
                name="protection_erasure_certified",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(reason=""), name="protection_refusal_has_reason"),
        ]
        indexes = [
            models.Index(fields=["-asked_at"], name="protection_request_asked"),
            models.Index(fields=["state", "due_on"], name="protection_request_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of customer {self.customer_id}: {self.state}"


class LegalHold(models.Model):
    """While it stands, nothing of a customer is erased or expires: a court, an authority or a claim needs it."""

    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, related_name="legal_holds")
    reason = models.CharField(max_length=REASON)
    placed_by = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="+")
    placed_at = models.DateTimeField()
    lifted_by = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(lifted_at__isnull=True), name="protection_hold_one_open"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | Q(lifted_at__gte=F("placed_at")), name="protection_hold_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"hold on customer {self.customer_id}"


class RetentionChoice(models.Model):
    """For how many months the company keeps a kind of records, where it said so."""

    rule = models.CharField(max_length=40, primary_key=True)
    months = models.PositiveSmallIntegerField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(months__gte=1), name="protection_retention_some_months")]

    def __str__(self) -> str:
        return f"{self.rule}: {self.months} months"


class RetentionRun(models.Model):
    """What one night removed of each kind; its digest holds the one before, so that no night can be taken out."""

    day = models.DateField(unique=True)
    began_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    rules = models.JSONField(default=dict)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    certificate = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | (~Q(digest="") & Q(certificate__isnull=False)),
                name="protection_run_finished_is_certified",
            )
        ]

    def __str__(self) -> str:
        return f"retention on {self.day}"
