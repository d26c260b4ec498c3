"""Tariffs of other formats become drafts whose calendars come along, and are found again by name."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from billing.rating import calendars
from kernel.errors import GridhallError
from markets import foreign_json, packs
from tenants.tariffs import tariff_documents
from tenants.tariffs.models import Product, ProductVersion
from tenants.tariffs.operations import importing, products

TARIFFS = Path(__file__).resolve().parents[3] / "examples/tariffs"
JANUARY = dt.date(2026, 1, 1)
pytestmark = pytest.mark.django_db


def _text(name):
    return (TARIFFS / f"{name}.json").read_text()


class TestImport:
    @pytest.mark.parametrize(
        ("kind", "file", "code"),
        [
            ("urdb", "urdb-ladwp-a-3", "urdb-67c1f1c74737dd843e060fe8"),
            ("urdb", "urdb-sce-tou-8-d", "urdb-674e0b87201c6bd096007a5a"),
            ("cdr", "cdr-covau-time-of-use", "cdr-COV1053201MRE1EME"),
            ("cdr", "cdr-globird-single-rate", "cdr-GLO1083214MRE1EME"),
        ],
    )
    def test_makes_a_draft_that_can_be_rated(self, in_alder, kind, file, code):
        version = importing.import_document(kind=kind, data=_text(file), valid_from=JANUARY)

        stored = ProductVersion.objects.get(pk=version.pk)
        tariff = tariff_documents.tariff_of(version=stored)
        assert (stored.product.code, stored.status, stored.valid_from) == (code, "draft", JANUARY)
        for name in tariff.calendars:
            assert tariff_documents.calendar_of(name=name).labels == tariff.calendars[name]

    def test_can_be_the_next_version_of_a_product(self, in_alder):
        first = importing.import_document(kind="urdb", data=_text("urdb-ladwp-a-3"), valid_from=JANUARY)

        second = importing.import_document(
            kind="urdb", data=_text("urdb-sce-tou-8-d"), valid_from=JANUARY, product=first.product
        )

        assert (second.product, second.number) == (first.product, 2)

    def test_a_changed_calendar_gets_a_name_of_its_own(self, in_alder):
        version = importing.import_document(kind="urdb", data=_text("urdb-ladwp-a-3"), valid_from=JANUARY)
        name = version.document["calendar"]
        document = {**version.document, "calendars": {**version.document["calendars"]}}
        document["calendars"][name] = {**document["calendars"][name], "time_zone": "America/Chicago"}

        products.save_draft(version=version, document=document)

        changed = ProductVersion.objects.get(pk=version.pk).document["calendar"]
        assert changed != name
        assert str(tariff_documents.calendar_of(name=changed).time_zone) == "America/Chicago"

    def test_a_calendar_of_another_company_is_not_found(self, in_alder):
        with pytest.raises(packs.UnknownName):
            tariff_documents.calendar_of(name="us/urdb-000000000000")


class TestRefusals:
    @pytest.mark.parametrize(
        ("kind", "data"),
        [
            ("xml", "{}"),
            ("urdb", "{}"),
            ("cdr", "{}"),
            ("urdb", "not json"),
            ("urdb", '{"items": [1, 2]}'),
            ("urdb", {"name": "x", "energyratestructure": [[{"rate": 0.1}]]}),
            ("cdr", '{"data": {"electricityContract": {"tariffPeriod": "x"}, "displayName": "x"}}'),
        ],
    )
    def test_store_nothing(self, in_alder, kind, data):
        with pytest.raises(GridhallError) as refusal:
            importing.import_document(kind=kind, data=data, valid_from=JANUARY)

        assert isinstance(refusal.value, foreign_json.ImportRefused | importing.UnknownFormat)
        assert not Product.objects.exists()

    def test_a_calendar_that_cannot_be_followed_is_refused_at_its_place(self, in_alder):
        version = importing.import_document(kind="urdb", data=_text("urdb-ladwp-a-3"), valid_from=JANUARY)
        name = version.document["calendar"]
        broken = {**version.document["calendars"][name], "otherwise": "never"}
        document = {**version.document, "calendars": {**version.document["calendars"], name: broken}}

        with pytest.raises(calendars.CalendarFault) as refusal:
            products.save_draft(version=version, document=document)

        assert refusal.value.where.startswith("/calendars/us/urdb-")
        assert refusal.value.where.endswith("/otherwise")
