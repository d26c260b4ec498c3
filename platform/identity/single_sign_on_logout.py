"""Back-channel logout: the company's service says that somebody signed out there, and the sessions here end.

OpenID Connect Back-Channel Logout 1.0 (2.4 to 2.8). The order is a signed token; nothing else of the request is
believed. Each order is carried out once: its name (jti) is kept while a copy of it could still be believed.
"""

from __future__ import annotations

import datetime as dt
import hashlib

from django.db import IntegrityError, transaction
from django.db.models import Q

from identity import models, operations, sessions, single_sign_on_protocol

FORGET_AFTER = dt.timedelta(days=1)
"""Longer than an order is believed: OLDEST_TOKEN and the skew of the clocks."""
SUBJECT = "single sign-on"
NotBelieved = single_sign_on_protocol.NotBelieved


def carry_out(*, issuer: str, order: single_sign_on_protocol.LogoutOrder, at: dt.datetime) -> int:
    """This will end the sessions that a believed order means and return how many; raises NotBelieved the second time.

    With ``sid`` it means that one session, and those of the subject of which the service named no session; without it
    all of the subject that the service vouched for. Who signed in with a password stays signed in.
    """
    mark = hashlib.sha256(f"{issuer}\n{order.name}".encode()).hexdigest()
    with transaction.atomic():
        _once(mark, at)
        ended = sessions.end_where(wanted=_meant(order), at=at)
        details = {"sessions": ended, "by": "sid" if order.session else "sub"}
        operations.record(action="sso.logout", subject=SUBJECT, at=at, details=details)
    return ended


def forget_old(*, at: dt.datetime) -> int:
    """This will forget the orders whose copies nobody believes any more."""
    return models.ServiceLogout.objects.filter(heard_at__lt=at - FORGET_AFTER).delete()[0]


def _once(mark: str, at: dt.datetime) -> None:
    try:
        with transaction.atomic():
            models.ServiceLogout.objects.create(mark=mark, heard_at=at)
    except IntegrityError:
        raise NotBelieved(reason=single_sign_on_protocol.HEARD_BEFORE) from None


def _meant(order: single_sign_on_protocol.LogoutOrder) -> Q:
    vouched = ~Q(service_subject="")
    by_subject = Q(service_subject=order.subject)
    if not order.session:
        return vouched & by_subject
    by_session = Q(service_session=order.session)
    if not order.subject:
        return vouched & by_session
    return vouched & by_subject & (by_session | Q(service_session=""))
