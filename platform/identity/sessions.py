"""Where people are signed in: noted at the sign-in, kept up each minute, ended on the server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from identity import alerts, devices, models, policy, second_factor, single_sign_on
from tenancy.sessions import SessionStore

STATE = "_guard"
NOTED_EVERY = dt.timedelta(minutes=1)
KEPT = dt.timedelta(days=400)
_MINUTE = 60


class Verdict(StrEnum):
    """What a visit finds: go on, set up a second factor first, or sign in again."""

    GO_ON = "go_on"
    SET_UP = "set_up"
    IDLE = "idle"
    ENDED = "ended"


@transaction.atomic
def open_session(*, request: Any, user: models.User, at: dt.datetime) -> models.OpenSession:
    """This will note that a person signed in here, and tell him when the device or the network is a new one."""
    if not request.session.session_key:
        request.session.save()
    address, mark = devices.address_of(request), devices.give(request)
    earlier = list(models.OpenSession.objects.filter(user=user).values_list("device_mark", "address"))
    row = _note(request, user, address, mark, at)
    _keep(request.session, row, user, at)
    details = {"device": row.device, "address": address}
    if earlier and mark not in {known for known, _ in earlier}:
        alerts.tell(kind=alerts.KINDS.NEW_DEVICE, at=at, user=user, details=details, mail=True, again=True)
    elif earlier and not _is_near(address, earlier) and not user.can("portal:use"):
        alerts.tell(kind=alerts.KINDS.NEW_NETWORK, at=at, user=user, details=details, mail=True)
    return row


def visit(*, request: Any, user: models.User, at: dt.datetime) -> Verdict:
    """This will look at a request of a signed-in person; the database is asked once a minute only.

    Time without a request is measured for staff and the operator's people by the company's policy.
    """
    state = request.session.get(STATE)
    if not state or state.get("user") != user.pk:
        open_session(request=request, user=user, at=at)
        state = request.session[STATE]
    away = at.timestamp() - state["seen"]
    if state["idle"] and away > state["idle"] * _MINUTE:
        return Verdict.IDLE
    if away >= NOTED_EVERY.total_seconds() or state["key"] != request.session.session_key or state["set_up"]:
        row = models.OpenSession.objects.filter(pk=state["row"], user=user, ended_at__isnull=True).first()
        if row is None:
            return Verdict.ENDED
        row.seen_at, row.session_key = at, request.session.session_key
        row.address = devices.address_of(request) or row.address
        row.save(update_fields=["seen_at", "session_key", "address"])
        _keep(request.session, row, user, at)
    return Verdict.SET_UP if request.session[STATE]["set_up"] else Verdict.GO_ON


def mine(*, user: models.User, at: dt.datetime) -> QuerySet[models.OpenSession]:
    """This will return where a person is signed in now, the last used first."""
    since = at - dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return models.OpenSession.objects.filter(user=user, ended_at__isnull=True, seen_at__gt=since).order_by("-seen_at")


@transaction.atomic
def end(*, user: models.User, session_id: int, at: dt.datetime) -> bool:
    """This will end one session of a person; False when there is none of that number."""
    return _end(models.OpenSession.objects.filter(pk=session_id, user=user), at) > 0


@transaction.atomic
def end_all(*, user: models.User, at: dt.datetime, keep: str | None = None) -> int:
    """This will end all sessions of a person but the one with the key ``keep``; return how many."""
    wanted = models.OpenSession.objects.filter(user=user)
    return _end(wanted.exclude(session_key=keep) if keep else wanted, at)


@transaction.atomic
def end_where(*, wanted: Q, at: dt.datetime) -> int:
    """This will end the open sessions that a condition finds; return how many."""
    return _end(models.OpenSession.objects.filter(wanted), at)


def name_by_service(*, session_key: str, mark: Mapping[str, Any]) -> None:
    """This will note how the company's sign-in service names the person and the session that it vouched for."""
    rows = models.OpenSession.objects.filter(session_key=session_key, ended_at__isnull=True)
    rows.update(**_service_names(mark))


def close(*, session_key: str, at: dt.datetime) -> None:
    """This will note that a person signed out."""
    models.OpenSession.objects.filter(session_key=session_key, ended_at__isnull=True).update(ended_at=at)


def renew(*, request: Any, user: models.User, at: dt.datetime) -> None:
    """This will look at the rules anew at the next request, as after a second factor was added."""
    state = request.session.get(STATE)
    if state:
        missing = second_factor.is_missing(user=user)
        held = missing and single_sign_on.counts_as_held(session=request.session, user=user)
        request.session[STATE] = {**state, "set_up": missing and not held}


def forget_old(*, at: dt.datetime) -> int:
    """This will delete what was noted of sessions that ended long ago; their devices are new ones again."""
    return models.OpenSession.objects.filter(seen_at__lt=at - KEPT).delete()[0]


def _note(request: Any, user: models.User, address: str, mark: str, at: dt.datetime) -> models.OpenSession:
    close(session_key=request.session.session_key, at=at)
    return models.OpenSession.objects.create(
        user=user,
        session_key=request.session.session_key,
        device_mark=mark,
        device=devices.name_of(request),
        address=address,
        opened_at=at,
        seen_at=at,
        **_service_names(request.session.get(single_sign_on.SESSION) or {}),
    )


def _keep(session: Any, row: models.OpenSession, user: models.User, at: dt.datetime) -> None:
    """Put into the session what the next requests need to know without asking."""
    rules = policy.present()
    session[STATE] = {
        "user": user.pk,
        "row": row.pk,
        "key": row.session_key,
        "seen": int(at.timestamp()),
        "idle": 0 if user.can("portal:use") else rules.idle_minutes,
        "set_up": second_factor.is_missing(user=user, rules=rules)
        and not single_sign_on.counts_as_held(session=session, user=user),
    }


def _end(wanted: QuerySet[models.OpenSession], at: dt.datetime) -> int:
    open_ones = list(wanted.filter(ended_at__isnull=True))
    SessionStore.get_model_class().objects.filter(session_key__in=[row.session_key for row in open_ones]).delete()
    return models.OpenSession.objects.filter(pk__in=[row.pk for row in open_ones]).update(ended_at=at)


def _service_names(mark: Mapping[str, Any]) -> dict[str, str]:
    return {"service_subject": mark.get("subject", ""), "service_session": mark.get("session", "")}


def _is_near(address: str, earlier: list[tuple[str, str]]) -> bool:
    return not address or devices.network_of(address) in {devices.network_of(known) for _, known in earlier}
