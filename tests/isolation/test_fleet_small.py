"""Each time the tests run: every route once with another company's ids, in a fleet of three."""

from __future__ import annotations

import pytest
from django.apps import apps
from isolation import asking, attacks, canaries, fleet, hosted, planting, routes, survey

from tenancy import context

HERE, THERE = 1, 2
EMPTY_ON_PURPOSE: dict[str, str] = {
    "auth.Group": "Django's own, which nothing here uses",
    "account.EmailConfirmation": "nobody confirms an address: the pages are not there",
}
"""Tables without a row in the fleet, and why."""


@pytest.fixture
def ground(small_fleet):
    return attacks.Ground(small_fleet, HERE, THERE, survey.Survey())


class TestFleet:
    def test_has_a_row_in_every_table(self, small_fleet):
        with context.use(small_fleet.company(HERE)):
            models = planting.models_of_companies()
            empty = {model._meta.label for model in models if not model._default_manager.exists()}
        refused = fleet.report(fleet.template(small_fleet.companies))["refused"]

        lacking = {label: refused.get(label, "") for label in empty - set(EMPTY_ON_PURPOSE)}
        assert lacking == {}, "say in WANTED of tests/isolation/rows.py what such a row needs"

    def test_has_rows_of_every_company_in_the_registry(self, small_fleet):
        with context.use_public():
            empty = [model._meta.label for model in hosted.tables() if not model._default_manager.exists()]

        assert empty == [], "say in WANTED of tests/isolation/rows.py what such a row needs"

    def test_is_alike_in_keys_and_apart_in_words(self, small_fleet):
        found = []
        for number in range(small_fleet.companies):
            with context.use(small_fleet.company(number)):
                customer = apps.get_model("customers", "Customer")._default_manager.order_by("pk").first()
                found.append((customer.pk, customer.number, str(customer.email), canaries.found_in(customer.name)))

        assert len({(pk, number, email) for pk, number, email, _ in found}) == 1
        assert [words for *_, words in found] == [{("own", n)} for n in range(small_fleet.companies)]


class TestRoutes:
    def test_show_nothing_to_who_names_another_companys_records(self, ground):
        with asking.counted() as written:
            for route in routes.every():
                if route.urlconf == routes.RETAILER and attacks.names_records(ground, route):
                    attacks.name_anothers(ground, route)

        assert ground.tried > 150
        assert ground.leaks == []
        assert ground.broken == []
        assert {schema for schema, _ in written} <= {ground.fleet.schema(HERE), "public"}
