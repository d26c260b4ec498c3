"""The second factor: who must have one, who has, and how its secrets stand in the database (sealed)."""

from __future__ import annotations

import base64
import datetime as dt

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone, translation

from identity import attempts, capabilities, devices, models, operations, policy
from identity.sign_in import too_many_attempts
from kernel import texts
from kernel.errors import Conflict, gettext_noop
from tenancy import context, vault

PURPOSE = "second factor"
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def is_required(*, user: models.User, rules: models.SecurityPolicy | None = None) -> bool:
    """This will return whether a person must have a second factor: the host's people always, staff by the policy."""
    if capabilities.Role.OPERATOR in user.roles:
        return True
    return user.is_staff_member and (rules or policy.present()).staff_second_factor


def is_held(*, user: models.User) -> bool:
    """This will return whether a person has one that opens the door (recovery codes alone do not)."""
    return Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists()


def is_missing(*, user: models.User, rules: models.SecurityPolicy | None = None) -> bool:
    """This will return whether a person must set one up before anything else."""
    return is_required(user=user, rules=rules) and not is_held(user=user)


def holders() -> set[int]:
    """This will return the numbers of all people who have one."""
    return set(Authenticator.objects.filter(type__in=FACTORS).values_list("user_id", flat=True))


def overview(*, user: models.User) -> dict[str, list[Authenticator]]:
    """This will return what a person has, by type, the oldest first."""
    found: dict[str, list[Authenticator]] = {}
    for each in Authenticator.objects.filter(user_id=user.pk).order_by("created_at", "id"):
        found.setdefault(str(each.type), []).append(each)
    return found


@transaction.atomic
def reset(*, user: models.User, by: models.User | None, at: dt.datetime) -> None:
    """This will take a lost second factor away and end the person's sessions; nobody resets his own this way."""
    from identity import alerts, sessions

    if by is not None and by.pk == user.pk:
        raise Conflict(reason=gettext_noop("nobody resets his own second factor; use the account's security page."))
    Authenticator.objects.filter(user_id=user.pk).delete()
    sessions.end_all(user=user, at=at)
    operations.record(action="second_factor.reset", subject=f"user {user.pk}", by=by, at=at)
    alerts.tell(kind=alerts.KINDS.FACTOR_CHANGED, at=at, user=user, details={"change": "reset"}, mail=True, again=True)


class Adapter(DefaultMFAAdapter):
    """The library's hooks: sealed secrets, the company's name, no way around a second factor that is asked for."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(vault.seal(values={"text": text}, purpose=PURPOSE)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return vault.unseal(sealed=base64.b64decode(encrypted_text), purpose=PURPOSE)["text"]

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        user = models.User.objects.get(pk=authenticator.user_id)
        others = Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exclude(pk=authenticator.pk)
        return others.exists() or not is_required(user=user)

    def _get_site_name(self) -> str:
        return texts.pick(context.current_retailer().names, translation.get_language() or "en")

    def _get_user_identifier(self, user: AbstractBaseUser) -> str:
        return str(getattr(user, "email", user))


class _Counted(forms.Form):
    """A code is a try like a password: wrong ones lock the account."""

    user: models.User

    def clean_code(self) -> str:
        from allauth.core import context as allauth_context

        request = allauth_context.request
        tried = attempts.begin(
            email=self.user.email,
            address=devices.address_of(request),
            mark=devices.mark_of(request).hashed,
            device=devices.name_of(request),
            at=timezone.now(),
            second=True,
        )
        if tried is None:
            raise too_many_attempts()
        code: str = super().clean_code()  # type: ignore[misc]
        attempts.take_back(attempt=tried)
        return code


class CodeForm(_Counted, AuthenticateForm):
    """The code after the password."""


class CodeAgainForm(_Counted, ReauthenticateForm):
    """The code before a sensitive deed."""
