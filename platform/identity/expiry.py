"""How long tries, sessions, alerts and answers for programs are kept. The audit trail stays."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.models import Session

from identity import models
from tenancy import batches, retention
from tenancy.retention import Rule, Scope

_CHAINED = {
    "en": "Each row holds the digest of the one before; a row taken out would break the proof of all others. "
    "The trail goes with the company.",
    "zh-hans": "每条记录都含上一条的摘要，取出一条即破坏其余全部的证明。审计记录随公司注销一并删除。",
}


def _rule(name: str, titles: dict[str, str], rows: Any, **facts: Any) -> None:
    retention.register(
        Rule(
            name=name, titles=titles, count=lambda scope: batches.count(rows(scope), scope),
            expire=lambda scope: batches.remove(rows(scope), scope), **facts,
        )
    )  # fmt: skip


def _attempts(scope: Scope) -> Any:
    return models.SignInAttempt.objects.filter(at__lt=scope.instant)


def _sessions(scope: Scope) -> Any:
    return models.OpenSession.objects.filter(seen_at__lt=scope.instant)


def _alerts(scope: Scope) -> Any:
    return models.Alert.objects.filter(at__lt=scope.instant, mail_due=False)


def _answers(scope: Scope) -> Any:
    return models.IdempotencyKey.objects.filter(created_at__lt=scope.instant)


def _browsers(scope: Scope) -> Any:
    return Session.objects.filter(expire_date__lt=scope.instant)


_rule(
    "attempts",
    {"en": "Tries to sign in", "zh-hans": "登录尝试"},
    _attempts,
    usual=3,
    longest=3,
    place=retention.SIGN_IN,
)
_rule(
    "devices",
    {"en": "Devices that signed in", "zh-hans": "登录设备"},
    _sessions,
    usual=13,
    longest=13,
    place=retention.SIGN_IN,
)
_rule("sessions", {"en": "Ended browser sessions", "zh-hans": "过期会话"}, _browsers, usual=1, place=retention.SIGN_IN)
_rule(
    "alerts", {"en": "Security alerts", "zh-hans": "安全提醒"}, _alerts, usual=13, longest=13, place=retention.SIGN_IN
)
_rule(
    "answers",
    {"en": "Answers for programs", "zh-hans": "接口幂等应答"},
    _answers,
    usual=1,
    longest=1,
    place=retention.SIGN_IN,
)
retention.register(
    Rule(name="audit", titles={"en": "Audit trail", "zh-hans": "审计记录"}, stays=_CHAINED, place=retention.SIGN_IN)
)
