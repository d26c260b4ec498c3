"""Customers in the console: found, entered, changed, imported from a file."""

from __future__ import annotations

import datetime as dt

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.utils import CaptureQueriesContext

from identity import queries as identity_queries
from identity.models import User
from kernel.periods import Period
from tenancy import context
from tenancy.database import connection
from tenants.customers import operations, queries
from tenants.metering import queries as metering_queries

HEADING = "customer_number,name,account_number,supply_point,address,move_in,kind"
ROWS = [f"N{n},Neighbour {n},NA{n},NP{n},{n} Elm Road,2026-01-01,household" for n in (1, 2, 3)]


def soup_of(response):
    return BeautifulSoup(response.content, "html.parser")


def text_of(response):
    return " ".join(soup_of(response).get_text(" ").split())


def csv_file(*rows, name="customers.csv", encoding="utf-8"):
    return SimpleUploadedFile(name, "\n".join([HEADING, *rows]).encode(encoding), content_type="text/csv")


@pytest.fixture
def many(in_alder, add_customers):
    add_customers(60)


class TestTheList:
    def test_shows_customers_with_their_accounts(self, admin, household):
        row = soup_of(admin.get("/console/customers/")).select_one("tbody tr")

        assert [cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])] == [
            "Customer 1", "C1", "Household", "–", "–", "–", "1",
        ]  # fmt: skip

    @pytest.mark.parametrize("query", ["Customer 1", "C1", "A1", "P1"])
    def test_finds_by_name_number_account_and_supply_point(self, admin, household, query):
        page = soup_of(admin.get("/console/customers/", {"q": query}))

        assert [link.get_text() for link in page.select("tbody th a")] == ["Customer 1"]

    def test_says_what_to_do_when_nobody_fits(self, admin, household):
        assert "No customer fits" in text_of(admin.get("/console/customers/", {"q": "nobody"}))

    def test_is_cut_into_pages_that_keep_the_filter(self, admin, many):
        page = soup_of(admin.get("/console/customers/", {"q": "Customer", "sort": "-number"}))

        assert len(page.select("tbody tr")) == 50
        assert page.select_one("tbody th a").get_text() == "Customer 060"
        assert page.select_one(".g-pages span").get_text() == "1–50 of 60"
        assert {"?q=Customer&sort=-number&page=2"} == {link["href"] for link in page.select(".g-pages a")}

    def test_asks_as_often_for_one_as_for_many(self, admin, household, add_customers):
        admin.get("/console/customers/")
        with CaptureQueriesContext(connection) as one:
            admin.get("/console/customers/")
        add_customers(40)

        with CaptureQueriesContext(connection) as many:
            admin.get("/console/customers/")

        assert len(many) == len(one)

    def test_goes_out_as_csv_without_formulas(self, admin, in_alder, add_customer):
        add_customer(number="X1", name='=HYPERLINK("http://evil.test")')

        response = admin.get("/console/customers/-/export.csv")

        assert response["Content-Type"] == "text/csv; charset=utf-8"
        assert response.content.decode("utf-8-sig").splitlines() == [
            "customer_number,name,kind,segment,email,phone,language,accounts",
            "X1," + '"\'=HYPERLINK(""http://evil.test"")"' + ",household,,,,,0",
        ]


