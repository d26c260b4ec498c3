"""Orders to the field: asked for once, sent only when legal, ended once; supply comes back in time."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import Error

from harness import arrears_cast
from tenants.service import operations, queries
from tenants.service.models import SupplyOrder, SupplyOrderEvent

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 4, 20, 2, tzinfo=dt.UTC)  # ten in the morning, a Monday
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def place(in_alder):
    return arrears_cast.account("1")


def request(place, kind="stop", reason="arrears", key="k", at=NOW, **more):
    account, point = place
    return operations.request(
        kind=kind, reason=reason, supply_point_id=point.pk, account_id=account.pk, request_key=key,
        earliest_at=more.pop("earliest_at", at), at=at, **more,
    )  # fmt: skip


def stopped(place, at=NOW):
    order = request(place)
    operations.give_final_notice(order_id=order.pk, at=at - HOUR)
    operations.dispatch(order_id=order.pk, at=at)
    return operations.report(order_id=order.pk, done=True, happened_at=at, evidence={"relay": "open"}, at=at)


class TestAnOrder:
    def test_is_asked_for_once(self, place):
        assert request(place).pk == request(place).pk
        assert SupplyOrderEvent.objects.count() == 1

    def test_another_of_its_kind_is_refused_while_it_is_open(self, place):
        request(place)

        with pytest.raises(operations.OrderOpen):
            request(place, key="other")

    def test_is_not_sent_before_its_time(self, place):
        order = request(place, earliest_at=NOW + HOUR)

        with pytest.raises(operations.NotYet):
            operations.dispatch(order_id=order.pk, at=NOW)

        order.refresh_from_db()
        assert (order.state, order.dispatched_at) == ("requested", None)

    def test_is_not_sent_on_the_eve_of_a_holiday(self, place):
        eve = dt.datetime(2026, 4, 30, 2, tzinfo=dt.UTC)
        order = request(place)
        operations.give_final_notice(order_id=order.pk, at=eve - HOUR)

        with pytest.raises(operations.NotLegalNow) as refusal:
            operations.dispatch(order_id=order.pk, at=eve)

        assert refusal.value.params["hindrances"] == "eve_of_holiday"

    def test_needs_the_last_notice_an_hour_before(self, place):
        order = request(place)
        operations.give_final_notice(order_id=order.pk, at=NOW)

        with pytest.raises(operations.FinalNoticeMissing):
            operations.dispatch(order_id=order.pk, at=NOW + HOUR - dt.timedelta(seconds=1))

        assert operations.dispatch(order_id=order.pk, at=NOW + HOUR).state == "dispatched"

    def test_for_safety_knows_no_blackout(self, place):
        order = request(place, reason="safety")

        assert (
            operations.dispatch(order_id=order.pk, at=dt.datetime(2026, 5, 1, 20, tzinfo=dt.UTC)).state == "dispatched"
        )

    def test_keeps_its_history_and_its_end(self, place):
        order = stopped(place)

        assert [step.what for step in queries.events(order=order)] == [
            "requested", "final_notice", "dispatched", "done",
        ]  # fmt: skip
        for statement in (
            "UPDATE service_supplyorder SET state = 'cancelled'",
            "DELETE FROM service_supplyorderevent",
        ):
            with pytest.raises((InternalError, Error)), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)

    def test_cannot_be_reported_before_it_was_sent(self, place):
        order = request(place, reason="safety")
        operations.dispatch(order_id=order.pk, at=NOW)

        with pytest.raises(operations.ReportedTooEarly):
            operations.report(order_id=order.pk, done=True, happened_at=NOW - HOUR, evidence={}, at=NOW)


class TestLifting:
    def test_cancels_a_stop_that_waits(self, place):
        order = request(place)

        operations.lift(account_id=place[0].pk, reason="arrears", at=NOW, since=NOW)

        order.refresh_from_db()
        assert (order.state, SupplyOrder.objects.count()) == ("cancelled", 1)

    def test_brings_supply_back_within_the_hours_of_the_market(self, place):
        stopped(place)

        [back] = operations.lift(account_id=place[0].pk, reason="arrears", at=NOW + 5 * HOUR, since=NOW + 2 * HOUR)
        again = operations.lift(account_id=place[0].pk, reason="arrears", at=NOW + 6 * HOUR, since=NOW + 2 * HOUR)

        assert (back.kind, back.promised_until, again) == ("resume", NOW + 26 * HOUR, [])
        assert list(queries.breaches(at=NOW + 26 * HOUR)) == []
        assert list(queries.breaches(at=NOW + 27 * HOUR)) == [back]

    def test_leaves_a_stop_for_safety(self, place):
        order = request(place, reason="safety")
        operations.dispatch(order_id=order.pk, at=NOW)
        operations.report(order_id=order.pk, done=True, happened_at=NOW, evidence={}, at=NOW)

        assert operations.lift(account_id=place[0].pk, reason="arrears", at=NOW, since=NOW) == []
        assert list(queries.stopped_points(account_ids=[place[0].pk])) == [place[1].pk]

    def test_waits_for_the_report_of_a_stop_at_the_field(self, place):
        order = request(place)
        operations.give_final_notice(order_id=order.pk, at=NOW - HOUR)
        operations.dispatch(order_id=order.pk, at=NOW)
        [back] = operations.lift(account_id=place[0].pk, reason="arrears", at=NOW, since=NOW)

        with pytest.raises(operations.StopUnderWay):
            operations.dispatch(order_id=back.pk, at=NOW)
        operations.report(order_id=order.pk, done=False, happened_at=NOW + HOUR, evidence={}, at=NOW + HOUR)

        back.refresh_from_db()
        assert back.state == "cancelled"
