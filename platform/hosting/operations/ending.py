"""A company's end carried out, step by step, by an owner process: each step may be cut and is done again.

What is there is counted before anything is removed, so that the certificate can say it however often the work was
cut. The registry row stays without names; what else stays is named in the certificate, with its reason.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction

from hosting import certificates, deletion_mails, models, sending
from hosting.operations import companies, following, inventory, job_stopping
from kernel.errors import Conflict, GridhallError, gettext_noop
from tenancy import company_keys, context, outside, provisioning, traces
from tenancy import models as tenancy_models
from tenancy.database import connection

KIND = "gridhall-company-deleted"
State = models.Deletion.State
Retailer = tenancy_models.Retailer
LOCK = "SELECT pg_try_advisory_lock(hashtext('company deletion'), %s)"
UNLOCK = "SELECT pg_advisory_unlock(hashtext('company deletion'), %s)"
KEPT_MODELS = frozenset({"subscription", "usage", "fleetevent", "deletion"})
"""What the registry keeps of a company that is gone: numbers, for the host's own bills and proof."""
LONGEST_ERROR = 400
MOST_ELSEWHERE = 20
PEOPLE = "people"
PEOPLE_AT_ONCE = 2_000
"""So many customers are deleted at providers in one try; the owner's worker has other things to do, too."""
MOST_LEFT = 200
OUTSIDE_WAITS = dt.timedelta(days=14)
"""So long a payment provider that does not answer holds up the end; then the certificate says what was left there."""
DONE_OUTSIDE = frozenset({outside.Outcome.REMOVED, outside.Outcome.GONE})


class NotYet(GridhallError):
    """A step waits for a day."""

    code = "deletion_waits"
    template = gettext_noop("The archives are kept until {until}; the rest is removed.")


class TracesLeft(GridhallError):
    """Something of the company is still there: nothing is certified."""

    code = "deletion_traces_left"
    template = gettext_noop(
        "Something of the company still stands: {places}. Remove it; the next try goes on from here."
    )


class StillRemoving(GridhallError):
    """There are more people at payment providers than one try deletes."""

    code = "deletion_goes_on"
    template = gettext_noop("{count} customers are deleted at payment providers; the next try goes on.")


class JobsUnderWay(Conflict):
    """A backup or restore of the company is at work."""

    code = "deletion_waits_for_jobs"
    template = gettext_noop("A job of this company is at work and was asked to stop. The next try goes on.")


class UnderWay(Conflict):
    """Another process carries it out."""

    code = "deletion_under_way"
    template = gettext_noop("The end of this company is being carried out by another process.")


def carry_out(*, deletion_id: int, at: dt.datetime) -> models.Deletion:
    """Bring a company to its end and certify it; what an earlier try did is not done again. Owner processes only.

    The certificate is mailed by ``deletion_mails.send_certificate`` afterwards; the sweep does so too.

    Raises Conflict before its day or when it was taken back, UnderWay, NotYet, TracesLeft, and what a step raises;
    the reason stands in ``error`` and the next try goes on.
    """
    with context.use_public(), _alone(deletion_id):
        found = _started(deletion_id, at)
        try:
            for name, step in STEPS[_place(found.step) :] if found.state != State.DONE else ():
                evidence = step(found, at)
                _keep(found, name, evidence)
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"[:LONGEST_ERROR]
            models.Deletion.objects.filter(pk=found.pk).update(error=error)
            raise
    return found


def _started(deletion_id: int, at: dt.datetime) -> models.Deletion:
    with transaction.atomic():
        rows = models.Deletion.objects.select_for_update(of=("self",)).select_related("retailer")
        found = rows.get(pk=deletion_id)
        if found.state not in {State.WAITING, State.RUNNING, State.DONE}:
            raise Conflict(reason=gettext_noop("it was taken back."))
        if found.state == State.WAITING and at < found.due_at:
            raise Conflict(reason=gettext_noop("its day is {day}."), day=found.due_at.isoformat())
        if found.state != State.DONE:
            found.state, found.started_at = State.RUNNING, found.started_at or at
            found.tried_at, found.attempts, found.error = at, found.attempts + 1, ""
            found.save()
    return found


