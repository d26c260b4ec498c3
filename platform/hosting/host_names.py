"""Which names a company may have below the platform's domain, and which hosts of its own: pure rules.

A name is refused when people could take it for another one: letters of other alphabets, and letters and digits that
look alike (``alder`` and ``a1der``). RFC 1035 says what a label is; the skeleton follows the idea of Unicode TR 39.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kernel.errors import GridhallError, Invalid, gettext_noop

LABEL = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]", re.ASCII)
HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
FEWEST_LABELS = 2
PUNYCODE = "xn--"
RESERVED = frozenset(
    {
        "about", "abuse", "account", "accounts", "admin", "administrator", "api", "app", "apps", "assets", "auth",
        "autoconfig", "autodiscover", "beta", "billing", "blog", "bounce", "cdn", "ci", "cloud", "console", "contact",
        "dashboard", "db", "demo", "dev", "dns", "docs", "email", "example", "files", "ftp", "gateway", "git",
        "gridhall", "health", "help", "host", "hosting", "hostmaster", "http", "https", "id", "imap", "info",
        "internal", "invalid", "isatap", "local", "localhost", "login", "logout", "mail", "mailer", "metrics",
        "monitor", "mx", "news", "noreply", "no-reply", "ns", "ns1", "ns2", "oauth", "official", "operator", "pay",
        "payments", "ping", "pop", "portal", "postmaster", "preview", "prod", "production", "proxy", "public", "root",
        "sales", "secure", "security", "server", "service", "shop", "sign-in", "signin", "sign-up", "signup", "sip",
        "smtp", "ssl", "sso", "stage", "staging", "static", "stats", "status", "store", "stripe", "support", "sysadmin",
        "system", "test", "testing", "tls", "tmp", "vpn", "webhook", "webhooks", "webmail", "webmaster", "wiki",
        "wpad", "www", "www1", "www2",
    }
)  # fmt: skip
"""Names that belong to the host, to protocols (RFC 2142, autodiscovery), or that a stranger would trust."""
_ALIKE = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"), ("-", ""))


class NameReserved(GridhallError):
    """That name is kept for the host."""

    code = "name_reserved"
    template = gettext_noop("The name “{name}” is reserved. Choose another.")


class NameAlike(GridhallError):
    """That name could be taken for another company's."""

    code = "name_alike"
    template = gettext_noop("“{name}” looks too much like a name that is taken or reserved. Choose another.")


def skeleton(name: str) -> str:
    """Return what is left of a name when what looks alike is written alike."""
    for seen, plain in _ALIKE:
        name = name.replace(seen, plain)
    return name


def check_name(name: str, *, taken: Iterable[str] = (), where: str = "code") -> None:
    """Refuse a name that is no label, reserved, or like one of ``taken``; raises Invalid, NameReserved, NameAlike."""
    if not name.isascii():
        raise Invalid(
            where=where,
            reason=gettext_noop("Letters of other alphabets are easily mistaken. Use a to z, digits and dashes."),
        )
    if not LABEL.fullmatch(name) or "--" in name:
        raise Invalid(
            where=where,
            reason=gettext_noop(
                "A name is 3 to 40 small letters, digits and single dashes, with a letter first and no dash last."
            ),
        )
    if name in RESERVED:
        raise NameReserved(where=where, name=name)
    known = {skeleton(each) for each in (*RESERVED, *taken) if each != name}
    if skeleton(name) in known:
        raise NameAlike(where=where, name=name)


def check_host(host: str, *, platform: str, where: str = "host") -> None:
    """Refuse a host that a company cannot bring: no name, foreign letters, or one below the platform's own domain."""
    if not host.isascii() or any(label.startswith(PUNYCODE) for label in host.split(".")):
        raise Invalid(
            where=where,
            reason=gettext_noop("Letters of other alphabets are easily mistaken. Use a to z, digits and dashes."),
        )
    if not HOST.fullmatch(host) or host.count(".") + 1 < FEWEST_LABELS:
        raise Invalid(
            where=where, reason=gettext_noop("“{value}” is not a host name such as power.example.com."), value=host[:80]
        )
    if host == platform or host.endswith(f".{platform}"):
        raise Invalid(where=where, reason=gettext_noop("Names below {domain} are given by the host."), domain=platform)
