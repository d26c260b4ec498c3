"""Asking a company's sign-in service: over TLS, at public addresses alone, never redirected, bounded in size and time.

The address is looked up once and the connection goes to what was checked, so that a name that answers differently the
next moment (DNS rebinding) leads nowhere inside the host's own network.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from django.conf import settings

from kernel.errors import GridhallError, gettext_noop

TIMEOUT_SECONDS = 8
LONGEST_SECONDS = 15
LARGEST_BYTES = 1_000_000
PART_BYTES = 65_536
OK = 200
PORTS = {"https": 443, "http": 80}
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(GridhallError):
    """An address that is not a public one over TLS."""

    code = "sso_address_refused"
    template = gettext_noop("“{url}” is refused: {reason}")


class Unreachable(GridhallError):
    """The service did not answer, or not with what was asked."""

    code = "sso_unreachable"
    template = gettext_noop("The sign-in service did not answer as expected at {url}: {reason}")


NOT_TLS = gettext_noop("an address must begin with https://.")
NOT_PLAIN = gettext_noop("an address holds a host and a path, without user, password or fragment.")
NOT_PUBLIC = gettext_noop("the host leads to a private or local address.")
NOT_FOUND = gettext_noop("the host name is not known.")
NOT_JSON = gettext_noop("the answer is no JSON object.")
TOO_LARGE = gettext_noop("the answer is too large or takes too long.")
NO_ANSWER = gettext_noop("no connection ({error}).")
STATUS = gettext_noop("status {status} {said}")


def checked(url: str) -> SplitResult:
    """This will return the parts of an address that may be asked or linked to; raises AddressRefused."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused(url=url, reason=NOT_PLAIN) from None
    if parts.scheme != "https" and not (parts.scheme == "http" and _plain_is_allowed()):
        raise AddressRefused(url=url, reason=NOT_TLS)
    if not parts.hostname or parts.username or parts.password or parts.fragment or port == 0:
        raise AddressRefused(url=url, reason=NOT_PLAIN)
    return parts


def get(url: str, *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """This will return the JSON object at an address; raises AddressRefused or Unreachable."""
    return _asked("GET", url, None, dict(headers or {}))


def post(url: str, *, data: Mapping[str, str], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """This will send a form and return the JSON object that answers; raises AddressRefused or Unreachable."""
    sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    return _asked("POST", url, urlencode(dict(data)).encode(), sent)


def _asked(method: str, url: str, body: bytes | None, headers: dict[str, str]) -> dict[str, Any]:
    parts = checked(url)
    connection = _connection(parts, url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path, body=body, headers={"Accept": "application/json", **headers})
        answer = connection.getresponse()
        text = _read(answer, url)
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(url=url, reason=NO_ANSWER, error=type(error).__name__) from error
    finally:
        connection.close()
    found = _object(text)
    if answer.status != OK:
        said = str((found or {}).get("error_description") or (found or {}).get("error") or "")
        raise Unreachable(url=url, reason=STATUS, status=answer.status, said=said[:200])
    if found is None:
        raise Unreachable(url=url, reason=NOT_JSON)
    return found


def _connection(parts: SplitResult, url: str) -> http.client.HTTPConnection:
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    address = _address(host, port, url)
    if parts.scheme == "https":
        return _Secured(host, port, address)
    return _Plain(host, port, address)


def _address(host: str, port: int, url: str) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused(url=url, reason=NOT_FOUND) from None
    addresses = [str(each[4][0]) for each in found]
    if not settings.SSO_PRIVATE_ADDRESSES and not all(is_public(each) for each in addresses):
        raise AddressRefused(url=url, reason=NOT_PUBLIC)
    return addresses[0]


def is_public(address: str) -> bool:
    """This will return whether an IP address, and what is wrapped in it, is reachable from everywhere."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def _read(answer: http.client.HTTPResponse, url: str) -> bytes:
    parts, size, begun = [], 0, time.monotonic()
    while part := answer.read1(PART_BYTES):
        parts.append(part)
        size += len(part)
        if size > LARGEST_BYTES or time.monotonic() - begun > LONGEST_SECONDS:
            raise Unreachable(url=url, reason=TOO_LARGE)
    return b"".join(parts)


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _plain_is_allowed() -> bool:
    return not settings.PRODUCTION


class _Plain(http.client.HTTPConnection):
    """Goes to the address that was checked, under the host's name."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self._checked = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._checked, self.port), self.timeout)


class _Secured(_Plain):
    """The same over TLS; the certificate must be the host's."""

    default_port = 443

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
