"""Four walls, taken down in turn and together: a stranger's host shows birch's page only when all are down.

The attempt: the cookie of birch's customer is sent to a host that is nobody's. The wall of hosts answers 421. When it
has fallen the request works for alder; the wall of roles forbids it what birch has; the wall of the path finds no such
session at alder; the wall of keys finds the session bound to birch.
"""

from __future__ import annotations

import itertools

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.cache import cache
from django.test import Client
from isolation.switches import SWITCHES

from identity import operations as identity_operations
from identity.capabilities import Role
from tenancy import context
from tenancy.sessions import SessionStore

SECRET = "Wilhelmina Birchwood"
SUBSETS = [names for size in range(len(SWITCHES) + 1) for names in itertools.combinations(SWITCHES, size)]


@pytest.fixture
def stranger(fresh_db, birch, monkeypatch):
    """Return the attempt: walls taken down → what the stranger's host shows to birch's cookie."""

    def attempt(names: tuple[str, ...]) -> tuple[int, str]:
        for name in names:
            SWITCHES[name](monkeypatch, fresh_db)
        cookie = sign_in_at(birch)
        client = Client(HTTP_HOST="nobody.localhost", raise_request_exception=False)
        client.cookies["gridhall_session"] = cookie
        response = client.get("/", follow=False)
        return response.status_code, response.content.decode()

    return attempt


def sign_in_at(retailer) -> str:
    from django.utils import timezone

    with context.use(retailer):
        user = identity_operations.create_user(
            email="wilhelmina@birch.test",
            name=SECRET,
            roles=[Role.CUSTOMER],
            at=timezone.now(),
            password="correct horse battery",
        )
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "identity.sign_in.RetailerBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        return session.session_key


class TestWalls:
    @pytest.mark.parametrize("down", SUBSETS, ids=lambda names: "+".join(names) or "all stand")
    def test_a_leak_is_seen_only_when_all_are_down(self, stranger, down):
        status, page = stranger(down)

        assert (SECRET in page) is (len(down) == len(SWITCHES)), f"{down}: {status}"

    def test_an_unknown_host_is_nobodys(self, stranger):
        status, page = stranger(())

        assert status == 421
        assert "birch" not in page.lower()


class TestCacheKeys:
    def test_with_the_wall_down_the_test_sees_the_leak(self, fresh_db, alder, birch, monkeypatch):
        SWITCHES["keys"](monkeypatch, fresh_db)
        with context.use(birch):
            cache.set("secret", SECRET)
        with context.use(alder):
            seen = cache.get("secret")

        assert seen == SECRET
