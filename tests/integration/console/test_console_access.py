"""Who may open which page of the console."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import URLPattern, resolve

from identity.capabilities import Capability, Role, of_roles
from portal.console import studio_urls, urls

C = Capability
READS = {
    "": None,
    "components/": None,
    "search/?q=C1": None,
    "customers/": C.SEE_CUSTOMERS,
    "customers/-/export.csv": C.SEE_CUSTOMERS,
    "customers/C1/": C.SEE_CUSTOMERS,
    "customers/-/accounts/A1/": C.SEE_CUSTOMERS,
    "customers/-/supply-points/P1/": C.SEE_CUSTOMERS,
    "customers/-/new/": C.CHANGE_CUSTOMERS,
    **{f"customers/-/accounts/A1/-/{deed}/": C.CHANGE_CUSTOMERS for deed in ("add-supply-point", "edit", "close")},
    **{
        f"customers/-/supply-points/P1/-/{deed}/": C.CHANGE_CUSTOMERS
        for deed in ("move-in", "move-out", "change-product")
    },
    "customers/-/import/sample.csv": C.CHANGE_CUSTOMERS,
    "customers/-/import/sample.xlsx": C.CHANGE_CUSTOMERS,
    "customers/-/import/": C.CHANGE_CUSTOMERS,
    "customers/C1/-/edit/": C.CHANGE_CUSTOMERS,
    "customers/C1/-/accesses/": C.SEE_AUDIT,
    "customers/C1/-/accesses.csv": C.SEE_AUDIT,
    "customers/-/supply-points/P1/-/readings.csv": C.SEE_READINGS,
    "imports/": C.SEE_READINGS,
    "imports/new/": C.IMPORT_READINGS,
    "imports/-/profiles/": C.SEE_READINGS,
    "readings/queue/": C.SEE_READINGS,
    "readings/registers/": C.SEE_READINGS,
    "readings/registers/corrections/": C.SEE_READINGS,
    "readings/registers/unowned/": C.SEE_READINGS,
    "readings/customers/": C.SEE_READINGS,
    "readings/load/": C.SEE_READINGS,
    "readings/load/load.csv": C.SEE_READINGS,
    "readings/load/load.xlsx": C.SEE_READINGS,
    "customers/-/supply-points/P1/-/registers/": C.SEE_READINGS,
    "customers/-/supply-points/P1/-/registers/reads/": C.IMPORT_READINGS,
    "customers/-/supply-points/P1/-/registers/install/": C.IMPORT_READINGS,
    "customers/-/supply-points/P1/-/registers/suspend/": C.IMPORT_READINGS,
    "customers/-/supply-points/P1/-/registers/resume/": C.IMPORT_READINGS,
    "customers/-/supply-points/P1/-/registers/correct/": C.IMPORT_READINGS,
    "customers/-/supply-points/P1/-/channels/add/": C.IMPORT_READINGS,
    "tariffs/": C.SEE_TARIFFS,
    "tariffs/home/": C.SEE_TARIFFS,
    "tariffs/home/-/1/": C.SEE_TARIFFS,
    "tariffs/-/new/": C.CHANGE_TARIFFS,
    "customers/-/accounts/A1/-/statement.csv": C.SEE_BILLS,
    "runs/": C.SEE_BILLS,
    "runs/new/": C.RUN_BILLS,
    "runs/exceptions/": C.SEE_BILLS,
    "corrections/": C.SEE_BILLS,
    "invoices/-/fiscal/": C.SEE_BILLS,
    "customers/-/accounts/A1/-/billing/": C.CHANGE_CUSTOMERS,
    "messages/": C.SEE_CUSTOMERS,
    "messages/letters/": C.SEE_CUSTOMERS,
    "company/entities/": C.CHANGE_BRAND,
    "company/entities/new/": C.CHANGE_BRAND,
    "runs/cycles/": C.SEE_BILLS,
    "runs/cycles/new/": C.RUN_BILLS,
    "runs/holds/": C.SEE_BILLS,
    "runs/holds/new/": C.RUN_BILLS,
    "customers/-/accounts/A1/-/bill/": C.RUN_BILLS,
    "customers/-/accounts/A1/-/move-out/": C.RUN_BILLS,
    "charges/": C.SEE_BILLS,
    "charges/new/": C.RUN_BILLS,
    "charges/add-ons/": C.SEE_BILLS,
    "charges/add-ons/new/": C.RUN_BILLS,
    "invoices/": C.SEE_BILLS,
    "invoices/-/export.csv": C.SEE_BILLS,
    "ledger/": C.SEE_LEDGER,
    "ledger/export.csv": C.SEE_LEDGER,
    "ledger/seals/": C.SEE_LEDGER,
    "ledger/entries/": C.SEE_LEDGER,
    "payments/": C.SEE_PAYMENTS,
    "payments/export.csv": C.SEE_PAYMENTS,
    "payments/new/": C.TAKE_PAYMENTS,
    "payments/transfer/": C.APPROVE_PAYMENTS,
    "bank/": C.SEE_PAYMENTS,
    "bank/new/": C.APPROVE_PAYMENTS,
    "bank/import/": C.TAKE_PAYMENTS,
    "bank/queue/": C.SEE_PAYMENTS,
    "cash/": C.SEE_PAYMENTS,
    "cash/new/": C.APPROVE_PAYMENTS,
    "cash/agents/": C.SEE_PAYMENTS,
    "cash/agents/new/": C.APPROVE_PAYMENTS,
    "cash/agents/import/": C.TAKE_PAYMENTS,
    "refunds/": C.SEE_PAYMENTS,
    "refunds/new/": C.TAKE_PAYMENTS,
    "prepayment/": C.SEE_PAYMENTS,
    "arrears/": C.SEE_ARREARS,
    "arrears/cases/": C.SEE_ARREARS,
    "arrears/cases/export.csv": C.SEE_ARREARS,
    "arrears/accounts/A1/": C.SEE_ARREARS,
    "arrears/decisions/": C.SEE_ARREARS,
    "arrears/deposits/": C.SEE_ARREARS,
    "arrears/agencies/": C.WORK_ARREARS,
    "arrears/agencies/none.csv": C.SEE_ARREARS,
    "arrears/paths/": C.SEE_ARREARS,
    "arrears/paths/-/new/": C.WORK_ARREARS,
    "supply-orders/": C.SEE_ARREARS,
    "prepayment/export.csv": C.SEE_PAYMENTS,
    "prepayment/-/enrol/": C.TAKE_PAYMENTS,
    "ledger/unbilled/": C.SEE_LEDGER,
    "ledger/unbilled/export.csv": C.SEE_LEDGER,
    "ledger/days/": C.SEE_LEDGER,
    "ledger/days/close/": C.CLOSE_BOOKS,
    "company/brand/": C.CHANGE_BRAND,
    "company/plan/": C.MANAGE_STAFF,
    "company/data/": C.MANAGE_STAFF,
    "company/data/progress/": C.MANAGE_STAFF,
    "start/": C.MANAGE_STAFF,
    "company/domains/": C.CHANGE_BRAND,
    "company/payment-provider/": C.SEE_PAYMENTS,
    "company/payment-provider/messages/": C.SEE_PAYMENTS,
    "company/staff/": C.MANAGE_STAFF,
    "company/staff/invite/": C.MANAGE_STAFF,
    "company/audit/": C.SEE_AUDIT,
    "company/audit/export.csv": C.SEE_AUDIT,
    "company/security/": C.MANAGE_STAFF,
    "company/alerts/": C.MANAGE_STAFF,
    "company/support/": C.SEE_AUDIT,
    "company/sign-in-service/": C.MANAGE_STAFF,
    "company/data-protection/": C.SEE_PRIVACY,
    "company/data-protection/requests/": C.SEE_PRIVACY,
    "customers/C1/-/data/": C.SEE_PRIVACY,
    "company/end/": C.END_COMPANY,
    "company/keys/": C.MANAGE_KEYS,
    "company/keys/new/": C.MANAGE_KEYS,
}
ORDERS = {
    "company/data-protection/keep/messages/": C.APPROVE_PRIVACY,
    "company/data-protection/requests/1/give-out/": C.WORK_PRIVACY,
    "company/data-protection/requests/1/correct/": C.WORK_PRIVACY,
    "company/data-protection/requests/1/check/": C.WORK_PRIVACY,
    "company/data-protection/requests/1/approve/": C.APPROVE_PRIVACY,
    "company/data-protection/requests/1/refuse/": C.WORK_PRIVACY,
    "customers/C1/-/portal/": C.CHANGE_CUSTOMERS,
    "customers/C1/-/portal/1/end/": C.CHANGE_CUSTOMERS,
    "customers/C1/-/data/ask/": C.WORK_PRIVACY,
    "customers/C1/-/data/hold/": C.APPROVE_PRIVACY,
    "company/end/revoke/": C.END_COMPANY,
    "readings/customers/1/accept/": C.APPROVE_READINGS,
    "readings/customers/1/correct/": C.APPROVE_READINGS,
    "readings/customers/1/refuse/": C.APPROVE_READINGS,
    "customers/-/supply-points/P1/-/channels/1/factor/": C.IMPORT_READINGS,
    "readings/registers/reads/1/believe/": C.APPROVE_READINGS,
    "readings/registers/reads/1/withdraw/": C.APPROVE_READINGS,
    "readings/registers/corrections/1/approve/": C.APPROVE_READINGS,
    "readings/registers/corrections/1/refuse/": C.APPROVE_READINGS,
    "readings/registers/corrections/1/withdraw/": C.APPROVE_READINGS,
    "payments/1/reverse/": C.APPROVE_PAYMENTS,
    "bank/match/": C.TAKE_PAYMENTS,
    "bank/lines/1/book/": C.TAKE_PAYMENTS,
    "bank/lines/1/park/": C.TAKE_PAYMENTS,
    "bank/bookings/1/undo/": C.TAKE_PAYMENTS,
    "cash/sessions/1/take/": C.TAKE_PAYMENTS,
    "cash/sessions/1/deposit/": C.TAKE_PAYMENTS,
    "cash/sessions/1/count/": C.TAKE_PAYMENTS,
    "cash/sessions/1/back/": C.TAKE_PAYMENTS,
    "cash/sessions/1/approve/": C.APPROVE_PAYMENTS,
    "cash/sessions/1/recount/": C.TAKE_PAYMENTS,
    "refunds/order/": C.APPROVE_PAYMENTS,
    "refunds/RF1/approve/": C.APPROVE_PAYMENTS,
    "refunds/RF1/reject/": C.APPROVE_PAYMENTS,
    "refunds/RF1/fail/": C.APPROVE_PAYMENTS,
    "refunds/RF1/cash/1/": C.TAKE_PAYMENTS,
    "customers/C1/-/accounts/": C.CHANGE_CUSTOMERS,
    "customers/-/supply-points/P1/-/agree/": C.CHANGE_CUSTOMERS,
    "imports/1/confirm/": C.IMPORT_READINGS,
    "imports/-/profiles/1/forget/": C.IMPORT_READINGS,
    "imports/1/take-back/": C.IMPORT_READINGS,
    "readings/queue/preview/": C.IMPORT_READINGS,
    "readings/queue/carry-out/": C.IMPORT_READINGS,
    "readings/days/1/2026-01-01/accept/": C.IMPORT_READINGS,
    "readings/days/1/2026-01-01/estimate/": C.IMPORT_READINGS,
    "readings/days/1/2026-01-01/edit/": C.IMPORT_READINGS,
    "readings/proposals/1/approve/": C.APPROVE_READINGS,
    "readings/proposals/1/decline/": C.APPROVE_READINGS,
    "tariffs/home/-/versions/": C.CHANGE_TARIFFS,
    "tariffs/-/policy/": C.MANAGE_STAFF,
    "customers/C1/-/show/": C.SEE_CUSTOMERS,
    "tariffs/home/-/1/review/": C.CHANGE_TARIFFS,
    "tariffs/home/-/1/publish/": C.PUBLISH_TARIFFS,
    "tariffs/home/-/1/withdraw/": C.PUBLISH_TARIFFS,
    "tariffs/home/-/1/delete/": C.CHANGE_TARIFFS,
    "prepayment/A1/-/end/": C.TAKE_PAYMENTS,
    "arrears/cases/bulk/": C.WORK_ARREARS,
    **{
        f"arrears/accounts/A1/-/{deed}/": C.WORK_ARREARS
        for deed in ("promise", "plan", "hold", "standing", "waive", "write-off", "place", "authority", "deposit")
    },
    "arrears/accounts/A1/-/hold/1/end/": C.WORK_ARREARS,
    "arrears/accounts/A1/-/stop/": C.APPROVE_ARREARS,
    "arrears/decisions/waivers/1/": C.APPROVE_ARREARS,
    "arrears/decisions/write-offs/1/": C.APPROVE_ARREARS,
    "arrears/deposits/1/receive/": C.WORK_ARREARS,
    "arrears/deposits/1/end/": C.APPROVE_ARREARS,
    "arrears/placements/1/recall/": C.WORK_ARREARS,
    "arrears/paths/standard/publish/": C.APPROVE_ARREARS,
    "arrears/paths/standard/discard/": C.WORK_ARREARS,
    "supply-orders/1/dispatch/": C.WORK_ARREARS,
    "supply-orders/1/notice/": C.WORK_ARREARS,
    "supply-orders/1/report/": C.WORK_ARREARS,
    "supply-orders/1/cancel/": C.WORK_ARREARS,
    "runs/exceptions/release/": C.RUN_BILLS,
    "corrections/run/": C.RUN_BILLS,
    "invoices/-/fiscal/export/": C.ISSUE_BILLS,
    "invoices/-/fiscal/results/": C.ISSUE_BILLS,
    "invoices/-/fiscal/confirm/": C.ISSUE_BILLS,
    "invoices/20260000000001/-/send/": C.RUN_BILLS,
    "company/entities/alder/-/series/": C.CHANGE_BRAND,
    "messages/letters/print/": C.CHANGE_CUSTOMERS,
    "messages/1/send-again/": C.CHANGE_CUSTOMERS,
    "corrections/approve/": C.ISSUE_BILLS,
    "corrections/1/rate/": C.RUN_BILLS,
    "corrections/1/approve/": C.ISSUE_BILLS,
    "corrections/1/dismiss/": C.ISSUE_BILLS,
    "runs/lots/assign/": C.RUN_BILLS,
    "runs/lots/monthly-1/assign/": C.RUN_BILLS,
    "runs/holds/A1/-/lift/": C.RUN_BILLS,
    "runs/1/hold/": C.RUN_BILLS,
    "runs/1/resume/": C.RUN_BILLS,
    "runs/1/bills/1/approve/": C.ISSUE_BILLS,
    "runs/1/bills/1/send-back/": C.ISSUE_BILLS,
    "runs/1/issue/": C.ISSUE_BILLS,
    "runs/1/close/": C.ISSUE_BILLS,
    "runs/1/cancel/": C.RUN_BILLS,
    "runs/1/rerate/": C.RUN_BILLS,
    "runs/1/bills/1/release/": C.RUN_BILLS,
    "runs/1/bills/1/hold/": C.RUN_BILLS,
    "runs/1/bills/1/resume/": C.RUN_BILLS,
    "runs/1/bills/1/rerate/": C.RUN_BILLS,
    "runs/1/bills/1/rebill/": C.ISSUE_BILLS,
    "invoices/20260000000001/-/credit/": C.ISSUE_BILLS,
    "start/live/": C.MANAGE_STAFF,
    "company/domains/add/": C.CHANGE_BRAND,
    "company/domains/primary/": C.CHANGE_BRAND,
    "company/domains/1/check/": C.CHANGE_BRAND,
    "company/domains/1/remove/": C.CHANGE_BRAND,
    "company/data/order/": C.MANAGE_STAFF,
    "company/plan/pay/": C.MANAGE_STAFF,
    "company/plan/change/": C.MANAGE_STAFF,
    "company/plan/end/": C.MANAGE_STAFF,
    "company/plan/keep/": C.MANAGE_STAFF,
    "company/payment-provider/connect/": C.APPROVE_PAYMENTS,
    "company/payment-provider/keys/": C.APPROVE_PAYMENTS,
    "company/payment-provider/transfer/": C.APPROVE_PAYMENTS,
    "company/payment-provider/methods/": C.APPROVE_PAYMENTS,
    "company/payment-provider/check/": C.APPROVE_PAYMENTS,
    "company/payment-provider/switch/": C.APPROVE_PAYMENTS,
    "company/staff/1/deactivate/": C.MANAGE_STAFF,
    "company/staff/1/link/": C.MANAGE_STAFF,
    "company/keys/1/revoke/": C.MANAGE_KEYS,
    "company/security/unlock/": C.MANAGE_STAFF,
    "company/alerts/1/seen/": C.MANAGE_STAFF,
    "company/support/rule/": C.MANAGE_STAFF,
    "company/sign-in-service/check/": C.MANAGE_STAFF,
    "company/sign-in-service/domains/1/check/": C.MANAGE_STAFF,
    "company/sign-in-service/remove/": C.MANAGE_STAFF,
    "company/support/1/allow/": C.MANAGE_STAFF,
    "company/support/1/end/": C.MANAGE_STAFF,
    "company/staff/1/reset-factor/": C.MANAGE_STAFF,
}
STAFF = [role for role in Role if role not in (Role.CUSTOMER, Role.OPERATOR)]


class TestAStranger:
    @pytest.mark.parametrize("page", [*READS, *ORDERS])
    def test_is_asked_to_sign_in_or_gets_nothing(self, alder, page):
        client = Client(HTTP_HOST="alder.localhost")

        response = client.post(f"/console/{page}") if page in ORDERS else client.get(f"/console/{page}")

        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/?next=")

    def test_finds_no_console_at_the_operator(self, operator):
        assert Client(HTTP_HOST="operator.localhost").get("/console/").status_code == 404


class TestACustomer:
    def test_is_let_in_nowhere(self, as_role, household):
        client = as_role(Role.CUSTOMER)

        statuses = {page: client.get(f"/console/{page}").status_code for page in READS}
        orders = {page: client.post(f"/console/{page}").status_code for page in ORDERS}

        assert set(statuses.values()) | set(orders.values()) == {403}, (statuses, orders)


class TestStaff:
    @pytest.mark.parametrize("role", STAFF)
    def test_reads_what_the_post_allows_and_nothing_else(self, as_role, household, role):
        client = as_role(role) if role != Role.ADMINISTRATOR else as_role("administrator")
        mine = of_roles([role])
        expected = {page: 200 if needed is None or needed in mine else 403 for page, needed in READS.items()}

        found = {page: client.get(f"/console/{page}").status_code for page in READS}

        assert found == expected

    @pytest.mark.parametrize("role", STAFF)
    def test_gives_no_order_that_the_post_does_not_allow(self, as_role, household, role):
        client, mine = as_role(role), of_roles([role])
        forbidden = [page for page, needed in ORDERS.items() if needed not in mine]

        found = {page: client.post(f"/console/{page}").status_code for page in forbidden}

        assert set(found.values()) <= {403}, found

    @pytest.mark.parametrize("page", ORDERS)
    def test_an_order_is_never_given_by_reading(self, admin, household, page):
        assert admin.get(f"/console/{page}").status_code in (403, 405)

    def test_sees_only_pages_in_the_navigation_that_open(self, as_role):
        page = as_role(Role.METERING).get("/console/").content.decode()

        assert 'href="/console/imports/"' in page
        assert "/console/ledger/" not in page
        assert "/console/company/staff/" not in page
        assert "/console/runs/new/" not in page


class TestTheTable:
    def test_names_every_address_of_the_console(self):
        """A page added without a row here would go untested."""
        written = {resolve(f"/console/{page.partition('?')[0]}").url_name for page in [*READS, *ORDERS]}
        asked = set(_names(urls.urlpatterns)) - set(_names(studio_urls.urlpatterns))
        elsewhere = {
            "data_request", "data_archive", "erasure_certificate", "night_record", "final_archive",
            "payment", "statement", "bank_line", "cash_session", "open_desk", "receipt", "refund",
            "customer_import", "customer_import_errors", "confirm_customer_import", "import", "import_progress",
            "import_rows", "import_rows_xlsx", "import_columns", "rename_mapping_profile",
            "hosting_bill", "edit_draft", "run", "run_progress", "run_item", "invoice", "document", "entry",
            "reading_case", "reading_day", "channel", "exchange_meter", "meter_ratios", "remove_meter",
            "new_lot", "lot", "end_add_on", "cancel_charge", "preview_release",
            "correction", "preview_corrections", "fiscal_batch", "invoice_xml", "invoice_hybrid", "credit_part",
            "entity", "letter_batch", "message", "message_file",
            "self_read", "self_read_photo", "closing", "prepaid_account", "change_prepaid", "arrears_path", "deposit",
            "supply_order", "support_visit", "fetch_take_out",
        }  # fmt: skip

        assert asked - elsewhere == written


def _names(patterns):
    """The names of all addresses, those of included files too."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name
        else:
            yield from _names(pattern.url_patterns)


