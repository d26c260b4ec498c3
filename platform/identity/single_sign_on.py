"""A company's own sign-in service: how it is set up, whether it is offered, who must use it.

The secret stands sealed under the company's key. Whether the plan holds it is asked of what ``settings.FEATURE_CHECK``
names, since plans are known above this room.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from identity import (
    capabilities,
    models,
    operations,
    second_factor,
    single_sign_on_domains,
    single_sign_on_protocol,
)
from kernel.errors import Invalid, NotFound, gettext_noop
from tenancy import vault

FEATURE = "sso"
PURPOSE = "single sign-on"
DESCRIPTION_KEPT = dt.timedelta(hours=24)
KEYS_KEPT = dt.timedelta(hours=1)
KEYS_AGAIN_AFTER = dt.timedelta(minutes=1)
"""A token with an unknown key has the keys fetched anew at most this often."""
FACTOR_VALUES = ("mfa", "otp", "hwk")
DOMAIN = re.compile(r"(?=.{3,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
ROLES = frozenset(str(role) for role in capabilities.STAFF_ROLES)


@dataclass(frozen=True, slots=True)
class Facts:
    """What an administrator decides; ``role_map`` leads from a value of ``role_claim`` to posts."""

    issuer: str
    client_id: str
    title: str
    domains: tuple[str, ...]
    enabled: bool = False
    required: bool = False
    exceptions: tuple[int, ...] = ()
    makes_people: bool = False
    default_roles: tuple[str, ...] = ()
    role_claim: str = ""
    role_map: Mapping[str, list[str]] = field(default_factory=dict)
    roles_follow: bool = False
    factor_counts: bool = False
    factor_values: tuple[str, ...] = FACTOR_VALUES


def present() -> models.SingleSignOn | None:
    """This will return how the company's service is set up, or None."""
    return models.SingleSignOn.objects.first()


def in_plan() -> bool:
    """This will return whether the company's plan holds single sign-on."""
    return bool(import_string(settings.FEATURE_CHECK)(FEATURE))


def offered() -> models.SingleSignOn | None:
    """This will return the service that people may sign in at now, or None."""
    found = present()
    return found if found is not None and found.enabled and in_plan() else None


def required() -> models.SingleSignOn:
    """This will return the service that people may sign in at; raises NotFound."""
    found = offered()
    if found is None:
        raise NotFound(what="sign-in service", name="")
    return found


def must_use(*, user: models.User) -> models.SingleSignOn | None:
    """This will return the service a person must sign in at, None for who may use a password.

    Customers never must. While no exception is an active administrator, administrators need not: there is always a
    way in.
    """
    found = offered() if user.is_staff_member else None
    if found is None or not found.required or user.pk in found.exceptions:
        return None
    is_boss = capabilities.Role.ADMINISTRATOR in user.roles
    return None if is_boss and not _ways_in(found.exceptions) else found


def secret(*, rules: models.SingleSignOn) -> str:
    """This will return the client's secret, empty for a client without one."""
    return vault.unseal(sealed=rules.sealed, purpose=PURPOSE).get("secret", "")


def candidates() -> list[models.User]:
    """This will return administrators who may be an exception: active, and with a password of their own."""
    bosses = models.User.objects.filter(is_active=True, roles__contains=[str(capabilities.Role.ADMINISTRATOR)])
    return [person for person in bosses.order_by("name", "id") if person.has_usable_password()]


@transaction.atomic
def save(
    *, facts: Facts, client_secret: str | None, description: Mapping[str, Any], by: models.User, at: dt.datetime
) -> models.SingleSignOn:  # fmt: skip
    """This will set the service up; ``client_secret`` None keeps the one there is. Raises Invalid at its field.

    ``description`` is what ``single_sign_on_protocol.describe`` returned for this issuer just now. The secret of
    another issuer or client is never kept.
    """
    _check(facts)
    before = present()
    row = before or models.SingleSignOn(id=1)
    moved = before is None or (before.issuer, before.client_id) != (facts.issuer, facts.client_id)
    if moved and client_secret is None:
        raise Invalid(where="client_secret", reason=gettext_noop("Enter the secret of this client."))
    if client_secret is not None:
        row.sealed = vault.seal(values={"secret": client_secret}, purpose=PURPOSE)
    if moved:
        row.keys, row.keys_at = {}, None
        _forget_names()
    single_sign_on_domains.keep(domains=facts.domains, at=at)
    for name in Facts.__slots__:
        value = getattr(facts, name)
        setattr(row, name, list(value) if isinstance(value, tuple) else value)
    row.description, row.described_at, row.changed_at = dict(description), at, at
    row.save()
    told = {name: getattr(row, name) for name in Facts.__slots__} | {"secret_changed": client_secret is not None}
    operations.record(action="sso.change", subject="single sign-on", by=by, at=at, details=told)
    return row


@transaction.atomic
def remove(*, by: models.User, at: dt.datetime) -> None:
    """This will forget the service, its secret, and whom it knows; people sign in with passwords again."""
    models.SingleSignOnLink.objects.all().delete()
    models.SingleSignOn.objects.all().delete()
    single_sign_on_domains.keep(domains=(), at=at)
    _forget_names()
    operations.record(action="sso.remove", subject="single sign-on", by=by, at=at)


