"""Requests of people about their data: asked, answered, and erasures done by two pairs of eyes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from celery import current_app
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from kombu.exceptions import OperationalError

import markets
from hosting import certificates, erasures
from identity import operations as identity_operations
from kernel import sentences
from kernel.errors import Conflict, GridhallError, Invalid, NotFound, gettext_noop
from tenancy import context, outside, subjects
from tenancy.tasks import HEADER
from tenants.customers import personal_data
from tenants.customers.models import Customer
from tenants.customers.operations import register
from tenants.protection import correcting, erasing, giving_out, rewriting
from tenants.protection.models import DataRequest

State, Kind = DataRequest.State, DataRequest.Kind
OPEN = (State.ASKED, State.CHECKED, State.ERASING)
FILE_KEPT = dt.timedelta(days=30)
AS_OWNER = "protection.finish_as_owner"
OUTSIDE_WAITS = dt.timedelta(days=14)
"""So long a payment provider that does not answer is asked again before the certificate says so."""
LONGEST_REASON = 400


class NotErasable(GridhallError):
    """Something stands against erasing the person; every reason is named."""

    code = "not_erasable"
    template = gettext_noop("The person cannot be erased now: {reasons}")

    def __init__(self, *, against: Sequence[subjects.Objection]) -> None:
        super().__init__(codes=[each.code for each in against])
        self.against = against

    def say(self, translate: Callable[[str], str] = str) -> str:
        """Return the sentence with every reason, in the language of ``translate``."""
        said = (sentences.fill(translate(each.template), each.params) for each in self.against)
        return sentences.fill(translate(self.template), {"reasons": " ".join(said)})


class SamePerson(Conflict):
    """The second pair of eyes is another person's."""

    code = "second_person_needed"
    template = gettext_noop("Whoever checked the request cannot approve it: a second person must.")


def ask(
    *, customer: Customer, kind: str, source: str, at: dt.datetime, by: Any = None,
    wanted: Mapping[str, str] | None = None, note: str = "",
) -> DataRequest:  # fmt: skip
    """This will note that a person asks for his data, its removal or a correction; open already, it is the same one.

    A correction names in ``wanted`` what name, email and phone shall be, or says more in ``note``; said again, the
    later word counts. The answer is due after the days of the market's policy (``data_protection.answer_days``).
    Raises Invalid.
    """
    if kind not in Kind.values or source not in DataRequest.Source.values:
        raise Invalid(where="kind", reason=gettext_noop("Choose what is asked for."))
    said = correcting.said(kind=kind, wanted=wanted or {}, note=note)
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer.pk)
        found = DataRequest.objects.filter(customer=customer, kind=kind, state__in=OPEN).first()
        if found is not None:
            if kind == Kind.CORRECTION:
                found.wanted = correcting.joined(found.wanted, said)
                found.save(update_fields=["wanted"])
            return found
        made = DataRequest.objects.create(
            customer=customer, kind=kind, source=source, asked_at=at, asked_by=by, wanted=said or None,
            due_on=at.date() + dt.timedelta(days=answer_days()),
        )  # fmt: skip
        _note(made, "ask", at, by, source=source)
    return made


def answer_days() -> int:
    """This will return within how many days the market asks for an answer."""
    policies = markets.pack(context.current_retailer().market).policies
    return int(policies["data_protection"]["answer_days"])


def give_out(*, request_id: int, at: dt.datetime, by: Any = None) -> DataRequest:
    """This will make the archive of a request for access and keep it for thirty days; made again it is new."""
    found = _request(request_id)
    if found.kind != Kind.ACCESS or found.state not in {State.ASKED, State.READY}:
        raise Conflict(reason=gettext_noop("it is not a request for data that waits."))
    subject = personal_data.subject_of(customer=found.customer)
    content = giving_out.archive(subject=subject, at=at)
    name = default_storage.save(f"requests/{found.pk}-{at:%Y%m%d%H%M%S}.zip", ContentFile(content))
    with transaction.atomic():
        found = _locked(request_id)
        before = found.file
        found.state, found.file, found.sha256 = State.READY, name, giving_out.digest(content)
        found.file_until, found.finished_at, found.decided_by, found.decided_at = at + FILE_KEPT, at, by, at
        found.save()
        _note(found, "give_out", at, by, sha256=found.sha256, bytes=len(content))
    if before:
        default_storage.delete(before)
    return found


