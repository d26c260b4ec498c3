"""People and keys: made, changed, taken back; each act leaves an audit event."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from identity import capabilities, models, origins, queries, trail
from kernel.errors import Conflict, GridhallError, Invalid, gettext_noop

PREFIX_BYTES = 4
SECRET_BYTES = 32
USE_NOTED_EVERY = dt.timedelta(minutes=1)


class EmailTaken(GridhallError):
    """Someone of this retailer signs in with that address already."""

    code = "email_taken"
    template = gettext_noop("Someone signs in with {email} already. Use another address or change that person.")


class UnknownRole(GridhallError):
    """A role that does not exist was given."""

    code = "unknown_role"
    template = gettext_noop("There is no role “{role}”. Choose one of: {roles}.")


@transaction.atomic
def create_user(
    *,
    email: str,
    name: str,
    roles: Collection[str],
    at: dt.datetime,
    password: str | None = None,
    language: str = "",
    by: models.User | None = None,
) -> models.User:
    """Create a person who signs in; without a password he sets one by the reset link."""
    _check_email(email)
    _check_roles(roles)
    if models.User.objects.filter(email__iexact=email).exists():
        raise EmailTaken(where="email", email=email)
    user = models.User(email=email, name=name, roles=sorted(roles), language=language, created_at=at)
    set_password(user=user, password=password)
    _save_new(user)
    record(action="user.create", subject=f"user {user.pk}", by=by, at=at, details={"roles": sorted(roles)})
    return user


def set_password(*, user: models.User, password: str | None) -> None:
    """Set a checked password, or none at all; the caller saves."""
    if password is None:
        user.set_unusable_password()
        return
    try:
        password_validation.validate_password(password, user)
    except ValidationError as refusal:
        raise Invalid(where="password", reason=" ".join(refusal.messages)) from refusal
    user.set_password(password)


def change_language(*, user: models.User, language: str) -> None:
    """Remember in which language a person wants to be addressed; raises Invalid for one the platform does not speak."""
    if language not in dict(settings.LANGUAGES):
        raise Invalid(where="language", reason=gettext_noop("“{language}” is not offered."), language=language)
    user.language = language
    user.save(update_fields=["language"])


@transaction.atomic
def deactivate_user(*, user: models.User, at: dt.datetime, by: models.User) -> None:
    """End a person's access, his sessions and the keys he made; nobody ends his own."""
    if user.pk == by.pk:
        raise Conflict(reason=gettext_noop("nobody can end his own access."))
    from identity import sessions

    user.is_active = False
    user.save(update_fields=["is_active"])
    sessions.end_all(user=user, at=at)
    record(action="user.deactivate", subject=f"user {user.pk}", by=by, at=at)


@transaction.atomic
def create_key(*, name: str, scopes: Collection[str], by: models.User, at: dt.datetime) -> tuple[models.ApiKey, str]:
    """Create a program's key; return it with the secret, which is shown this once."""
    unknown = sorted(set(scopes) - {str(c) for c in capabilities.Capability})
    if unknown:
        raise Invalid(where="scopes", reason=gettext_noop("Unknown scopes: {scopes}."), scopes=", ".join(unknown))
    beyond = sorted(set(scopes) - {str(c) for c in by.capabilities})
    if beyond:
        raise capabilities.NotAllowed(where="scopes", capability=", ".join(beyond))
    prefix = "gh" + secrets.token_hex(PREFIX_BYTES)
    secret = origins.marked(f"{prefix}.{secrets.token_urlsafe(SECRET_BYTES)}")
    key = models.ApiKey.objects.create(
        name=name,
        prefix=prefix,
        hashed=queries.hash_secret(secret),
        scopes=sorted(scopes),
        created_by=by,
        created_at=at,
    )
    record(action="key.create", subject=f"key {prefix}", by=by, at=at, details={"scopes": sorted(scopes)})
    return key, secret


@transaction.atomic
def revoke_key(*, key: models.ApiKey, by: models.User, at: dt.datetime) -> None:
    """Take a program's key back at once."""
    key.revoked_at = at
    key.save(update_fields=["revoked_at"])
    record(action="key.revoke", subject=f"key {key.prefix}", by=by, at=at)


def note_use(*, key: models.ApiKey, at: dt.datetime) -> None:
    """Note when a key was last used, to the minute."""
    if key.last_used_at is None or at - key.last_used_at >= USE_NOTED_EVERY:
        models.ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)


def record(
    *,
    action: str,
    subject: str,
    at: dt.datetime,
    by: models.User | None = None,
    details: dict[str, Any] | None = None,
) -> models.AuditEvent:
    """Write down who did what to what; it is chained after the commit."""
    event = models.AuditEvent.objects.create(
        at=at, actor=by, actor_name=by.name if by else "platform", action=action, subject=subject, details=details or {}
    )
    trail.seal_soon()
    return event


def _check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as refusal:
        raise Invalid(where="email", reason=" ".join(refusal.messages)) from refusal


def _save_new(user: models.User) -> None:
    """Save a person; the database knows best whether somebody took the address in the same moment."""
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as refusal:
        if "user_email_unique" not in str(refusal):
            raise
        raise EmailTaken(where="email", email=user.email) from refusal


def _check_roles(roles: Collection[str]) -> None:
    known = [str(role) for role in capabilities.Role]
    unknown = sorted(set(roles) - set(known))
    if unknown:
        raise UnknownRole(where="roles", role=unknown[0], roles=", ".join(known))
