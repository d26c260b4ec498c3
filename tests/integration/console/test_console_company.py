"""The company's own settings in the console: look, staff, keys, audit trail."""

from __future__ import annotations

import base64

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from hosting import health
from identity import queries
from tenancy import context

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path fill="#0a6" d="M0 0h4v4z"/></svg>'
BRAND = {"primary_color": "#0F766E", "accent_color": "#7c2d12", "tagline_zh": "安心用电", "support_phone": "95598"}


def text_of(response):
    return " ".join(BeautifulSoup(response.content, "html.parser").get_text(" ").split())


def svg(inside, attributes=""):
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</svg>'.encode()


def brand_of(retailer):
    return context.retailer_by_code(code=retailer.code).brand


class TestTheBrand:
    def test_is_changed_for_the_customers_at_once(self, admin, alder):
        response = admin.post("/console/company/brand/", {**BRAND, "logo": SimpleUploadedFile("l.svg", SVG)})

        brand = brand_of(alder)
        assert response.status_code == 302, text_of(response)
        assert (brand.primary_color, brand.accent_color, brand.tagline["zh-hans"]) == ("#0f766e", "#7c2d12", "安心用电")
        assert (brand.logo_type, bytes(brand.logo)) == ("image/svg+xml", SVG)
        assert Client(HTTP_HOST="alder.localhost").get("/brand/logo").content == SVG

    def test_takes_a_png_and_gives_it_up_again(self, admin, alder):
        admin.post("/console/company/brand/", {**BRAND, "logo": SimpleUploadedFile("l.png", PNG)})
        with_logo = brand_of(alder).logo_type
        admin.post("/console/company/brand/", BRAND)
        kept = brand_of(alder).logo_type
        admin.post("/console/company/brand/", {**BRAND, "remove_logo": "on"})

        assert (with_logo, kept, brand_of(alder).logo_type) == ("image/png", "image/png", "")

    def test_warns_of_colours_that_are_hard_to_read(self, admin, alder):
        admin.post("/console/company/brand/", {**BRAND, "primary_color": "#ffee00"})

        assert "#ffee00 on #ffffff has a contrast of" in text_of(admin.get("/console/company/brand/"))

    @pytest.mark.parametrize(
        "logo",
        [
            svg("<script>alert(1)</script>"),
            svg('<image href="http://evil.test/x.png"/>'),
            svg("<path/>", 'onload="alert(1)"'),
            svg('<use href="http://evil.test/#a"/>'),
            svg('<path fill="url(http://evil.test/#a)"/>'),
            svg('<path style="background:url(x)"/>'),
            svg("<style>*{}</style>"),
            svg("<foreignObject/>"),
            svg('<a xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="javascript:alert(1)"/>'),
            b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
            b"<html/>",
            b"GIF89a",
            PNG[:20],
            b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
            PNG[:16] + b"\xff\xff\xff\xff" + PNG[20:],
            b"<svg" + b" " * 300_001,
        ],
        ids=range(16),
    )
    def test_takes_no_logo_that_could_do_something(self, admin, alder, logo):
        before = brand_of(alder)

        response = admin.post("/console/company/brand/", {**BRAND, "logo": SimpleUploadedFile("l.svg", logo)})

        assert response.status_code == 422
        assert (bytes(brand_of(alder).logo), brand_of(alder).primary_color) == (
            bytes(before.logo),
            before.primary_color,
        )

    @pytest.mark.parametrize(
        ("field", "value"),
        [("primary_color", "red"), ("accent_color", "#12345"), ("support_email", "x"), ("tagline_en", "x" * 121)],
    )
    def test_is_refused_at_the_field(self, admin, alder, field, value):
        before = brand_of(alder).primary_color

        response = admin.post("/console/company/brand/", {**BRAND, "primary_color": "#111111", field: value})

        assert response.status_code == 422
        assert brand_of(alder).primary_color == before

    def test_of_the_other_company_stays(self, admin, birch):
        before = brand_of(birch).primary_color

        admin.post("/console/company/brand/", {**BRAND, "primary_color": "#123456"})

        assert brand_of(birch).primary_color == before


