"""What stands of a person who signs in, and what of it goes when he is erased."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.db.models.functions import Lower

from identity import capabilities, models
from tenancy import subjects
from tenancy.subjects import Deed, Holding, Subject

NOWHERE = "erased.invalid"
"""No mail goes there: RFC 2606."""
LAST = 95


def _erasable(subject: Subject) -> Any:
    """The sign-ins that are the customer's alone; who works here too keeps his."""
    posts = [str(role) for role in capabilities.STAFF_ROLES | {capabilities.Role.OPERATOR}]
    return models.User.objects.filter(pk__in=subject.user_ids).exclude(roles__overlap=posts)


def _user(row: Any) -> Mapping[str, Any]:
    return {
        "name": subjects.MARK, "email": f"erased-{row.pk}@{NOWHERE}", "language": "", "is_active": False,
        "password": make_password(None), "last_login": None,
    }  # fmt: skip


def _sessions(subject: Subject) -> Any:
    keys = models.OpenSession.objects.filter(user__in=_erasable(subject)).values_list("session_key", flat=True)
    return Session.objects.filter(session_key__in=list(keys))


def _attempts(subject: Subject) -> Any:
    wanted = [email.strip().lower() for email in subject.emails]
    return models.SignInAttempt.objects.annotate(lowered=Lower("email")).filter(lowered__in=wanted)


def _answers(subject: Subject) -> Any:
    """Answers kept for programs that ask twice, where one holds the person's number or words."""
    marks = [f'"{subject.number}"', *subject.words]
    rows = models.IdempotencyKey.objects.values_list("pk", "body")
    held = [key for key, body in rows.iterator() if any(mark in str(body) for mark in marks)]
    return models.IdempotencyKey.objects.filter(pk__in=held)


def _events(subject: Subject) -> Any:
    about = Q(actor_id__in=subject.user_ids) | Q(subject=f"customer {subject.number}")
    return models.AuditEvent.objects.filter(about)


subjects.hold_many(
    Holding("django_session", {"en": "Open sessions", "zh-hans": "登录会话"}, _sessions, Deed.REMOVE,
            hidden=frozenset({"session_key", "session_data"})),
    Holding(
        "identity_opensession", {"en": "Devices signed in", "zh-hans": "登录设备"},
        lambda subject: models.OpenSession.objects.filter(user__in=_erasable(subject)), Deed.REMOVE, place=1,
        hidden=frozenset({"session_key", "device_mark"}),
    ),
    Holding("identity_signinattempt", {"en": "Tries to sign in", "zh-hans": "登录尝试"}, _attempts, Deed.REMOVE,
            hidden=frozenset({"device_mark"})),
    Holding(
        "identity_alert", {"en": "Alerts", "zh-hans": "安全提醒"},
        lambda subject: models.Alert.objects.filter(user__in=_erasable(subject)), Deed.REMOVE,
    ),
    Holding(
        "account_emailaddress", {"en": "Confirmed addresses", "zh-hans": "已验证邮箱"},
        lambda subject: EmailAddress.objects.filter(user__in=_erasable(subject)), Deed.REMOVE,
    ),
    Holding(
        "identity_singlesignonlink",
        {"en": "Link to the sign-in service", "zh-hans": "单点登录关联"},
        lambda subject: models.SingleSignOnLink.objects.filter(user__in=_erasable(subject)),
        Deed.REMOVE,
    ),
    Holding(
        "mfa_authenticator", {"en": "Second factors", "zh-hans": "双重验证"},
        lambda subject: Authenticator.objects.filter(user__in=_erasable(subject)), Deed.REMOVE,
        hidden=frozenset({"data"}),
    ),
    Holding("identity_idempotencykey", {"en": "Answers kept for programs", "zh-hans": "接口幂等应答"}, _answers,
            Deed.REMOVE, hidden=frozenset({"body", "headers", "fingerprint"})),
    Holding("identity_user", {"en": "Sign-in", "zh-hans": "登录账号"}, _erasable, Deed.BLANK, blank=_user, place=LAST,
            hidden=frozenset({"password"})),
    Holding("identity_auditevent", {"en": "Audit trail", "zh-hans": "审计记录"}, _events, Deed.KEEP, why="audit"),
)  # fmt: skip
