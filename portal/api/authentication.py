"""Who asks: a program with a key. Staff who are signed in may read the reference, nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from identity import operations as identity_operations
from identity import queries as identity_queries
from identity import watching

SCHEME = "Bearer"
SECRET = re.compile(r"gh[0-9a-f]{8}\.[A-Za-z0-9_-]{20,128}")


@dataclass(frozen=True, slots=True)
class Caller:
    """A program, allowed what its key's scopes allow."""

    key: Any
    is_authenticated: bool = True

    @property
    def pk(self) -> int:
        return int(self.key.pk)

    @property
    def name(self) -> str:
        return str(self.key.name)

    @property
    def rate_name(self) -> str:
        return f"key:{self.pk}"

    def can(self, capability: str) -> bool:
        return capability in self.key.scopes


@dataclass(frozen=True, slots=True)
class Reader:
    """A member of staff who is signed in; reads the reference and nothing else."""

    user: Any
    is_authenticated: bool = True

    @property
    def rate_name(self) -> str:
        return f"reader:{self.user.pk}"

    def can(self, capability: str) -> bool:
        return False


class KeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer gh1a2b3c4d.secret``; the key is looked for in the company of the host alone."""

    def authenticate(self, request: Request) -> tuple[Caller, Any] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        scheme, _space, secret = header.partition(" ")
        key = identity_queries.valid_key(secret=secret) if _is_secret(scheme, secret) else None
        if key is None:
            watching.note_foreign_key(request=request._request, secret=secret, at=timezone.now())
            raise AuthenticationFailed(_("This key is not valid here. Keys belong to one company and can be revoked."))
        identity_operations.note_use(key=key, at=timezone.now())
        request._request.api_key = key  # type: ignore[attr-defined]
        return Caller(key), key

    def authenticate_header(self, request: Request) -> str:
        return f'{SCHEME} realm="api"'


class StaffSession(BaseAuthentication):
    """The session of staff, for the reference alone: nothing that changes anything accepts it."""

    def authenticate(self, request: Request) -> tuple[Reader, None] | None:
        user = getattr(request._request, "user", None)
        return (Reader(user), None) if user is not None and getattr(user, "is_staff_member", False) else None


class KeyScheme(OpenApiAuthenticationExtension):
    """How a key is shown in the description: each operation names the scope it needs."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key of this company, with scopes."}

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        scope = auto_schema.view.needed_scope
        return {self.name: [str(scope)] if scope else []}


def _is_secret(scheme: str, secret: str) -> bool:
    return scheme.lower() == SCHEME.lower() and SECRET.fullmatch(secret) is not None