def _place(step: str) -> int:
    names = [name for name, _ in STEPS]
    return names.index(step) + 1 if step in names else 0


def _keep(found: models.Deletion, name: str, evidence: dict[str, Any]) -> None:
    """Note that a step is done; the last one notes it with the certificate itself."""
    if name != CERTIFICATE:
        found.step, found.evidence = name, {**found.evidence, name: evidence}
        found.save(update_fields=["step", "evidence"])


def _close(found: models.Deletion, at: dt.datetime) -> dict[str, Any]:
    """Close the doors, end the jobs, and take the space from its role: nobody can work there any more.

    A restore that ended just now has given the company another space. Raises JobsUnderWay.
    """
    Retailer.objects.filter(pk=found.retailer_id).update(status=Retailer.Status.SUSPENDED)
    if not job_stopping.stop_all(retailer_id=found.retailer_id, at=at):
        raise JobsUnderWay()
    found.retailer.refresh_from_db()
    provisioning.shut_out(schema_name=found.retailer.schema_name)
    return {"at": at.isoformat()}


def _count(found: models.Deletion, at: dt.datetime) -> dict[str, Any]:
    """Write down all that will be removed, and remember the words to look for and who is to be told."""
    retailer = found.retailer
    schemas = inventory.schemas_of(retailer=retailer)
    tables = [entry for schema in schemas for entry in inventory.tables(schema_name=schema)]
    found.needles = inventory.words_of(retailer=retailer)
    found.recipients = deletion_mails.recipients(retailer=retailer)
    found.save(update_fields=["needles", "recipients"])
    return {
        "at": at.isoformat(), "schemas": schemas, "tables": tables, "tables_sha256": inventory.digest(tables),
        "rows": sum(entry["rows"] for entry in tables), "files": [inventory.files(schema_name=one) for one in schemas],
        "archives": inventory.archives_of(retailer=retailer), "domains": retailer.domains.count(),
    }  # fmt: skip


def _subscription(found: models.Deletion, at: dt.datetime) -> dict[str, Any]:
    """End what the company signed: at Stripe too. Bills that are open stay owed."""
    row = models.Subscription.objects.filter(retailer_id=found.retailer_id).first()
    if row is None:
        return {"at": at.isoformat(), "ended": False}
    if row.provider_subscription:
        following.stop(row)
    models.Subscription.objects.filter(pk=row.pk).update(
        state=models.Subscription.State.ENDED, entered_at=at, ends_at=at, coupon=None
    )
    drafts = models.HostingInvoice.objects.filter(subscription_id=row.pk, state=models.HostingInvoice.State.DRAFT)
    drafts.update(state=models.HostingInvoice.State.VOID)
    return {"at": at.isoformat(), "ended": True, "at_provider": bool(row.provider_customer)}


def _people(found: models.Deletion, at: dt.datetime) -> dict[str, Any]:
    """Delete the company's customers at its payment providers, so many a try; what was done is noted as it goes.

    Raises StillRemoving when there are more, and Away while a provider does not answer, for ``OUTSIDE_WAITS`` at most.
    """
    noted: dict[str, Any] = found.evidence.get(PEOPLE) or {"after": {}, "counts": {}, "left": []}
    gives_up = at - (found.started_at or at) >= OUTSIDE_WAITS
    with context.use(found.retailer):
        batches = [
            (place, place.of_company(after=noted["after"].get(place.name, 0), limit=PEOPLE_AT_ONCE))
            for place in outside.places()
        ]
        try:
            for place, entries in batches:
                for entry in entries:
                    _remove_outside(place, entry, noted, gives_up=gives_up)
        finally:
            with context.use_public():
                found.evidence = {**found.evidence, PEOPLE: noted}
                found.save(update_fields=["evidence"])
    if any(len(entries) == PEOPLE_AT_ONCE for _, entries in batches):
        raise StillRemoving(count=sum(noted["counts"].values()))
    return {"at": at.isoformat(), "counts": noted["counts"], "left": noted["left"]}


