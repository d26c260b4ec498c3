"""Customers come to their portal: staff let somebody sign in, or a customer asks with a number and the address held.

Nobody gets in by what he says: the link goes to the mail address, and whoever reads it there sets the password.
"""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction

from identity import operations as identity_operations
from identity import queries as identity_queries
from identity import sessions
from identity.capabilities import Role
from identity.models import User
from kernel import masking
from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from tenants.customers import queries, values
from tenants.customers.models import Customer, CustomerLogin
from tenants.customers.operations import register

LINK_TASK = "customers.send_portal_link"
LONGEST_NAME = 120


class NoMailAddress(Invalid):
    """The link to the portal goes by mail."""

    code = "no_mail_address"
    template = gettext_noop("No mail address is held for this customer. Give one.")


class AddressTaken(Conflict):
    """A person signs in with one address, for one customer or as staff."""

    code = "sign_in_address_taken"
    template = gettext_noop("Somebody else signs in with {email} already. Give another address.")


class NoSignIn(Conflict):
    """The person does not sign in for this customer."""

    code = "no_such_sign_in"
    template = gettext_noop("This person does not sign in for the customer.")


@transaction.atomic
def open_portal(*, customer: Customer, at: dt.datetime, email: str = "", by: Any = None) -> User:
    """This will let a person sign in for ``customer``, and mail the link for the first password after the commit.

    Without ``email`` it is the address held of the customer. Somebody who signs in for this customer already gets a
    new link. Raises NoMailAddress, EmailMalformed, AddressTaken, or ShownMasked where the caller sees a mask.
    """
    if not email and masking.is_on():
        raise register.ShownMasked(where="email")
    address = values.email(str(email or customer.email), where="email")
    if not address:
        raise NoMailAddress(where="email")
    user = _known(address) or _made(customer, address, at, by)
    login = CustomerLogin.objects.filter(user=user, customer=customer).first()
    if login is None or set(user.roles) != {Role.CUSTOMER}:
        raise AddressTaken(email=address, where="email")
    if not user.is_active:
        user.is_active = True
        user.save(update_fields=["is_active"])
    _mail(user)
    return user


@transaction.atomic
def close_portal(*, customer: Customer, user_id: int, at: dt.datetime, by: Any) -> User:
    """This will end a person's access to the portal of ``customer`` and his sessions; raises NoSignIn."""
    user = _person(customer, user_id)
    user.is_active = False
    user.save(update_fields=["is_active"])
    sessions.end_all(user=user, at=at)
    identity_operations.record(action="portal.close", subject=f"user {user.pk}", by=by, at=at)
    return user


def ask_for_portal(*, number: str, email: str, at: dt.datetime) -> User | None:
    """This will mail a link to ``email`` when that is the address held of the customer ``number`` stands for.

    ``number`` is an account's, a customer's, or that of a supply point the customer answers for now. For everybody
    else nothing happens and None is returned; the caller tells all of them the same.
    """
    address = email.strip().casefold()
    for customer in queries.customers_known_by(number=number.strip(), on=at.date()):
        if not address or str(customer.email).strip().casefold() != address:
            continue
        user = _known(address)
        if user is not None and not user.is_active:
            continue
        try:
            return open_portal(customer=customer, email=str(customer.email), at=at)
        except AddressTaken:
            continue
    return None


def _known(address: str) -> User | None:
    try:
        return identity_queries.user_by_email(email=address)
    except NotFound:
        return None


def _made(customer: Customer, address: str, at: dt.datetime, by: Any) -> User:
    name = str(customer.name)[:LONGEST_NAME]
    user = identity_operations.create_user(
        email=address, name=name, roles=[Role.CUSTOMER], language=customer.language, at=at, by=by
    )
    register.link_sign_in(customer=customer, user=user)
    return user


def _person(customer: Customer, user_id: int) -> User:
    login = CustomerLogin.objects.select_related("user").filter(customer=customer, user_id=user_id).first()
    if login is None:
        raise NoSignIn
    return login.user


def _mail(user: User) -> None:
    transaction.on_commit(partial(_send, user.pk), robust=True)


def _send(user_id: int) -> None:
    """Hand the mail to the workers; who waits in vain asks again."""
    if LINK_TASK not in current_app.tasks:
        current_app.loader.import_default_modules()
    current_app.tasks[LINK_TASK].delay(user_id)
