"""What companies are offered, what each one signed, what it used and what it owes the host: numbers, never a person."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

CURRENCY, REFERENCE = r"^[A-Z]{3}$", 120


class Interval(models.TextChoices):
    """How often the base price is due."""

    MONTH = "month"
    YEAR = "year"


class Plan(models.Model):
    """A plan as it is offered; what it holds stands in its versions."""

    code = models.CharField(max_length=40)
    position = models.IntegerField(default=0)
    is_offered = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code"], name="plan_code_unique")]

    def __str__(self) -> str:
        return self.code


class PlanVersion(models.Model):
    """What a plan held at one time; never changed, so a company keeps what it signed."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    number = models.IntegerField()
    titles = models.JSONField()
    summaries = models.JSONField(default=dict)
    features = models.JSONField(default=list)
    limits = models.JSONField(default=dict)
    prices = models.JSONField(default=dict)
    terms = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="plan_version_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} version {self.number}"


class ProviderPrice(models.Model):
    """Under which reference the payment provider knows a price of a version."""

    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="provider_prices")
    currency = models.CharField(max_length=3)
    interval = models.CharField(max_length=5, choices=Interval.choices)
    kind = models.CharField(max_length=8)
    reference = models.CharField(max_length=REFERENCE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "currency", "interval", "kind"], name="provider_price_once"),
        ]

    def __str__(self) -> str:
        return self.reference


class Coupon(models.Model):
    """A share taken off the price, for some months or for good."""

    code = models.CharField(max_length=40)
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    months = models.IntegerField(null=True)
    is_active = models.BooleanField(default=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="coupon_code_unique"),
            models.CheckConstraint(condition=Q(percent__gt=0, percent__lte=100), name="coupon_percent_of_hundred"),
            models.CheckConstraint(condition=Q(months__isnull=True) | Q(months__gt=0), name="coupon_months_positive"),
        ]

    def __str__(self) -> str:
        return self.code


class Subscription(models.Model):
    """What a company signed and how it stands with the host."""

    class State(models.TextChoices):
        TRIAL = "trial"
        ACTIVE = "active"
        PAST_DUE = "past_due"
        READ_ONLY = "read_only"
        SUSPENDED = "suspended"
        ENDED = "ended"

    class Collection(models.TextChoices):
        STRIPE = "stripe"
        MANUAL = "manual"
        FREE = "free"

    retailer = models.OneToOneField("tenancy.Retailer", on_delete=models.CASCADE, related_name="subscription")
    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="subscriptions")
    interval = models.CharField(max_length=5, choices=Interval.choices, default=Interval.MONTH)
    currency = models.CharField(max_length=3)
    collection = models.CharField(max_length=6, choices=Collection.choices)
    state = models.CharField(max_length=9, choices=State.choices)
    entered_at = models.DateTimeField()
    trial_ends_at = models.DateTimeField(null=True)
    unpaid_since = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    period_start = models.DateField(null=True)
    period_end = models.DateField(null=True)
    anchor_day = models.IntegerField(default=1)
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, null=True, related_name="subscriptions")
    coupon_until = models.DateField(null=True)
    credit = models.DecimalField(max_digits=16, decimal_places=4, default=Decimal(0))
    closed_doors = models.BooleanField(default=False)
    provider_customer = models.CharField(max_length=REFERENCE, blank=True)
    provider_subscription = models.CharField(max_length=REFERENCE, blank=True)
    provider_round = models.IntegerField(default=0)
    followed_at = models.DateTimeField(null=True)
    told_state = models.CharField(max_length=9, choices=State.choices, blank=True, default="", db_default="")
    """Of which state the company's administrators were told by mail last; they are told of those that need a deed."""
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(currency__regex=CURRENCY), name="subscription_currency_code"),
            models.CheckConstraint(condition=Q(credit__gte=0), name="subscription_credit_not_negative"),
            models.CheckConstraint(
                condition=Q(period_start__isnull=True, period_end__isnull=True) | Q(period_end__gt=F("period_start")),
                name="subscription_period_forward",
            ),
            models.UniqueConstraint(
                fields=["provider_customer"], condition=~Q(provider_customer=""), name="subscription_customer_once"
            ),
        ]
        indexes = [models.Index(fields=["state"], name="subscription_by_state")]

    def __str__(self) -> str:
        return f"{self.retailer_id}: {self.state}"


class HostingInvoice(models.Model):
    """What the host charges a company, by its own hand or as the payment provider reports it."""

    class State(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        PAID = "paid"
        VOID = "void"

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="invoices")
    occasion = models.CharField(max_length=REFERENCE)
    source = models.CharField(max_length=6, choices=Subscription.Collection.choices)
    state = models.CharField(max_length=5, choices=State.choices)
    number = models.CharField(max_length=60, blank=True)
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=14, decimal_places=2)
    lines = models.JSONField(default=list)
    made_at = models.DateTimeField()
    period_start = models.DateField(null=True)
    period_end = models.DateField(null=True)
    issued_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    failed = models.BooleanField(default=False)
    page = models.CharField(max_length=400, blank=True)
    document = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["occasion"], name="hosting_invoice_once"),
            models.UniqueConstraint(
                fields=["number"], condition=Q(source="manual") & ~Q(number=""), name="hosting_invoice_number_once"
            ),
        ]
        indexes = [models.Index(fields=["subscription", "-made_at"], name="hosting_invoice_of_company")]

    def __str__(self) -> str:
        return self.number or self.occasion


class Usage(models.Model):
    """What a company used on a day (UTC): counts alone. Written again while the day lasts, never after."""

    retailer = models.ForeignKey("tenancy.Retailer", on_delete=models.CASCADE, related_name="usage")
    day = models.DateField()
    supply_points = models.BigIntegerField(default=0)
    staff = models.BigIntegerField(default=0)
    api_calls = models.BigIntegerField(default=0)
    storage_bytes = models.BigIntegerField(default=0)
    readings = models.BigIntegerField(default=0)
    charged = models.BooleanField(default=False)
    measured_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=200, blank=True)
    invoice = models.ForeignKey(HostingInvoice, on_delete=models.PROTECT, null=True, related_name="days")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["retailer", "day"], name="usage_once_a_day")]
        indexes = [
            models.Index(fields=["day"], condition=Q(reported_at__isnull=True, charged=True), name="usage_to_report")
        ]

    def __str__(self) -> str:
        return f"{self.retailer_id} on {self.day}"


class ApiCalls(models.Model):
    """How often a company's programs asked on a day (UTC)."""

    retailer = models.ForeignKey("tenancy.Retailer", on_delete=models.CASCADE, related_name="api_calls")
    day = models.DateField()
    calls = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["retailer", "day"], name="api_calls_once_a_day")]

    def __str__(self) -> str:
        return f"{self.retailer_id} on {self.day}: {self.calls}"


class BillingMessage(models.Model):
    """A message of the payment provider to the host: stored once, it only says at which customer to look."""

    class State(models.TextChoices):
        NEW = "new"
        DONE = "done"
        IGNORED = "ignored"
        FAILED = "failed"

    reference = models.CharField(max_length=REFERENCE)
    kind = models.CharField(max_length=80)
    customer = models.CharField(max_length=REFERENCE, blank=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.NEW)
    tries = models.IntegerField(default=0)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reference"], name="billing_message_once")]
        indexes = [models.Index(fields=["received_at"], condition=Q(state="new"), name="billing_message_waiting")]

    def __str__(self) -> str:
        return self.reference
