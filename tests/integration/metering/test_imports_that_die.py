"""Workers that are killed while they import: nothing is lost, nothing is doubled, and the next one goes on."""

from __future__ import annotations

import datetime as dt
import io
import random
import signal
import time

import pytest
from django.db import connection

from harness import dying
from tenancy import context
from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import faults, operations
from tenants.metering.models import Channel, IntervalDay, IntervalDayRevision, Meter, ReadingImport, ReadingImportRow

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 3, 1, 1, tzinfo=dt.UTC)
POINTS = 5
KILLS, MOST_A_FILE = 100, 14
HEAD = "nmi,meter,date," + ",".join(f"P{n}" for n in range(1, 97))


def table(value, days=3, points=POINTS):
    rows = [
        f"PT{point},M{point},2026-02-{day:02d}," + ",".join([f"{value}.{point}"] * 96)
        for point in range(points)
        for day in range(1, days + 1)
    ]
    return ("\n".join([HEAD, *rows]) + "\n").encode()


OLD, NEW = table(1), table(2, days=5)


@pytest.fixture
def company(fresh_db, birch, settings, tmp_path):
    settings.FILES_DIR = tmp_path
    with context.use(birch):
        supply_points()
        yield birch


def supply_points():
    premises = Premises.objects.create(address="1 Meter Street", time_zone="Australia/Brisbane")
    SupplyPoint.objects.bulk_create(SupplyPoint(identifier=f"PT{n}", premises=premises) for n in range(POINTS))


def upload(content=NEW, at=AT):
    return operations.upload_file(file=io.BytesIO(content), file_name="a.csv", source="test", at=at).pk


def stand():
    """Everything an import is to leave, in whatever order it came."""
    days = IntervalDay.objects.values_list(
        "channel__supply_point__identifier", "day", "values", "quality", "version", "total", "stamped_at"
    )
    return {
        "days": sorted((name, day, bytes(values), bytes(quality), *rest) for name, day, values, quality, *rest in days),
        "former": sorted(
            IntervalDayRevision.objects.values_list("channel__supply_point__identifier", "day", "version")
        ),
        "channels": Channel.objects.count(),
        "meters": sorted(Meter.objects.values_list("serial", flat=True)),
        "report": sorted(ReadingImportRow.objects.values_list("reading_import_id", "row", "outcome")),
        "states": sorted(ReadingImport.objects.values_list("pk", "state", "days_accepted", "days_corrected", "file")),
    }


def continue_and_die(import_id, order=""):
    def work():
        faults.arm(order)
        operations.continue_import(import_id=import_id, at=LATER)

    return dying.forked(work)


