"""The registry in ``public``: who is hosted, under which addresses, looking how. Never a person."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django_tenants.models import DomainMixin, TenantMixin

from tenancy import company_keys
from tenancy.fleet_models import FleetMigration, FleetRun, Heartbeat

__all__ = ["Brand", "Domain", "FleetMigration", "FleetRun", "Heartbeat", "Retailer", "SchemaTemplate"]
SCHEMA_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
SCHEMA_LENGTH = 12
_KEYS = "key_envelope"
"""Never written with the rest of a row: a copy read earlier would take a newer key away."""


def generate_schema_name() -> str:
    """Return ``t_`` and twelve random characters: nobody types the name of a schema."""
    return "t_" + "".join(secrets.choice(SCHEMA_ALPHABET) for _ in range(SCHEMA_LENGTH))


def default_languages() -> list[str]:
    return ["zh-hans", "en"]


class Retailer(TenantMixin):
    """A company hosted here, or the operator itself. The database role has the schema's name."""

    class Kind(models.TextChoices):
        RETAILER = "retailer"
        OPERATOR = "operator"

    class Status(models.TextChoices):
        PROVISIONING = "provisioning"
        ACTIVE = "active"
        SUSPENDED = "suspended"
        DELETED = "deleted"

    auto_create_schema = False
    auto_drop_schema = False

    code = models.CharField(max_length=40, unique=True, validators=[RegexValidator(r"^[a-z][a-z0-9-]{1,39}$")])
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.RETAILER)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PROVISIONING)
    names = models.JSONField(default=dict)
    legal_name = models.CharField(max_length=200, blank=True)
    market = models.CharField(max_length=8)
    region = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=64)
    default_language = models.CharField(max_length=10, default="en")
    languages = models.JSONField(default=default_languages)
    standing = models.JSONField(default=dict, blank=True)  # written by hosting; empty: nothing is limited
    live_since = models.DateTimeField(null=True, blank=True)  # when the company declared its space to be in earnest
    demo_until = models.DateTimeField(null=True, blank=True)  # a space with synthetic data: nothing leaves it
    key_envelope = models.JSONField(default=dict, blank=True, editable=False)  # tenancy.company_keys alone writes it
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(schema_name__regex=r"^t_[a-z0-9]{12}$"), name="retailer_schema_name_generated"
            ),
            models.UniqueConstraint(fields=["kind"], condition=models.Q(kind="operator"), name="retailer_one_operator"),
        ]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row only: the schema is made by ``tenancy.provisioning`` as owner. A new company gets its key."""
        if self._state.adding and not self.key_envelope:
            self.key_envelope = company_keys.new_envelope()
        elif not self._state.adding and kwargs.get("update_fields") is None:
            fields = self._meta.concrete_fields
            kwargs["update_fields"] = [each.name for each in fields if not each.primary_key and each.name != _KEYS]
        models.Model.save(self, *args, **kwargs)

    @property
    def is_operator(self) -> bool:
        return self.kind == self.Kind.OPERATOR

    @property
    def is_demo(self) -> bool:
        """Whether everything in it is made up, so that no message may leave it."""
        return self.demo_until is not None


class Domain(DomainMixin):
    """A host name under which one retailer is reached."""

    class Meta:
        pass

    def __str__(self) -> str:
        return self.domain


class Brand(models.Model):
    """How a retailer looks to its customers: colours, logo, sender and texts."""

    retailer = models.OneToOneField(Retailer, on_delete=models.CASCADE, related_name="brand")
    primary_color = models.CharField(max_length=7, default="#1f5fae")
    accent_color = models.CharField(max_length=7, default="#e0862a")
    logo = models.BinaryField(blank=True, default=b"")
    logo_type = models.CharField(max_length=40, blank=True)
    tagline = models.JSONField(default=dict, blank=True)
    support_phone = models.CharField(max_length=40, blank=True)
    support_email = models.EmailField(blank=True)
    sender_email = models.EmailField(blank=True)
    address = models.JSONField(default=dict, blank=True)
    tax_number = models.CharField(max_length=40, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(primary_color__regex=r"^#[0-9a-f]{6}$")
                & models.Q(accent_color__regex=r"^#[0-9a-f]{6}$"),
                name="brand_colors_are_hex",
            )
        ]

    def __str__(self) -> str:
        return f"brand of {self.retailer_id}"


class SchemaTemplate(models.Model):
    """The dump of a fresh tenant schema; a new company is replayed from the latest."""

    fingerprint = models.CharField(max_length=64, unique=True)
    sql = models.TextField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.fingerprint
