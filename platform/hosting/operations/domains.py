"""A company's own hosts: brought, proven by DNS and certificate, then served. A host belongs to one company.

Only what is proven is served: the DNS holds the company's word and leads to us, and the host answers with a certificate
of its name. Between the two the proxy may get that certificate. What loses its proof is served for a week more.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from hosting import dns_proof, host_names, models, own_hosts, plans, tls_proof
from hosting.operations import companies
from kernel.errors import Conflict, GridhallError, Invalid, gettext_noop
from tenancy import context, hosts
from tenancy import models as tenancy_models

FEATURE = own_hosts.FEATURE
TOKEN_BYTES, MOST_HOSTS = 20, 20
LOST_AFTER = dt.timedelta(days=7)
State = models.CompanyHost.State
Domain = tenancy_models.Domain


class NotServedYet(GridhallError):
    """The host is not proven yet."""

    code = "host_not_served"
    template = gettext_noop("{host} is not proven yet. Set the records shown, then have it checked.")


def add(*, retailer: Any, host: str, at: dt.datetime) -> models.CompanyHost:
    """Note that a company wants to be reached under ``host``; it is served once it is proven.

    Raises FeatureNotInPlan, Invalid, HostTaken or Conflict. That another company wants it too is no reason: who owns
    the name proves it.
    """
    plans.require(FEATURE)
    name = hosts.normalise(host.strip()) if host.isascii() else host
    host_names.check_host(name or host.strip(), platform=settings.PLATFORM_DOMAIN)
    with context.use_public():
        mine = models.CompanyHost.objects.filter(retailer_id=retailer.pk).exclude(state=State.REMOVED)
        if mine.count() >= MOST_HOSTS:
            raise Conflict(reason=gettext_noop("a company has at most {most} hosts of its own."), most=MOST_HOSTS)
        if Domain.objects.filter(domain=name).exists():
            raise companies.HostTaken(where="host", host=name)
        token = secrets.token_hex(TOKEN_BYTES)
        try:
            with transaction.atomic():
                found = models.CompanyHost.objects.create(retailer_id=retailer.pk, host=name, token=token, added_at=at)
        except IntegrityError as refusal:
            reason = gettext_noop("You added {host} already; it stands below.")
            raise Invalid(where="host", reason=reason, host=name) from refusal
        companies.record(retailer=retailer, action="add_host", at=at, details={"host": name})
    return found


def check(*, host_id: int, at: dt.datetime) -> str:
    """Look at a host's records and certificate and take the steps they allow; return its state.

    What the company's plan does not hold takes no step, and what was stopped for that is not looked at. May be called
    by several at once: the database gives a host to one company.
    """
    with context.use_public():
        found = models.CompanyHost.objects.select_related("retailer").filter(pk=host_id).first()
        if found is None or found.state == State.REMOVED:
            return str(State.REMOVED)
        if not own_hosts.may_be_served(found=found, at=at):
            models.CompanyHost.objects.filter(pk=host_id).update(checked_at=at)
            return str(found.state)
        facts = _looked_at(found, at)
        with transaction.atomic():
            locked = models.CompanyHost.objects.select_for_update(of=("self",)).get(pk=host_id)
            if locked.state in (State.REMOVED, State.STOPPED):
                return str(locked.state)
            for name, value in facts.items():
                setattr(locked, name, value)
            locked.checked_at = at
            _move(locked, at)
    return str(locked.state)


def make_primary(*, retailer: Any, host: str, at: dt.datetime) -> None:
    """Let a host of the company stand in its links and mails; raises NotServedYet or FeatureNotInPlan."""
    with context.use_public(), transaction.atomic():
        row = Domain.objects.filter(tenant_id=retailer.pk, domain=host).first()
        if row is None:
            raise NotServedYet(host=host)
        own = models.CompanyHost.objects.filter(retailer_id=retailer.pk, host=host).exclude(state=State.REMOVED)
        if own.exists() and not plans.of(retailer).allows(FEATURE):
            raise plans.FeatureNotInPlan(feature=FEATURE)
        row.is_primary = True
        row.save()
        companies.record(retailer=retailer, action="primary_host", at=at, details={"host": host})


def remove(*, retailer: Any, host_id: int, at: dt.datetime) -> None:
    """Take a host back: it is served no more, and another company may prove it. Raises NotFound."""
    found = own_hosts.one(retailer_id=retailer.pk, host_id=host_id)
    with context.use_public(), transaction.atomic():
        models.CompanyHost.objects.filter(pk=found.pk).update(state=State.REMOVED)
        serve_no_more(found)
        companies.record(retailer=retailer, action="remove_host", at=at, details={"host": found.host})


def _looked_at(found: models.CompanyHost, at: dt.datetime) -> dict[str, Any]:
    """Return what was found out, as fields of the row; a silent DNS leaves all as it was."""
    try:
        proof = dns_proof.look(host=found.host, token=found.token, target=own_hosts.target(retailer=found.retailer))
    except dns_proof.DnsSilent:
        return {"problem": "dns_silent"}
    facts: dict[str, Any] = {"problem": ""}
    if proof.text:
        facts["text_at"] = at
    if proof.points:
        facts["points_at"] = at
    if not (proof.text and proof.points):
        return facts | {"problem": "no_points" if proof.text else "no_text"}
    if not settings.DOMAIN_TLS_CHECK:
        return facts | {"secure_at": at}
    try:
        until = tls_proof.look(host=found.host, addresses=proof.addresses, at=at)
    except tls_proof.TlsProblem as problem:
        return facts | {"problem": f"tls_{problem.code}", "certificate_until": problem.until}
    return facts | {"secure_at": at, "certificate_until": until}


def _move(found: models.CompanyHost, at: dt.datetime) -> None:
    """Take the step that the facts allow and write the row."""
    proven = found.text_at == at and found.points_at == at
    if found.problem == "dns_silent":
        pass
    elif not proven:
        _miss(found, at)
    else:
        found.missing_since = None
        if not _hold(found):
            return
        if found.secure_at == at and found.state == State.PROVEN:
            _serve(found, at)
    found.save()


def _hold(found: models.CompanyHost) -> bool:
    """Keep the host for this company; another one that proved it before has it."""
    if found.state == State.SERVED:
        return True
    before, found.state = found.state, State.PROVEN
    try:
        with transaction.atomic():
            found.save()
    except IntegrityError:
        found.state, found.problem = before, "taken"
        found.save()
        return False
    return True


def _serve(found: models.CompanyHost, at: dt.datetime) -> None:
    try:
        with transaction.atomic():
            Domain(domain=found.host, tenant_id=found.retailer_id, is_primary=False).save()
    except IntegrityError:
        found.state, found.problem = State.PENDING, "taken"
        return
    found.state, found.served_at = State.SERVED, at
    companies.record(retailer=found.retailer, action="serve_host", at=at, details={"host": found.host})


def _miss(found: models.CompanyHost, at: dt.datetime) -> None:
    """A proof is gone: what was not served waits again, what is served has a week."""
    if found.state == State.PROVEN:
        found.state = State.PENDING
    elif found.state == State.SERVED:
        found.missing_since = found.missing_since or at
        if at - found.missing_since >= LOST_AFTER:
            found.state = State.LOST
            serve_no_more(found)
            companies.record(retailer=found.retailer, action="lose_host", at=at, details={"host": found.host})


def serve_no_more(found: models.CompanyHost) -> None:
    """Take a host out of the registry; the one the platform gave stands in links again."""
    rows = Domain.objects.filter(tenant_id=found.retailer_id)
    gone = rows.filter(domain=found.host).first()
    if gone is None:
        return
    was_primary = gone.is_primary
    Domain.objects.filter(pk=gone.pk).delete()
    if was_primary:
        own = models.CompanyHost.objects.filter(retailer_id=found.retailer_id).exclude(state=State.REMOVED)
        first = rows.exclude(domain__in=own.values("host")).order_by("id").first() or rows.order_by("id").first()
        if first is not None:
            first.is_primary = True
            first.save()