class TestAWorker:
    def test_killed_at_any_point_loses_and_doubles_nothing(self, company, monkeypatch, tmp_path):
        monkeypatch.setattr("tenants.metering.formats.column_blocks.ROWS", 10)
        operations.run_import(import_id=upload(table(1)), at=AT)

        for number, point in enumerate([*faults.IMPORT_POINTS, "import.block_staged:2"], start=2):
            import_id = upload(table(number, days=5), at=AT + dt.timedelta(hours=number))
            died = dying.ended_by(continue_and_die(import_id, point))
            half_done = IntervalDay.objects.filter(import_id=import_id).count()
            again = operations.continue_import(import_id=import_id, at=LATER)
            operations.continue_import(import_id=import_id, at=LATER)

            new = 10 if number == 2 else 0
            assert (died, half_done in (0, 25)) == (signal.SIGKILL, True), point
            assert (again.state, again.days_accepted, again.days_corrected) == ("done", new, 25 - new), point
            found = stand()
            assert sorted({day[4] for day in found["days"]}) == ([1, 2] if new else [number - 1, number]), point
            assert {day[5] // 96 // 1000 for day in found["days"]} == {number}, point
            assert len(found["former"]) == 15 + 25 * (number - 2), point
            assert len(found["report"]) == 15 + 25 * (number - 1), point
            assert (found["channels"], found["meters"]) == (5, ["M0", "M1", "M2", "M3", "M4"]), point
            assert (found["states"][-1][-1], [path for path in tmp_path.rglob("*") if path.is_file()]) == ("", []), (
                point
            )

    def test_that_has_it_in_hand_is_not_joined_by_another(self, company):
        import_id = upload()
        holder = dying.forked(lambda: _hold(import_id))
        _until_held(import_id)

        found = operations.continue_import(import_id=import_id, at=LATER)
        left = found.state, found.attempts
        dying.killed_after(holder, 0)
        after = _until_done(import_id)

        assert left == ("uploaded", 0)
        assert (after.state, after.attempts) == ("done", 1)


def _hold(import_id):
    from tenants.metering.operations import importing

    with importing._in_hand(ReadingImport.objects.get(pk=import_id), wait=True):
        time.sleep(60)


def _until_held(import_id):
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody took it in hand")


def _until_done(import_id):
    for _ in range(200):
        found = operations.continue_import(import_id=import_id, at=LATER)
        if found.is_finished:
            return found
        time.sleep(0.02)
    raise AssertionError("the lock outlived its holder")


class TestASweep:
    def test_finds_what_was_lost_or_has_died_and_nothing_else(self, company):
        lost, fresh, done = upload(OLD), upload(NEW, at=LATER), upload(table(3))
        died = upload(table(4))
        operations.run_import(import_id=done, at=AT)
        dying.ended_by(continue_and_die(died, "import.compared"))

        now = dt.datetime.now(dt.UTC)
        ReadingImport.objects.filter(pk=fresh).update(created_at=now)
        found = operations.sweep_imports(at=now + dt.timedelta(seconds=90))
        again = operations.sweep_imports(at=now + dt.timedelta(seconds=91))

        assert sorted(found) == sorted([lost, died])
        assert again == [died]

    def test_gives_up_a_file_that_kills_every_worker(self, company):
        import_id = upload()
        ReadingImport.objects.filter(pk=import_id).update(state="importing", attempts=20)

        found = operations.continue_import(import_id=import_id, at=LATER)

        assert (found.state, found.rows.get().code) == ("refused", "worker_died")
        assert IntervalDay.objects.count() == 0


@pytest.mark.slow
class TestAHundredKills:
    def test_at_random_moments_lose_and_double_nothing(self, fresh_db, alder, birch, settings, tmp_path, monkeypatch):
        settings.FILES_DIR = tmp_path
        monkeypatch.setattr("tenants.metering.formats.column_blocks.ROWS", 10)
        chance = random.Random(20260301)
        contents = [table(value, days=value % 7 + 1) for value in range(1, 31)]
        with context.use(alder):
            supply_points()
            started = time.monotonic()
            expected = self.after_an_undisturbed_run(contents)
            length = (time.monotonic() - started) / len(contents)

        with context.use(birch):
            supply_points()
            kills = self.with_kills(contents, chance, length)
            found = self.readings()

        assert kills == KILLS
        assert found == expected

    def with_kills(self, contents, chance, length):
        """Kill workers at random moments of the imports, a hundred times; every import comes to its end."""
        kills = 0
        for number, content in enumerate(contents):
            import_id = upload(content, at=AT + dt.timedelta(hours=number))
            for _ in range(min(MOST_A_FILE, KILLS - kills)):
                worker = continue_and_die(import_id)
                kills += dying.killed_after(worker, chance.uniform(0, length)) == signal.SIGKILL
                if ReadingImport.objects.get(pk=import_id).state == "done":
                    break
            self.until_done(import_id)
        return kills

    def after_an_undisturbed_run(self, contents):
        for number, content in enumerate(contents):
            operations.import_file(
                file=io.BytesIO(content), file_name="a", source="test", at=AT + dt.timedelta(hours=number)
            )
        return self.readings()

    def readings(self):
        return {key: value for key, value in stand().items() if key in ("days", "channels", "meters")}

    def until_done(self, import_id):
        for _ in range(200):
            if operations.continue_import(import_id=import_id, at=LATER).is_finished:
                return
            time.sleep(0.02)
        raise AssertionError("it never came to its end")
