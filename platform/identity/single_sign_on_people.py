"""From what the service says to a person of this company: known by subject, else found by an address it vouches for.

A subject belongs to one person of one company; the same service and subject at another company are another account,
since both stand in the company's own tables. Nobody is found by an address outside the company's domains, nor by one
of a domain that the company did not prove.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from identity import models, operations, queries, single_sign_on_domains
from kernel.errors import GridhallError, gettext_noop

LONGEST_NAME = 120


class SignInRefused(GridhallError):
    """The service vouches for somebody whom the company's rules do not let in."""

    code = "sso_refused"
    template = gettext_noop("You are not signed in: {reason}")


NO_MAIL = gettext_noop("your company's sign-in service names no mail address.")
UNVERIFIED = gettext_noop("your company's sign-in service has not verified your mail address.")
OTHER_DOMAIN = gettext_noop("your mail address is not of a domain that this company allows.")
UNPROVEN_DOMAIN = gettext_noop(
    "your company has not proven yet that your mail domain is its own. An administrator does so under Single sign-on."
)
NOBODY = gettext_noop("nobody here has your mail address. Ask an administrator to invite you.")
NOT_STAFF = gettext_noop("this way in is for staff. Customers sign in with their password.")
ENDED = gettext_noop("your access here has ended. Ask an administrator.")
OTHER_PERSON = gettext_noop("your mail address belongs to another account of the service. Ask an administrator.")
NO_POST = gettext_noop("your company's sign-in service gives you no post here. Ask an administrator.")


@dataclass(frozen=True, slots=True)
class Told:
    """Who the service says somebody is."""

    issuer: str
    subject: str
    email: str
    verified: bool
    name: str
    groups: tuple[str, ...]

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2].lower()


def told(*, rules: models.SingleSignOn, claims: Mapping[str, Any]) -> Told:
    """This will pick out of checked claims what an account is made from."""
    email = claims.get("email")
    return Told(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        email=email.strip() if isinstance(email, str) else "",
        verified=claims.get("email_verified") in (True, "true"),
        name=str(claims.get("name") or "").strip()[:LONGEST_NAME],
        groups=_values(claims, rules.role_claim),
    )


def posts(*, rules: models.SingleSignOn, who: Told) -> list[str]:
    """This will return the posts that the table gives somebody, in order; without a table or a match none."""
    return sorted({role for value in who.groups for role in rules.role_map.get(value, [])})


def known(*, rules: models.SingleSignOn, who: Told) -> models.User | None:
    """This will return the person the rules let in, None for somebody who would be made; raises SignInRefused."""
    _check_address(rules, who)
    link = models.SingleSignOnLink.objects.filter(issuer=who.issuer, subject=who.subject).select_related("user").first()
    user = link.user if link else models.User.objects.filter(email__iexact=who.email).first()
    if user is None:
        _check_may_be_made(rules, who)
        return None
    if not user.is_active:
        raise SignInRefused(reason=ENDED)
    if not user.is_staff_member:
        raise SignInRefused(reason=NOT_STAFF)
    if link is None and models.SingleSignOnLink.objects.filter(user=user, issuer=who.issuer).exists():
        raise SignInRefused(reason=OTHER_PERSON)
    if _follows(rules, user) and not posts(rules=rules, who=who):
        raise SignInRefused(reason=NO_POST)
    return user


@transaction.atomic
def take_in(
    *, rules: models.SingleSignOn, who: Told, add: Callable[..., models.User], at: dt.datetime
) -> models.User:  # fmt: skip
    """This will return the person, linked to the subject from now on, made when the rules say so.

    ``add`` makes a person of staff as far as the plan has room. Raises SignInRefused and what ``add`` raises.
    """
    user = known(rules=rules, who=who) or _made(rules, who, add, at)
    _linked(user, who, at)
    if _follows(rules, user):
        _give(user, posts(rules=rules, who=who), at)
    return user


def _check_address(rules: models.SingleSignOn, who: Told) -> None:
    if not who.email:
        raise SignInRefused(reason=NO_MAIL)
    if not who.verified:
        raise SignInRefused(reason=UNVERIFIED)
    if who.domain not in rules.domains:
        raise SignInRefused(reason=OTHER_DOMAIN)
    if not single_sign_on_domains.is_proven(domain=who.domain):
        raise SignInRefused(reason=UNPROVEN_DOMAIN)


def _check_may_be_made(rules: models.SingleSignOn, who: Told) -> None:
    if not rules.makes_people:
        raise SignInRefused(reason=NOBODY)
    if not _first_posts(rules, who):
        raise SignInRefused(reason=NO_POST)


def _made(rules: models.SingleSignOn, who: Told, add: Callable[..., models.User], at: dt.datetime) -> models.User:
    name = who.name or who.email.partition("@")[0]
    try:
        user = add(email=who.email, name=name, roles=_first_posts(rules, who), at=at)
    except operations.EmailTaken:  # made by the same person's other browser in this moment
        user = queries.user_by_email(email=who.email)
    operations.record(
        action="sso.make", subject=f"user {user.pk}", at=at, details={"issuer": who.issuer, "roles": user.roles}
    )
    return user


def _linked(user: models.User, who: Told, at: dt.datetime) -> None:
    used = models.SingleSignOnLink.objects.filter(user=user, issuer=who.issuer, subject=who.subject).update(used_at=at)
    if used:
        return
    try:
        with transaction.atomic():
            models.SingleSignOnLink.objects.create(
                user=user, issuer=who.issuer, subject=who.subject, made_at=at, used_at=at
            )
    except IntegrityError:
        if not models.SingleSignOnLink.objects.filter(user=user, issuer=who.issuer, subject=who.subject).exists():
            raise SignInRefused(reason=OTHER_PERSON) from None
        return
    operations.record(action="sso.link", subject=f"user {user.pk}", by=user, at=at, details={"issuer": who.issuer})


def _give(user: models.User, roles: list[str], at: dt.datetime) -> None:
    if sorted(user.roles) == roles:
        return
    details = {"before": sorted(user.roles), "after": roles, "by": "sso"}
    user.roles = roles
    user.save(update_fields=["roles"])
    operations.record(action="user.roles", subject=f"user {user.pk}", at=at, details=details)


def _follows(rules: models.SingleSignOn, user: models.User) -> bool:
    """Whether a person's posts are the service's to give; never those of an exception, who keeps the way in."""
    return rules.roles_follow and user.pk not in rules.exceptions


def _first_posts(rules: models.SingleSignOn, who: Told) -> list[str]:
    return posts(rules=rules, who=who) or ([] if rules.roles_follow else sorted(rules.default_roles))


def _values(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The values of a claim: of that name, or inside others by dots as in realm_access.roles."""
    if not name:
        return ()
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for step in name.split("."):
            found = found.get(step) if isinstance(found, dict) else None
    listed = found if isinstance(found, list) else [found]
    return tuple(str(each) for each in listed if isinstance(each, str | int) and not isinstance(each, bool))