def file_of(*, request: DataRequest, at: dt.datetime) -> bytes:
    """This will return the archive of a request; raises NotFound when there is none or its days are over."""
    if not request.file or request.file_until is None or at >= request.file_until:
        raise NotFound(what=gettext_noop("file"), name=str(request.pk))
    with default_storage.open(request.file) as file:
        return file.read()


def check(*, request_id: int, at: dt.datetime, by: Any) -> DataRequest:
    """This will note that one of staff checked who asks and that nothing stands against it; raises NotErasable."""
    with transaction.atomic():
        found = _locked(request_id)
        if found.kind != Kind.ERASURE or found.state != State.ASKED:
            raise Conflict(reason=gettext_noop("it is not a request for erasure that waits."))
        require_erasable(customer=found.customer, on=at.date())
        found.state, found.checked_by, found.checked_at = State.CHECKED, by, at
        found.save()
        _note(found, "check", at, by)
    return found


def approve(*, request_id: int, at: dt.datetime, by: Any) -> DataRequest:
    """This will erase the person, by another of staff than who checked it, and certify it.

    The rows go in one transaction; then the files, the note outside the company's space, the certificate: what is
    cut there is done again by ``finish``. Raises SamePerson, NotErasable or Conflict; nothing is changed then.
    """
    erase(request_id=request_id, at=at, by=by)
    return finish(request_id=request_id, at=at)


def erase(*, request_id: int, at: dt.datetime, by: Any) -> DataRequest:
    """This will do the first half of ``approve``, also inside a transaction; the rest is for ``finish``."""
    with transaction.atomic():
        found = _locked(request_id)
        if found.kind != Kind.ERASURE or found.state != State.CHECKED:
            raise Conflict(reason=gettext_noop("it was not checked yet, or it is over."))
        if found.checked_by_id == by.pk:
            raise SamePerson()
        customer = Customer.objects.select_for_update().get(pk=found.customer_id)
        require_erasable(customer=customer, on=at.date())
        subject = personal_data.subject_of(customer=customer)
        found.decided_by, found.decided_at, found.state = by, at, State.ERASING
        elsewhere = outside.of_person(subject=subject)
        done = erasing.erase_rows(subject=subject)
        left = [each.file for each in DataRequest.objects.filter(customer=customer).exclude(file="")]
        DataRequest.objects.filter(customer=customer).exclude(file="").update(file="")
        found.file = ""
        found.work = {
            "tables": done.tables, "files": [*done.files, *left], "outside": elsewhere, "guarded": done.guarded,
            "words": erasing.found_by_words(subject=subject, guarded=done.guarded),
        }  # fmt: skip
        found.save()
        _note(found, "erase", at, by)
        if done.guarded:
            schema = context.required_schema()
            transaction.on_commit(lambda: _send(found.pk, schema))
    return found


def finish(*, request_id: int, at: dt.datetime) -> DataRequest:
    """This will remove what is left of an erasure, note it outside the space, and certify it. May be run again.

    While a place outside does not answer, it is not certified, for ``OUTSIDE_WAITS`` at most: then that is said.
    """
    found = _request(request_id)
    if found.state != State.ERASING:
        return found
    erasures.note(customer_id=found.customer_id, request_id=found.pk, at=found.decided_at or at)
    if not (_is_rewritten(found) and _is_removed_outside(found, at)):
        return found
    files = erasing.remove_files(names=found.work["files"])
    signer = certificates.signer()
    subject = personal_data.subject_of(customer=found.customer)
    body = erasing.body(
        subject=subject, request=found, done=found.work["tables"], found=found.work["words"], files=files, at=at,
        elsewhere=found.work.get("outside", []),
    )  # fmt: skip
    with transaction.atomic():
        found = _locked(request_id)
        if found.state == State.ERASING:
            found.state, found.finished_at, found.work = State.DONE, at, {}
            found.certificate = signer.sign(kind=erasing.KIND, body=body)
            found.save()
            _note(found, "erased", at, None, certificate=found.certificate["signature"]["sha256"])
    return found


def _is_rewritten(found: DataRequest) -> bool:
    """Write the words that only the owner may, and note it; else tell whether the owner's worker has."""
    if found.work.get("guarded") and rewriting.is_owner():
        with transaction.atomic():
            rewriting.write_guarded(entries=found.work["guarded"])
            found.work = {**found.work, "guarded": []}
            DataRequest.objects.filter(pk=found.pk, state=State.ERASING).update(work=found.work)
    return not found.work.get("guarded")


def waits_for_owner(*, request: DataRequest) -> bool:
    """This will tell whether an erasure needs the owner's worker to go on."""
    return request.state == State.ERASING and bool(request.work.get("guarded"))


