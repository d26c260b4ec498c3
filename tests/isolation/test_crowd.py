"""Companies at random in the threads of one program, with faults in the middle: no foreign canary in any answer.

Each thread has its own connection, used again and again for whichever company comes next. Half of the requests go
wrong somewhere: the connection is cut, a statement fails, a role or a path is left behind, a transaction is broken off,
a stream is read late or not to its end.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import DatabaseError, connection, connections, transaction
from django.test import RequestFactory
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from isolation import canaries, faults, people, tally

from tenancy import context
from tenants.customers import queries as customer_queries

THREADS, EACH = 4, 400
PLACES = (
    "/console/customers/", "/console/customers/C10001/", "/console/customers/-/export.csv", "/console/invoices/",
    "/console/search/?q=A1", "/api/v1/customers", "/api/v1/invoices?limit=5", "/api/v1/brand", "/brand.css", "/",
    "/console/customers/none/", "/console/company/audit/export.csv",
)  # fmt: skip


@pytest.mark.slow
class TestThreads:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_serve_each_company_its_own_whatever_breaks(self, whole_fleet, settings, monkeypatch, seed):
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, "isolation.faults.FaultMiddleware"]
        cookies = {number: _cookies(whole_fleet, number) for number in range(whole_fleet.companies)}
        handler, leaks, answers = WSGIHandler(), list[str](), list[int]()
        monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", None)  # each thread keeps its connection
        threads = [
            threading.Thread(target=_work, args=(handler, cookies, random.Random(f"{seed} {n}"), leaks, answers))
            for n in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        tally.add(attacks=len(answers), what="requests in threads with faults")
        assert leaks == []
        assert len(answers) == THREADS * EACH
        assert answers.count(200) > len(answers) / 4
        assert answers.count(500) > len(answers) / 8


class Switching(RuleBasedStateMachine):
    """Contexts entered, left, broken and cut in any order: the database always speaks for the one worked for."""

    fleet: people.Fleet

    def __init__(self) -> None:
        super().__init__()
        connection.set_schema_to_public()

    def look(self, number: int) -> None:
        [name] = {str(each.name) for each in customer_queries.customers().filter(number="C10001")}
        assert canaries.found_in(name) == {("own", number)}
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_schema()")
            assert cursor.fetchone() == (self.fleet.schema(number),) * 2

    @rule(number=st.integers(0, 19), inner=st.integers(0, 19), fault=st.sampled_from([faults.nothing, *faults.FAULTS]))
    def nested(self, number: int, inner: int, fault: Callable[[], None]) -> None:
        try:
            with context.use(self.fleet.company(number)):
                self.look(number)
                with context.use(self.fleet.company(inner)):
                    self.look(inner)
                    fault()
                self.look(number)
        except (faults.Broken, DatabaseError):
            pass
        if not connection.is_usable():
            connection.close()
        assert context.current_schema() == "public"

    @rule(number=st.integers(0, 19), other=st.integers(0, 19))
    def switched_in_a_transaction(self, number: int, other: int) -> None:
        company, second = self.fleet.company(number), self.fleet.company(other)
        with context.use(company):
            try:
                with transaction.atomic():
                    self.look(number)
                    with context.use(second):
                        self.look(other)
            except DatabaseError:
                assert number != other
            self.look(number)

    @rule(number=st.integers(0, 19), other=st.integers(0, 19))
    def read_late(self, number: int, other: int) -> None:
        """A query put together for one company and read for another gives the other's rows, never the first one's."""
        with context.use(self.fleet.company(number)):
            rows = customer_queries.customers().filter(number="C10001")
        with context.use(self.fleet.company(other)):
            assert [canaries.found_in(str(each.name)) for each in rows] == [{("own", other)}]


@pytest.mark.slow
class TestSwitching:
    def test_in_any_order_speaks_for_the_company_worked_for(self, whole_fleet):
        Switching.fleet = whole_fleet
        run_state_machine_as_test(
            Switching, settings=hypothesis_settings(max_examples=30, stateful_step_count=12, deadline=None)
        )


def _cookies(fleet: people.Fleet, number: int) -> dict[str, str]:
    client = fleet.client("administrator", number)
    return {name: morsel.value for name, morsel in client.cookies.items()}


def _work(handler: Any, cookies: dict[int, Any], draw: random.Random, leaks: list[str], answers: list[int]) -> None:
    from isolation.own_secrets import api_secret

    try:
        for _ in range(EACH):
            number, place = draw.randrange(len(cookies)), draw.choice(PLACES)
            spared = draw.random() < 0.5
            faults.FaultMiddleware.wanted.faults = (faults.nothing,) * 2 if spared else draw.choice(faults.PAIRS)
            extra = {"HTTP_HOST": people.host(number), "HTTP_ACCEPT_LANGUAGE": "en"}
            if place.startswith("/api"):
                extra["HTTP_AUTHORIZATION"] = f"Bearer {api_secret(number)}"
            else:
                extra["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in cookies[number].items())
            status, content = _asked(handler, RequestFactory().get(place, **extra).environ, draw)
            answers.append(status)
            leaks += [f"company {number} {place} {status}: {leak}" for leak in canaries.foreign(content, own=number)]
    except Exception as error:
        leaks.append(f"a thread broke: {error!r}")
    finally:
        connections.close_all()


def _asked(handler: Any, environ: dict[str, Any], draw: random.Random) -> tuple[int, bytes]:
    """Ask as a server does: the body is read after the answer began, sometimes not to its end."""
    statuses: list[int] = []
    response = handler(environ, lambda status, headers, info=None: statuses.append(int(status[:3])))
    content = b""
    try:
        for part in response:
            content += part
            if draw.random() < 0.1:
                break
    except (DatabaseError, faults.Broken):
        pass
    finally:
        response.close()
    return statuses[0], content
