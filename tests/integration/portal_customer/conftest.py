"""Two households of one company with two bills each, and the pages as they see them."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from harness import clones, databases, portal_cast, supply
from kernel.periods import Period
from tenancy import context

APRIL_SO_FAR = Period(dt.date(2025, 4, 1), dt.date(2025, 4, 11))


@dataclass
class Scene:
    """Lin is billed for February and March; Wu is another customer of the same company."""

    lin: portal_cast.Household
    wu: portal_cast.Household
    lins: list[str]
    wus: list[str]


def make_scene() -> Scene:
    """Lin uses 0.1 kWh a quarter hour in February, 0.12 in March and April; Wu 0.05 always."""
    product = portal_cast.tiered_product()
    lin = portal_cast.household(number="1", product=product)
    wu = portal_cast.household(number="2", product=product, name="Wu Gang")
    supply.read(channel=lin.channel, period=portal_cast.JANUARY, each=100)
    supply.read(channel=lin.channel, period=portal_cast.FEBRUARY, each=100)
    supply.read(channel=lin.channel, period=portal_cast.MARCH, each=120)
    supply.read(channel=lin.channel, period=APRIL_SO_FAR, each=120)
    supply.read(channel=wu.channel, period=Period(portal_cast.START, portal_cast.MARCH.end), each=50)
    for month in (portal_cast.JANUARY, portal_cast.FEBRUARY, portal_cast.MARCH):
        portal_cast.bill(month, issued=month.end + dt.timedelta(days=1))
    return Scene(lin, wu, numbers_of(lin), numbers_of(wu))


def numbers_of(household: portal_cast.Household) -> list[str]:
    """The numbers of a household's bills, the oldest first."""
    from billing.invoices import queries

    found = queries.invoices_of_customer(customer=household.customer)
    return [invoice.number for invoice in sorted(found, key=lambda invoice: invoice.supply_period.lower)]


@pytest.fixture(scope="session")
def scene_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[str, Scene]]:
    """A database in which the scene is laid out and billed, to be copied: its name, and the scene."""
    name = clones.copied()
    with clones.opened(name, django_db_blocker), context.use(context.retailer_by_code(code="alder")):
        made = make_scene()
    yield name, made
    databases.drop(name)


@pytest.fixture
def fresh_db(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A database of the test's own, with the scene where the test asks for it."""
    source = request.getfixturevalue("scene_database")[0] if "scene" in request.fixturenames else None
    with clones.cloned(django_db_blocker, source=source) as name:
        yield name


@pytest.fixture
def scene(fresh_db: str, scene_database: tuple[str, Scene]) -> Scene:
    return copy.deepcopy(scene_database[1])


@pytest.fixture
def pages(scene: Scene) -> Client:
    """Signed in as Lin, in English."""
    return portal_cast.signed_in(scene.lin.email)


@pytest.fixture
def count_queries() -> Callable[[Callable[[], Any]], int]:
    """Count the queries of what a function does the second time, with the connection set up; it must answer 200."""

    def counted(act: Callable[[], Any]) -> int:
        act()
        with CaptureQueriesContext(connection) as captured:
            assert act().status_code == 200
        return len(captured)

    return counted
