"""Users, keys and what guards them. No permission tables: ``identity.capabilities`` says what a role may do."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from identity import capabilities
from identity.entering_models import SupportEntry
from identity.single_sign_on_models import (  # noqa: F401 (tables of this room)
    ServiceLogout,
    SingleSignOn,
    SingleSignOnDomain,
    SingleSignOnLink,
)


class UserManager(BaseUserManager["User"]):
    """Finds people by the address they sign in with, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in: staff or a customer of this retailer."""

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=10, blank=True)
    roles = ArrayField(models.CharField(max_length=20), default=list)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    support: SupportEntry | None = None
    """The visit during which somebody of the host acts; set for the request by ``identity.entering_sessions``."""

    def __str__(self) -> str:
        return self.name

    @property
    def capabilities(self) -> frozenset[capabilities.Capability]:
        if self.support is not None:
            return self.support.capabilities
        return capabilities.of_roles(self.roles) if self.is_active else frozenset()

    def can(self, capability: str) -> bool:
        """Return whether one of the roles carries ``capability``."""
        return capability in self.capabilities

    @property
    def is_staff_member(self) -> bool:
        return self.support is not None or bool(set(self.roles) & capabilities.STAFF_ROLES)

    # Asked for by Django and its libraries; there is no superuser here.
    is_superuser = False
    is_staff = False

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class ApiKey(models.Model):
    """A key of a program: shown once, stored as a hash, limited to scopes (capabilities)."""

    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=12, unique=True)
    hashed = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyKey(models.Model):
    """A program's own name for one request: the answer is kept, so that sending it again changes nothing.

    Without ``status`` the request has not been answered yet; its row is locked while it is worked on.
    """

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api_key", "key"], name="identity_idempotency_key_unique")]
        indexes = [models.Index(fields=["created_at"], name="identity_idempotency_age")]

    def __str__(self) -> str:
        return self.key


class AuditEvent(models.Model):
    """What a person did that others must be able to look up later."""

    at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    actor_name = models.CharField(max_length=120)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["-at"], name="audit_event_at")]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.actor_name} {self.action} {self.subject}"


class AuditSeal(models.Model):
    """One link of the chain over the audit trail: a hash of the event and of the link before it."""

    position = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="seal")
    hashed = models.CharField(max_length=64)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(position__gt=0), name="audit_seal_position_positive")]

    def __str__(self) -> str:
        return f"{self.position} {self.hashed}"


class SecurityPolicy(models.Model):
    """What the company asks of those who sign in; one row, and the defaults while there is none."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    staff_second_factor = models.BooleanField(default=False)
    support_consent = models.BooleanField(default=False)
    idle_minutes = models.PositiveIntegerField(default=60)
    failures_allowed = models.PositiveSmallIntegerField(default=5)
    lock_minutes = models.PositiveIntegerField(default=15)
    missing_allowed = models.PositiveSmallIntegerField(default=30)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="security_policy_one_row"),
            models.CheckConstraint(
                condition=Q(idle_minutes__range=(5, 1440)) & Q(lock_minutes__range=(1, 1440)),
                name="security_policy_minutes",
            ),
            models.CheckConstraint(condition=Q(failures_allowed__range=(3, 20)), name="security_policy_failures"),
            models.CheckConstraint(condition=Q(missing_allowed__range=(5, 1000)), name="security_policy_missing"),
        ]

    def __str__(self) -> str:
        return "security policy"


class SignInAttempt(models.Model):
    """One try to sign in, and each unlocking: what stands here decides whether the next try is heard."""

    class Outcome(models.TextChoices):
        SUCCESS = "success"
        PASSWORD = "password"  # noqa: S105
        SECOND_FACTOR = "second_factor"
        REFUSED = "refused"
        UNLOCKED = "unlocked"

    at = models.DateTimeField()
    email = models.CharField(max_length=254)
    address = models.CharField(max_length=45)
    device_mark = models.CharField(max_length=64, blank=True)
    device = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)

    class Meta:
        indexes = [
            models.Index(fields=["email", "-at"], name="sign_in_attempt_email"),
            models.Index(fields=["address", "-at"], name="sign_in_attempt_address"),
            models.Index(fields=["-at"], name="sign_in_attempt_at"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.email} {self.outcome}"


class OpenSession(models.Model):
    """A person signed in on one device; it stays, ended, so that the device is known the next time."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    session_key = models.CharField(max_length=40)
    device_mark = models.CharField(max_length=64)
    device = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=45)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    service_subject = models.CharField(max_length=255, blank=True, default="", db_default="")
    """Whom the company's sign-in service named when it vouched for this session; empty for every other way in."""
    service_session = models.CharField(max_length=255, blank=True, default="", db_default="")
    """The service's own name of its session (sid), by which it ends this one."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session_key"], condition=Q(ended_at__isnull=True), name="open_session_key_unique"
            )
        ]
        indexes = [
            models.Index(fields=["user", "-seen_at"], name="open_session_user"),
            models.Index(
                fields=["service_subject"],
                condition=~Q(service_subject="") & Q(ended_at__isnull=True),
                name="open_session_by_service",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.device}"


class Alert(models.Model):
    """Something about a sign-in or an export that people should look at."""

    class Kind(models.TextChoices):
        NEW_DEVICE = "new_device"
        NEW_NETWORK = "new_network"
        LOCKED = "locked"
        MANY_FAILURES = "many_failures"
        MASS_EXPORT = "mass_export"
        FOREIGN_COMPANY = "foreign_company"
        FACTOR_CHANGED = "factor_changed"
        FOREIGN_KEY = "foreign_key"
        FOREIGN_LINK = "foreign_link"
        GUESSED_NUMBERS = "guessed_numbers"

    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    details = models.JSONField(default=dict)
    mail_due = models.BooleanField(default=False)
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(mail_due=False) | Q(user__isnull=False), name="alert_mail_goes_to_somebody"
            ),
            models.CheckConstraint(
                condition=Q(seen_at__isnull=True, seen_by__isnull=True)
                | Q(seen_at__isnull=False, seen_by__isnull=False),
                name="alert_seen_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["-at"], name="alert_at"),
            models.Index(fields=["at"], condition=Q(mail_due=True), name="alert_mail_due"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.kind}"
