"""The studio: a draft changed by answers, its sample's bill to the cent, refusals at their fields, steps, history."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from bs4 import BeautifulSoup
from django.db import connections
from django.test.utils import CaptureQueriesContext

from harness import databases, supply
from identity import queries as identity_queries
from identity.capabilities import Role
from portal.console.studio import editing, label_prices
from tenants.tariffs import operations, queries

STUDIO = "/console/tariffs/home/-/2/studio/"
PREVIEW = f"{STUDIO}preview/"
TYPICAL = {"/sample/kind": "typical", "/sample/month": "2026-03"}


@pytest.fixture
def draft(home):
    """The second version of the product, as a draft with the document of the first, published one."""
    first = queries.version(product_code="home", number=1)
    return operations.add_version(product=home, document=first.document, valid_from=dt.date(2026, 5, 1))


def soup_of(response):
    return BeautifulSoup(response.content, "html.parser")


def answers(response) -> dict[str, list[str]]:
    """What a browser would send back untouched."""
    found: dict[str, list[str]] = {}
    for control in soup_of(response).select("#studio input[name], #studio select[name]"):
        if control.get("type") in ("checkbox", "radio") and not control.has_attr("checked"):
            continue
        if control.name == "select":
            control = control.select_one("option[selected]") or control.select_one("option")  # noqa: PLW2901
            found.setdefault(control.find_parent("select")["name"], []).append(control["value"])
        else:
            found.setdefault(control["name"], []).append(control.get("value", ""))
    return found


def filled(client, **changed) -> dict:
    return {**answers(client.get(STUDIO)), **TYPICAL, **changed}


def bill_of(response) -> str:
    return " ".join(soup_of(response).select_one("#sample-bill").get_text(" ").split())


def refusals_of(response) -> dict[str, str]:
    return {
        one["id"]: " ".join(one.get_text().split())
        for one in soup_of(response).select(".g-error")
        if not one.has_attr("hidden")
    }


def document():
    return queries.version(product_code="home", number=2).document


class TestTheSample:
    def test_is_billed_beside_the_published_version(self, admin, draft):
        given = filled(admin, **{"/sample/energy/peak": "200", "/sample/energy/valley": "100"})

        same = admin.post(PREVIEW, given)
        dearer = admin.post(PREVIEW, {**given, "/charges/0/price@peak": "0.6083"})

        # 200 × 0.5583 + 100 × 0.3583 = 147.49; 300 × 0.0297 = 8.91; then 200 × 0.05 more
        assert bill_of(same).startswith("Bill of the sample ¥156.40 The same as by the published version.")
        assert bill_of(dearer).startswith("Bill of the sample ¥166.40 +¥10.00 against ¥156.40 by the published version")
        assert "Energy ¥157.49 +¥10.00" in bill_of(dearer)
        assert "Funds ¥8.91 –" in bill_of(dearer)

    def test_explains_each_price_with_its_values(self, admin, draft):
        given = filled(admin, **{"/sample/energy/peak": "200", "/sample/parameter/rebate": "0.01"})

        why = soup_of(admin.post(PREVIEW, given)).select_one("#why-0")

        text = " ".join(why.get_text(" ").split())
        assert "In words: energy used × the figure of the label − rebate" in text
        assert "Peak 200 kWh × 0.5483 ¥109.66 0.5583 − 0.01 = 0.5483" in text

    def test_can_be_a_real_supply_point(self, admin, draft, household):
        given = filled(admin, **{"/sample/kind": "point", "/sample/point": "P1", "/sample/month": "2026-01"})

        found = bill_of(admin.post(PREVIEW, given))

        assert found.startswith("Bill of the sample ¥369.28 The same")

    @pytest.mark.parametrize(
        ("name", "value", "at", "sentence"),
        [
            ("/sample/parameter/rebate", "0.2", "e-sample-parameter-rebate", "rebate must lie between 0 and 0.1"),
            ("/sample/parameter/rebate", "much", "e-sample-parameter-rebate", "“much” is not a number"),
            ("/sample/energy/peak", "NaN", "e-sample-energy-peak", "“NaN” is not a number."),
            ("/sample/month", "soon", "e-sample-month", "“soon” is not a month such as 2026-03."),
        ],
    )
    def test_refuses_at_the_field(self, admin, draft, name, value, at, sentence):
        response = admin.post(PREVIEW, filled(admin, **{name: value}))

        assert sentence in refusals_of(response)[at]
        assert "The sample cannot be billed yet" in bill_of(response)

    def test_of_an_unknown_supply_point_is_refused(self, admin, draft):
        response = admin.post(PREVIEW, filled(admin, **{"/sample/kind": "point", "/sample/point": "nowhere"}))

        assert "nowhere" in refusals_of(response)["e-sample-point"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "value", "at", "sentence"),
        [
            ("/charges/0/price", "{peak: 0.5}[label] - rebat", "e-charges-0-price", "rebat"),
            ("/charges/0/quantity", "sum(consumption", "e-charges-0-quantity", "Position"),
            ("/charges/1/code", "energy", "e-charges-1-code", "The code “energy” is already taken."),
            ("/charges/1/payee", "nobody", "e-charges-1-payee", "“nobody” is not one of"),
            ("/charges/0/round/line", "many", "e-charges-0-round-line", "A whole number from"),
            ("/parameters/rebate/unit", "CNY/(kWh", "e-parameters-rebate-unit", "is not a unit such as"),
            ("/parameters/rebate/max", "high", "e-parameters-rebate-max", "A number is expected here, not “high”"),
            ("/calendar", "cn/nowhere", "e-calendar", "There is no calendar “cn/nowhere”"),
        ],
    )
    def test_stand_at_the_field(self, admin, draft, name, value, at, sentence):
        before = document()

        saved = admin.post(STUDIO, filled(admin, **{name: value, "do": "save"}))

        assert saved.status_code == 422
        assert sentence in refusals_of(saved)[at]
        assert document() == before
        assert sentence in refusals_of(admin.post(PREVIEW, filled(admin, **{name: value})))[at]

    def test_of_a_document_that_is_none_keep_the_fields(self, admin, draft):
        response = admin.post(STUDIO, {**filled(admin), "do": "raw", "raw": "tariff: ["})

        assert response.status_code == 422
        assert "e-all" in refusals_of(response)
        assert soup_of(response).select_one("[name='/charges/1/price']")["value"] == "0.0297"


class TestSaving:
    def test_untouched_changes_nothing(self, admin, draft):
        response = admin.post(STUDIO, filled(admin, do="save"))

        assert (response.status_code, response["Location"]) == (302, STUDIO)
        assert document() == draft.document

    def test_keeps_what_was_answered_and_who_did_it(self, admin, draft):
        given = filled(
            admin,
            **{
                "do": "save",
                "valid_from": "2026-06-01",
                "/charges/0/price@valley": "0.30",
                "/charges/1/price": "0.03",
                "/charges/1/title/en": "State funds",
                "/charges/1/by": ["peak"],
                "/parameters/rebate/max": "0.2",
            },
        )

        admin.post(STUDIO, given)

        saved = queries.version(product_code="home", number=2)
        energy, funds = saved.document["charges"]
        assert energy["price"] == "{peak: 0.5583, valley: 0.30}[label] - rebate"
        assert (funds["price"], funds["by"], funds["title"]["en"]) == ("0.03", ["peak"], "State funds")
        assert saved.document["parameters"]["rebate"]["max"] == "0.2"
        assert (saved.valid_from, saved.author.email) == (dt.date(2026, 6, 1), "staff@alder.test")
        assert identity_queries.audit_events().first().action == "tariff.save"

    def test_takes_an_earlier_state_back(self, admin, draft):
        admin.post(STUDIO, filled(admin, **{"do": "save", "/charges/1/price": "0.01"}))
        admin.post(STUDIO, filled(admin, **{"do": "save", "/charges/1/price": "0.02"}))
        first = queries.saves_of(version=draft).last()

        response = admin.post(STUDIO, {"do": f"restore:{first.pk}"})

        assert soup_of(response).select_one("[name='/charges/1/price']")["value"] == "0.01"
        assert document()["charges"][1]["price"] == "0.02"

    def test_of_a_published_version_is_refused(self, admin, home):
        response = admin.post("/console/tariffs/home/-/1/studio/", {"do": "save"})

        assert (response.status_code, response["Location"]) == (302, "/console/tariffs/home/-/1/")


class TestSteps:
    @pytest.mark.parametrize(
        ("order", "codes"),
        [
            ("down:/charges/0", ["funds", "energy"]),
            ("up:/charges/1", ["funds", "energy"]),
            ("remove:/charges/0", ["funds"]),
            ("add-charge", ["energy", "funds", "charge_1"]),
            ("up:/charges/0", ["energy", "funds"]),
            ("remove:/charges/9", ["energy", "funds"]),
            ("remove:/code", ["energy", "funds"]),
            ("down:/charges/x", ["energy", "funds"]),
        ],
    )
    def test_change_the_order_of_charges_without_saving(self, admin, draft, order, codes):
        response = admin.post(STUDIO, filled(admin, do=order))

        shown = [one["value"] for one in soup_of(response).select("[name^='/charges/'][name$='/code']")]
        assert (response.status_code, shown) == (200, codes)
        assert document() == draft.document

    def test_make_tiers_of_a_price_and_back(self, admin, draft):
        tiers = admin.post(STUDIO, filled(admin, do="to-tiers:/charges/1"))
        more = admin.post(STUDIO, {**answers(tiers), "do": "add-row:/charges/1/tiers/bands"})
        back = admin.post(STUDIO, {**answers(more), "do": "to-price:/charges/1"})

        bands = json.loads(answers(more)["base"][0])["charges"][1]["tiers"]["bands"]
        assert [band.get("to") for band in bands] == ["100", "0", None]
        assert json.loads(answers(back)["base"][0])["charges"][1]["price"] == "0.0297"

    def test_add_a_parameter_by_name(self, admin, draft):
        added = admin.post(STUDIO, filled(admin, **{"do": "add-parameter", "new-parameter": "margin"}))
        refused = admin.post(STUDIO, filled(admin, **{"do": "add-parameter", "new-parameter": "no name"}))

        assert soup_of(added).select_one("[name='/parameters/margin/unit']") is not None
        assert "cannot name a parameter" in refusals_of(refused)["e-all"]


class TestHostileInput:
    @pytest.mark.parametrize("address", [STUDIO, PREVIEW])
    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"base": "["},
            {"base": "[]"},
            {"base": "null"},
            {"base": "{charges: {a: 1}, parameters: [1], tables: x, calendar: [1], title: 3}"},
            {"base": "{charges: [1, null, {tiers: {bands: 7}}, {by: {a: 1}}, {tiers: {bands: [1]}}]}"},
            {"base": "{calendars: {x: 1}, calendar: x, charges: []}"},
            {"base": "{1: 2, charges: [{code: {a: b}, price: [1]}], parameters: {1: 2}}"},
            {"base": "[" * 3000},
            {"do": "remove:/charges/" + "9" * 400},
            {"do": "restore:" + "9" * 400},
            {"do": "add-row:/parameters"},
            {"valid_from": "9999999-99-99"},
            {"/sample/month": "0000-99"},
            {"/sample/energy/peak": "1e999999"},
            {"/sample/energy/peak": "9" * 40},
            {"/sample/kind": "point", "/sample/point": "\x00"},
            {"/charges/0/price": "(" * 4000},
            {"/charges/0/price": "1/0"},
            {"/charges/0/price@peak": "}[label]{"},
            {"do": "raw", "raw": "&a [*a]"},
            {"do": "save", "base": '{"tariff": 1, "code": "a\\u0000", "currency": "CNY", "charges": []}'},
            {"do": "save", "/charges/0/by": ["peak\x00"]},
            {"do": "raw", "raw": "charges: 1"},
        ],
        ids=str,
    )
    def test_never_breaks_and_changes_nothing(self, admin, draft, address, given):
        untouched = {} if "base" in given or not given else filled(admin)

        response = admin.post(address, {**untouched, **given})

        assert response.status_code in (200, 302, 404, 422)
        assert document() == draft.document


class TestWhoMayEnter:
    @pytest.mark.parametrize(
        ("role", "status"),
        [(Role.PRICING, 200), (Role.ADMINISTRATOR, 200), (Role.AUDITOR, 403), (Role.BILLING, 403), (Role.SERVICE, 403)],
    )
    def test_only_who_writes_prices(self, as_role, draft, role, status):
        client = as_role(role)

        assert client.get(STUDIO).status_code == status
        assert client.post(PREVIEW, {}).status_code == status
        assert client.get("/console/tariffs/-/templates/").status_code == status
        assert client.get("/console/tariffs/-/import/").status_code == status


class TestSpeed:
    def test_typing_asks_few_questions(self, admin, draft):
        given = filled(admin)
        admin.post(PREVIEW, given)

        with CaptureQueriesContext(connections["default"]) as asked:
            admin.post(PREVIEW, given)

        assert len(asked) <= 25, [each["sql"][:90] for each in asked]


class TestTemplates:
    def test_are_told_in_words_and_lead_to_a_product(self, admin, in_alder):
        page = soup_of(admin.get("/console/tariffs/-/templates/?q=cn-commercial-tou"))

        text = " ".join(page.select_one("main").get_text(" ").split())
        assert "energy used × flat_price × the figure of the label" in text
        assert "flat_price (0.33144 … 0.49716 CNY/kWh)" in text
        link = page.select_one(".g-card-foot a")["href"]
        chosen = soup_of(admin.get(link)).select_one("[name=template][checked]")
        assert chosen["value"] == "cn-commercial-tou"


def upload(text: str):
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("tariff.json", text.encode())


class TestImport:
    def test_of_a_document_makes_a_draft(self, admin, draft):
        text = admin.get("/console/tariffs/home/-/2/document.yaml").content.decode()

        response = admin.post(
            "/console/tariffs/-/import/",
            {"kind": "document", "file": upload(text), "code": "copy", "valid_from": "2026-07-01"},
        )

        assert response["Location"] == "/console/tariffs/copy/-/1/studio/"
        assert queries.version(product_code="copy", number=1).document == draft.document

    def test_of_a_known_product_adds_a_version(self, admin, draft):
        text = admin.get("/console/tariffs/home/-/2/document.json").content.decode()

        admin.post(
            "/console/tariffs/-/import/",
            {"kind": "document", "file": upload(text), "code": "home", "valid_from": "2026-07-01"},
        )

        assert queries.version(product_code="home", number=3).status == "draft"

    def test_of_a_urdb_rate_comes_with_its_hours(self, admin, in_alder):
        rate = {"name": "Plain", "label": "x1", "energyratestructure": [[{"rate": 0.1234}]],
                "energyweekdayschedule": [[0] * 24] * 12, "energyweekendschedule": [[0] * 24] * 12}  # fmt: skip

        response = admin.post(
            "/console/tariffs/-/import/",
            {"kind": "urdb", "file": upload(json.dumps(rate)), "code": "plain", "valid_from": "2026-07-01"},
            follow=True,
        )

        assert response.redirect_chain[-1][0] == "/console/tariffs/plain/-/1/studio/"
        assert "Bill of the sample" in bill_of(response)

    def test_of_a_rate_with_hours_of_its_own_paints_them(self, admin, in_alder):
        rate = (databases.ROOT / "examples/tariffs/urdb-sce-tou-8-d.json").read_text()

        response = admin.post(
            "/console/tariffs/-/import/",
            {"kind": "urdb", "file": upload(rate), "code": "sce", "valid_from": "2026-07-01"},
            follow=True,
        )

        assert len(soup_of(response).select("#hours svg")) > 1
        assert admin.get("/console/tariffs/sce/-/1/").status_code == 200

    @pytest.mark.parametrize(
        ("kind", "content"), [("urdb", "{}"), ("cdr", "[]"), ("document", "["), ("urdb", "\x00"), ("cdr", "1")]
    )
    def test_of_what_is_none_is_refused(self, admin, in_alder, kind, content):
        response = admin.post(
            "/console/tariffs/-/import/",
            {"kind": kind, "file": upload(content), "code": "plain", "valid_from": "2026-07-01"},
        )

        assert response.status_code == 422
        assert not queries.products(search="plain").exists()


class TestSimulation:
    def test_tells_revenue_now_and_then(self, admin, household, draft):
        from billing.simulation import operations as simulation_operations
        from billing.simulation import queries as simulation_queries

        admin.post(STUDIO, filled(admin, **{"do": "save", "/charges/1/price": "0.0397"}))
        started = admin.post(
            "/console/tariffs/home/-/2/simulate/", {"first": "2026-01", "last": "2026-02", "product_code": "home"}
        )
        made = simulation_queries.simulation(number=1)
        simulation_operations.run_now(simulation=made, at=supply.AT)

        page = soup_of(admin.get(started["Location"]))
        stats = [" ".join(one.get_text(" ").split()) for one in page.select(".g-stat")]
        # 1,416 kWh in two months, each a hundredth dearer
        assert stats[:3] == [
            "Revenue as billed ¥702.82 over 2 months", "Revenue as simulated ¥716.98", "Difference ¥14.16 2%",
        ]  # fmt: skip
        rows = admin.get("/console/simulations/1/months.csv").content.decode("utf-8-sig").splitlines()
        assert [row.split(",")[4:9] for row in rows[1:]] == [
            ["744", "CNY", "369.2800", "376.7200", "7.4400"],
            ["672", "CNY", "333.5400", "340.2600", "6.7200"],
        ]

    def test_backwards_is_refused(self, admin, draft):
        response = admin.post("/console/tariffs/home/-/2/simulate/", {"first": "2026-02", "last": "2026-01"})

        assert response.status_code == 422
        assert "The last month lies before the first one." in soup_of(response).get_text()

    def test_is_read_by_the_auditor_and_not_started(self, as_role, draft):
        auditor = as_role(Role.AUDITOR)

        assert auditor.get("/console/simulations/").status_code == 200
        assert auditor.post("/console/tariffs/home/-/2/simulate/", {}).status_code == 403
        assert auditor.get("/console/simulations/77/").status_code == 404


class TestComparison:
    def test_ranks_products_for_one_customer(self, admin, household):
        page = admin.get("/console/customers/-/supply-points/P1/-/compare/")

        text = " ".join(soup_of(page).get_text(" ").split())
        assert "Home present ¥" in text

    def test_says_when_there_is_nothing_to_compare(self, admin, household):
        point = supply.supply(number="9", product=household_product(), start=dt.date(2026, 1, 1)).occupancies.get()

        page = admin.get(f"/console/customers/-/supply-points/{point.supply_point.identifier}/-/compare/")

        assert "There is nothing to compare yet" in soup_of(page).get_text()


def household_product():
    return queries.product(code="home")


class TestLabelPrices:
    def test_are_found_and_replaced(self):
        formula = "flat * {peak: 1.7, valley: 0.38}[label] + 2"

        assert label_prices.find(formula) == {"peak": "1.7", "valley": "0.38"}
        assert (
            label_prices.replace(formula, {"peak": "1.8", "valley": "0.38"})
            == "flat * {peak: 1.8, valley: 0.38}[label] + 2"
        )

    @pytest.mark.parametrize(
        "formula", ["", "1", "{peak: a}[label]", "{a: 1}[label] * {a: 2}[label]", "{a: 1, a: 2}[label]"]
    )
    def test_are_not_found_where_it_is_not_that_simple(self, formula):
        assert label_prices.find(formula) == {}


class TestStep:
    def test_that_is_unknown_does_nothing(self):
        assert editing.step({"charges": []}, "explode:/charges") == {"charges": []}