class TestACustomer:
    def test_shows_accounts_places_and_what_is_owed(self, admin, household):
        text = text_of(admin.get("/console/customers/C1/"))

        assert "Account A1" in text
        assert "¥0.00" in text
        assert "P1 1 Test Street" in text
        assert "since 1 Jan 2026" in text
        assert "Nobody signs in to the portal for this customer." in text

    def test_speaks_chinese(self, admin, household):
        text = text_of(admin.get("/console/customers/C1/", HTTP_ACCEPT_LANGUAGE="zh-hans"))

        assert "还没有人为该客户登录门户。" in text
        assert "自 2026年1月1日 起" in text

    def test_is_entered(self, admin, in_alder):
        response = admin.post(
            "/console/customers/-/new/", {"number": "Z-9", "name": "Zhu", "kind": "business", "email": "z@z.test"}
        )

        assert (response.status_code, response["Location"]) == (302, "/console/customers/Z-9/")
        made = queries.customer(number="Z-9")
        assert (made.name, made.kind, made.email, made.segment) == ("Zhu", "business", "z@z.test", "")

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("number", "C1", "The number “C1” is already in use."),
            ("number", "a b", "“a b” is not a number"),
            ("name", " ", "This field is required."),
            ("email", "nowhere", "“nowhere” is not an e-mail address."),
            ("phone", "call me", "“call me” is not a telephone number."),
            ("name", "nu\0ll", "Null characters are not allowed."),
        ],
    )
    def test_is_refused_at_the_field_and_nothing_is_stored(self, admin, household, field, value, sentence):
        entered = {"number": "Z1", "name": "Zhu", "kind": "household", field: value}

        response = admin.post("/console/customers/-/new/", entered)

        assert response.status_code == 422
        assert sentence in soup_of(response).select_one(f"#id_{field}_error").get_text()
        assert [customer.number for customer in queries.customers()] == ["C1"]

    def test_is_changed(self, admin, household):
        response = admin.post("/console/customers/C1/-/edit/", {"name": "New Name", "kind": "business", "segment": "s"})

        changed = queries.customer(number="C1")
        assert response.status_code == 302
        assert (changed.name, changed.kind, changed.segment) == ("New Name", "business", "s")

    def test_gets_an_account(self, admin, household):
        response = admin.post("/console/customers/C1/-/accounts/", {"number": "A2", "opened_on": "2026-02-01"})

        made = queries.account(number="A2")
        assert (response.status_code, response["Location"]) == (302, "/console/customers/-/accounts/A2/")
        assert (made.customer.number, made.currency, made.opened_on) == ("C1", "CNY", dt.date(2026, 2, 1))

    def test_gets_no_account_with_a_number_that_is_taken(self, admin, household):
        response = admin.post("/console/customers/C1/-/accounts/", {"number": "A1", "opened_on": "2026-02-01"})

        assert response.status_code == 422
        assert "No account was opened" in text_of(response)
        assert queries.accounts().count() == 1


class TestASupplyPoint:
    def test_shows_the_month_by_label(self, admin, household):
        page = soup_of(admin.get("/console/customers/-/supply-points/P1/?month=2026-01"))
        heads = [head.get_text() for head in page.select(".g-chart-table thead th")]
        first = [cell.get_text() for cell in page.select_one(".g-chart-table tbody tr").find_all(["th", "td"])]

        assert heads == ["", "Peak", "Valley", "kWh"]
        assert first == ["1 Jan 2026", "13.000", "11.000", "24.000"]

    def test_shows_a_day_by_interval(self, admin, household):
        page = soup_of(admin.get("/console/customers/-/supply-points/P1/?day=2026-01-02"))
        rows = page.select(".g-chart-table tbody tr")

        assert len(rows) == 96
        assert [cell.get_text() for cell in rows[32].find_all(["th", "td"])] == ["08:00", "0.250", "Peak"]

    def test_tells_which_days_are_missing(self, admin, household, read):
        read(household, Period(dt.date(2026, 3, 5), dt.date(2026, 3, 6)), 100)

        text = text_of(admin.get("/console/customers/-/supply-points/P1/"))

        assert "4 days are not whole" in text
        assert "1–4 Mar 2026" in text

    def test_gives_its_intervals_as_csv(self, admin, household):
        response = admin.get("/console/customers/-/supply-points/P1/-/readings.csv?day=2026-01-02")

        lines = response.content.decode("utf-8-sig").splitlines()
        assert len(lines) == 97
        assert lines[:2] == ["start,used_wh,fed_in_wh,label", "2026-01-02T00:00:00+08:00,250,,valley"]

    def test_is_agreed_on_with_parameters_within_their_bounds(self, admin, household, home, add_customer):
        address = "/console/customers/-/supply-points/P1/-/agree/"

        refused = admin.post(address, {"product": "home", "start": "2026-03-01"})

        assert refused.status_code == 422
        assert "P1 already has an agreement in that period." in text_of(refused)

    def test_of_nobody_cannot_be_agreed_on(self, admin, home):
        operations.add_supply_point(identifier="EMPTY", address="1 Elm", time_zone="Asia/Shanghai")

        response = admin.post(
            "/console/customers/-/supply-points/EMPTY/-/agree/", {"product": "home", "start": "2026-03-01"}
        )

        assert response.status_code == 422
        assert "Nobody answers for the supply point on that day" in text_of(response)

    @pytest.mark.parametrize(
        ("parameters", "sentence"),
        [
            ("rebate 1", "Write each parameter as name: value."),
            ("rebate: 0.5", "rebate must lie between 0 and 0.1; 0.5 does not."),
            ("discount: 1", "The tariff has no parameter “discount”."),
        ],
    )
    def test_refuses_parameters_the_tariff_does_not_take(self, admin, home, add_customers, parameters, sentence):
        add_customers(1)

        response = admin.post(
            "/console/customers/-/supply-points/KP001/-/agree/",
            {"product": "home", "start": "2026-01-01", "parameters": parameters},
        )

        assert response.status_code == 422
        assert sentence in text_of(response)

    def test_is_agreed_on(self, admin, home, add_customers):
        add_customers(1)

        response = admin.post(
            "/console/customers/-/supply-points/KP001/-/agree/",
            {"product": "home", "start": "2026-01-01", "parameters": "rebate: 0.05"},
        )

        assert response.status_code == 302
        assert "rebate = 0.05" in text_of(admin.get("/console/customers/-/supply-points/KP001/"))


