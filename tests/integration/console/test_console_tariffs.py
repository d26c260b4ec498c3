"""Products and versions in the console: started from a template, changed as drafts, published, withdrawn."""

from __future__ import annotations

import datetime as dt

import pytest
from bs4 import BeautifulSoup

from identity import queries as identity_queries
from identity.capabilities import Role
from tenants.tariffs import operations, queries, tariff_documents

NEW = {
    "template": "cn-commercial-tou",
    "code": "shop",
    "title_zh": "商铺",
    "title_en": "Shop",
    "valid_from": "2026-04-01",
}


def soup_of(response):
    return BeautifulSoup(response.content, "html.parser")


def text_of(response):
    return " ".join(soup_of(response).get_text(" ").split())


@pytest.fixture
def draft(home):
    """The second version of the product, as a draft with the document of the first."""
    first = queries.version(product_code="home", number=1)
    return operations.add_version(product=home, document=first.document, valid_from=dt.date(2026, 5, 1))


def document_of(version):
    return tariff_documents.as_text(version.document)


class TestAProduct:
    def test_is_started_from_a_template(self, admin, in_alder):
        response = admin.post("/console/tariffs/-/new/", NEW)

        made = queries.version(product_code="shop", number=1)
        assert (response.status_code, response["Location"]) == (302, "/console/tariffs/shop/-/1/")
        assert (made.status, made.valid_from) == ("draft", dt.date(2026, 4, 1))
        assert made.product.titles == {"zh-hans": "商铺", "en": "Shop"}
        assert made.document["code"] == "cn-commercial-tou"

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("code", "home", "The code “home” is already in use."),
            ("code", "two words", "is not a number"),
            ("template", "us-tou", "Select a valid choice."),
            ("valid_from", "someday", "Enter a valid date."),
        ],
    )
    def test_is_refused_at_the_field(self, admin, home, field, value, sentence):
        response = admin.post("/console/tariffs/-/new/", {**NEW, field: value})

        assert response.status_code == 422
        assert sentence in soup_of(response).select_one(f"#id_{field}_error").get_text()
        assert [product.code for product in queries.products()] == ["home"]

    def test_lists_versions_and_agreements(self, admin, household, draft):
        text = text_of(admin.get("/console/tariffs/home/"))

        assert "Version 2 Draft 1 May 2026 –" in text
        assert "Version 1 Published 1 Jan 2026" in text
        assert "A1 Customer 1 P1 since 1 Jan 2026" in text

    def test_of_another_company_is_not_found(self, stranger, draft):
        for path in ("home/", "home/-/2/", "home/-/2/edit/"):
            assert stranger.get(f"/console/tariffs/{path}").status_code == 404
        assert stranger.post("/console/tariffs/home/-/2/publish/").status_code == 404
        assert queries.version(product_code="home", number=2).status == "draft"


class TestAVersion:
    def test_explains_its_charges_calendar_and_parameters(self, admin, home):
        page = soup_of(admin.get("/console/tariffs/home/-/1/"))
        text = " ".join(page.get_text(" ").split())
        stretches = [title.get_text() for title in page.select("svg rect title")]

        assert "Energy" in text and "{peak: 0.5583, valley: 0.3583}[label] - rebate" in text
        assert "For each of Peak, Valley" in text
        assert "rebate CNY/kWh 0 … 0.1 0" in text
        assert stretches == ["00:00–08:00 Valley", "08:00–21:00 Peak", "21:00–24:00 Valley"]

    def test_is_added_as_a_copy_of_the_latest(self, admin, home):
        response = admin.post("/console/tariffs/home/-/versions/", {"valid_from": "2026-06-01"})

        made = queries.version(product_code="home", number=2)
        assert response["Location"] == "/console/tariffs/home/-/2/edit/"
        assert (made.status, made.valid_from) == ("draft", dt.date(2026, 6, 1))
        assert made.document == queries.version(product_code="home", number=1).document


