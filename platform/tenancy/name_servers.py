"""Questions to the DNS, asked anew each time: a proof must be seen today, not remembered."""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.resolver
from django.conf import settings

SECONDS, PORT = 3.0, 53
LABEL, MARK = "_gridhall", "gridhall-verification="


class DnsSilent(Exception):
    """No server answered: that says nothing about the name."""


def proof_name(name: str) -> str:
    """Return the name at which the owner of ``name`` writes the word he was given."""
    return f"{LABEL}.{name}"


def proof_value(token: str) -> str:
    """Return what the text record says."""
    return f"{MARK}{token}"


def is_proven(*, name: str, token: str) -> bool:
    """Return whether the text record of ``name`` holds the word; raises DnsSilent."""
    found: list[Any] = ask(resolver(), proof_name(name), "TXT")
    written = [b"".join(each.strings).decode("ascii", "replace") for each in found]
    return proof_value(token) in written


def ask(resolver: dns.resolver.Resolver, name: str, kind: str) -> list[Any]:
    """Return the records of a kind; none where there is no such name. Raises DnsSilent."""
    try:
        answer = resolver.resolve(name + ".", kind, raise_on_no_answer=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.YXDOMAIN):
        return []
    except dns.exception.DNSException as error:
        raise DnsSilent(str(error)) from error
    return list(answer) if answer.rrset is not None else []


def resolver() -> dns.resolver.Resolver:
    """Return who is asked: ``DNS_RESOLVER``, else the machine's own servers."""
    server = settings.DNS_RESOLVER
    found = dns.resolver.Resolver(configure=not server)
    if server:
        host, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
        found.nameservers, found.port = [host], int(port or PORT)
    found.lifetime, found.cache = SECONDS, None
    return found