def _remove_outside(place: outside.Place, entry: outside.Entry, noted: dict[str, Any], *, gives_up: bool) -> None:
    try:
        outcome = place.remove(entry)
    except outside.Away:
        if not gives_up:
            raise
        outcome = outside.Outcome.SILENT
    noted["after"][place.name] = entry["key"]
    noted["counts"][str(outcome)] = noted["counts"].get(str(outcome), 0) + 1
    if outcome not in DONE_OUTSIDE and len(noted["left"]) < MOST_LEFT:
        noted["left"].append({"at": entry["at"], "reference": entry["reference"], "outcome": str(outcome)})


def _schema(found: models.Deletion, at: dt.datetime) -> dict[str, Any]:
    for schema in found.evidence["count"]["schemas"]:
        provisioning.drop_schema(retailer=Retailer(schema_name=schema))
    return {"at": at.isoformat()}


def _files(found: models.Deletion, at: dt.datetime) -> dict[str, Any]:
    for schema in found.evidence["count"]["schemas"]:
        inventory.remove_files(schema_name=schema)
    return {"at": at.isoformat()}


def _shared(found: models.Deletion, at: dt.datetime) -> dict[str, Any]:
    """Forget what cache and broker still hold: pages' figures, orders that were never worked off."""
    removed = {"cache": 0, "broker": 0}
    for schema in found.evidence["count"]["schemas"]:
        for place, count in traces.forget_shared(schema_name=schema).items():
            removed[place] += count
    return {"at": at.isoformat(), **removed}


def _key(found: models.Deletion, at: dt.datetime) -> dict[str, Any]:
    """Throw the company's key away: what was sealed with it cannot be read again, in no copy that lacks the key."""
    company_keys.destroy(retailer=found.retailer, at=at)
    return {"at": at.isoformat()}


def _archives(found: models.Deletion, at: dt.datetime) -> dict[str, Any]:
    """Remove the archives after the days that the host keeps them; raises NotYet before."""
    removed_at = dt.datetime.fromisoformat(found.evidence["schema"]["at"])
    until = removed_at + dt.timedelta(days=settings.ARCHIVES_AFTER_DELETION_DAYS)
    if at < until:
        raise NotYet(until=until.isoformat())
    inventory.remove_archives(retailer=found.retailer)
    return {"at": at.isoformat()}


def _registry(found: models.Deletion, at: dt.datetime) -> dict[str, Any]:
    """Free the addresses and leave a row without names; the code stays reserved."""
    found.export = None
    with transaction.atomic():
        models.Deletion.objects.filter(retailer_id=found.retailer_id).update(export=None)
        for relation in Retailer._meta.related_objects:
            model: Any = relation.related_model
            if model._meta.model_name not in KEPT_MODELS:
                model._default_manager.filter(**{relation.field.name: found.retailer_id}).delete()
        models.FleetEvent.objects.filter(retailer_id=found.retailer_id).update(reason="", details={})
        earlier = models.Deletion.objects.filter(retailer_id=found.retailer_id).exclude(pk=found.pk)
        earlier.update(reason="", revoke_reason="")
        Retailer.objects.filter(pk=found.retailer_id).update(
            status=Retailer.Status.DELETED, names={}, legal_name="", region="", standing={}
        )
    return {"at": at.isoformat()}


def _proof(found: models.Deletion, at: dt.datetime) -> dict[str, Any]:
    """Look for the spaces' names and the company's words everywhere outside; a space's name blocks the certificate.

    What a worker gave back to the queue since it was emptied is forgotten first.
    """
    schemas = found.evidence["count"]["schemas"]
    for schema in schemas:
        traces.forget_shared(schema_name=schema)
    own = {("registry", "tenancy_retailer"), ("registry", "hosting_deletion")}
    left = [each for each in traces.find(words=schemas) if (each.where, each.name) not in own]
    folders = [each for each in traces.find(words=[f"{found.retailer.code}/"]) if each.where == "files"]
    if left or folders:
        places = ", ".join(f"{each.where} {each.name} ({each.count})" for each in [*left, *folders])
        raise TracesLeft(places=places)
    words = [*found.needles, *(each["email"] for each in found.recipients if each.get("of") == "company")]
    elsewhere = [each for each in traces.find(words=words) if (each.where, each.name) not in own]
    return {
        "at": at.isoformat(), "looked_for": len(words) + len(schemas),
        "places": ["catalogue", "registry", "files", "cache", "broker"],
        "same_words_elsewhere": [
            {"where": each.where, "name": each.name, "count": each.count} for each in elsewhere[:MOST_ELSEWHERE]
        ],
    }  # fmt: skip