class TestADraft:
    def test_shows_its_document_in_reading_order(self, admin, draft):
        lines = soup_of(admin.get("/console/tariffs/home/-/2/edit/")).select_one("textarea").get_text().split("\n")

        assert [line.split(":")[0] for line in lines if line and line[0].isalpha()] == [
            "tariff", "code", "title", "currency", "calendar", "parameters", "charges",
        ]  # fmt: skip

    def test_as_it_is_shown_can_be_saved_and_says_the_same(self, admin, draft):
        shown = soup_of(admin.get("/console/tariffs/home/-/2/edit/")).select_one("textarea").get_text()

        response = admin.post("/console/tariffs/home/-/2/edit/", {"document": shown, "valid_from": "2026-05-01"})

        assert response.status_code == 302
        assert queries.version(product_code="home", number=2).document == draft.document

    def test_is_saved_with_another_price(self, admin, draft):
        text = document_of(draft).replace("0.0297", "0.0301")

        response = admin.post("/console/tariffs/home/-/2/edit/", {"document": text, "valid_from": "2026-07-01"})

        saved = queries.version(product_code="home", number=2)
        assert response.status_code == 302
        assert (saved.document["charges"][1]["price"], saved.valid_from) == ("0.0301", dt.date(2026, 7, 1))

    @pytest.mark.parametrize(
        ("old", "new", "sentence", "at"),
        [
            ("sum(consumption)", "sum(consumption", "", "quantity: sum(consumption"),
            ("[label] - rebate", "[label] - rebat", "rebat", "rebat"),
            ("payee: state", "payee: nobody", "nobody", "payee: nobody"),
            ("currency: CNY", "currency: [", "not readable as JSON or YAML", ""),
        ],
    )
    def test_with_a_mistake_is_not_saved_and_shows_the_place(self, admin, draft, old, new, sentence, at):
        text = document_of(draft).replace(old, new, 1)

        response = admin.post("/console/tariffs/home/-/2/edit/", {"document": text, "valid_from": "2026-05-01"})

        page = soup_of(response)
        assert response.status_code == 422
        assert sentence in page.select_one(".g-notice").get_text()
        assert "Not saved: line" in page.select_one(".g-notice").get_text()
        assert at in page.select_one(".g-notice pre").get_text()
        assert page.select_one("textarea").get_text().strip() == text.strip()
        assert queries.version(product_code="home", number=2).document == draft.document

    @pytest.mark.parametrize(
        "text", ["[]", "&a [*a]", "!!python/object:os.system {}", "- " * 5000, "{", "x: \x07", "tariff: " + "1" * 5000]
    )
    def test_that_is_no_document_is_refused(self, admin, draft, text):
        response = admin.post("/console/tariffs/home/-/2/edit/", {"document": text, "valid_from": "2026-05-01"})

        assert response.status_code == 422
        assert queries.version(product_code="home", number=2).document == draft.document

    def test_is_published_and_then_stays(self, admin, draft):
        admin.post("/console/tariffs/home/-/2/review/")
        admin.post("/console/tariffs/home/-/2/publish/")

        published = queries.version(product_code="home", number=2)
        again = admin.post("/console/tariffs/home/-/2/publish/", follow=True)
        edit = admin.get("/console/tariffs/home/-/2/edit/")
        assert published.status == "published"
        assert identity_queries.audit_events().first().action == "tariff.publish"
        assert "only a draft can be changed" in text_of(again)
        assert (edit.status_code, edit["Location"]) == (302, "/console/tariffs/home/-/2/")

    def test_is_not_published_by_a_post_that_only_drafts(self, as_role, draft):
        response = as_role(Role.PRICING).post("/console/tariffs/home/-/2/publish/")

        assert response.status_code == 403
        assert queries.version(product_code="home", number=2).status == "draft"

    def test_of_a_day_that_is_taken_is_not_published(self, admin, home):
        first = queries.version(product_code="home", number=1)
        operations.add_version(product=home, document=first.document, valid_from=first.valid_from)
        admin.post("/console/tariffs/home/-/2/review/")

        response = admin.post("/console/tariffs/home/-/2/publish/", follow=True)

        assert "Another version of home comes into force on 1 Jan 2026." in text_of(response)
        assert queries.version(product_code="home", number=2).status == "reviewed"
        assert not identity_queries.audit_events().filter(action="tariff.publish").exists()

    def test_is_deleted(self, admin, draft):
        response = admin.post("/console/tariffs/home/-/2/delete/")

        assert response["Location"] == "/console/tariffs/home/"
        assert [version.number for version in queries.product_detail(code="home", on=dt.date(2026, 1, 1)).versions] == [
            1
        ]


class TestWithdrawal:
    def test_of_the_only_price_of_running_agreements_is_refused(self, admin, household):
        response = admin.post("/console/tariffs/home/-/1/withdraw/", follow=True)

        assert "Agreements run under home and would be left without a price." in text_of(response)
        assert queries.version(product_code="home", number=1).status == "published"

    def test_takes_a_version_nobody_needs_out_of_force(self, admin, home):
        admin.post("/console/tariffs/home/-/1/withdraw/")

        assert queries.version(product_code="home", number=1).status == "withdrawn"
