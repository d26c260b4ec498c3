"""What the DNS says of a host: whether its owner named us, and whether it leads to us. Real questions, no cache."""

from __future__ import annotations

from dataclasses import dataclass

import dns.exception
import dns.name
import dns.resolver

from tenancy import name_servers

DnsSilent = name_servers.DnsSilent


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the text record holds the company's word, whether the host leads to us, and where it leads."""

    text: bool
    points: bool
    addresses: tuple[str, ...]


def text_name(host: str) -> str:
    """Return the name at which the text record stands."""
    return name_servers.proof_name(host)


def text_value(token: str) -> str:
    """Return what the text record says."""
    return name_servers.proof_value(token)


def look(*, host: str, token: str, target: str) -> Proof:
    """Ask for the text record and for where ``host`` leads; raises DnsSilent.

    It leads to us by an alias (CNAME) to ``target``, or, where no alias may stand, by addresses that are all ours.
    """
    resolver = name_servers.resolver()
    proven = name_servers.is_proven(name=host, token=token)
    aliases, addresses = _leads(resolver, host)
    _, ours = _leads(resolver, target)
    points = dns.name.from_text(target) in aliases or bool(addresses and ours and set(addresses) <= set(ours))
    return Proof(proven, points and bool(addresses), tuple(addresses))


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
