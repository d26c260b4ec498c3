"""Bill runs, invoices and the books in the console: exact figures, decisions, refusals that change nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from django.test.utils import CaptureQueriesContext

from billing.invoices import queries as invoice_queries
from billing.ledger import queries as ledger_queries
from billing.runs import operations, queries
from harness import supply
from harness.sent import tasks_of
from identity import queries as identity_queries
from identity.capabilities import Role
from kernel.periods import Period
from tenancy.database import connection

AT = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
JANUARY = Period.of_month(2026, 1)
# 31 days × 24 kWh: 13 of them at peak, 11 in the valley; funds on all of them.
PEAK, VALLEY, ALL = Decimal(31 * 13), Decimal(31 * 11), Decimal(31 * 24)
ENERGY = PEAK * Decimal("0.5583") + VALLEY * Decimal("0.3583")


def soup_of(response):
    return BeautifulSoup(response.content, "html.parser")


def text_of(response):
    return " ".join(soup_of(response).get_text(" ").split())


def rows_of(response):
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])]
        for row in soup_of(response).select("tbody tr")
    ]


@pytest.fixture
def reviewed(household):
    """A run over January, rated and in review."""
    return operations.run_to_review(run=operations.create_run(period=JANUARY, at=AT, title="January"), at=AT)


@pytest.fixture
def issued(reviewed):
    """The same run, issued on 2 March 2026; its only invoice."""
    operations.issue_run_now(run=reviewed, billing_date=dt.date(2026, 3, 2), at=AT)
    return invoice_queries.invoices().get()


@pytest.fixture
def parked(home, read):
    """A run over February in which the meter of A2 shows no use at all."""
    account = supply.supply(number="2", product=home, start=dt.date(2026, 2, 1))
    read(account, Period.of_month(2026, 2), 0)
    return operations.run_to_review(run=operations.create_run(period=Period.of_month(2026, 2), at=AT), at=AT)


def item_of(run):
    return queries.items(run=run).get()


class TestANewRun:
    def test_is_made_and_handed_to_the_workers_after_commit(self, admin, household, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True) as sent:
            response = admin.post("/console/runs/new/", {"month": "2026-01", "title": "January"})

        run = queries.run(number=1)
        assert (response.status_code, response["Location"]) == (302, "/console/runs/1/")
        assert (run.state, run.title, run.period.lower, run.period.upper) == (
            "rating", "January", dt.date(2026, 1, 1), dt.date(2026, 2, 1),
        )  # fmt: skip
        assert len(tasks_of(sent)) == 1
        assert "Rating 0 / 1" in text_of(admin.get("/console/runs/1/"))

    @pytest.mark.parametrize(
        ("month", "sentence"),
        [
            ("2026-13", "Write the month as 2026-09."),
            ("January", "Write the month as 2026-09."),
            ("", "This field is required."),
            ("2019-01", "No account is left to bill for 1 Jan 2019 to 31 Jan 2019."),
        ],
    )
    def test_is_refused_and_leaves_no_number(self, admin, household, month, sentence):
        response = admin.post("/console/runs/new/", {"month": month})

        assert response.status_code == 422
        assert sentence in text_of(response)
        assert queries.runs().count() == 0

    def test_over_a_month_that_is_billed_is_refused(self, admin, issued):
        response = admin.post("/console/runs/new/", {"month": "2026-01"})

        assert response.status_code == 422
        assert "No account is left to bill" in text_of(response)
        assert queries.runs().count() == 1


class TestARunInReview:
    def test_shows_figures_and_bills(self, admin, reviewed):
        page = admin.get("/console/runs/1/")

        total = f"¥{ENERGY.quantize(Decimal('0.01')) + (ALL * Decimal('0.0297')).quantize(Decimal('0.01'))}"
        assert "Ready to issue" in text_of(page)
        assert rows_of(page) == [["A1", "Customer 1", "Drafted", "–", "744.0 kWh", total, "–"]]

    def test_is_issued_by_the_workers_with_the_billing_date(self, admin, reviewed, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True) as sent:
            response = admin.post("/console/runs/1/issue/", {"billing_date": "2026-03-05"}, follow=True)

        run = queries.run(number=1)
        assert (run.state, run.billing_date, len(tasks_of(sent))) == ("issuing", dt.date(2026, 3, 5), 1)
        assert "The bills are being issued with 5 Mar 2026 on them." in text_of(response)
        assert "Issuing 0 / 1" in text_of(response)
        assert identity_queries.audit_events().first().action == "run.issue"

    def test_is_not_issued_without_a_date(self, admin, reviewed):
        response = admin.post("/console/runs/1/issue/", {"billing_date": "soon"}, follow=True)

        assert "Nothing was issued" in text_of(response)
        assert queries.run(number=1).state == "review"

    def test_is_not_issued_twice(self, admin, issued):
        response = admin.post("/console/runs/1/issue/", {"billing_date": "2026-03-05"}, follow=True)

        assert "Bill run 1 is in state “Done”; this needs “In review”." in text_of(response)
        assert invoice_queries.invoices().count() == 1
        assert not identity_queries.audit_events().filter(action="run.issue").exists()

    def test_is_cancelled_and_the_month_is_free_again(self, admin, reviewed):
        admin.post("/console/runs/1/cancel/")

        assert queries.run(number=1).state == "cancelled"
        assert admin.post("/console/runs/new/", {"month": "2026-01"}).status_code == 302

    def test_with_invoices_out_is_not_cancelled(self, admin, issued):
        response = admin.post("/console/runs/1/cancel/", follow=True)

        assert "Bill run 1 is in state “Done”; this needs “In review”." in text_of(response)
        assert queries.run(number=1).state == "done"

    def test_is_rated_anew(self, admin, reviewed, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True) as sent:
            admin.post("/console/runs/1/rerate/")

        assert (queries.run(number=1).state, item_of(reviewed).state, len(tasks_of(sent))) == ("rating", "waiting", 1)

    def test_answers_the_progress_bar_until_it_is_through(self, admin, reviewed):
        assert admin.get("/console/runs/1/progress/")["HX-Redirect"] == "/console/runs/1/"

    def test_asks_as_often_for_one_bill_as_for_many(self, admin, household, home, read):
        def queries_of(number):
            admin.get(f"/console/runs/{number}/")
            with CaptureQueriesContext(connection) as asked:
                admin.get(f"/console/runs/{number}/")
            return len(asked)

        operations.run_to_review(run=operations.create_run(period=JANUARY, at=AT), at=AT)
        one = queries_of(1)
        for number in range(10, 22):
            supply.supply(number=str(number), product=home, start=dt.date(2026, 1, 1))
        operations.run_to_review(run=operations.create_run(period=Period.of_month(2026, 2), at=AT), at=AT)

        assert queries_of(2) == one


class TestAParkedBill:
    def test_says_why_and_shows_its_lines(self, admin, parked):
        page = admin.get(f"/console/runs/1/bills/{item_of(parked).pk}/")

        assert "P2 used nothing in 28 days, although its meter is active." in text_of(page)
        assert "Parked: a person should look" in text_of(page)
        assert "Energy ¥0.00" in text_of(page)

    def test_is_listed_by_its_reason(self, admin, parked):
        page = text_of(admin.get("/console/runs/1/?reason=zero_use"))

        assert "1 bill waits for a person." in page
        assert "No use on an active meter 1" in page

    def test_waits_on_the_first_page(self, admin, parked):
        assert "1 bill of Run 1 to look at" in text_of(admin.get("/console/"))

    def test_is_released(self, admin, parked):
        item = item_of(parked)

        admin.post(f"/console/runs/1/bills/{item.pk}/release/")

        after = item_of(parked)
        assert (after.state, after.released) == ("drafted", True)
        assert identity_queries.audit_events().first().action == "bill.release"

    def test_is_held_with_a_reason_and_resumed(self, admin, parked):
        address = f"/console/runs/1/bills/{item_of(parked).pk}/"

        admin.post(f"{address}hold/", {"note": "meter is being exchanged"})
        held = text_of(admin.get(address))
        admin.post(f"{address}resume/")

        assert "Held back: meter is being exchanged" in held
        assert item_of(parked).state == "parked", "what the brakes found must still be released"

    def test_is_not_held_without_a_reason(self, admin, parked):
        response = admin.post(f"/console/runs/1/bills/{item_of(parked).pk}/hold/", {"note": " "}, follow=True)

        assert "Say why the bill is held" in text_of(response)
        assert item_of(parked).state == "parked"

    def test_is_not_resumed_when_it_is_not_held(self, admin, parked):
        response = admin.post(f"/console/runs/1/bills/{item_of(parked).pk}/resume/", follow=True)

        assert "this cannot be done now" in text_of(response)
        assert item_of(parked).state == "parked"

    def test_is_rated_anew_from_new_readings(self, admin, parked, django_capture_on_commit_callbacks, read):
        item = item_of(parked)
        read(item.account, Period.of_month(2026, 2), 200)

        with django_capture_on_commit_callbacks(execute=True) as sent:
            admin.post(f"/console/runs/1/bills/{item.pk}/rerate/")
        operations.run_to_review(run=queries.run(number=1), at=AT)

        assert len(tasks_of(sent)) == 1
        assert (item_of(parked).state, item_of(parked).energy_wh) == ("drafted", 28 * 96 * 200)

    def test_of_another_run_or_company_is_not_found(self, admin, stranger, parked):
        item = item_of(parked)

        assert admin.get(f"/console/runs/2/bills/{item.pk}/").status_code == 404
        assert stranger.get(f"/console/runs/1/bills/{item.pk}/").status_code == 404
        assert stranger.post(f"/console/runs/1/bills/{item.pk}/release/").status_code == 404
        assert item_of(parked).state == "parked"


class TestAnInvoice:
    def test_explains_every_line(self, admin, issued):
        page = soup_of(admin.get(f"/console/invoices/{issued.number}/"))
        lines = [
            [part.get_text(" ", strip=True) for part in line.select(".g-bill-title, .g-bill-amount, .g-bill-how")]
            for line in page.select("details.g-bill-line")
        ]
        cells = [
            [cell.get_text(" ", strip=True) for cell in row.find_all("td")]
            for row in page.select("details.g-bill-line")[0].select("tbody tr")
        ]

        assert lines == [
            ["Energy", "¥347.18", "744\u00a0kWh"],
            ["Funds", "¥22.10", "744\u00a0kWh × ¥0.0297"],
        ]
        assert [[row[0], row[1].split("\u00a0kWh")[0], row[3]] for row in cells] == [
            ["Peak", "403", "¥225.00"],
            ["Valley", "341", "¥122.18"],
        ]
        assert ENERGY.quantize(Decimal("0.01")) == Decimal("347.18")

    def test_leads_to_its_entry_run_account_and_customer(self, admin, issued):
        page = soup_of(admin.get(f"/console/invoices/{issued.number}/"))
        links = {link["href"] for link in page.select("main a")}

        assert {
            f"/console/ledger/entries/{issued.entry_id}/",
            f"/console/runs/1/bills/{issued.bill_run_items.get().pk}/",
            "/console/customers/-/accounts/A1/",
            "/console/customers/C1/",
            "/console/customers/-/supply-points/P1/",
        } <= links

    def test_is_given_as_pdf(self, admin, issued):
        response = admin.get(f"/console/invoices/{issued.number}/-/document/")

        assert response["Content-Type"] == "application/pdf"
        assert response.content.startswith(b"%PDF-")

    def test_is_credited_with_a_reason(self, admin, issued):
        response = admin.post(f"/console/invoices/{issued.number}/-/credit/", {"reason": "wrong meter"}, follow=True)

        note = invoice_queries.invoices(kind="credit_note").get()
        event = identity_queries.audit_events().first()
        assert note.gross == -issued.gross
        assert f"Takes back invoice {issued.number}." in text_of(response)
        assert (event.action, event.details["reason"]) == ("invoice.credit", "wrong meter")
        assert ledger_queries.balance(account_id=issued.account_id, currency="CNY").amount == 0

    def test_is_not_credited_without_a_reason(self, admin, issued):
        response = admin.post(f"/console/invoices/{issued.number}/-/credit/", {"reason": ""})

        assert response.status_code == 422
        assert "Nothing was credited" in text_of(response)
        assert invoice_queries.invoices().count() == 1

    def test_is_credited_once(self, admin, issued):
        address = f"/console/invoices/{issued.number}/-/credit/"
        admin.post(address, {"reason": "wrong meter"})

        again = admin.post(address, {"reason": "once more"})

        assert again.status_code == 422
        assert "was already credited" in text_of(again)
        assert invoice_queries.invoices().count() == 2

    def test_is_credited_only_by_those_who_issue(self, as_role, issued):
        response = as_role(Role.SERVICE).post(f"/console/invoices/{issued.number}/-/credit/", {"reason": "x"})

        assert response.status_code == 403
        assert invoice_queries.invoices().count() == 1

    def test_is_billed_anew_by_the_queue_of_corrections(self, admin, issued):
        item = issued.bill_run_items.get()
        early = admin.post(f"/console/runs/1/bills/{item.pk}/rebill/", follow=True)
        admin.post(f"/console/invoices/{issued.number}/-/credit/", {"reason": "wrong meter"})

        page = admin.post(f"/console/runs/1/bills/{item.pk}/rebill/", follow=True)

        assert "the bill would be the same" in text_of(early)
        assert "stands in the queue of corrections" in text_of(page)
        assert "The bill was credited and is billed anew." in text_of(page)
        assert "Rated" in text_of(page)

    def test_of_the_other_company_is_not_found(self, stranger, issued):
        for path in ("", "-/document/"):
            assert stranger.get(f"/console/invoices/{issued.number}/{path}").status_code == 404
        assert stranger.post(f"/console/invoices/{issued.number}/-/credit/", {"reason": "x"}).status_code == 404
        assert stranger.get(f"/console/ledger/entries/{issued.entry_id}/").status_code == 404

    def test_goes_out_as_csv(self, admin, issued):
        lines = admin.get("/console/invoices/-/export.csv?kind=invoice").content.decode("utf-8-sig").splitlines()

        assert lines == [
            "number,kind,account,customer,issued_on,due_on,currency,net,tax,gross",
            f"{issued.number},invoice,A1,Customer 1,2026-03-02,2026-03-17,CNY,326.80,42.48,369.28",
        ]


class TestTheBooks:
    def test_balance(self, admin, issued):
        page = admin.get("/console/ledger/")

        assert [row[1:2] + row[3:] for row in rows_of(page)] == [
            ["income.retailer", "¥0.00", "¥307.24", "-¥307.24"],
            ["payable.state", "¥0.00", "¥19.56", "-¥19.56"],
            ["receivable", "¥369.28", "¥0.00", "¥369.28"],
            ["tax.collected", "¥0.00", "¥42.48", "-¥42.48"],
        ]
        assert "balanced" in soup_of(page).select_one("tfoot").get_text()

    def test_before_the_first_entry_are_empty(self, admin, issued):
        assert "Nothing was posted yet" in text_of(admin.get("/console/ledger/?on=2026-03-01"))

    def test_show_an_entry_with_its_postings(self, admin, issued):
        page = admin.get(f"/console/ledger/entries/{issued.entry_id}/")

        assert ["Owed by customers A1", "receivable", "¥369.28", ""] in rows_of(page)
        assert issued.number in text_of(page)

    def test_prove_that_nothing_was_changed(self, admin, issued):
        page = text_of(admin.get("/console/ledger/seals/"))

        assert "4 postings under 1 seals and 0 closed days are as they were posted." in page

    def test_tell_when_a_noted_seal_is_missing(self, admin, issued):
        page = text_of(admin.get("/console/ledger/seals/", {"noted": "ab" * 32}))

        assert "The books differ from their seals" in page

    def test_show_what_an_account_owes_and_why(self, admin, issued):
        page = admin.get("/console/customers/-/accounts/A1/")

        assert ["2 Mar 2026", "Invoice", issued.number, "¥369.28", "¥369.28", str(issued.entry_id)] in rows_of(page)
        assert "Due 17 Mar 2026" in text_of(page)

    def test_show_the_figures_on_the_first_page(self, admin, issued):
        stats = [stat.get_text(" ", strip=True) for stat in soup_of(admin.get("/console/")).select(".g-stat")]

        assert stats == [
            "Customers 1",
            "Supply points 1",
            "Readings until 28 Feb 2026",
            "Last run January 2026 1 of 1 issued",
            "Owed by customers ¥369.28",
        ]


class TestSearch:
    def test_finds_invoices_and_runs(self, admin, issued):
        found = text_of(admin.get("/console/search/", {"q": issued.number[:6]}, HTTP_HX_REQUEST="true"))
        runs = text_of(admin.get("/console/search/", {"q": "Janu"}, HTTP_HX_REQUEST="true"))

        assert issued.number in found
        assert "January Done" in runs

    def test_keeps_from_a_post_what_it_may_not_see(self, as_role, issued):
        found = text_of(as_role(Role.METERING).get("/console/search/", {"q": issued.number[:6]}))

        assert issued.number not in found.replace("value", "")
