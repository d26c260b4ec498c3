"""Products, versions and agreements, by the API."""

from __future__ import annotations

from decimal import Decimal

import pytest

from harness.programs import add_customers, problem
from tenancy import context
from tenants.tariffs import queries

pytestmark = pytest.mark.django_db
DOCUMENT = {
    "tariff": 1,
    "code": "flat",
    "title": {"en": "Flat", "zh-hans": "单一费率"},
    "currency": "AUD",
    "parameters": {"margin": {"unit": "AUD/kWh", "min": 0.01, "max": 0.05}},
    "charges": [{"code": "energy", "quantity": "sum(consumption)", "price": "0.30 + margin", "round": {"line": 2}}],
}
V1 = "/api/v1/products/flat/versions/1"


@pytest.fixture
def flat(api, second):
    """The product flat, published from 2026 on."""
    made = api.post("/api/v1/products", {"document": DOCUMENT, "valid_from": "2026-01-01"}, format="json")
    assert made.status_code == 201, made.content
    assert second.post(f"{V1}/review").json()["status"] == "reviewed"
    assert second.post(f"{V1}/publish").json()["status"] == "published"
    return made


class TestProducts:
    def test_one_starts_with_a_draft(self, api):
        made = api.post("/api/v1/products", {"document": DOCUMENT, "valid_from": "2026-01-01"}, format="json")

        assert (made.status_code, made.headers["Location"]) == (201, V1)
        assert made.json()["status"] == "draft"
        assert api.get("/api/v1/products/flat").json() == {
            "code": "flat",
            "titles": {"en": "Flat", "zh-hans": "单一费率"},
            "market": "au",
        }

    def test_one_starts_from_a_template_of_the_market(self, api):
        template = api.get("/api/v1/market").json()["product_templates"][0]

        made = api.post("/api/v1/products", {"template": template, "valid_from": "2026-01-01"}, format="json")

        assert (made.status_code, made.json()["product"]) == (201, template)

    @pytest.mark.parametrize("given", [{}, {"document": DOCUMENT, "template": "x"}])
    def test_needs_either_a_document_or_a_template(self, birch, api, given):
        refused = api.post("/api/v1/products", {**given, "valid_from": "2026-01-01"}, format="json")

        assert problem(refused) == (422, "invalid", ["/document"])
        with context.use(birch):
            assert not queries.products().exists()

    def test_an_unknown_template_is_refused(self, api):
        refused = api.post("/api/v1/products", {"template": "x", "valid_from": "2026-01-01"}, format="json")

        assert refused.status_code == 422


class TestVersions:
    def test_decimals_keep_their_own_text(self, birch, api, flat):
        with context.use(birch):
            stored = queries.version(product_code="flat", number=1).document

        assert stored["parameters"]["margin"]["min"] in ("0.01", Decimal("0.01"))
        assert api.get(V1).json()["document"]["charges"][0]["price"] == "0.30 + margin"

    @pytest.mark.parametrize(
        ("charge", "pointer"),
        [
            ({"price": "0.30 * nothing"}, "/document/charges/0/price:8"),
            ({"colour": "red"}, "/document/charges/0"),
            ({"quantity": "sum(consumption) +"}, "/document/charges/0/quantity"),
        ],
    )
    def test_a_fault_is_pointed_at_in_the_document(self, birch, api, flat, charge, pointer):
        wrong = {**DOCUMENT, "charges": [{**DOCUMENT["charges"][0], **charge}]}

        refused = api.post(
            "/api/v1/products/flat/versions", {"document": wrong, "valid_from": "2026-07-01"}, format="json"
        )

        assert refused.status_code == 422
        assert problem(refused)[2][0].startswith(pointer)
        assert len(api.get("/api/v1/products/flat/versions").json()["results"]) == 1

    def test_a_draft_is_replaced_only_as_it_was_seen(self, api, flat):
        body = {"document": DOCUMENT, "valid_from": "2026-07-01"}
        api.post("/api/v1/products/flat/versions", body, format="json")
        address = "/api/v1/products/flat/versions/2"
        etag = api.get(address).headers["ETag"]
        later = {**body, "valid_from": "2026-08-01"}

        blind = api.put(address, later, format="json")
        seen = api.put(address, later, format="json", HTTP_IF_MATCH=etag)
        stale = api.put(address, body, format="json", HTTP_IF_MATCH=etag)

        assert problem(blind) == (428, "precondition_required", ["If-Match"])
        assert (seen.status_code, seen.json()["valid_from"]) == (200, "2026-08-01")
        assert problem(stale)[:2] == (412, "precondition_failed")

    def test_a_published_one_never_changes(self, api, flat):
        etag = api.get(V1).headers["ETag"]

        changed = api.put(V1, {"document": DOCUMENT, "valid_from": "2026-02-01"}, format="json", HTTP_IF_MATCH=etag)
        deleted = api.delete(V1)

        assert problem(changed)[:2] == problem(deleted)[:2] == (409, "version_not_a_draft")
        assert api.get(V1).headers["ETag"] == etag

    def test_a_draft_can_be_deleted(self, api):
        api.post("/api/v1/products", {"document": DOCUMENT, "valid_from": "2026-01-01"}, format="json")

        assert api.delete(V1).status_code == 204
        assert api.get(V1).status_code == 404

    def test_who_wrote_it_neither_reviews_nor_publishes_it(self, api, second):
        api.post("/api/v1/products", {"document": DOCUMENT, "valid_from": "2026-01-01"}, format="json")

        own_review, early = api.post(f"{V1}/review"), second.post(f"{V1}/publish")
        second.post(f"{V1}/review")
        own_publication = api.post(f"{V1}/publish")

        assert problem(own_review)[1:] == ("version_review_own", [])
        assert problem(early)[:2] == (409, "version_not_reviewed")
        assert problem(own_publication)[1:] == ("version_publish_own", [])
        assert api.get(V1).json()["status"] == "reviewed"

    def test_one_can_be_withdrawn(self, api, flat):
        assert api.post(f"{V1}/withdraw").json()["status"] == "withdrawn"

    def test_publishing_needs_its_own_scope(self, birch, api, program):
        api.post("/api/v1/products", {"document": DOCUMENT, "valid_from": "2026-01-01"}, format="json")

        refused = program(birch, "tariffs:read", "tariffs:write").post(f"{V1}/publish")

        assert refused.status_code == 403
        assert api.get(V1).json()["status"] == "draft"


