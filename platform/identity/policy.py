"""What a company asks of those who sign in: read with defaults, changed with an audit event."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from identity import models, operations
from kernel.errors import Invalid, gettext_noop

FIELDS = (
    "staff_second_factor",
    "support_consent",
    "idle_minutes",
    "failures_allowed",
    "lock_minutes",
    "missing_allowed",
)
RANGES = {
    "idle_minutes": (5, 1440),
    "failures_allowed": (3, 20),
    "lock_minutes": (1, 1440),
    "missing_allowed": (5, 1000),
}


def present() -> models.SecurityPolicy:
    """This will return the company's policy, the defaults while it has chosen none."""
    return models.SecurityPolicy.objects.first() or models.SecurityPolicy()


@transaction.atomic
def change(*, by: models.User, at: dt.datetime, **values: Any) -> models.SecurityPolicy:
    """This will change parts of the policy; raises Invalid for a number outside its range."""
    policy = present()
    for name, value in values.items():
        _check(name, value)
        setattr(policy, name, value)
    try:
        policy.clean_fields()
    except ValidationError as refusal:
        raise Invalid(reason=" ".join(refusal.messages)) from refusal
    policy.save()
    details = {name: getattr(policy, name) for name in FIELDS}
    operations.record(action="security.policy", subject="sign-in", by=by, at=at, details=details)
    return policy


def _check(name: str, value: Any) -> None:
    if name not in FIELDS:
        raise Invalid(where=name, reason=gettext_noop("There is no such rule."))
    if name in RANGES and not RANGES[name][0] <= value <= RANGES[name][1]:
        low, high = RANGES[name]
        raise Invalid(where=name, reason=gettext_noop("Choose a number from {low} to {high}."), low=low, high=high)
