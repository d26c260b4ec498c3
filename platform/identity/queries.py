"""Who may sign in here, and what was done."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection

from django.db.models import QuerySet

from identity import capabilities, models
from kernel.errors import NotFound


def staff() -> QuerySet[models.User]:
    """Return the people who hold a post, by name."""
    return models.User.objects.filter(roles__overlap=[str(r) for r in capabilities.STAFF_ROLES]).order_by("name", "id")


def with_role(*, role: str) -> QuerySet[models.User]:
    """Return the active people who hold one post, by name."""
    return models.User.objects.filter(roles__contains=[role], is_active=True).order_by("name", "id")


def user(*, user_id: int) -> models.User:
    """Return a user of this retailer; raises NotFound."""
    found = models.User.objects.filter(pk=user_id).first()
    if found is None:
        raise NotFound(what="user", name=user_id)
    return found


def people(*, user_ids: Collection[int]) -> QuerySet[models.User]:
    """Return the users of this retailer with those numbers, whatever posts they hold."""
    return models.User.objects.filter(pk__in=user_ids)


def user_by_email(*, email: str) -> models.User:
    """Return the user who signs in with ``email``; raises NotFound."""
    found = models.User.objects.filter(email__iexact=email).first()
    if found is None:
        raise NotFound(what="user", name=email)
    return found


def valid_key(*, secret: str) -> models.ApiKey | None:
    """Return the unrevoked key that ``secret`` opens, or None; with its maker's access his keys end too."""
    prefix = secret.partition(".")[0]
    valid = models.ApiKey.objects.filter(revoked_at__isnull=True, created_by__is_active=True)
    key = valid.filter(prefix=prefix).first()
    return key if key and hmac.compare_digest(key.hashed, hash_secret(secret)) else None


def keys() -> QuerySet[models.ApiKey]:
    """Return the keys of programs, newest first."""
    return models.ApiKey.objects.select_related("created_by").order_by("-created_at", "-id")


def audit_events() -> QuerySet[models.AuditEvent]:
    """Return what was done, newest first."""
    return models.AuditEvent.objects.order_by("-at", "-id")


def hash_secret(secret: str) -> str:
    """Return what is stored of a key's secret: SHA-256, for it has 256 random bits itself."""
    return hashlib.sha256(secret.encode()).hexdigest()
