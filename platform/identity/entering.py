"""Visits of the host's support in the present company: asked for, allowed by the company where it says so, handed over,
ended, and looked up. Every step stands in the company's audit trail.

Who comes is named by his number at the host, never by his name. What he opened is in ``identity.entering_sessions``.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext

from identity import models, operations, policy, queries
from kernel.errors import Conflict, GridhallError, Invalid, NotFound, gettext_noop
from tenancy import context
from tenancy.sessions import SessionStore

MINUTES_AT_LEAST = 15
HAND_OVER_GOOD = dt.timedelta(seconds=60)
CONSENT_GOOD = dt.timedelta(hours=24)
"""So long the company may take to allow a visit, and the host to begin an allowed one."""
CODE_LENGTH = 8
CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
WRONG_CODES_ALLOWED = 5
TOKEN_BYTES = 32
Cause = models.SupportEntry.Cause
Mail = models.SupportEntry.Mail
_SIGNER = Signer(salt="identity.entering")


class AlreadyInside(GridhallError):
    """The same person has a visit here that has not ended."""

    code = "support_already_inside"
    template = gettext_noop("You have an open visit at this company. End it before you ask for another.")


class NotAllowedYet(GridhallError):
    """The company allows each visit, and has not allowed this one, or the code is wrong."""

    code = "support_not_allowed_yet"
    template = gettext_noop("The company has not allowed this visit with that code. {left} tries are left.")


class HandOverRefused(GridhallError):
    """The link is used, too old, of another company, or of a visit that has ended."""

    code = "support_hand_over_refused"
    template = gettext_noop("This link opens nothing: it is good once and for a minute. Start again at the host.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody of the host asks for."""

    reason: str
    minutes: int
    ticket: str = ""
    write: bool = False
    personal: bool = False


@transaction.atomic
def ask(*, operator_id: int, host_name: str, wish: Wish, longest: int, at: dt.datetime) -> models.SupportEntry:
    """This will write down a wish to enter; ``longest`` are minutes. Raises Invalid or AlreadyInside."""
    if not wish.reason.strip():
        raise Invalid(where="reason", reason=gettext_noop("Say why; the company can read it."))
    if not MINUTES_AT_LEAST <= wish.minutes <= longest:
        raise Invalid(
            where="minutes", reason=gettext_noop("Choose from {low} to {high} minutes."),
            low=MINUTES_AT_LEAST, high=longest,
        )  # fmt: skip
    end_overdue(at=at)
    if models.SupportEntry.objects.filter(operator_id=operator_id, ended_at__isnull=True).exists():
        raise AlreadyInside()
    needed = policy.present().support_consent
    entry = models.SupportEntry.objects.create(
        user=_visitor(operator_id, host_name, at), operator_id=operator_id, reason=wish.reason.strip(),
        ticket=wish.ticket.strip(), minutes=wish.minutes, write=wish.write, personal=wish.personal, asked_at=at,
        consent_needed=needed, mail_due=Mail.ASKED if needed else Mail.NONE,
    )  # fmt: skip
    _record("support.ask", entry, at, by=entry.user, details=_facts(entry))
    if needed:
        mail_soon(entry)
    return entry


@transaction.atomic
def allow(*, entry_id: int, by: models.User, at: dt.datetime) -> str:
    """This will allow a visit and return the code that the host must name; only its hash is kept. Raises Conflict."""
    entry = _locked(entry_id)
    if entry.state != "waiting" or at - entry.asked_at > CONSENT_GOOD:
        raise Conflict(reason=gettext_noop("this visit waits for nobody's consent."))
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    entry.consent_at, entry.consent_by, entry.consent_hash = at, by, queries.hash_secret(f"{entry.pk}:{code}")
    entry.save(update_fields=["consent_at", "consent_by", "consent_hash"])
    _record("support.allow", entry, at, by=by)
    return code


