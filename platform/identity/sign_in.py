"""Sign-in by mail address and password, in the retailer of the host alone."""

from __future__ import annotations

import logging
import time
from typing import Any
from urllib.parse import quote

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal import stagekit
from allauth.account.internal.flows.login import get_authentication_records
from django.contrib import messages
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from identity import attempts, devices, models, origins, policy
from tenancy import context, hosts

__all__ = ["AccountAdapter", "ResetTokenGenerator", "RetailerBackend"]
_log = logging.getLogger(__name__)


def too_many_attempts() -> ValidationError:
    """Return the refusal of a locked account: the same for people we know and for strangers."""
    sentence = _(
        "Too many failed attempts. Try again in {minutes} minutes, set a new password by the link below, "
        "or ask an administrator to unlock the account."
    )
    return ValidationError(sentence.format(minutes=policy.present().lock_minutes), code="too_many_login_attempts")


def is_fresh(request: HttpRequest) -> bool:
    """Return whether the person signed in, or confirmed it, a short while ago (the library's time for it)."""
    user: Any = getattr(request, "user", None)
    records = get_authentication_records(request, user) if user is not None and user.is_authenticated else []
    return bool(records) and time.time() - records[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT


class RetailerBackend(BaseBackend):
    """Checks a password against the users of the present retailer."""

    def authenticate(
        self, request: HttpRequest | None, email: str | None = None, password: str | None = None, **credentials: Any
    ) -> models.User | None:
        address = email or credentials.get("username")
        if not address or password is None:
            return None
        user = models.User.objects.filter(email__iexact=address).first()
        if user is None:
            models.User().set_password(password)  # the same time for an unknown address
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> models.User | None:
        return models.User.objects.filter(pk=user_id, is_active=True).first()


class ResetTokenGenerator(PasswordResetTokenGenerator):
    """A token that another retailer's host does not accept."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{context.required_schema()}{super()._make_hash_value(user, timestamp)}"


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by himself; people go where their role is at home."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        super().pre_authenticate(request, **credentials)
        self._attempt = attempts.begin(
            email=credentials.get("email") or credentials.get("username") or "",
            address=devices.address_of(request),
            mark=devices.mark_of(request).hashed,
            device=devices.name_of(request),
            at=timezone.now(),
        )
        if self._attempt is None:
            raise too_many_attempts()

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        user = super().authenticate(request, **credentials)
        if user is not None and self._attempt is not None:
            attempts.take_back(attempt=self._attempt)
        return user

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> Any:
        """Refuse every other way in to who must use the company's own service."""
        from identity import single_sign_on

        rules = None if getattr(request, "_by_single_sign_on", False) else single_sign_on.must_use(user=user)
        if rules is None:
            return super().pre_login(request, user, **kwargs)
        stagekit.clear_login(request)
        sentence = _("Staff of this company sign in with {service}. Use the button below.")
        messages.error(request, sentence.format(service=rules.title))
        return HttpResponseRedirect(reverse("account_login"))

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        from identity import single_sign_on

        by_service = single_sign_on.SESSION in request.session
        return reverse("sso_signed_out") if by_service else super().get_logout_redirect_url(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Let the workers see whether somebody must be told; the answer takes as long for strangers."""
        from identity import tasks

        email = credentials.get("email") or credentials.get("username") or ""
        send_task(tasks.look_at_failures, attempts.plain(email), devices.address_of(request))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return False for who signed in a moment ago: he is not asked twice."""
        return not is_fresh(self.request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        user: Any = request.user
        if user.is_authenticated and user.is_staff_member:
            return "/console/"
        return "/"

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link at the company's own address: the Host header of who asks may name another port."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return origins.signed_link(hosts.address(context.current_retailer()) + path.replace("UID-KEY", quote(key)))

    def get_from_email(self) -> str:
        retailer = context.current_retailer()
        brand = getattr(retailer, "brand", None)
        return (brand and brand.sender_email) or f"no-reply@{retailer.code}.invalid"

    def render_mail(self, template_prefix: str, email: Any, context: Any, headers: Any = None) -> Any:
        return super().render_mail(template_prefix, email, {**context, **self._brand_words()}, headers)

    def _brand_words(self) -> dict[str, Any]:
        retailer = context.current_retailer()
        return {"retailer": retailer, "brand": getattr(retailer, "brand", None)}


def send_task(task: Any, *args: Any) -> bool:
    """Hand a task to the workers; False when the queue does not answer."""
    try:
        task.delay(*args)
    except OperationalError:
        _log.warning("The queue does not answer: %s was not sent.", task.name)
        return False
    return True