class TestHostileAddresses:
    @pytest.mark.parametrize(
        "path",
        [
            "customers/?kind=robot",
            "customers/?segment=%00",
            "customers/?q=%00",
            "customers/-/export.csv?kind=x",
            "imports/?state=nope",
            "runs/?state='%20OR%201=1",
            "runs/1/?state=x",
            "invoices/?kind=x",
            "ledger/?on=yesterday",
            "ledger/?on=9999999-01-01",
            "ledger/entries/?q=%00",
            "tariffs/?q=" + "x" * 101,
            "customers/-/supply-points/P1/?day=2026-02-30",
            "customers/-/supply-points/P1/?month=13",
            "customers/-/supply-points/P1/?day=0001-01-01",
            "customers/-/supply-points/P1/-/readings.csv?month=9999-12",
        ],
    )
    def test_a_wrong_filter_is_a_bad_request(self, admin, household, path):
        response = admin.get(f"/console/{path}")

        assert response.status_code in (400, 404), path

    @pytest.mark.parametrize(
        "path",
        [
            "customers/C999/",
            "customers/%00/",
            "customers/..%2f..%2fetc/",
            "customers/" + "9" * 60 + "/",
            "customers/-/accounts/A999/",
            "customers/-/supply-points/P999/",
            "customers/-/import/00000000-0000-0000-0000-000000000000/",
            "imports/99999999999999999999/",
            "imports/999999999999999999/",
            "runs/999999999/",
            "runs/0/",
            "runs/1/bills/999999999999999999/",
            "tariffs/none/",
            "tariffs/home/-/999999999/",
            "invoices/nothing/",
            "ledger/entries/999999999999999999/",
            "nothing/",
        ],
    )
    def test_what_is_not_there_is_not_found(self, admin, household, path):
        assert admin.get(f"/console/{path}").status_code == 404

    @pytest.mark.parametrize(
        "path", ["customers/?sort=password&page=-3", "customers/?page=99999999999", "runs/?page=x"]
    )
    def test_a_strange_page_or_order_shows_the_usual_one(self, admin, household, path):
        assert admin.get(f"/console/{path}").status_code == 200

    def test_a_search_never_breaks(self, admin, household):
        for query in ("%00", "'", "%25", "\\", "x" * 500, "９", "1" * 30, "²"):
            assert admin.get("/console/search/", {"q": query}).status_code == 200


class TestTheOtherCompany:
    def test_has_none_of_our_records(self, stranger, household):
        pages = ["customers/C1/", "customers/-/accounts/A1/", "customers/-/supply-points/P1/", "tariffs/home/"]

        assert {page: stranger.get(f"/console/{page}").status_code for page in pages} == dict.fromkeys(pages, 404)

    def test_finds_nothing_of_ours(self, stranger, household):
        page = stranger.get("/console/search/", {"q": "C1"}, HTTP_HX_REQUEST="true").content.decode()

        assert "Customer 1" not in page

    def test_gets_nothing_by_our_cookie(self, admin, household):
        admin.defaults["HTTP_HOST"] = "birch.localhost"

        assert admin.get("/console/customers/").status_code == 302