def hand_over(*, entry_id: int, operator_id: int, at: dt.datetime, code: str = "") -> str:
    """This will return a token that opens the company once, within a minute, for this person; the last one alone.

    Raises NotFound for another person's visit, Conflict when it began or ended, NotAllowedYet for a missing consent or
    a wrong code: after the fifth the visit has ended.
    """
    entry, refusal = _checked(entry_id, operator_id, code, at)
    if refusal is not None:
        raise refusal
    token = secrets.token_urlsafe(TOKEN_BYTES)
    entry.hand_over_hash, entry.hand_over_until = queries.hash_secret(token), at + HAND_OVER_GOOD
    models.SupportEntry.objects.filter(pk=entry.pk, started_at__isnull=True, ended_at__isnull=True).update(
        hand_over_hash=entry.hand_over_hash, hand_over_until=entry.hand_over_until
    )
    return _SIGNER.sign(f"{context.required_schema()}:{entry.pk}:{operator_id}:{token}")


def handed(*, token: str, at: dt.datetime) -> models.SupportEntry:
    """This will return the visit a token would open now, without opening it; raises HandOverRefused."""
    try:
        schema, entry_id, operator_id, secret = _SIGNER.unsign(token).split(":")
    except (BadSignature, ValueError):
        raise HandOverRefused() from None
    entry = models.SupportEntry.objects.filter(pk=entry_id).first() if schema == context.required_schema() else None
    if entry is None or entry.state != "ready" or str(entry.operator_id) != operator_id:
        raise HandOverRefused()
    if not entry.hand_over_hash or not hmac.compare_digest(entry.hand_over_hash, queries.hash_secret(secret)):
        raise HandOverRefused()
    if entry.hand_over_until is None or at >= entry.hand_over_until:
        raise HandOverRefused()
    return entry


@transaction.atomic
def end(
    *, entry_id: int, at: dt.datetime, cause: str, by: models.User | None = None
) -> models.SupportEntry | None:  # fmt: skip
    """This will end a visit on the server at once; None when it had ended. Raises NotFound."""
    entry = _locked(entry_id)
    if entry.state == "ended":
        return None
    _close(entry, at=at, cause=cause, by=by)
    return entry


def end_overdue(*, at: dt.datetime) -> list[models.SupportEntry]:
    """This will end what is over by time: visits, and wishes that nobody allowed or began within a day."""
    over = Q(ends_at__lte=at) | Q(started_at__isnull=True, asked_at__lte=at - CONSENT_GOOD)
    ended = []
    for pk in models.SupportEntry.objects.filter(over, ended_at__isnull=True).values_list("pk", flat=True):
        found = models.SupportEntry.objects.get(pk=pk)
        ends = min(found.ends_at or at, at)
        done = end(entry_id=pk, at=ends, cause=Cause.TIME if found.started_at else Cause.LAPSED)
        ended += [done] if done else []
    return ended


def entry(*, entry_id: int) -> models.SupportEntry:
    """This will return one visit; raises NotFound."""
    found = models.SupportEntry.objects.select_related("user", "consent_by", "ended_by").filter(pk=entry_id).first()
    if found is None:
        raise NotFound(what="support visit", name=entry_id)
    return found


def open_entries() -> list[models.SupportEntry]:
    """This will return wishes and visits that have not ended, the oldest first."""
    return list(models.SupportEntry.objects.filter(ended_at__isnull=True).select_related("user").order_by("asked_at"))


def history() -> QuerySet[models.SupportEntry]:
    """This will return all visits, newest first."""
    return models.SupportEntry.objects.select_related("user", "consent_by", "ended_by").order_by("-asked_at", "-id")


def deeds(*, entry: models.SupportEntry) -> QuerySet[models.AuditEvent]:
    """This will return what the audit trail holds of a visit, in its order."""
    until = entry.ended_at or entry.ends_at
    found = models.AuditEvent.objects.filter(actor_id=entry.user_id, at__gte=entry.asked_at)
    return (found.filter(at__lte=until + dt.timedelta(minutes=1)) if until else found).order_by("at", "id")