def links() -> dict[int, models.SingleSignOnLink]:
    """This will return whom the present service knows, by the person's number."""
    rules = present()
    found = models.SingleSignOnLink.objects.filter(issuer=rules.issuer) if rules else []
    return {link.user_id: link for link in found}


def description(*, rules: models.SingleSignOn, at: dt.datetime) -> dict[str, Any]:
    """This will return what the service says of itself, fetched anew once a day."""
    if rules.described_at is None or at - rules.described_at > DESCRIPTION_KEPT:
        rules.description = single_sign_on_protocol.describe(issuer=rules.issuer)
        rules.described_at = at
        _keep(rules, "description", "described_at")
    return dict(rules.description)


def find_key(*, rules: models.SingleSignOn, kid: str, algorithm: str, at: dt.datetime) -> Any:
    """This will return the service's key of that name, fetching its keys anew when they are old or lack it."""
    age = at - rules.keys_at if rules.keys_at else None
    found = single_sign_on_protocol.key_of(keys=rules.keys, kid=kid, algorithm=algorithm)
    if age is None or age > KEYS_KEPT or (found is None and age > KEYS_AGAIN_AFTER):
        rules.keys = single_sign_on_protocol.keys(description=description(rules=rules, at=at))
        rules.keys_at = at
        _keep(rules, "keys", "keys_at")
        found = single_sign_on_protocol.key_of(keys=rules.keys, kid=kid, algorithm=algorithm)
    return found


def factor_given(*, rules: models.SingleSignOn, claims: Mapping[str, Any]) -> bool:
    """This will return whether the service vouches for a second factor and the company counts that."""
    named = claims.get("amr")
    said = {str(each) for each in named} if isinstance(named, list) else set()
    return rules.factor_counts and bool((said | {str(claims.get("acr", ""))}) & set(rules.factor_values))


def _keep(rules: models.SingleSignOn, *names: str) -> None:
    models.SingleSignOn.objects.filter(pk=rules.pk, issuer=rules.issuer).update(
        **{name: getattr(rules, name) for name in names}
    )


def _forget_names() -> None:
    """Forget how a former service named people's sessions; another one may use the same names."""
    models.OpenSession.objects.exclude(service_subject="").update(service_subject="", service_session="")


def _ways_in(exceptions: list[int]) -> bool:
    return any(person.pk in exceptions for person in candidates())


def _check(facts: Facts) -> None:
    for name in ("issuer", "client_id", "title"):
        if not getattr(facts, name).strip():
            raise Invalid(where=name, reason=gettext_noop("This is needed."))
    wrong = [each for each in facts.domains if not DOMAIN.fullmatch(each)]
    if wrong or not facts.domains:
        raise Invalid(
            where="domains", reason=gettext_noop("“{value}” is not a mail domain such as example.com."),
            value=wrong[0] if wrong else "",
        )  # fmt: skip
    if facts.factor_counts and not facts.factor_values:
        raise Invalid(where="factor_values", reason=gettext_noop("Name the values that stand for a second factor."))
    _check_posts(facts)
    _check_required(facts)


def _check_posts(facts: Facts) -> None:
    _check_roles("default_roles", facts.default_roles)
    for roles in facts.role_map.values():
        _check_roles("role_map", roles)
    if facts.role_map and not facts.role_claim:
        raise Invalid(where="role_claim", reason=gettext_noop("Name the claim that the table is about."))
    if facts.roles_follow and not facts.role_map:
        raise Invalid(where="roles_follow", reason=gettext_noop("Posts can follow a table only: fill it in."))
    if facts.makes_people and not facts.default_roles and not facts.role_map:
        raise Invalid(where="default_roles", reason=gettext_noop("Choose the posts of people who are made."))


def _check_required(facts: Facts) -> None:
    if facts.required and not facts.enabled:
        raise Invalid(where="required", reason=gettext_noop("Only a service that is on can be required."))
    if facts.required and not set(facts.domains) & single_sign_on_domains.proven():
        raise Invalid(
            where="required",
            reason=gettext_noop("Prove a mail domain first: until then the service can let nobody in."),
        )
    if facts.required and not _ways_in(list(facts.exceptions)):
        raise Invalid(
            where="exceptions",
            reason=gettext_noop("Choose an active administrator with a password, or nobody gets in when it is away."),
        )


def _check_roles(where: str, roles: Any) -> None:
    unknown = sorted({str(each) for each in roles} - ROLES)
    if unknown:
        raise operations.UnknownRole(where=where, role=unknown[0], roles=", ".join(sorted(ROLES)))


def counts_as_held(*, session: Any, user: models.User) -> bool:
    """This will return whether the present session's second factor was the service's."""
    return bool((session.get(SESSION) or {}).get("factor")) and second_factor.is_required(user=user)


SESSION = "_single_sign_on"
"""In the session of who signed in at the service: its name, whether it vouched for a second factor, and how it names
the person and its own session."""
