"""Calendars that a tariff brings along: found by name, and named for people, wherever the version stands."""

from __future__ import annotations

import datetime as dt

import pytest

from harness import databases
from tenants.tariffs import tariff_documents
from tenants.tariffs.operations import importing

pytestmark = pytest.mark.django_db


class TestLabelTitles:
    def test_of_a_market_calendar_are_the_markets(self, in_alder):
        titles = tariff_documents.label_titles(name="cn/jiangsu-residential")

        assert titles["peak"]["zh-hans"] == "高峰"

    def test_of_an_imported_one_are_its_own(self, in_alder):
        rate = (databases.ROOT / "examples/tariffs/urdb-sce-tou-8-d.json").read_text()
        made = importing.import_document(kind="urdb", data=rate, valid_from=dt.date(2026, 1, 1))

        for name in made.document["calendars"]:
            titles = tariff_documents.label_titles(name=name)
            assert set(titles) == set(tariff_documents.calendar_of(name=name).labels)
