"""Somebody of the host enters a company: asked for here, kept by the company, written down by both.

Rights, time and consent are ``identity.entering``'s; here stands which company may be entered, and the host's record.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings

from hosting import models
from hosting.operations.companies import record
from identity import entering
from identity import models as identity_models
from identity.capabilities import Role
from kernel import texts
from kernel.errors import Conflict, gettext_noop
from tenancy import context, hosts
from tenancy import models as tenancy_models

REQUESTS = "support.request"
"""Each page opened in a company; left out of the company's timeline, where visits stand."""


def ask(*, code: str, by: Any, wish: entering.Wish, at: dt.datetime) -> identity_models.SupportEntry:
    """This will ask to enter a company whose doors are open.

    Raises UnknownRetailer, Conflict for one that is closed, being made or the host itself, and what
    ``identity.entering.ask`` raises.
    """
    retailer = _open_company(code)
    host = texts.pick(_host().names, retailer.default_language)
    with context.use(retailer):
        entry = entering.ask(
            operator_id=by.pk, host_name=host, wish=wish, longest=settings.SUPPORT_MINUTES_AT_MOST, at=at
        )
    details = {"visit": entry.pk, "ticket": entry.ticket, "minutes": entry.minutes, "write": entry.write}
    _record(retailer, "support.ask", at, by.pk, reason=entry.reason, details=details | {"personal": entry.personal})
    return entry


def hand_over(*, code: str, entry_id: int, by: Any, consent: str, at: dt.datetime) -> str:
    """This will return the address at the company that lets ``by`` in once, within a minute."""
    retailer = _open_company(code)
    with context.use(retailer):
        token = entering.hand_over(entry_id=entry_id, operator_id=by.pk, at=at, code=consent)
    _record(retailer, "support.hand_over", at, by.pk, details={"visit": entry_id})
    return f"{hosts.address(retailer)}/accounts/support/?with={token}"


def end(*, code: str, entry_id: int, by: Any, at: dt.datetime) -> None:
    """This will end a visit, or take back a wish, for the host; raises NotFound."""
    retailer = context.retailer_by_code(code=code)
    with context.use(retailer):
        ended = entering.end(entry_id=entry_id, at=at, cause=entering.Cause.HOST)
    if ended is not None:
        note_end(retailer=retailer, entry=ended, at=at, actor_id=by.pk)


def end_here(*, entry_id: int, by: Any, at: dt.datetime) -> bool:
    """This will end a visit, or refuse a wish, for the present company; False when it had ended. Raises NotFound."""
    began = entering.entry(entry_id=entry_id).started_at is not None
    cause = entering.Cause.COMPANY if began else entering.Cause.REFUSED
    ended = entering.end(entry_id=entry_id, at=at, cause=cause, by=by)
    if ended is not None:
        note_end(retailer=context.current_retailer(), entry=ended, at=at)
    return ended is not None


def visits(*, code: str, latest: int = 20) -> list[identity_models.SupportEntry]:
    """This will return the latest visits of a company that is not being made, newest first."""
    retailer = context.retailer_by_code(code=code)
    if retailer.status == tenancy_models.Retailer.Status.PROVISIONING:
        return []
    with context.use(retailer):
        return list(entering.history()[:latest])


def is_active(*, operator_id: int) -> bool:
    """This will return whether a person of the host still holds his post."""
    with context.use(_host()):
        person = identity_models.User.objects.filter(pk=operator_id, is_active=True).first()
    return person is not None and Role.OPERATOR in person.roles


def note_start(*, retailer: Any, entry: identity_models.SupportEntry, at: dt.datetime) -> None:
    """This will write down at the host that a visit began."""
    details = {"visit": entry.pk, "ticket": entry.ticket, "minutes": entry.minutes, "write": entry.write}
    _record(retailer, "support.start", at, entry.operator_id, reason=entry.reason, details=details)


def note_request(
    *, retailer: Any, entry: identity_models.SupportEntry, page: str, method: str, at: dt.datetime
) -> None:  # fmt: skip
    """This will write down at the host which kind of page was opened: its name, never a number of a customer."""
    details = {"visit": entry.pk, "page": page, "method": method}
    _record(retailer, REQUESTS, at, entry.operator_id, details=details)


def note_end(
    *, retailer: Any, entry: identity_models.SupportEntry, at: dt.datetime, actor_id: int | None = None
) -> None:  # fmt: skip
    """This will write down at the host that a visit ended, and by whom: the host's person or nobody of the host."""
    details = {"visit": entry.pk, "cause": str(entry.cause)}
    _record(retailer, "support.end", at, actor_id, details=details)


def end_overdue(*, at: dt.datetime) -> int:
    """This will end what is over by time at the present company; return how many."""
    ended, retailer = entering.end_overdue(at=at), context.current_retailer()
    for entry in ended:
        note_end(retailer=retailer, entry=entry, at=entry.ended_at or at, actor_id=entry.operator_id)
    return len(ended)


def _open_company(code: str) -> Any:
    retailer = context.retailer_by_code(code=code)
    if retailer.is_operator:
        raise context.UnknownRetailer(name=code)
    if retailer.status != tenancy_models.Retailer.Status.ACTIVE:
        raise Conflict(reason=gettext_noop("the company is {status}."), status=retailer.status)
    return retailer


def _host() -> Any:
    with context.use_public():
        return tenancy_models.Retailer.objects.get(kind=tenancy_models.Retailer.Kind.OPERATOR)


def _record(
    retailer: Any, action: str, at: dt.datetime, actor_id: int | None, *, reason: str = "", details: Any
) -> None:  # fmt: skip
    with context.use_public():
        record(retailer=retailer, action=action, at=at, actor_id=actor_id, reason=reason, details=details)


def host_events(*, code: str, visit: int) -> list[models.FleetEvent]:
    """This will return all that the host's record holds of a visit, in its order."""
    with context.use_public():
        found = models.FleetEvent.objects.filter(retailer__code=code, details__visit=visit)
        return list(found.filter(action__startswith="support.").order_by("at", "id"))
