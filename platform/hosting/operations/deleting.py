"""The end of a company asked for, waited for and taken back; ``hosting.operations.ending`` carries it out.

Who asks types the company's code and says why. Until the day, the doors are closed or the space is read-only, a final
archive is offered, and administrators and the host are reminded. Until that day it can be taken back.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from hosting import closing, deletion_mails, models, sending
from hosting.operations import backups, companies
from hosting.subscription_states import OPEN
from kernel.errors import Conflict, GridhallError, Invalid, NotFound, gettext_noop
from tenancy import context
from tenancy import models as tenancy_models

State, Meanwhile = models.Deletion.State, models.Deletion.Meanwhile
Status = tenancy_models.Retailer.Status
REMINDERS = (14, 7, 3, 1)
"""Days before the end on which everybody is reminded."""
TRIED_AGAIN_AFTER = dt.timedelta(minutes=10)
LONGEST_REASON = 400
TERM = "deletion_days"


class CodeMistyped(Invalid):
    """Nothing is deleted by a slip of the finger."""

    code = "code_mistyped"
    template = gettext_noop("Type the company's code “{expected}” exactly, to show that this is the one you mean.")


def waiting_days(*, retailer_id: int) -> int:
    """Return how long a company waits for its end: as its plan says, else as the host's settings do."""
    with context.use_public():
        found = models.Subscription.objects.select_related("version").filter(retailer_id=retailer_id).first()
    days = found.version.terms.get(TERM) if found else None
    return int(settings.DELETION_DAYS if days is None else days)


def ask(
    *, code: str, typed: str, reason: str, meanwhile: str, at: dt.datetime,
    actor_id: int | None = None, by_company: bool = False,
) -> models.Deletion:  # fmt: skip
    """Ask for a company's end after the days it waits; ``meanwhile`` is closed or read_only.

    ``actor_id`` is the person, of the host or, with ``by_company``, of the company. A final archive is ordered and
    everybody told. Raises UnknownRetailer, CodeMistyped, Invalid, Conflict.
    """
    retailer = context.retailer_by_code(code=code)
    _check(retailer, typed, reason, meanwhile)
    due = at + dt.timedelta(days=waiting_days(retailer_id=retailer.pk))
    with context.use_public(), transaction.atomic():
        row = tenancy_models.Retailer.objects.select_for_update().get(pk=retailer.pk)
        if row.status not in {Status.ACTIVE, Status.SUSPENDED}:
            raise Conflict(reason=gettext_noop("the company is {status}."), status=row.status)
        if _open_ones(retailer.pk).exists():
            raise Conflict(reason=gettext_noop("its end is asked for already."))
        closes = meanwhile == Meanwhile.CLOSED and row.status == Status.ACTIVE
        made = models.Deletion.objects.create(
            retailer=row, meanwhile=meanwhile, reason=reason.strip()[:LONGEST_REASON], by_company=by_company,
            actor_id=actor_id, asked_at=at, due_at=due, closed_doors=closes,
        )  # fmt: skip
        if closes:
            tenancy_models.Retailer.objects.filter(pk=row.pk).update(status=Status.SUSPENDED)
        closing.put(retailer_id=row.pk)
        _note(made, "delete_asked", at, actor_id, made.reason, meanwhile=meanwhile, due=due.isoformat())
        sending.after_commit("hosting.begin_deletion", deletion_id=made.pk)
    return made


def revoke(
    *, code: str, reason: str, at: dt.datetime, actor_id: int | None = None, by_company: bool = False
) -> models.Deletion:
    """Take a company's end back before its day: its doors open as they were. Raises NotFound, Invalid or Conflict."""
    if not reason.strip():
        raise Invalid(where="reason", reason=gettext_noop("Say why; the company can read it."))
    with context.use_public(), transaction.atomic():
        signed = models.Subscription.objects.select_for_update(of=("self",)).filter(retailer__code=code).first()
        found = models.Deletion.objects.select_for_update().filter(retailer__code=code).order_by("-id").first()
        if found is None:
            raise NotFound(what=gettext_noop("deletion"), name=code)
        if found.state != State.WAITING:
            raise Conflict(reason=gettext_noop("it is carried out already, or was taken back."))
        found.state, found.revoked_at, found.revoke_reason = State.REVOKED, at, reason.strip()[:LONGEST_REASON]
        found.revoked_by_company, found.revoke_actor_id = by_company, actor_id
        found.save()
        if found.closed_doors:
            _open_doors(found, signed)
        closing.put(retailer_id=found.retailer_id)
        _note(found, "delete_revoked", at, actor_id, found.revoke_reason)
        sending.after_commit("hosting.tell_of_deletion", deletion_id=found.pk, word=deletion_mails.REVOKED)
    return found


