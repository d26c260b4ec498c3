from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings as project
from django.db import connection, connections
from django.test import Client

from config import environment
from harness import databases
from hosting import models
from hosting.operations import offering, sign_up_steps, signing_up
from tenancy import context

AT = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
FORM = {
    "name_en": "Cedar Power", "name_zh": "雪松售电", "legal_name": "Cedar Power Ltd", "code": "cedar",
    "place": "au/NSW", "default_language": "en", "admin_name": "Ada", "admin_email": "ada@cedar.test", "plan": "growth",
    "interval": "month", "demo": "", "accepted": "on",
}  # fmt: skip


@pytest.fixture
def offered(request: pytest.FixtureRequest, settings: Any) -> None:
    """Three plans are offered; companies live below ``localhost`` as in the standing cast.

    A test whose commits must be real asks for ``fresh_db`` or works as ``owner``; the others are taken back.
    """
    request.getfixturevalue("fresh_db" if "fresh_db" in request.fixturenames else "db")
    settings.PLATFORM_DOMAIN, settings.SIGN_UPS_PER_SENDER = "localhost", 50
    offering.load_defaults(at=AT)


@pytest.fixture
def stranger() -> Client:
    """A browser at the operator's host that nobody signed in with."""
    return Client(HTTP_HOST="operator.localhost", HTTP_ACCEPT_LANGUAGE="en")


@pytest.fixture
def wish() -> Callable[..., signing_up.Wish]:
    """Return what a company fills in: ``wish(code="cedar")``."""

    def filled(**changes: Any) -> signing_up.Wish:
        facts = {
            "code": "cedar", "names": {"en": "Cedar Power"}, "legal_name": "Cedar Power Ltd", "place": "au/NSW",
            "default_language": "en", "admin_name": "Ada", "admin_email": "ada@cedar.test", "plan": "growth",
            "accepted": True,
        }  # fmt: skip
        return signing_up.Wish(**(facts | changes))

    return filled


@pytest.fixture
def owner(fresh_db: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Work with the owner's login: ``with owner(): ...``, as the provision worker does."""

    @contextmanager
    def working() -> Iterator[None]:
        with monkeypatch.context() as patched:
            patched.setattr(project, "PROCESS_ROLE", "owner")
            _point_to(databases.server().owner_url(fresh_db))
            try:
                yield
            finally:
                patched.undo()
                _point_to(databases.server().url(user="gridhall_app", database=fresh_db))

    return working


@pytest.fixture
def asked(offered: None, wish: Any, mailoutbox: list[Any]) -> Callable[..., tuple[models.SignUp, str]]:
    """Ask for a space and return the sign-up with the token that was mailed."""

    def ask(at: dt.datetime = AT, **changes: Any) -> tuple[models.SignUp, str]:
        made = signing_up.ask(wish=wish(**changes), sender="198.51.100.7", at=at)
        assert signing_up.mail_link(sign_up_id=made.pk, at=at)
        return made, token_of(mailoutbox[-1])

    return ask


@pytest.fixture
def confirmed(asked: Any) -> Callable[..., models.SignUp]:
    """Ask for a space and prove the address."""

    def confirm(**changes: Any) -> models.SignUp:
        _, token = asked(**changes)
        return signing_up.confirm(token=token, at=AT + dt.timedelta(minutes=5))

    return confirm


@pytest.fixture
def carried_on(owner: Any) -> Callable[..., str]:
    """Let the provision worker take the steps that are left; returns the state."""

    def carry_on(sign_up: models.SignUp, at: dt.datetime = AT + dt.timedelta(minutes=6)) -> str:
        with owner():
            return sign_up_steps.carry_on(sign_up_id=sign_up.pk, clock=lambda: at)

    return carry_on


def token_of(mail: Any) -> str:
    """Return the token in a mail's link."""
    return re.search(r"/signup/confirm/([^/\s]+)/", mail.body)[1]


def fresh(sign_up: models.SignUp) -> models.SignUp:
    """Read a sign-up again."""
    with context.use_public():
        return models.SignUp.objects.get(pk=sign_up.pk)


def _point_to(url: str) -> None:
    connections.close_all()
    facts = environment.database(url)
    connections.settings["default"].update(facts)
    connection.settings_dict.update(facts)
    connection.set_schema_to_public()
