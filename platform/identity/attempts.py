"""Tries to sign in, counted where every process sees them: enough wrong ones close an account for a while.

Who tries is counted twice: by the account he names, known or not, and by the network address he comes from. A browser
in which the person signed in before has a count of its own, so that strangers cannot lock the person out of it. A try
is written down as failed before the password is looked at and taken back when it was right: many tries at the same
moment are not heard more often than one after the other.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q, QuerySet

from identity import models, operations, policy

ADDRESS_TIMES = 6
"""An address may fail so many times as often as one account, since an office shares it."""
KEPT = dt.timedelta(days=90)
LONGEST_EMAIL = 254
_Outcome = models.SignInAttempt.Outcome
_FAILED = (_Outcome.PASSWORD, _Outcome.SECOND_FACTOR)


def plain(email: str) -> str:
    """This will return an address as it is counted."""
    return email.strip().lower()[:LONGEST_EMAIL]


def begin(
    *, email: str, address: str, mark: str, device: str, at: dt.datetime, second: bool = False
) -> models.SignInAttempt | None:
    """This will note a try as failed and return it, or None when the account or the address is locked."""
    known = mark if mark and _is_known(email, mark) else ""
    outcome = _Outcome.SECOND_FACTOR if second else _Outcome.PASSWORD
    noted = models.SignInAttempt.objects.create(
        at=at, email=plain(email), address=address, device_mark=known, device=device[:200], outcome=outcome
    )
    rules = policy.present()
    if _account_failures(email, known, at, rules) > rules.failures_allowed or _address_is_over(address, at, rules):
        models.SignInAttempt.objects.filter(pk=noted.pk).update(outcome=_Outcome.REFUSED)
        return None
    return noted


def take_back(*, attempt: models.SignInAttempt) -> None:
    """This will forget a try that was right."""
    attempt.delete()


def succeed(*, email: str, address: str, mark: str, device: str, at: dt.datetime) -> None:
    """This will note that somebody is signed in; the account's failures before it count no more from this browser."""
    known = mark if mark and _is_known(email, mark) else ""
    models.SignInAttempt.objects.create(
        at=at, email=plain(email), address=address, device_mark=known, device=device[:200], outcome=_Outcome.SUCCESS
    )


def is_locked(*, email: str, at: dt.datetime) -> bool:
    """This will return whether strangers' browsers are refused for this account now."""
    rules = policy.present()
    return _account_failures(email, "", at, rules) >= rules.failures_allowed


def locked(*, at: dt.datetime) -> list[tuple[str, dt.datetime]]:
    """This will return accounts that are locked for strangers' browsers, each with the time until which."""
    rules = policy.present()
    window = dt.timedelta(minutes=rules.lock_minutes)
    recent = models.SignInAttempt.objects.filter(at__gt=at - window, outcome__in=_FAILED, device_mark="")
    found = []
    for email in sorted(set(recent.values_list("email", flat=True))):
        times = list(_failures(email, "", at, rules).values_list("at", flat=True)[: rules.failures_allowed])
        if len(times) >= rules.failures_allowed:
            found.append((email, times[-1] + window))
    return found


@transaction.atomic
def unlock(*, email: str, by: models.User, at: dt.datetime) -> None:
    """This will let an account try again at once."""
    forgive(email=email, at=at)
    operations.record(action="security.unlock", subject=plain(email)[:120], by=by, at=at)


def forgive(*, email: str, at: dt.datetime) -> None:
    """This will let an account try again whose person proved himself by a link in his mail."""
    models.SignInAttempt.objects.create(at=at, email=plain(email), address="", outcome=_Outcome.UNLOCKED)


def recent(*, since: dt.datetime) -> QuerySet[models.SignInAttempt]:
    """This will return the tries since then, newest first."""
    return models.SignInAttempt.objects.filter(at__gte=since).order_by("-at", "-id")


def forget_old(*, at: dt.datetime) -> int:
    """This will delete tries that are older than they need to be kept."""
    return models.SignInAttempt.objects.filter(at__lt=at - KEPT).delete()[0]


def address_is_over(*, address: str, at: dt.datetime) -> bool:
    """This will return whether the next try from an address is refused."""
    return _address_is_over(address, at, policy.present(), more=1)


def _account_failures(email: str, known: str, at: dt.datetime, rules: models.SecurityPolicy) -> int:
    return _failures(email, known, at, rules).count()


def _failures(
    email: str, known: str, at: dt.datetime, rules: models.SecurityPolicy
) -> QuerySet[models.SignInAttempt]:  # fmt: skip
    """Failures that count: in the window, after the last success there and after the last unlocking; newest first."""
    mine = models.SignInAttempt.objects.filter(email=plain(email), at__gt=at - dt.timedelta(minutes=rules.lock_minutes))
    ended = Q(outcome=_Outcome.UNLOCKED) | Q(outcome=_Outcome.SUCCESS, device_mark=known)
    last = mine.filter(ended).order_by("-id").values_list("pk", flat=True).first() or 0
    return mine.filter(pk__gt=last, outcome__in=_FAILED, device_mark=known).order_by("-id")


def _address_is_over(address: str, at: dt.datetime, rules: models.SecurityPolicy, more: int = 0) -> bool:
    if not address:
        return False
    since = at - dt.timedelta(minutes=rules.lock_minutes)
    failed = models.SignInAttempt.objects.filter(address=address, at__gt=since, outcome__in=_FAILED)
    return failed.count() + more > rules.failures_allowed * ADDRESS_TIMES


def _is_known(email: str, mark: str) -> bool:
    return models.OpenSession.objects.filter(user__email__iexact=plain(email), device_mark=mark).exists()
