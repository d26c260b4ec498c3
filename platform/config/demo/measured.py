"""What waits for the metering people: registers, an exchange, doubted reads, gaps, spikes, imports, corrections."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from decimal import Decimal

from config.demo import plans
from config.demo.ground import Ground
from identity.capabilities import Role
from kernel.periods import Period
from tenants.customers import queries as customer_queries
from tenants.metering import operations, queries
from tenants.metering.operations import editing, estimating, validating

EXCHANGED = dt.date(2026, 10, 16)
DOUBTED = dt.date(2026, 11, 20)
LOOKED_INTO_UNTIL = dt.date(2026, 11, 16)
DIGITS = 5
PROFILE_DAY = dt.date(2026, 11, 20)


def leave(*, ground: Ground) -> None:
    """Suspend the supply points whose people moved out: nobody waits for their readings."""
    gone = [point for point in ground.plan.points if not point.product]
    by, at = ground.email(Role.METERING), ground.at(plans.FIRST_DAY)
    for identifier, supply_point_id in _supply_points(gone).items():
        operations.suspend(
            supply_point_id=supply_point_id, on=plans.FIRST_DAY, shows={}, reason=identifier, at=at, by=by
        )


def registers(*, ground: Ground) -> None:
    """Hang the meters that somebody reads, and store what they showed at the start of every month."""
    points = [point for point in ground.plan.points if point.dials]
    by, opened = ground.email(Role.METERING), ground.at(plans.FIRST_DAY)
    ids = _supply_points(points)
    for point in points:
        meter = operations.NewMeter(
            ids[point.identifier],
            point.serial,
            plans.FIRST_DAY,
            ground.plan.recording_zone,
            dials=[_dial(dial, dial.shows) for dial in point.dials],
        )
        operations.install_meter(meter=meter, at=opened, by=by)
    exchanged = next(point for point in points if plans.account_number(point) == ground.plan.work.exchanged)
    before = [(p, month) for p in points for month in plans.MONTHS[1:] if p is not exchanged or month < EXCHANGED]
    _read(ground, before, opened=plans.FIRST_DAY, at=ground.at(plans.MONTHS[-1]))
    _exchange(ground, exchanged, ids[exchanged.identifier], by)
    after = [(each, dt.date(2026, 11, 1)) for each in points if each is not exchanged]
    _read(ground, after, opened=plans.FIRST_DAY, at=ground.at(dt.date(2026, 11, 1)))


def _dial(dial: plans.DialPlan, shows: int) -> operations.Dial:
    return operations.Dial(dial.code, "consumption", digits=DIGITS, decimals=0, label=dial.label, shows=Decimal(shows))


def _shown(dial: plans.DialPlan, day: dt.date) -> Decimal:
    """What a register shows on a day: it runs over at the end of its dial."""
    months = Decimal((day - plans.FIRST_DAY).days) / Decimal("30.4")
    return Decimal(int(dial.shows + months * dial.kwh_a_month) % 10**DIGITS)


def _read(
    ground: Ground, wanted: Sequence[tuple[plans.PointPlan, dt.date]], *, opened: dt.date, at: dt.datetime
) -> None:
    held = _registers(_supply_points([point for point, _ in wanted]))
    reads = [
        operations.NewRead(held[point.serial, dial.code], day, _shown(dial, day))
        for point, day in wanted
        if day > opened
        for dial in point.dials
    ]
    operations.store_reads(reads=reads, at=at, source="route", by=ground.email(Role.METERING))


def _exchange(ground: Ground, point: plans.PointPlan, supply_point_id: int, by: str) -> None:
    """A new meter from the middle of the month on: both count for that month's bill."""
    [old] = queries.meters_of(supply_point_ids=[supply_point_id])
    serial = f"{point.serial}-2"
    new = operations.NewMeter(
        supply_point_id,
        serial,
        EXCHANGED,
        ground.plan.recording_zone,
        dials=[_dial(dial, 0) for dial in point.dials],
    )
    operations.exchange_meter(
        old=old.pk,
        on=EXCHANGED,
        removal={dial.code: _shown(dial, EXCHANGED) for dial in point.dials},
        new=new,
        at=ground.at(EXCHANGED),
        by=by,
    )
    held = _registers({point.identifier: supply_point_id})
    day = dt.date(2026, 11, 1)
    reads = [operations.NewRead(held[serial, d.code], day, Decimal(d.kwh_a_month // 2)) for d in point.dials]
    operations.store_reads(reads=reads, at=ground.at(day), source="route", by=by)


def doubts(*, ground: Ground) -> None:
    """Leave a backward read, a spike, a gap with its estimate, days that never came, an edit and a correction."""
    work, by = ground.plan.work, ground.email(Role.METERING)
    at = ground.at(plans.LAST_DAY, 8)
    point = _point(ground, work.doubted)
    held = _registers(_supply_points([point]))
    backward = [
        operations.NewRead(held[point.serial, dial.code], DOUBTED, _shown(dial, DOUBTED) - dial.kwh_a_month * 3)
        for dial in point.dials
    ]
    operations.store_reads(reads=backward, at=at, source="self", by=by)
    validating.find_absent(since=plans.LAST_DAY - dt.timedelta(days=7), until=plans.LAST_DAY, at=at)
    gap = _channel(ground, work.gap)
    for exception in queries.open_exceptions(channel_ids=[gap], period=Period(plans.FIRST_DAY, plans.LAST_DAY)):
        estimating.propose(channel_id=gap, day=exception.day, at=at)
    _accept_old(ground, by, at)
    editing.edit(
        channel_id=_channel(ground, work.edited),
        day=plans.LAST_DAY - dt.timedelta(days=3),
        values={n: 90_000 for n in range(10, 14)},
        reason=work.words["read_by_hand"],
        by=by,
        at=at,
    )
    operations.request_correction(
        supply_point_id=ground.supply_point_id(work.edited),
        period=Period.of_month(2026, 10),
        power_right=Decimal(3),
        power_wrong=Decimal(1),
        cause="wiring",
        reason=work.words["wiring"],
        key="seed-wiring",
        by=by,
        at=at,
    )


def _accept_old(ground: Ground, by: str, at: dt.datetime) -> None:
    """What was looked into by the person before: an empty home, busy days and quiet ones. The last days wait."""
    words = ground.plan.work.words
    old = [each for each in queries.exceptions(blocking=False) if each.day < LOOKED_INTO_UNTIL]
    empty = [each.pk for each in old if each.code == "zero"]
    usual = [each.pk for each in old if each.code != "zero"]
    validating.accept(exception_ids=empty, by=by, at=at, note=words["empty"])
    validating.accept(exception_ids=usual, by=by, at=at, note=words["usual"])


def imports(*, ground: Ground) -> None:
    """Bring one day of a supply point again by a table, whose columns are remembered; it can be taken back."""
    point, by = _point(ground, ground.plan.work.spike), ground.email(Role.METERING)
    at = ground.at(plans.LAST_DAY, 9, 45)
    words = ground.plan.work.words
    content = _table(ground, point).encode()
    record = operations.upload_file(
        file=io.BytesIO(content),
        file_name=words["table"],
        source="console",
        at=at,
        zone=ground.plan.recording_zone,
        requested_by=by,
        check_only=True,
    )
    operations.continue_import(import_id=record.pk, at=at)
    found = operations.suggestion_for(import_id=record.pk)
    if found is None:
        raise ValueError(words["table"])
    said = {**found[0].mapping.as_json(), "zone": ground.plan.recording_zone, "minutes": ground.plan.minutes}
    operations.tell_columns(import_id=record.pk, said=said, at=at, by=by, profile_name=words["profile"])
    operations.continue_import(import_id=record.pk, at=at)
    operations.confirm_import(import_id=record.pk)
    done = operations.continue_import(import_id=record.pk, at=at)
    if done.state != "done":
        raise ValueError(f"{words['table']}: {done.state}")


def _table(ground: Ground, point: plans.PointPlan) -> str:
    """Return a day of readings as somebody's program writes it, with a shade more in the evening."""
    place = (PROFILE_DAY - plans.FIRST_DAY).days
    day = next(iter(point.curves().values()))[place]
    rows = [ground.plan.work.words["columns"]]
    start = dt.datetime.combine(PROFILE_DAY, dt.time())
    for n, value in enumerate(day):
        stamp = start + dt.timedelta(minutes=ground.plan.minutes * n)
        more = 40 if stamp.hour == 19 else 0
        rows.append(f"{point.identifier};{stamp:%Y-%m-%d %H:%M};{(int(value) + more) / 1000:.3f}")
    return "\n".join([*rows, ""])


def _point(ground: Ground, number: str) -> plans.PointPlan:
    return next(point for point in ground.plan.points if plans.account_number(point) == number)


def _channel(ground: Ground, number: str) -> int:
    point_id = ground.supply_point_id(number)
    return int(queries.channels_of(supply_point_ids=[point_id], kinds=["consumption"])[0].pk)


def _supply_points(points: Sequence[plans.PointPlan]) -> dict[str, int]:
    found = customer_queries.supply_points_by_identifier(identifiers=[point.identifier for point in points])
    return {identifier: supply_point.pk for identifier, supply_point in found.items()}


def _registers(points: dict[str, int]) -> dict[tuple[str, str], int]:
    """Return the registers of supply points by serial of the meter and code."""
    held = queries.registers_of(supply_point_ids=list(points.values()))
    return {(register.meter.serial, register.code): register.pk for register in held}