def begin(*, deletion_id: int, at: dt.datetime) -> models.Deletion:
    """Make the final archive if there is none yet, and tell everybody once. May be run again."""
    with context.use_public():
        found = models.Deletion.objects.select_related("retailer", "export").get(pk=deletion_id)
    if found.state == State.WAITING and (found.export is None or found.export.state != models.Backup.State.DONE):
        export = backups.back_up(code=found.retailer.code, at=at, actor_id=found.actor_id)
        with context.use_public():
            models.Deletion.objects.filter(pk=found.pk).update(export=export)
            found.export = export
    deletion_mails.tell(deletion_id=found.pk, word=deletion_mails.ASKED)
    return found


def export_file(*, deletion: models.Deletion) -> Path:
    """Return the final archive of a company that waits for its end; raises NotFound while there is none."""
    if deletion.export is not None and deletion.state == State.WAITING:
        path = backups.folder_of(code=deletion.retailer.code) / deletion.export.name
        if path.is_file():
            return path
    raise NotFound(what=gettext_noop("archive"), name=deletion.retailer.code)


def look_after(*, at: dt.datetime) -> list[int]:
    """Remind of what is near, begin what was not begun, and return what the owner shall carry out now."""
    with context.use_public():
        waiting = list(models.Deletion.objects.filter(state=State.WAITING).select_related("export"))
    for each in waiting:
        if each.export is None or each.export.state != models.Backup.State.DONE:
            _begin_quietly(each, at)
        _remind(each, at)
    with context.use_public():
        for key in models.Deletion.objects.filter(state=State.DONE).exclude(recipients=[]).values_list("pk", flat=True):
            deletion_mails.send_certificate(deletion_id=key)
        rows = models.Deletion.objects.filter(state__in=[State.WAITING, State.RUNNING], due_at__lte=at)
        tried = [row for row in rows if row.tried_at is None or at - row.tried_at >= TRIED_AGAIN_AFTER]
        return [row.pk for row in tried]


def _begin_quietly(found: models.Deletion, at: dt.datetime) -> None:
    try:
        begin(deletion_id=found.pk, at=at)
    except (OSError, GridhallError) as failure:
        with context.use_public():
            models.Deletion.objects.filter(pk=found.pk).update(error=f"{failure}"[:LONGEST_REASON])


def _remind(found: models.Deletion, at: dt.datetime) -> None:
    whole = (found.due_at - found.asked_at).days
    left = found.due_at - at
    near = [days for days in REMINDERS if days < whole and left <= dt.timedelta(days=days)]
    if near and left > dt.timedelta(0):
        deletion_mails.tell(deletion_id=found.pk, word=f"{deletion_mails.REMINDER}{min(near)}")


def _check(retailer: Any, typed: str, reason: str, meanwhile: str) -> None:
    if retailer.is_operator:
        raise Conflict(reason=gettext_noop("the host itself cannot be deleted here."))
    if typed.strip() != retailer.code:
        raise CodeMistyped(where="typed", expected=retailer.code)
    if not reason.strip():
        raise Invalid(where="reason", reason=gettext_noop("Say why; the company can read it."))
    if meanwhile not in Meanwhile.values:
        raise Invalid(where="meanwhile", reason=gettext_noop("Choose what holds until then."))


def _open_doors(found: models.Deletion, signed: models.Subscription | None) -> None:
    """Open the doors again, unless the subscription came to its end meanwhile: then it keeps them, and opens them."""
    if signed is not None and signed.state not in OPEN:
        signed.closed_doors = True
        signed.save(update_fields=["closed_doors"])
        return
    shut = tenancy_models.Retailer.objects.filter(pk=found.retailer_id, status=Status.SUSPENDED)
    shut.update(status=Status.ACTIVE)


def _open_ones(retailer_id: int) -> Any:
    return models.Deletion.objects.filter(retailer_id=retailer_id, state__in=[State.WAITING, State.RUNNING])


def _note(
    found: models.Deletion, action: str, at: dt.datetime, actor_id: int | None, reason: str, **details: Any
) -> None:
    details["by_company"] = found.by_company
    companies.record(retailer=found.retailer, action=action, at=at, actor_id=actor_id, reason=reason, details=details)