def _is_removed_outside(found: DataRequest, at: dt.datetime) -> bool:
    """Remove what stands elsewhere and note what became of each; tell whether nothing waits any more."""
    gives_up = at - (found.decided_at or at) >= OUTSIDE_WAITS
    waits = False
    for entry in found.work.get("outside", []):
        if "outcome" in entry:
            continue
        try:
            entry["outcome"] = str(outside.remove(entry=entry))
        except outside.Away:
            if not gives_up:
                waits = True
                continue
            entry["outcome"] = str(outside.Outcome.SILENT)
    DataRequest.objects.filter(pk=found.pk, state=State.ERASING).update(work=found.work)
    return not waits


def correct(*, request_id: int, at: dt.datetime, by: Any) -> DataRequest:
    """This will carry out a correction: the customer's fields become what was asked; raises Conflict or Invalid.

    What was asked is not kept: the customer has it now. Which fields changed is.
    """
    with transaction.atomic():
        found = _locked(request_id)
        if found.kind != Kind.CORRECTION or found.state != State.ASKED:
            raise Conflict(reason=gettext_noop("it is not a request for correction that waits."))
        fields = correcting.fields_of(found.wanted)
        if fields:
            register.update_customer(number=found.customer.number, **fields)
        found.state, found.finished_at, found.decided_by, found.decided_at = State.DONE, at, by, at
        found.wanted, found.work = None, {"fields": sorted(fields)}
        found.save()
        _note(found, "correct", at, by, fields=sorted(fields))
    return found


def refuse(*, request_id: int, reason: str, at: dt.datetime, by: Any) -> DataRequest:
    """This will refuse a request with a reason that the person is told; raises Invalid or Conflict."""
    if not reason.strip():
        raise Invalid(where="reason", reason=gettext_noop("Say why: the person is told."))
    return _ended(request_id, State.REFUSED, reason.strip()[:LONGEST_REASON], at, by)


def withdraw(*, request_id: int, at: dt.datetime, by: Any) -> DataRequest:
    """This will take a request back that was not carried out yet; raises Conflict."""
    return _ended(request_id, State.WITHDRAWN, "", at, by)


def require_erasable(*, customer: Customer, on: dt.date) -> None:
    """Refuse to erase a customer while something stands against it; raises NotErasable with every reason."""
    found = subjects.objections(subject=personal_data.subject_of(customer=customer), on=on)
    if found:
        raise NotErasable(against=found)


def repeat(*, customer_ids: list[int], at: dt.datetime) -> int:
    """This will erase those again whom an archive brought back; return how many. Asks nobody: it was decided."""
    count = 0
    for customer in Customer.objects.filter(pk__in=customer_ids).order_by("pk"):
        with transaction.atomic():
            done = erasing.erase_rows(subject=personal_data.subject_of(customer=customer))
            rewriting.write_guarded(entries=done.guarded)
            identity_operations.record(action="privacy.repeat", subject=f"customer {customer.number}", at=at)
        erasing.remove_files(names=done.files)
        count += 1
    return count


def _send(request_id: int, schema: str) -> None:
    """Let the owner's worker go on; the sweep does so when the queue rests."""
    try:
        current_app.send_task(AS_OWNER, kwargs={"request_id": request_id}, headers={HEADER: schema})
    except OperationalError:
        return


def _ended(request_id: int, state: str, reason: str, at: dt.datetime, by: Any) -> DataRequest:
    with transaction.atomic():
        found = _locked(request_id)
        if found.state not in {State.ASKED, State.CHECKED}:
            raise Conflict(reason=gettext_noop("it is over, or being carried out."))
        found.state, found.reason, found.finished_at, found.decided_by = state, reason, at, by
        found.decided_at, found.wanted = at, None
        found.save()
        _note(found, state, at, by)
    return found


def _request(request_id: int) -> DataRequest:
    found = DataRequest.objects.select_related("customer").filter(pk=request_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("request"), name=str(request_id))
    return found


def _locked(request_id: int) -> DataRequest:
    rows = DataRequest.objects.select_for_update(of=("self",)).select_related("customer").filter(pk=request_id)
    found = rows.first()
    if found is None:
        raise NotFound(what=gettext_noop("request"), name=str(request_id))
    return found


def _note(found: DataRequest, deed: str, at: dt.datetime, by: Any, **details: Any) -> None:
    identity_operations.record(
        action=f"privacy.{deed}", subject=f"customer {found.customer.number}", by=by, at=at,
        details={"request": found.pk, "kind": found.kind, **details},
    )  # fmt: skip
