"""A company's own sign-in service (OpenID Connect) and whom it knows here."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class SingleSignOn(models.Model):
    """How the company's people sign in at its own service; one row, its secret sealed."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    enabled = models.BooleanField(default=False)
    title = models.CharField(max_length=60)
    issuer = models.URLField(max_length=300)
    client_id = models.CharField(max_length=200)
    sealed = models.BinaryField(default=b"")
    domains = ArrayField(models.CharField(max_length=253), default=list)
    required = models.BooleanField(default=False)
    exceptions = ArrayField(models.BigIntegerField(), default=list)
    makes_people = models.BooleanField(default=False)
    default_roles = ArrayField(models.CharField(max_length=20), default=list)
    role_claim = models.CharField(max_length=100, blank=True)
    role_map = models.JSONField(default=dict)
    roles_follow = models.BooleanField(default=False)
    factor_counts = models.BooleanField(default=False)
    factor_values = ArrayField(models.CharField(max_length=100), default=list)
    description = models.JSONField(default=dict)
    described_at = models.DateTimeField(null=True)
    keys = models.JSONField(default=dict)
    keys_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="single_sign_on_one_row"),
            models.CheckConstraint(
                condition=Q(required=False) | (Q(enabled=True) & ~Q(exceptions=[])),
                name="single_sign_on_required_leaves_a_way_in",
            ),
            models.CheckConstraint(condition=Q(enabled=False) | ~Q(domains=[]), name="single_sign_on_names_domains"),
        ]

    def __str__(self) -> str:
        return self.issuer


class SingleSignOnLink(models.Model):
    """Somebody of the company as its sign-in service names him; the subject never changes, an address may."""

    user = models.ForeignKey("identity.User", on_delete=models.CASCADE, related_name="+", db_index=False)
    issuer = models.URLField(max_length=300)
    subject = models.CharField(max_length=255)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="single_sign_on_subject_once"),
            models.UniqueConstraint(fields=["user", "issuer"], name="single_sign_on_person_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.issuer}"


class SingleSignOnDomain(models.Model):
    """A mail domain that the service may vouch for, with the word by which the company proves that it is its own."""

    domain = models.CharField(max_length=253)
    token = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    proven_at = models.DateTimeField(null=True)
    """When the record was seen first; empty while the domain is not proven, or not any more."""
    seen_at = models.DateTimeField(null=True)
    missing_since = models.DateTimeField(null=True)
    problem = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain"], name="single_sign_on_domain_once")]

    def __str__(self) -> str:
        return self.domain


class ServiceLogout(models.Model):
    """An order of the service to end sessions that was carried out, kept so that it is not heard a second time."""

    mark = models.CharField(max_length=64)
    """A hash of the issuer and the order's own name (jti)."""
    heard_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mark"], name="service_logout_once")]
        indexes = [models.Index(fields=["heard_at"], name="service_logout_age")]

    def __str__(self) -> str:
        return self.mark