class TestStaff:
    INVITED = {"name": "Ada", "email": "ada@alder.test", "roles": ["billing", "auditor"]}

    def test_is_invited_by_a_link_to_choose_a_password(self, admin, in_alder):
        response = admin.post("/console/company/staff/invite/", self.INVITED)

        made = queries.user_by_email(email="ada@alder.test")
        assert response.status_code == 302
        assert (made.name, made.roles, made.has_usable_password()) == ("Ada", ["auditor", "billing"], False)
        assert [message.to for message in mail.outbox] == [["ada@alder.test"]]
        assert "http://alder.localhost/accounts/password/reset/key/" in mail.outbox[0].body
        assert "Ada ada@alder.test" in text_of(admin.get("/console/company/staff/"))

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("email", "staff@alder.test", "Someone signs in with staff@alder.test already."),
            ("roles", ["operator"], "Select a valid choice."),
            ("roles", ["customer"], "Select a valid choice."),
            ("roles", [], "This field is required."),
        ],
    )
    def test_is_not_invited_twice_nor_with_posts_of_others(self, admin, in_alder, field, value, sentence):
        before = queries.staff().count()

        response = admin.post("/console/company/staff/invite/", {**self.INVITED, field: value})

        assert response.status_code == 422
        assert sentence in text_of(response)
        assert (queries.staff().count(), mail.outbox) == (before, [])

    def test_loses_access_at_once(self, admin, as_role, in_alder):
        colleague = as_role("metering")
        person = queries.user_by_email(email="metering@alder.test")

        admin.post(f"/console/company/staff/{person.pk}/deactivate/")

        assert not queries.user(user_id=person.pk).is_active
        assert colleague.get("/console/").status_code == 302
        assert queries.audit_events().first().action == "user.deactivate"

    def test_does_not_end_the_own_access(self, admin, in_alder):
        me = queries.user_by_email(email="staff@alder.test")

        response = admin.post(f"/console/company/staff/{me.pk}/deactivate/", follow=True)

        assert "nobody can end his own access" in text_of(response)
        assert queries.user(user_id=me.pk).is_active

    def test_gets_a_link_again(self, admin, in_alder):
        person = queries.user_by_email(email="metering@alder.test")

        admin.post(f"/console/company/staff/{person.pk}/link/")

        assert [message.to for message in mail.outbox] == [["metering@alder.test"]]

    def test_of_nobody_is_not_found(self, admin, in_alder):
        assert admin.post("/console/company/staff/999/deactivate/").status_code == 404


class TestKeys:
    def make(self, admin, **said):
        return admin.post("/console/company/keys/new/", {"name": "Meter hub", "scopes": ["readings:write"], **said})

    def test_show_their_secret_once(self, admin, in_alder):
        made = self.make(admin)
        secret = BeautifulSoup(made.content, "html.parser").select_one(".g-code code").get_text()

        key = queries.valid_key(secret=secret)
        assert (key.name, key.scopes) == ("Meter hub", ["readings:write"])
        assert made["Cache-Control"] == "no-store"
        assert secret not in text_of(admin.get("/console/company/keys/"))
        assert secret not in text_of(admin.get("/console/company/audit/"))

    def test_open_nothing_once_revoked(self, admin, in_alder):
        secret = BeautifulSoup(self.make(admin).content, "html.parser").select_one(".g-code code").get_text()
        key = queries.keys().get()

        admin.post(f"/console/company/keys/{key.pk}/revoke/")

        assert queries.valid_key(secret=secret) is None
        assert "Revoked" in text_of(admin.get("/console/company/keys/"))
        assert admin.post(f"/console/company/keys/{key.pk}/revoke/").status_code == 404

    @pytest.mark.parametrize("scopes", [[], ["fleet:write"], ["portal:use"], ["everything"]])
    def test_are_not_made_with_scopes_nobody_may_give(self, admin, in_alder, scopes):
        response = self.make(admin, scopes=scopes)

        assert response.status_code == 422
        assert queries.keys().count() == 0

    def test_of_the_other_company_are_not_found(self, admin, stranger, in_alder):
        self.make(admin)

        assert stranger.post(f"/console/company/keys/{queries.keys().get().pk}/revoke/").status_code == 404
        assert queries.keys().get().revoked_at is None


class TestTheAuditTrail:
    def test_tells_who_did_what(self, admin, in_alder):
        admin.post("/console/company/staff/invite/", TestStaff.INVITED)

        text = text_of(admin.get("/console/company/audit/"))

        assert "Staff of alder Person added user.create" in text
        assert "Roles: Auditor, Billing" in text


class TestHealth:
    def test_reports_the_figures_the_operator_knows(self, household):
        measured = health.measure()

        assert measured == {
            "customers": 1,
            "accounts": 1,
            "supply_points": 1,
            "channels": 1,
            "readings_until": "2026-02-28",
            "last_import": None,
            "imports_refused": 0,
            "imports_waiting": 0,
            "ledger_unbalanced": 0,
            "bill_runs_open": 0,
            "drafts_parked": 0,
            "invoices": 0,
            "last_invoice_on": None,
            "work": {
                kind: {"failed": 0, "running": 0, "waiting": 0}
                for kind in ("bill_runs", "imports", "messages", "simulations")
            },
            "staff": 2,
        }
