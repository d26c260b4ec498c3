"""The mark of a browser: a random number in a signed cookie that says which company's it is.

A person's known browser is not told a stranger by it, and a lock that strangers provoke does not lock it out. A mark
that another company signed is worth nothing here, and tells that somebody carries cookies from house to house.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from allauth.core.internal.ratelimit import truncate_ip
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse

from tenancy import context

TOKEN_BYTES = 16
KEPT_SECONDS = 365 * 24 * 3600
LONGEST_NAME = 200
_SIGNER = Signer(salt="identity.device")
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("MicroMessenger", "WeChat"), ("Firefox/", "Firefox"),
             ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("HarmonyOS", "HarmonyOS"),
            ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """What a browser showed: the hash of its number, empty without one, and whose number it was if not ours."""

    hashed: str = ""
    foreign: str = ""


def mark_of(request: HttpRequest) -> Mark:
    """This will return the mark that the browser shows at the present company."""
    try:
        schema, _, token = _SIGNER.unsign(request.COOKIES.get(cookie_name(), "")).partition(":")
    except BadSignature:
        return Mark()
    if schema != context.current_schema():
        return Mark(foreign=schema)
    return Mark(hashed=_hash(token))


def give(request: HttpRequest) -> str:
    """This will return the hash of the browser's mark; a browser without one gets one with the answer."""
    shown = mark_of(request).hashed
    if shown:
        return shown
    token = secrets.token_urlsafe(TOKEN_BYTES)
    request._device_token = token  # type: ignore[attr-defined]
    return _hash(token)


def remember(request: HttpRequest, response: HttpResponse) -> None:
    """This will put a mark that was given during the request into the answer."""
    token = getattr(request, "_device_token", "")
    if token:
        value = _SIGNER.sign(f"{context.current_schema()}:{token}")
        response.set_cookie(
            cookie_name(), value, max_age=KEPT_SECONDS, secure=settings.HTTPS, httponly=True, samesite="Lax"
        )


def cookie_name() -> str:
    """This will return the cookie's name; bound to the host under HTTPS."""
    return "__Host-device" if settings.HTTPS else "gridhall_device"


def address_of(request: HttpRequest) -> str:
    """This will return the sender's address as the trusted proxies wrote it, IPv6 by its network; empty if unknown."""
    if not request.META.get("REMOTE_ADDR"):
        return ""
    try:
        return truncate_ip(get_adapter().get_client_ip(request))[:45]
    except PermissionDenied:
        return ""


def network_of(address: str) -> str:
    """This will return the part of an address that stays when a line gets a new one: three numbers, or the network."""
    return address.rpartition(".")[0] or address


def name_of(request: HttpRequest) -> str:
    """This will return browser and system as far as they tell, such as ``Firefox · Windows``."""
    agent = request.META.get("HTTP_USER_AGENT", "")
    known = [next((name for word, name in words if word in agent), "") for words in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, known)) or agent[:LONGEST_NAME]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
