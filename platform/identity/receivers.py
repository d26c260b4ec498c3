"""What follows a sign-in, a sign-out, a new password and a change of the second factor."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.utils import timezone

from identity import alerts, attempts, devices, operations, sessions


@receiver(user_logged_in)
def _signed_in(sender: Any, request: Any, user: Any, **_: Any) -> None:
    if not user.is_active:
        return  # somebody of the host, whose visits are written down by themselves
    at = timezone.now()
    attempts.succeed(
        email=user.email,
        address=devices.address_of(request),
        mark=devices.mark_of(request).hashed,
        device=devices.name_of(request),
        at=at,
    )
    sessions.open_session(request=request, user=user, at=at)


@receiver(user_logged_out)
def _signed_out(sender: Any, request: Any, user: Any, **_: Any) -> None:
    if user is not None and request.session.session_key:
        sessions.close(session_key=request.session.session_key, at=timezone.now())


@receiver([password_changed, password_set])
def _password_changed(sender: Any, request: Any, user: Any, **_: Any) -> None:
    at = timezone.now()
    state = request.session.get(sessions.STATE) or {}
    sessions.end_all(user=user, at=at, keep=state.get("key"))
    operations.record(action="user.password", subject=f"user {user.pk}", by=user, at=at)


@receiver(password_reset)
def _password_reset(sender: Any, user: Any, **_: Any) -> None:
    at = timezone.now()
    sessions.end_all(user=user, at=at)
    attempts.forgive(email=user.email, at=at)
    operations.record(action="user.password", subject=f"user {user.pk}", by=user, at=at, details={"by": "link"})


@receiver([authenticator_added, authenticator_removed, authenticator_reset])
def _factor_changed(sender: Any, signal: Any, request: Any, user: Any, authenticator: Any, **_: Any) -> None:
    names = {id(authenticator_added): "added", id(authenticator_removed): "removed", id(authenticator_reset): "renewed"}
    at, details = timezone.now(), {"change": names[id(signal)], "factor": str(authenticator.type)}
    operations.record(action="second_factor.change", subject=f"user {user.pk}", by=user, at=at, details=details)
    alerts.tell(kind=alerts.KINDS.FACTOR_CHANGED, at=at, user=user, details=details, mail=True, again=True)
    sessions.renew(request=request, user=user, at=at)