def _certify(found: models.Deletion, at: dt.datetime) -> dict[str, Any]:
    document = certificates.signer().sign(kind=KIND, body=_body(found, at))
    with transaction.atomic():
        found.certificate, found.finished_at, found.state = document, at, State.DONE
        found.needles, found.evidence, found.step = [], {}, CERTIFICATE
        found.save()
        companies.record(
            retailer=found.retailer, action="deleted", at=at, actor_id=found.actor_id,
            details={"certificate": document["signature"]["sha256"]},
        )  # fmt: skip
    return {}


def _body(found: models.Deletion, at: dt.datetime) -> dict[str, Any]:
    counted, done, host = found.evidence["count"], found.evidence, sending.operator()
    return {
        "number": f"{found.retailer.code}-{found.pk}",
        "host": host.legal_name or host.code if host else settings.PLATFORM_DOMAIN,
        "company": {"code": found.retailer.code, "space": found.retailer.schema_name, "market": found.retailer.market},
        "asked": {
            "at": found.asked_at.isoformat(), "by": "company" if found.by_company else "host",
            "person": found.actor_id, "reason": found.reason, "due": found.due_at.isoformat(),
            "meanwhile": found.meanwhile,
        },
        "removed": {
            "spaces": counted["schemas"], "tables": counted["tables"], "tables_sha256": counted["tables_sha256"],
            "rows": counted["rows"], "tables_at": done["schema"]["at"], "roles": len(counted["schemas"]),
            "files": counted["files"], "files_at": done["files"]["at"],
            "cache_entries": done["shared"]["cache"], "broker_messages": done["shared"]["broker"],
            "archives": counted["archives"], "archives_at": done["archives"]["at"],
            "key_destroyed_at": done["key"]["at"], "addresses_freed": counted["domains"],
            "subscription": done["subscription"], "at_providers": done.get(PEOPLE, {}),
        },
        "stays": _stays(found),
        "proof": done["proof"],
        "finished_at": at.isoformat(),
    }  # fmt: skip


def _stays(found: models.Deletion) -> list[dict[str, Any]]:
    bills = models.HostingInvoice.objects.filter(subscription__retailer_id=found.retailer_id).count()
    days = models.Usage.objects.filter(retailer_id=found.retailer_id).count()
    return [
        {"what": "registry_row", "count": 1, "why": "reserved_code"},
        {"what": "host_invoices", "count": bills, "why": "host_accounts"},
        {"what": "usage_days", "count": days, "why": "host_accounts"},
        {"what": "fleet_events", "count": found.retailer.events.count() + 1, "why": "host_record"},
        {"what": "this_certificate", "count": 1, "why": "host_record"},
    ]


CERTIFICATE = "certificate"
STEPS: tuple[tuple[str, Callable[[models.Deletion, dt.datetime], dict[str, Any]]], ...] = (
    ("close", _close),
    ("count", _count),
    ("subscription", _subscription),
    (PEOPLE, _people),
    ("schema", _schema),
    ("files", _files),
    ("shared", _shared),
    ("key", _key),
    ("archives", _archives),
    ("registry", _registry),
    ("proof", _proof),
    (CERTIFICATE, _certify),
)


@contextmanager
def _alone(deletion_id: int) -> Iterator[None]:
    """One process carries out one deletion; the lock ends with the process that dies."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [deletion_id])
        if not cursor.fetchone()[0]:
            raise UnderWay()
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(UNLOCK, [deletion_id])
