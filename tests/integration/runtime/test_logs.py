"""Log lines in production: JSON, joined by the request's number, without anything of a person."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from config import task_circumstances
from identity import queries
from tenancy import circumstances, context, faults, logs, tasks

CANARIES = {
    "mail": "li.canary@example.com",
    "name": "Canary Wintergreen",
    "phone": "+86 138 0013 8000",
    "password": "correct-canary-battery-7",
    "token": "eyJhbGciOiJIUzI1NiJ9.canary1234567890abcdef",
}


@tasks.tenant_task(name="tests.fails_with_a_person")
def fails_with_a_person(name: str) -> None:
    raise ValueError(f"{name} with {CANARIES['mail']} called {CANARIES['phone']}")


@tasks.tenant_task(name="tests.logs_itself")
def logs_itself() -> None:
    logging.getLogger("tenancy.tests").info("at work")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    level, root.level = root.level, logging.DEBUG
    yield stream
    root.level = level
    root.removeHandler(handler)


@pytest.fixture
def told() -> Iterator[list[faults.Fault]]:
    heard: list[faults.Fault] = []
    faults.register(heard.append)
    yield heard
    faults.unregister(heard.append)


def lines(written: io.StringIO, logger: str = "") -> list[dict[str, Any]]:
    found = [json.loads(line) for line in written.getvalue().split("\n") if line]
    return [line for line in found if not logger or line["logger"] == logger]


def no_canary(text: str) -> None:
    assert [what for what, canary in CANARIES.items() if canary.lower() in text.lower()] == []
    assert "wintergreen" not in text.lower()
    assert "13800138000" not in text


@pytest.mark.django_db
class TestRequests:
    def test_leave_one_line_with_what_is_known(self, written: io.StringIO) -> None:
        answer = Client().get("/accounts/login/", HTTP_HOST="alder.localhost")

        (line,) = lines(written, "gridhall.request")
        assert {name: line[name] for name in ("level", "company", "route", "method", "status")} == {
            "level": "INFO", "company": "alder", "route": "account_login", "method": "GET", "status": 200,
        }  # fmt: skip
        assert line["request_id"] == answer["X-Request-ID"]
        assert line["ms"] > 0
        assert line["time"].endswith("+00:00")

    def test_keep_a_number_that_is_well_formed(self) -> None:
        number = "0af7651916cd43dd8448eb211c80319c"

        assert Client().get("/", HTTP_HOST="alder.localhost", HTTP_X_REQUEST_ID=number)["X-Request-ID"] == number

    @pytest.mark.parametrize("given", ["", "short", "x" * 65, "13800138000138000", "a b" * 8, 'x"}{"level":"x' * 2])
    def test_get_a_number_of_ours_otherwise(self, given: str) -> None:
        number = Client().get("/", HTTP_HOST="alder.localhost", HTTP_X_REQUEST_ID=given)["X-Request-ID"]

        assert number != given
        assert len(number) == 32

    def test_name_who_is_signed_in_by_number_alone(self, written: io.StringIO, alder: Any) -> None:
        client = Client(HTTP_HOST="alder.localhost")
        client.post("/accounts/login/", {"login": "staff@alder.test", "password": "correct horse battery"})
        client.get("/console/")

        with context.use(alder):
            person = queries.staff().get(email="staff@alder.test")
        assert lines(written, "gridhall.request")[-1]["user"] == person.pk
        assert "staff@alder.test" not in written.getvalue()

    def test_show_nothing_of_a_person(self, written: io.StringIO) -> None:
        client = Client(HTTP_HOST="alder.localhost")
        form = {"login": CANARIES["mail"], "password": CANARIES["password"], "name": CANARIES["name"]}
        extra = {
            "HTTP_AUTHORIZATION": f"Bearer {CANARIES['token']}", "HTTP_USER_AGENT": CANARIES["name"],
            "HTTP_REFERER": f"https://alder.localhost/?q={CANARIES['phone']}",
        }  # fmt: skip

        client.post("/accounts/login/", form, **extra)
        client.get(f"/accounts/password/reset/key/1-{CANARIES['token']}/", **extra)
        client.get("/no-such-page/", {"mail": CANARIES["mail"], "phone": CANARIES["phone"]}, **extra)
        client.get("/api/v1/customers/", {"name": CANARIES["name"]}, **extra)
        client.get("/", HTTP_X_REQUEST_ID=CANARIES["mail"], HTTP_HOST="alder.localhost@" + CANARIES["mail"])

        assert len(lines(written, "gridhall.request")) == 5
        no_canary(written.getvalue())


@pytest.mark.django_db
class TestFaults:
    def test_of_a_request_tell_the_place_and_no_text(
        self, written: io.StringIO, told: list[faults.Fault], monkeypatch: Any
    ) -> None:
        from portal.customer import urls

        def broken(request: Any) -> Any:
            raise KeyError(f"{CANARIES['name']} {CANARIES['mail']}")

        monkeypatch.setattr(urls.urlpatterns[0], "callback", broken)
        client = Client(HTTP_HOST="alder.localhost", raise_request_exception=False)

        answer = client.get("/", headers={"x-request-id": "0af7651916cd43dd8448eb211c80319c"})

        (fault,) = told
        assert answer.status_code == 500
        assert (fault.kind, fault.company, fault.request_id) == ("request", "alder", "0af7651916cd43dd8448eb211c80319c")
        assert fault.error["type"] == "KeyError"
        assert fault.error["where"][-1].startswith("tests/integration/runtime/test_logs.py:")
        assert any("error" in line for line in lines(written, "django.request"))
        no_canary(written.getvalue() + json.dumps(fault.as_dict()))

    def test_of_a_task_carry_the_number_of_the_request(
        self, written: io.StringIO, told: list[faults.Fault], alder: Any
    ) -> None:
        headers = {"retailer": alder.schema_name, "request_id": "0af7651916cd43dd8448eb211c80319c"}

        fails_with_a_person.apply(args=[CANARIES["name"]], headers=headers)

        (fault,) = told
        assert (fault.kind, fault.name, fault.company) == ("task", "tests.fails_with_a_person", fault.company)
        assert fault.request_id == "0af7651916cd43dd8448eb211c80319c"
        (line,) = lines(written, "gridhall.task")
        assert (line["task"], line["state"]) == ("tests.fails_with_a_person", "failure")
        no_canary(written.getvalue() + json.dumps(fault.as_dict()))

    def test_of_the_database_tell_the_constraint_and_no_row(self, written: io.StringIO, in_alder: Any) -> None:
        from django.db import transaction

        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("CREATE TEMPORARY TABLE seen (mail text CONSTRAINT seen_once UNIQUE)")
                cursor.execute("INSERT INTO seen VALUES (%s), (%s)", [CANARIES["mail"]] * 2)
        except DatabaseError:
            logging.getLogger("billing.tests").exception("It was refused")

        line = lines(written, "billing.tests")[-1]
        assert line["error"]["cause"] == line["error"]["cause"] | {"sqlstate": "23505", "constraint": "seen_once"}
        no_canary(written.getvalue())

    def test_of_a_reporter_go_no_further(self, written: io.StringIO) -> None:
        def broken(fault: faults.Fault) -> None:
            raise RuntimeError(CANARIES["mail"])

        faults.register(broken)
        try:
            faults.report(ValueError("x"), kind="command", name="fleet")
        finally:
            faults.unregister(broken)

        assert lines(written, "tenancy.faults")[-1]["error"]["type"] == "RuntimeError"
        no_canary(written.getvalue())


@pytest.mark.django_db
class TestTasks:
    def test_carry_the_number_of_the_request_that_sent_them(self, in_alder: Any) -> None:
        with circumstances.within(circumstances.Circumstances(request_id="0af7651916cd43dd8448eb211c80319c")):
            headers: dict[str, Any] = {}
            task_circumstances.carry(headers=headers)

        assert headers["request_id"] == "0af7651916cd43dd8448eb211c80319c"

    def test_give_it_to_their_lines(self, written: io.StringIO, alder: Any) -> None:
        headers = {"retailer": alder.schema_name, "request_id": "0af7651916cd43dd8448eb211c80319c"}

        logs_itself.apply(headers=headers)

        (line,) = lines(written, "tenancy.tests")
        assert (line["company"], line["request_id"]) == ("alder", "0af7651916cd43dd8448eb211c80319c")
        assert line["task_id"]
        assert circumstances.present() == circumstances.Circumstances()


class TestLines:
    @pytest.mark.parametrize(("what", "canary"), CANARIES.items())
    def test_of_other_libraries_leave_arguments_out(self, written: io.StringIO, what: str, canary: str) -> None:
        log = logging.getLogger("somebody.else")

        log.warning("Refused %s for %r after %d tries", canary, {"value": canary}, 3)
        log.warning("A %(thing)s", {"thing": canary})
        try:
            raise ValueError(canary) from KeyError(canary)
        except ValueError:
            log.exception("It failed for %s", canary)

        assert lines(written)[0]["message"] == "Refused … for … after 3 tries"
        no_canary(written.getvalue())

    @pytest.mark.parametrize("what", ["mail", "phone", "token"])
    def test_cover_what_looks_like_a_person(self, written: io.StringIO, what: str) -> None:
        logging.getLogger("billing.tests").warning(f"sent to {CANARIES[what]} at last")

        (line,) = lines(written)
        assert line["message"].startswith("sent to")
        no_canary(written.getvalue())

    def test_are_one_object_each_whatever_is_written(self, written: io.StringIO) -> None:
        logging.getLogger("gridhall").info('two\nlines "quoted" 中文 \u2028', extra={"facts": {"n": 1}})

        (line,) = lines(written)
        assert line["n"] == 1
