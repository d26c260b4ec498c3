"""Files may come in any order, in parts and any number of times: what stands in the end depends on their set alone."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.db import OperationalError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.periods import Period
from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import operations, queries
from tenants.metering.models import Channel, IntervalDay, IntervalDayRevision
from tenants.metering.queries import bulk

AT = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
SLOTS = 48

PART = st.tuples(
    st.integers(1, 2),  # the day
    st.integers(1, 4),  # when the source changed it
    st.tuples(st.integers(0, 47), st.integers(1, 48)),  # from which slot, how many
    st.integers(1, 3),  # the value
    st.sampled_from("AES"),  # the quality
)
FILES = st.lists(st.lists(PART, min_size=1, max_size=2, unique_by=lambda part: part[0]), min_size=1, max_size=4)


class Rollback(Exception):
    pass


def file_of(parts):
    """A NEM12 file with partial days: what is not told has quality N."""
    days = []
    for day, stamp, (first, count), value, quality in parts:
        last = min(first + count, SLOTS)
        values = ["" if not first <= slot < last else str(value) for slot in range(SLOTS)]
        head = f"300,2026040{day}," + ",".join(values)
        days.append(f"{head},V,,,2026040{stamp}120000,\n")
        flag = {"A": "A", "E": "E52", "S": "S52"}[quality]
        spans = [(1, first, "N"), (first + 1, last, flag), (last + 1, SLOTS, "N")]
        days += [f"400,{one},{two},{flag},{'79' if flag == 'S52' else ''},\n" for one, two, flag in spans if one <= two]
    return _plain(days)


def _plain(days):
    head = "100,NEM12,202604100000,MDP,RET\n200,NEM1204062,E1,1,E1,N1,SN1,kWh,30,\n"
    return (head + "".join(days) + "900\n").encode()


def table_of(value, day):
    columns = ",".join(f"P{n}" for n in range(1, 49))
    return f"nmi,date,{columns}\nNEM1204062,2026-04-0{day},{','.join([str(value)] * 48)}\n".encode()


def after(contents):
    """What stands after importing the files in this order; undone again."""
    found = {}
    try:
        with transaction.atomic():
            for hour, (content, said) in enumerate(contents):
                done = operations.import_file(
                    file=io.BytesIO(content), file_name="f", source="test", at=said or AT + dt.timedelta(hours=hour)
                )
                assert done.state == "done", [(row.code, row.params, row.row) for row in done.rows.all()]
            fields = ("values", "quality", "total", "missing", "stamped_at", "slot_stamps")
            for day in IntervalDay.objects.all():
                found[day.day] = tuple(
                    bytes(v) if isinstance(v, memoryview) else v for v in map(day.__getattribute__, fields)
                )
            raise Rollback
    except Rollback:
        pass
    return found


@pytest.fixture
def point(in_birch):
    premises = Premises.objects.create(address="1 Meter Street", time_zone="Etc/GMT-10")
    return SupplyPoint.objects.create(identifier="NEM1204062", premises=premises)


@pytest.mark.django_db
class TestAnyOrder:
    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(files=FILES, data=st.data())
    def test_of_files_with_stamps_and_gaps_leaves_the_same(self, point, files, data):
        contents = [(file_of(parts), None) for parts in files]
        again = data.draw(st.lists(st.sampled_from(contents), max_size=3))
        order = data.draw(st.permutations(contents + again))

        assert after(order) == after(contents)

    @settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        tables=st.lists(st.tuples(st.integers(1, 5), st.integers(1, 2)), min_size=1, max_size=4, unique=True),
        data=st.data(),
    )
    def test_of_files_without_stamps_leaves_what_was_given_last(self, point, tables, data):
        given_at = {table: AT + dt.timedelta(hours=number) for number, table in enumerate(tables)}
        contents = [(table_of(*table), given_at[table]) for table in tables]
        order = data.draw(st.permutations(contents))

        found = after(order)

        assert found == after(contents)
        last = {day: value for value, day in tables}
        assert {day.day: total // SLOTS // 1000 for day, (_, _, total, *_) in found.items()} == last

    def test_a_file_that_is_given_again_does_not_undo_what_was_given_after_it(self, point):
        first, second = table_of(1, 1), table_of(2, 1)

        found = after([(first, None), (second, None), (first, None)])

        assert [day[2] for day in found.values()] == [2 * 48_000]


@pytest.mark.django_db
class TestRecordedDays:
    def test_are_read_as_they_stand_whatever_their_form(self, point):
        operations.import_file(file=io.BytesIO(table_of(1, 1)), file_name="f", source="t", at=AT)
        operations.import_file(file=io.BytesIO(table_of(2, 2)), file_name="f", source="t", at=AT)
        channel = Channel.objects.get()
        month = Period.of_month(2026, 4)

        [alike] = queries.recorded_days(channel_ids=[channel.pk], period=month)
        mixed = _plain([f"300,20260403,{','.join(['1'] * 96)},A,,,20260410120000,\n"]).replace(b",30,", b",15,")
        operations.import_file(file=io.BytesIO(mixed), file_name="f", source="t", at=AT)
        several = queries.recorded_days(channel_ids=[channel.pk], period=month)

        assert (alike.values.shape, sorted(alike.values.sum(axis=1).tolist())) == ((2, 48), [48_000, 96_000])
        assert sorted(each.values.shape for each in several) == [(1, 96), (2, 48)]
        assert {dt.date.fromordinal(int(day)).day for each in several for day in each.days} == {1, 2, 3}
        assert queries.recorded_days(channel_ids=[], period=month) == []
        assert IntervalDayRevision.objects.count() == 0

    def test_that_break_off_leave_the_connection_fit_for_what_comes_next(self, point):
        with pytest.raises(OperationalError, match="division by zero"), transaction.atomic():
            bulk._copied("SELECT 1 / (3 - number) FROM generate_series(1, 10) number", [])

        assert IntervalDay.objects.count() == 0
