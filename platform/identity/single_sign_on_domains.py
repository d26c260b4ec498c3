"""Mail domains that the company's service may vouch for: only those that the company proved to be its own.

A word in the DNS proves it, as with own hosts: whoever can set the domain's records may say who has its addresses. So a
company cannot let its service vouch for people of a domain that belongs to somebody else.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable

from django.db import transaction

from identity import models, operations
from kernel.errors import NotFound, gettext_noop
from tenancy import name_servers

TOKEN_BYTES = 20
SOON, LATER, DAILY = dt.timedelta(minutes=5), dt.timedelta(hours=1), dt.timedelta(days=1)
SOON_FOR, LOOKED_FOR = dt.timedelta(days=1), dt.timedelta(days=30)
LOST_AFTER = dt.timedelta(days=7)
SUBJECT = "single sign-on"
SILENT, ABSENT = "silent", "absent"
Domain = models.SingleSignOnDomain


def listed() -> list[models.SingleSignOnDomain]:
    """This will return the domains of the company's service, in order."""
    return list(Domain.objects.order_by("domain"))


def proven() -> set[str]:
    """This will return the domains that are proven to be the company's."""
    return set(Domain.objects.filter(proven_at__isnull=False).values_list("domain", flat=True))


def is_proven(*, domain: str) -> bool:
    """This will return whether a domain is proven to be the company's."""
    return Domain.objects.filter(domain=domain, proven_at__isnull=False).exists()


def keep(*, domains: Iterable[str], at: dt.datetime) -> None:
    """This will note which domains are to be proven; what is not among them is forgotten with its proof."""
    wanted = set(domains)
    Domain.objects.exclude(domain__in=wanted).delete()
    new = [Domain(domain=each, token=secrets.token_hex(TOKEN_BYTES), added_at=at) for each in sorted(wanted)]
    Domain.objects.bulk_create(new, ignore_conflicts=True)


def record(*, found: models.SingleSignOnDomain) -> tuple[str, str, str]:
    """This will return the record to set: kind, name, value."""
    return "TXT", name_servers.proof_name(found.domain), name_servers.proof_value(found.token)


def check(*, domain_id: int, at: dt.datetime) -> models.SingleSignOnDomain:
    """This will look for a domain's record and note what was found; raises NotFound.

    A proof that is not seen for LOST_AFTER is lost. Name servers that are silent change nothing. Call it with no
    transaction open: it asks the net.
    """
    found = Domain.objects.filter(pk=domain_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("mail domain"), name=str(domain_id))
    try:
        seen = name_servers.is_proven(name=found.domain, token=found.token)
    except name_servers.DnsSilent:
        Domain.objects.filter(pk=found.pk).update(checked_at=at, problem=SILENT)
        return _again(found)
    with transaction.atomic():
        locked = Domain.objects.select_for_update().filter(pk=found.pk, token=found.token).first()
        if locked is not None:
            _note(locked, seen, at)
    return _again(found)


def due(*, at: dt.datetime) -> list[int]:
    """This will return the domains to look at again: new ones often, proven ones daily, what never comes no more."""
    return [each.pk for each in listed() if _is_due(each, at)]


def sweep(*, at: dt.datetime) -> None:
    """This will look at the domains that are due."""
    for key in due(at=at):
        check(domain_id=key, at=at)


def _note(found: models.SingleSignOnDomain, seen: bool, at: dt.datetime) -> None:
    found.checked_at, found.problem = at, "" if seen else ABSENT
    if seen:
        found.seen_at, found.missing_since = at, None
        if found.proven_at is None:
            found.proven_at = at
            operations.record(action="sso.domain_proven", subject=SUBJECT, at=at, details={"domain": found.domain})
    elif found.proven_at is not None:
        found.missing_since = found.missing_since or at
        if at - found.missing_since >= LOST_AFTER:
            found.proven_at, found.missing_since, found.added_at = None, None, at
            operations.record(action="sso.domain_lost", subject=SUBJECT, at=at, details={"domain": found.domain})
    found.save()


def _again(found: models.SingleSignOnDomain) -> models.SingleSignOnDomain:
    return Domain.objects.filter(pk=found.pk).first() or found


def _is_due(found: models.SingleSignOnDomain, at: dt.datetime) -> bool:
    age, since = at - found.added_at, at - found.checked_at if found.checked_at else None
    if since is None:
        return True
    if found.proven_at is not None:
        return since >= DAILY
    return age < LOOKED_FOR and since >= (SOON if age < SOON_FOR else LATER)
