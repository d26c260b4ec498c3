"""Sign-in by mail address and password, in the retailer of the host alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import HttpRequest
from django.urls import reverse

from identity import models
from tenancy import context, hosts

__all__ = ["AccountAdapter", "ResetTokenGenerator", "RetailerBackend"]


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

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        user = request.user
        if user.is_authenticated and user.is_staff_member:
            return "/console/"
        return "/"

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link at the company's own address: the Host header of who asks may name another port."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return hosts.address(context.current_retailer()) + path.replace("UID-KEY", quote(key))

    def get_from_email(self) -> str:
        retailer = context.current_retailer()
        brand = getattr(retailer, "brand", None)
        return (brand and brand.sender_email) or f"no-reply@{retailer.code}.invalid"

    def render_mail(self, template_prefix: str, email: Any, context: Any, headers: Any = None) -> Any:
        return super().render_mail(template_prefix, email, {**context, **self._brand_words()}, headers)

    def _brand_words(self) -> dict[str, Any]:
        retailer = context.current_retailer()
        return {"retailer": retailer, "brand": getattr(retailer, "brand", None)}