class TestAFile:
    def check(self, admin, file):
        response = admin.post("/console/customers/-/import/", {"file": file})
        assert response.status_code == 302, text_of(response)
        return response["Location"]

    def test_is_shown_first_and_stored_on_a_word(self, admin, in_alder):
        address = self.check(admin, csv_file(*ROWS))
        shown = admin.get(address)
        before = queries.customers().count()

        done = admin.post(f"{address}confirm/")

        assert "All 3 rows can be taken" in text_of(shown)
        assert (before, done.status_code) == (0, 302)
        assert [c.number for c in queries.customers()] == ["N1", "N2", "N3"]
        assert queries.supply_points().count() == 3
        assert identity_queries.audit_events().first().action == "customers.import"
        assert admin.get(address).status_code == 404

    def test_with_errors_names_row_and_column_and_stores_nothing(self, admin, household):
        wrong = [ROWS[0], "N2,,NA2,NP2,2 Elm Road,yesterday,robot", "C1,Somebody Else,A1,P1,x,2026-01-01,household"]
        address = self.check(admin, csv_file(*wrong))

        page = admin.get(address)
        listed = admin.get(f"{address}errors.csv").content.decode("utf-8-sig").splitlines()

        assert page.status_code == 422
        assert "4 cells need a look" in text_of(page)
        assert listed[:4] == [
            "row,column,sentence",
            "3,kind,“robot” is not a kind of customer: household or business.",
            "3,move_in,“yesterday” is not a date such as 2026-09-01.",
            "3,name,A value is needed here.",
        ]
        assert admin.post(f"{address}confirm/").status_code == 302
        assert [c.number for c in queries.customers()] == ["C1"]

    def test_in_chinese_from_a_spreadsheet_is_read(self, admin, in_alder):
        address = self.check(admin, csv_file("N1,王芳,NA1,NP1,西湖路 1 号,2026-01-01,household", encoding="gb18030"))

        admin.post(f"{address}confirm/")

        assert queries.customer(number="N1").name == "王芳"

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"\xff\xfe\x00\x01binary\x00", "The file is not text."),
            (HEADING.encode(), "The file has no rows below its heading."),
            ((HEADING + "\n" + ROWS[0] + ",one,too,many").encode(), "Row 2 has 10 cells; the heading has 7."),
            (b"name,name\na,b", "Two columns are named “name”."),
            (b"", "The submitted file is empty."),
        ],
    )
    def test_that_is_no_table_is_refused(self, admin, in_alder, content, sentence):
        response = admin.post("/console/customers/-/import/", {"file": SimpleUploadedFile("x.csv", content)})

        assert response.status_code == 422
        assert sentence in text_of(response)

    def test_of_another_company_is_not_there(self, admin, stranger, in_alder):
        address = self.check(admin, csv_file(*ROWS))

        assert stranger.get(address).status_code == 404
        assert stranger.post(f"{address}confirm/").status_code == 404

    def test_gives_no_readings(self, admin, in_alder):
        address = self.check(admin, csv_file(*ROWS))
        admin.post(f"{address}confirm/")

        assert metering_queries.readings_until() is None
        assert "No readings yet" in text_of(admin.get("/console/customers/-/supply-points/NP1/"))


class TestTheTableToFillIn:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_can_be_given_back_as_it_is(self, admin, in_alder, language, kind):
        with context.use(in_alder):
            User.objects.update(language=language)
        sample = admin.get(f"/console/customers/-/import/sample.{kind}")
        assert kind == "xlsx" or ("客户编号" in sample.content.decode()) == (language == "zh-hans")

        file = SimpleUploadedFile(f"customers.{kind}", sample.content)
        answer = admin.post("/console/customers/-/import/", {"file": file})

        checked = admin.get(answer["Location"])
        assert checked.status_code == 200, text_of(checked)

    def test_that_is_no_workbook_inside_is_refused(self, admin, in_alder):
        file = SimpleUploadedFile("customers.xlsx", b"PK\x03\x04 and nothing more")

        answer = admin.post("/console/customers/-/import/", {"file": file})

        assert answer.status_code == 422
        assert "The workbook cannot be read" in text_of(answer)
