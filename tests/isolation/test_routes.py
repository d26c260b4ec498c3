"""Every route of the program, as every kind of person, with all that belongs to another company."""

from __future__ import annotations

import pytest
from isolation import asking, attacks, canaries, people, routes, survey, tally

HERE, THERE = 7, 12
PARTS = 6
_taken: dict[str, survey.Survey] = {}


@pytest.fixture
def ground(whole_fleet: people.Fleet) -> attacks.Ground:
    """Company 7 with what its pages lead to, and company 12 whose things are used there."""
    return ground_of(whole_fleet, HERE, THERE)


def ground_of(fleet: people.Fleet, here: int, there: int) -> attacks.Ground:
    if fleet.database not in _taken:
        _taken[fleet.database] = survey.take(fleet, here)
    for person in people.EVERYBODY:
        fleet.client(person, here)
    for person in ("administrator", "customer", "program"):
        fleet.client(person, there)
    return attacks.Ground(fleet, here, there, _taken[fleet.database])


@pytest.mark.slow
class TestFleet:
    def test_pages_open_and_show_their_own_company_alone(self, ground):
        opened = ground.survey.opened

        assert len(opened) > 250
        assert {place: answer.status for place, answer in opened.items() if answer.status >= 500} == {}
        assert {place: answer.leaks for place, answer in opened.items() if answer.leaks} == {}
        with_own = [p for p, a in opened.items() if canaries.word(HERE).encode() in a.content]
        assert len(with_own) > 100

    def test_every_route_has_a_case(self, ground):
        lacking = [sentence for route in routes.every() if (sentence := attacks.missing(ground, route))]

        assert lacking == []


@pytest.mark.slow
class TestRoutes:
    @pytest.mark.parametrize("part", range(PARTS))
    @pytest.mark.parametrize("person", [*people.EVERYBODY, "operator"])
    def test_of_one_company_show_nothing_of_another(self, ground, person, part):
        wanted = [r for r in routes.every() if r.urlconf == routes.OPERATOR or person != "operator"][part::PARTS]

        with asking.counted() as written:
            for route in wanted:
                attacks.attempt(ground, route, person)

        tally.add(routes=[r.title for r in wanted], person=person, attacks=ground.tried)
        assert ground.leaks == []
        assert [place for place in written if not _may_be_written(*place, ground.fleet)] == []
        assert asking.cached(HERE, ground.fleet.schema(HERE)) == set()
        assert ground.broken == []


NOTED_AT_ANOTHER = ("identity_auditevent", "identity_auditseal", "identity_alert", "django_session")
"""A visit with somebody else's cookie or key is written down where it came."""


def _may_be_written(schema: str, table: str, fleet: people.Fleet) -> bool:
    if schema in (fleet.schema(HERE), "public", "t_operator0000"):
        return True
    return schema == fleet.schema(THERE) and table in NOTED_AT_ANOTHER
