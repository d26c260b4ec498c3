"""Companies that sign up, step by step, and the hosts they bring. The people's names are forgotten when it is over."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hosting.plan_models import Interval

HASH, SAID = 64, 400


class SignUp(models.Model):
    """A company that wants a space: from the form to the first sign-in, or given up on the way."""

    class State(models.TextChoices):
        WAITING = "waiting"
        NAME_TAKEN = "name_taken"
        WORKING = "working"
        READY = "ready"
        FAILED = "failed"
        REFUSED = "refused"
        EXPIRED = "expired"

    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    code = models.CharField(max_length=40)
    names = models.JSONField()
    legal_name = models.CharField(max_length=200)
    market = models.CharField(max_length=8)
    region = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=64)
    default_language = models.CharField(max_length=10)
    plan = models.CharField(max_length=40, blank=True)
    interval = models.CharField(max_length=5, choices=Interval.choices, default=Interval.MONTH)
    demo = models.CharField(max_length=20, blank=True)
    """The kind of synthetic data; empty for a company in earnest."""
    admin_name = models.CharField(max_length=120, blank=True)
    admin_email = models.EmailField(max_length=254, blank=True)
    email_hash = models.CharField(max_length=HASH, blank=True)
    sender_hash = models.CharField(max_length=HASH, blank=True)
    operator_id = models.BigIntegerField(null=True)
    """Who of the operator entered it; nobody when the company did so itself."""
    created_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)
    link_hash = models.CharField(max_length=HASH, blank=True)
    link_expires_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    retailer = models.OneToOneField(
        "tenancy.Retailer", on_delete=models.SET_NULL, null=True, related_name="signed_up_by"
    )
    tries = models.IntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=SAID, blank=True)
    reason = models.CharField(max_length=SAID, blank=True)
    released = models.BooleanField(default=True)
    """Whether nothing of a refused one is left to take down."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link_hash"], condition=~Q(link_hash=""), name="sign_up_link_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["working", "ready", "failed"]) | Q(verified_at__isnull=False),
                name="sign_up_verified_before_work",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "tried_at"], name="sign_up_by_state"),
            models.Index(fields=["email_hash", "-created_at"], name="sign_up_by_mail"),
            models.Index(fields=["sender_hash", "-created_at"], name="sign_up_by_sender"),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.state}"


class SignUpStep(models.Model):
    """A step on the way to a company's space: when it was begun, when it was done, what went wrong."""

    class Name(models.TextChoices):
        REGISTER = "register"
        SPACE = "space"
        SUBSCRIPTION = "subscription"
        SEED = "seed"
        ADMINISTRATOR = "administrator"
        READY = "ready"

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    sign_up = models.ForeignKey(SignUp, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=14, choices=Name.choices)
    position = models.IntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    began_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    error = models.CharField(max_length=SAID, blank=True)
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    said_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sign_up", "name"], name="sign_up_step_once")]

    def __str__(self) -> str:
        return f"{self.sign_up_id} {self.name}: {self.state}"


class CompanyHost(models.Model):
    """A host that a company brings: asked for, its DNS proven, its certificate proven, then served."""

    class State(models.TextChoices):
        PENDING = "pending"
        PROVEN = "proven"
        SERVED = "served"
        STOPPED = "stopped"
        LOST = "lost"
        REMOVED = "removed"

    retailer = models.ForeignKey("tenancy.Retailer", on_delete=models.CASCADE, related_name="own_hosts")
    host = models.CharField(max_length=253)
    token = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    added_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    text_at = models.DateTimeField(null=True)
    """When the text record was last seen; so are the following two."""
    points_at = models.DateTimeField(null=True)
    secure_at = models.DateTimeField(null=True)
    certificate_until = models.DateTimeField(null=True)
    served_at = models.DateTimeField(null=True)
    missing_since = models.DateTimeField(null=True)
    outside_plan_since = models.DateTimeField(null=True)
    """Since when the company's plan holds no hosts of its own; after a time of grace the host is stopped."""
    told_at = models.DateTimeField(null=True)
    """When the administrators were mailed about that; empty until then."""
    problem = models.CharField(max_length=40, blank=True)
    problem_facts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["retailer", "host"], condition=~Q(state="removed"), name="company_host_once"
            ),
            models.UniqueConstraint(
                fields=["host"], condition=Q(state__in=["proven", "served"]), name="company_host_of_one"
            ),
        ]
        indexes = [models.Index(fields=["state", "checked_at"], name="company_host_to_check")]

    def __str__(self) -> str:
        return f"{self.host}: {self.state}"
