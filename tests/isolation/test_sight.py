"""That the suite can see: a leak planted in each channel is found, and with the walls down the attacks fail."""

from __future__ import annotations

import gzip
import io
import logging
import zipfile

import pytest
from django.core import mail
from django.core.cache import cache
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.test import Client
from isolation import asking, canaries, people, switches

from tenancy import context, hosts

HERE, THERE = 1, 2
LEAK = f"Ada {canaries.word(THERE)}"


def packed(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("inside.csv", gzip.compress(text.encode()))
    return file.getvalue()


def typeset(text: str) -> bytes:
    import typst

    return bytes(typst.compile(text.encode()))


class TestCanaries:
    @pytest.mark.parametrize(
        "content",
        [
            f"<p>{LEAK}</p>", LEAK.upper(), f'{{"name": "{LEAK}"}}', f"{canaries.digits(THERE):,}.00",
            f"{canaries.digits(THERE)}", packed(LEAK), typeset(LEAK), gzip.compress(LEAK.encode()),
            ("\ufeff" + LEAK).encode("utf-16"), "".join(f"\\u{ord(c):04x}" for c in LEAK).encode(),
        ],
        ids=["page", "capitals", "json", "amount", "number", "zip", "pdf", "gzip", "utf-16", "escaped"],
    )  # fmt: skip
    def test_are_found_in_whatever_holds_them(self, content):
        assert canaries.foreign(content, own=HERE) != set()
        assert canaries.foreign(content, own=THERE) == set()

    def test_are_not_found_in_what_the_asker_said_himself(self):
        assert canaries.foreign(f"Not found: {LEAK}", own=HERE, said=[LEAK]) == set()
        assert canaries.foreign(f"Not found: {LEAK} of {canaries.word(THERE)}", own=HERE, said=[LEAK]) != set()

    def test_are_not_seen_in_digests_and_tokens(self):
        text = "".join(f"{n:064x}" for n in range(9_302_400, 9_302_430))

        assert canaries.foreign(text, own=HERE) == set()


class TestChannels:
    @pytest.mark.parametrize(
        "leaky",
        [
            lambda request: HttpResponse(LEAK),
            lambda request: HttpResponse(headers={"X-Name": LEAK}),
            lambda request: StreamingHttpResponse(iter([b"number,name\n", LEAK.encode()])),
            lambda request: FileResponse(io.BytesIO(packed(LEAK))),
            lambda request: mail.send_mail(LEAK, "", "a@b.test", ["c@d.test"]) and HttpResponse(),
            lambda request: logging.getLogger("x").warning("for %s", LEAK) or HttpResponse(),
        ],
        ids=["page", "header", "stream", "file", "mail", "log"],
    )
    def test_that_leak_are_seen(self, small_fleet, monkeypatch, leaky):
        monkeypatch.setattr("portal.shared.views.brand_css", leaky)
        client = Client(HTTP_HOST=people.host(HERE))
        client.handler.load_middleware()
        monkeypatch.setattr(client.handler, "resolve_request", lambda request: (leaky, (), {}))

        assert asking.ask(client, "get", "/brand.css", own=HERE).leaks != set()

    def test_of_the_cache_are_seen(self, small_fleet, monkeypatch):
        switches.SWITCHES["keys"](monkeypatch, small_fleet.database)
        with context.use(small_fleet.company(THERE)):
            cache.set("name", LEAK)

        assert asking.cached(HERE, small_fleet.schema(HERE)) != set()

    def test_of_writes_are_seen_although_undone(self, small_fleet):
        from identity.models import AuditEvent

        with asking.counted() as written, asking.undone(), context.use(small_fleet.company(THERE)):
            AuditEvent.objects.create(at="2026-01-01T00:00Z", actor_name="x", action="x", subject="x")

        assert (small_fleet.schema(THERE), "identity_auditevent") in written

    def test_of_tasks_are_seen(self, small_fleet):
        asking.WATCH.drain()
        with context.use(small_fleet.company(THERE)):
            logging.getLogger("task").info("delivered to %s", LEAK)

        assert canaries.foreign("\n".join(asking.WATCH.drain()), own=HERE) != set()


class TestWalls:
    def test_when_all_are_down_a_page_shows_another_company(self, small_fleet, monkeypatch):
        client = small_fleet.client("administrator", HERE)
        small_fleet.client("administrator", THERE)
        assert asking.ask(client, "get", "/console/customers/", own=HERE).leaks == set()
        down(small_fleet, monkeypatch)

        answer = asking.ask(client, "get", "/console/customers/", own=HERE)

        assert answer.leaks != set()

    @pytest.mark.parametrize("name", ["login", "path", "keys"])
    def test_each_alone_may_fall_and_nothing_is_seen(self, small_fleet, monkeypatch, name):
        client = small_fleet.client("administrator", HERE)
        down(small_fleet, monkeypatch, only=name)

        answer = asking.ask(client, "get", "/console/customers/", own=HERE)

        assert answer.leaks == set()


def down(fleet: people.Fleet, monkeypatch: pytest.MonkeyPatch, only: str = "") -> None:
    """Take walls down: the requests of company 1 are worked on as if for company 2, with whatever that needs."""
    from tenancy import keys
    from tenancy.database import base

    here, there, path = fleet.schema(HERE), fleet.schema(THERE), base.path_statement
    if only in ("", "path"):
        monkeypatch.setattr(base, "path_statement", lambda schema: path(there if schema == here else schema))
    if only in ("", "login"):
        roles = {here: f'SET ROLE "{there}"', "public": "SET ROLE none"}
        monkeypatch.setattr(base, "role_statement", lambda schema: roles.get(schema, f'SET ROLE "{schema}"'))
    if only in ("", "keys"):
        monkeypatch.setattr(keys, "prefix", lambda: there)
    if not only:
        find = hosts.find_retailer
        other = fleet.company(THERE)
        monkeypatch.setattr(hosts, "find_retailer", lambda host: other if host == people.host(HERE) else find(host))
        client = fleet.client("administrator", HERE)
        client.cookies = fleet.client("administrator", THERE).cookies
    context.connection.forget_path()
