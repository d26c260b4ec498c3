"""The hosts that companies bring, for pages and for the proxy that asks for which names it may get certificates."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db.models import Q

from hosting import dns_proof, models, plans
from kernel.errors import NotFound, gettext_noop
from tenancy import context, hosts
from tenancy import models as tenancy_models

FEATURE = "white_label_domain"
State = models.CompanyHost.State
SOON, LATER, DAILY = dt.timedelta(minutes=5), dt.timedelta(hours=1), dt.timedelta(days=1)
AT_ONCE = dt.timedelta(minutes=1)
SOON_FOR, LOOKED_FOR = dt.timedelta(days=1), dt.timedelta(days=30)


def of_company(*, retailer_id: int) -> list[models.CompanyHost]:
    """Return the hosts a company brought, the oldest first."""
    with context.use_public():
        rows = models.CompanyHost.objects.filter(retailer_id=retailer_id).exclude(state=State.REMOVED)
        return list(rows.order_by("added_at", "id"))


def one(*, retailer_id: int, host_id: int) -> models.CompanyHost:
    """Return a host of a company; raises NotFound, also for another company's."""
    found = next((each for each in of_company(retailer_id=retailer_id) if each.pk == host_id), None)
    if found is None:
        raise NotFound(what=gettext_noop("host"), name=str(host_id))
    return found


def given(*, retailer: Any) -> str:
    """Return the host that the platform gave a company: where its own hosts are to lead."""
    own = models.CompanyHost.objects.filter(retailer_id=retailer.pk).exclude(state=State.REMOVED).values("host")
    with context.use_public():
        rows = tenancy_models.Domain.objects.filter(tenant_id=retailer.pk)
        found = rows.exclude(domain__in=own).order_by("id").first() or rows.order_by("id").first()
    return str(found.domain) if found is not None else ""


def target(*, retailer: Any) -> str:
    """Return the name that the alias record of a company's host is to hold."""
    return settings.DOMAIN_TARGET or given(retailer=retailer)


def records(*, found: models.CompanyHost, retailer: Any) -> list[tuple[str, str, str]]:
    """Return the records to set: kind, name, value."""
    return [
        ("TXT", dns_proof.text_name(found.host), dns_proof.text_value(found.token)),
        ("CNAME", found.host, target(retailer=retailer)),
    ]


def primary(*, retailer: Any) -> str:
    """Return the host that stands in a company's links."""
    return hosts.primary_host(retailer)


def served_until(*, found: models.CompanyHost) -> dt.datetime | None:
    """Return until when a host is served that its company's plan does not hold any more; None while nobody was told."""
    if found.outside_plan_since is None or found.told_at is None:
        return None
    return found.told_at + dt.timedelta(days=settings.OWN_HOST_GRACE_DAYS)


def may_be_served(*, found: models.CompanyHost, at: dt.datetime) -> bool:
    """Return whether the plan lets a host be served: it holds the feature, or the time of grace is not over.

    The one place that decides, for the sweep, for the check of records and for the proxy that asks for certificates.
    ``found`` comes with its company.
    """
    if plans.of(found.retailer).allows(FEATURE):
        return True
    until = served_until(found=found)
    return found.state == State.SERVED and (until is None or at < until)


def is_known(host: str, *, at: dt.datetime) -> bool:
    """Return whether a certificate may be got for a host: it is served, or its owner proved that it is to be."""
    name = hosts.normalise(host)
    if not name:
        return False
    with context.use_public():
        rows = models.CompanyHost.objects.filter(host=name, state__in=[State.PROVEN, State.SERVED])
        found = rows.select_related("retailer").first()
        if found is not None:
            return may_be_served(found=found, at=at)
        return tenancy_models.Domain.objects.filter(domain=name).exists()


def due(*, at: dt.datetime) -> list[int]:
    """Return the hosts to be looked at again: new ones often, served ones daily, what never comes no more."""
    new = Q(state=State.PENDING, added_at__gt=at - SOON_FOR) & _before(at - SOON)
    old = Q(state=State.PENDING, added_at__gt=at - LOOKED_FOR) & _before(at - LATER)
    proven = Q(state=State.PROVEN) & _before(at - AT_ONCE)
    served = Q(state=State.SERVED) & _before(at - DAILY)
    with context.use_public():
        rows = models.CompanyHost.objects.filter(new | old | proven | served)
        return list(rows.order_by("id").values_list("id", flat=True))


def _before(moment: dt.datetime) -> Q:
    return Q(checked_at__isnull=True) | Q(checked_at__lt=moment)