def mail_soon(entry: models.SupportEntry) -> None:
    """This will have the administrators told after the commit; a sweep finds what the queue did not take."""
    from identity import entering_tasks, sign_in

    pk = entry.pk
    transaction.on_commit(lambda: sign_in.send_task(entering_tasks.tell_administrators, pk), robust=True)


def waiting_mails() -> list[int]:
    """This will return visits of which the administrators were not told yet."""
    return list(models.SupportEntry.objects.exclude(mail_due="").order_by("asked_at").values_list("pk", flat=True))


@transaction.atomic
def _checked(
    entry_id: int, operator_id: int, code: str, at: dt.datetime
) -> tuple[models.SupportEntry, GridhallError | None]:
    """The visit and what speaks against entering; a wrong code is counted although it is refused."""
    entry = _locked(entry_id)
    if entry.operator_id != operator_id:
        raise NotFound(what="support visit", name=entry_id)
    if entry.state == "waiting":
        return entry, NotAllowedYet(left=WRONG_CODES_ALLOWED - entry.wrong_codes)
    if entry.state != "ready" or at - entry.asked_at > CONSENT_GOOD:
        return entry, Conflict(reason=gettext_noop("this visit began or ended already."))
    given = queries.hash_secret(f"{entry.pk}:{code.strip().upper()}")
    if not entry.consent_needed or hmac.compare_digest(entry.consent_hash, given):
        return entry, None
    entry.wrong_codes += 1
    entry.save(update_fields=["wrong_codes"])
    _record("support.wrong_code", entry, at, by=entry.user)
    if entry.wrong_codes >= WRONG_CODES_ALLOWED:
        _close(entry, at=at, cause=Cause.REFUSED)
    return entry, NotAllowedYet(where="code", left=WRONG_CODES_ALLOWED - entry.wrong_codes)


def _visitor(operator_id: int, host_name: str, at: dt.datetime) -> models.User:
    """The person as whom somebody of the host acts here: found again at each visit, able to sign in nowhere."""
    earlier = models.SupportEntry.objects.filter(operator_id=operator_id).select_related("user").first()
    if earlier is not None:
        return earlier.user
    mark = secrets.token_hex(8)
    with translation.override(context.current_retailer().default_language):
        name = gettext("{host} support ({number})").format(host=host_name, number=operator_id)
    user = models.User(
        email=f"support-{operator_id}-{mark}@host.invalid", name=name[:120], is_active=False, created_at=at
    )
    user.set_unusable_password()
    user.save()
    return user


def _locked(entry_id: int) -> models.SupportEntry:
    found = models.SupportEntry.objects.select_for_update(of=("self",)).select_related("user")
    entry = found.filter(pk=entry_id).first()
    if entry is None:
        raise NotFound(what="support visit", name=entry_id)
    return entry


def _close(entry: models.SupportEntry, *, at: dt.datetime, cause: str, by: models.User | None = None) -> None:
    if entry.session_key:
        SessionStore.get_model_class().objects.filter(session_key=entry.session_key).delete()
    entry.ended_at, entry.cause, entry.ended_by, entry.hand_over_hash = at, cause, by, ""
    entry.save(update_fields=["ended_at", "cause", "ended_by", "hand_over_hash"])
    _record("support.end", entry, at, by=by or entry.user, details={"cause": str(cause)})


def _facts(entry: models.SupportEntry) -> dict[str, object]:
    return {
        "reason": entry.reason, "ticket": entry.ticket, "minutes": entry.minutes, "write": entry.write,
        "personal": entry.personal,
    }  # fmt: skip


def _record(
    action: str, entry: models.SupportEntry, at: dt.datetime, *, by: models.User, details: Any = None
) -> None:  # fmt: skip
    facts = {"visit": entry.pk, **(details or {})}
    operations.record(action=action, subject=f"support visit {entry.pk}", by=by, at=at, details=facts)
