"""What the DNS says of a host: whether its owner named us, and whether it leads to us. Real questions, no cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.name
import dns.resolver
from django.conf import settings

LABEL, MARK = "_gridhall", "gridhall-verification="
SECONDS, PORT = 3.0, 53


class DnsSilent(Exception):
    """No server answered: that says nothing about the host."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the text record holds the company's word, whether the host leads to us, and where it leads."""

    text: bool
    points: bool
    addresses: tuple[str, ...]


def text_name(host: str) -> str:
    """Return the name at which the text record stands."""
    return f"{LABEL}.{host}"


def text_value(token: str) -> str:
    """Return what the text record says."""
    return f"{MARK}{token}"


def look(*, host: str, token: str, target: str) -> Proof:
    """Ask for the text record and for where ``host`` leads; raises DnsSilent.

    It leads to us by an alias (CNAME) to ``target``, or, where no alias may stand, by addresses that are all ours.
    """
    resolver = _resolver()
    texts: list[Any] = _ask(resolver, text_name(host), "TXT")
    written = [b"".join(each.strings).decode("ascii", "replace") for each in texts]
    aliases, addresses = _leads(resolver, host)
    _, ours = _leads(resolver, target)
    points = dns.name.from_text(target) in aliases or bool(addresses and ours and set(addresses) <= set(ours))
    return Proof(text_value(token) in written, points and bool(addresses), tuple(addresses))


def _leads(resolver: dns.resolver.Resolver, host: str) -> tuple[set[dns.name.Name], list[str]]:
    """Return the names that a host is an alias of, and its addresses."""
    aliases: set[dns.name.Name] = set()
    addresses = []
    for kind in ("A", "AAAA"):
        try:
            answer = resolver.resolve(host + ".", kind, raise_on_no_answer=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.YXDOMAIN):
            continue
        except dns.exception.DNSException as error:
            raise DnsSilent(str(error)) from error
        aliases |= {record.target for each in answer.chaining_result.cnames for record in each}
        addresses += [each.address for each in answer] if answer.rrset is not None else []
    return aliases, addresses


def _ask(resolver: dns.resolver.Resolver, name: str, kind: str) -> list[Any]:
    try:
        answer = resolver.resolve(name + ".", kind, raise_on_no_answer=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.YXDOMAIN):
        return []
    except dns.exception.DNSException as error:
        raise DnsSilent(str(error)) from error
    return list(answer) if answer.rrset is not None else []


def _resolver() -> dns.resolver.Resolver:
    server = settings.DNS_RESOLVER
    resolver = dns.resolver.Resolver(configure=not server)
    if server:
        host, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
        resolver.nameservers, resolver.port = [host], int(port or PORT)
    resolver.lifetime, resolver.cache = SECONDS, None
    return resolver
