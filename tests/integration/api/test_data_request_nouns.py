"""What people ask about their data, by a program: noted once, erased by two, certified, and never another's."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from harness import programs
from identity.models import AuditEvent
from tenancy import context, subjects
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries
from tenants.protection.models import DataRequest

ADDRESS = "/api/v1/data-requests"


@pytest.fixture(autouse=True)
def people(request, settings, tmp_path):
    """In both companies a customer C1 who moved out, one who did not, and nothing owed."""
    settings.FILES_DIR = tmp_path / "files"
    for name in {"fresh_db"} & set(request.fixturenames):
        request.getfixturevalue(name)
    for company in (request.getfixturevalue("alder"), request.getfixturevalue("birch")):
        programs.add_customers(company, 2)
        with context.use(company):
            account = customer_queries.account(number="A1")
            point = customer_queries.supply_point_by_identifier(identifier="NMI1")
            customer_operations.update_customer(number="C1", name="Ida Moss", email="ida@example.test")
            customer_operations.move_out(supply_point=point, on=programs.JUNE)
            customer_operations.close_account(account=account, on=programs.JUNE)


def ask(client, kind="erasure", customer="C1", **more):
    return client.post(ADDRESS, {"customer": customer, "kind": kind, **more}, format="json")


def key(name):
    return {"Idempotency-Key": name}


def erased(api, second, background, birch):
    made = ask(api).json()["id"]
    assert api.post(f"{ADDRESS}/{made}/check").status_code == 200
    with background(birch):
        answer = second.post(f"{ADDRESS}/{made}/approve", headers=key("e"))
    assert answer.status_code == 202, answer.content
    return made


class TestAnErasure:
    @pytest.mark.django_db
    def test_needs_the_key_of_a_second_person(self, api, second, birch):
        made = ask(api).json()["id"]
        early = second.post(f"{ADDRESS}/{made}/approve", headers=key("a"))
        api.post(f"{ADDRESS}/{made}/check")
        own = api.post(f"{ADDRESS}/{made}/approve", headers=key("b"))
        keyless = second.post(f"{ADDRESS}/{made}/approve")

        assert [programs.problem(each)[:2] for each in (early, own, keyless)] == [
            (409, "conflict"), (409, "second_person_needed"), (400, "idempotency_key_required"),
        ]  # fmt: skip
        with context.use(birch):
            assert str(customer_queries.customer(number="C1").name) == "Ida Moss"

    def test_is_certified_for_whom_it_is_and_nobody_else(
        self, fresh_db, birch, alder, program, api, second, background
    ):
        made = erased(api, second, background, birch)

        shown = api.get(f"{ADDRESS}/{made}").json()
        document = api.get(f"{ADDRESS}/{made}/certificate").json()
        assert (shown["state"], shown["certified"]) == ("done", True)
        assert (document["certificate"], document["body"]["customer"]) == ("gridhall-person-erased", "C1")
        assert api.get(f"{ADDRESS}/{made}/certificate.pdf").content.startswith(b"%PDF-")
        with context.use(birch):
            assert str(customer_queries.customer(number="C1").name) == subjects.MARK
        with context.use(alder):
            assert str(customer_queries.customer(number="C1").name) == "Ida Moss"
        stranger = program(alder)
        for place in ("", "/certificate", "/certificate.pdf", "/archive"):
            assert programs.problem(stranger.get(f"{ADDRESS}/{made}{place}"))[0] == 404
        for deed in ("check", "correct", "withdraw", "approve"):
            assert programs.problem(stranger.post(f"{ADDRESS}/{made}/{deed}", headers=key(deed)))[0] == 404
        assert stranger.get(ADDRESS).json()["results"] == []

    @pytest.mark.django_db
    def test_is_refused_with_every_reason(self, api, birch):
        made = ask(api, customer="C2").json()

        refused = api.post(f"{ADDRESS}/{made['id']}/check")

        assert [each["code"] for each in made["objections"]] == ["account_open", "still_supplied"]
        assert programs.problem(refused)[1] == "not_erasable"
        with context.use(birch):
            assert DataRequest.objects.get().state == "asked"

    @pytest.mark.django_db
    def test_is_noted_once(self, api, birch):
        first = api.post(ADDRESS, {"customer": "C1", "kind": "erasure"}, format="json", headers=key("same"))
        again = api.post(ADDRESS, {"customer": "C1", "kind": "erasure"}, format="json", headers=key("same"))
        anew = ask(api)

        assert first.json() == again.json()
        assert anew.json()["id"] == first.json()["id"]
        with context.use(birch):
            assert DataRequest.objects.count() == 1


class TestACopy:
    def test_is_made_by_the_workers_and_fetched(self, fresh_db, birch, api, program, background):
        with background(birch):
            made = ask(api, "access").json()["id"]

        answer = api.get(f"{ADDRESS}/{made}/archive")
        masked = program(birch, "privacy:write", "privacy:read").get(f"{ADDRESS}/{made}/archive")

        with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
            data = json.loads(file.read("data.json"))
        assert data["tables"]["customers_customer"]["rows"][0]["name"] == "Ida Moss"
        assert programs.problem(masked)[:2] == (403, "not_allowed")
        with context.use(birch):
            assert AuditEvent.objects.filter(action="privacy.fetch", subject="customer C1").count() == 1

    @pytest.mark.django_db
    def test_is_not_there_before(self, api):
        made = ask(api, "access").json()["id"]

        assert programs.problem(api.get(f"{ADDRESS}/{made}/archive"))[0] == 404
        assert programs.problem(api.get(f"{ADDRESS}/{made}/certificate"))[0] == 404


@pytest.mark.django_db
class TestACorrection:
    def test_is_shown_carried_out_and_forgotten(self, api, program, birch):
        ask(api, "correction", wanted={"email": "wrong@example.test", "phone": "13800001111"}, note="The street too.")
        made = ask(api, "correction", wanted={"email": "ida.moss@example.test"}).json()
        masked = program(birch, "privacy:read").get(f"{ADDRESS}/{made['id']}").json()

        done = api.post(f"{ADDRESS}/{made['id']}/correct").json()
        twice = api.post(f"{ADDRESS}/{made['id']}/correct")

        assert made["wanted"] == {
            "email": "ida.moss@example.test", "phone": "13800001111", "note": "The street too.",
        }  # fmt: skip
        assert masked["wanted"] == {"email": "i***@example.test", "phone": "138****1111", "note": "***"}
        assert (done["state"], done["wanted"]) == ("done", {})
        assert programs.problem(twice)[:2] == (409, "conflict")
        with context.use(birch):
            found = customer_queries.customer(number="C1")
            assert (str(found.name), str(found.email)) == ("Ida Moss", "ida.moss@example.test")

    @pytest.mark.parametrize(
        ("body", "place"),
        [
            ({"kind": "correction"}, "/wanted"),
            ({"kind": "correction", "wanted": {"kind": "business"}}, "/wanted/kind"),
            ({"kind": "correction", "wanted": {"email": "nonsense"}}, "/wanted/email"),
            ({"kind": "erasure", "note": "all of it"}, "/wanted"),
            ({"kind": "removal"}, "/kind"),
            ({"kind": "access", "customer": "C9"}, "/customer"),
        ],
    )
    def test_is_refused_with_a_place(self, api, birch, body, place):
        response = api.post(ADDRESS, {"customer": "C1", **body}, format="json")

        assert (programs.problem(response)[0], programs.problem(response)[2]) == (422, [place])
        with context.use(birch):
            assert not DataRequest.objects.exists()

    def test_is_refused_with_a_reason_for_the_person(self, api, birch):
        made = ask(api, "correction", note="My name is other.").json()["id"]

        shown = api.post(f"{ADDRESS}/{made}/refuse", {"reason": "We need a document."}, format="json").json()

        assert (shown["state"], shown["reason"], shown["wanted"]) == ("refused", "We need a document.", {})
        with context.use(birch):
            assert DataRequest.objects.get().wanted is None


@pytest.mark.django_db
class TestScopes:
    @pytest.mark.parametrize(
        ("scope", "deed", "status"),
        [("privacy:read", "check", 403), ("privacy:write", "approve", 403), ("customers:write", "correct", 403)],
    )
    def test_each_deed_has_its_own(self, api, program, birch, scope, deed, status):
        made = ask(api).json()["id"]

        answer = program(birch, scope).post(f"{ADDRESS}/{made}/{deed}", headers=key("x"))

        assert programs.problem(answer)[:2] == (status, "not_allowed")
        with context.use(birch):
            assert DataRequest.objects.get().state == "asked"