class TestAgreements:
    BODY = {
        "account": "A1",
        "supply_point": "NMI1",
        "product": "flat",
        "start": "2026-05-01",
        "parameters": {"margin": "0.02"},
    }

    def test_one_is_made_and_ended(self, birch, api, flat):
        add_customers(birch, 1)

        made = api.post("/api/v1/agreements", self.BODY, format="json")
        ended = api.post(f"{made.headers['Location']}/end", {"on": "2026-08-01"}, format="json")

        assert made.status_code == 201, made.content
        assert made.json()["period"] == {"start": "2026-05-01", "end": None}
        assert ended.json()["period"] == {"start": "2026-05-01", "end": "2026-08-01"}
        assert api.get(made.headers["Location"]).json() == ended.json()

    def test_a_number_and_its_text_are_the_same_parameter(self, birch, api, flat):
        add_customers(birch, 1)

        made = api.post("/api/v1/agreements", {**self.BODY, "parameters": {"margin": 0.02}}, format="json")

        assert made.json()["parameters"] == {"margin": "0.02"}

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"account": "A9"}, 422, "unknown_reference"),
            ({"supply_point": "NMI9"}, 422, "unknown_reference"),
            ({"product": "none"}, 422, "unknown_reference"),
            ({"supply_point": "NMI2"}, 409, "not_the_occupant"),
            ({"end": "2026-05-01"}, 422, "invalid"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, birch, api, flat, change, status, code):
        add_customers(birch, 2)

        refused = api.post("/api/v1/agreements", {**self.BODY, **change}, format="json")

        assert problem(refused)[:2] == (status, code)
        assert api.get("/api/v1/agreements").json()["results"] == []

    def test_a_parameter_beyond_its_bounds_is_pointed_at(self, birch, api, flat):
        add_customers(birch, 1)

        refused = api.post("/api/v1/agreements", {**self.BODY, "parameters": {"margin": "0.50"}}, format="json")

        assert refused.status_code == 422
        assert problem(refused)[2] == ["/parameters/margin"]

    def test_another_ones_end_is_not_taken(self, birch, api, flat):
        add_customers(birch, 1)
        first = api.post("/api/v1/agreements", {**self.BODY, "end": "2026-06-01"}, format="json")
        second = api.post("/api/v1/agreements", {**self.BODY, "start": "2026-06-01"}, format="json")

        refused = api.post(f"{first.headers['Location']}/end", {"on": "2026-07-01"}, format="json")

        assert problem(refused)[:2] == (409, "nothing_agreed")
        assert api.get(second.headers["Location"]).json()["period"]["end"] is None

    def test_are_found_by_day_and_product(self, birch, api, flat):
        add_customers(birch, 1)
        api.post("/api/v1/agreements", self.BODY, format="json")

        found = [
            len(api.get(f"/api/v1/agreements?{query}").json()["results"])
            for query in ("on=2026-05-01", "on=2026-04-30", "product=flat", "account=A2", "supply_point=NMI1")
        ]

        assert found == [1, 0, 1, 0, 1]
