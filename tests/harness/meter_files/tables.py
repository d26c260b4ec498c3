"""Builds day-per-row files."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from harness.meter_files.cases import Case, Day

POINT = "3301000000012"
SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"


def clock(minutes: int = 15, *, end: bool = True) -> list[str]:
    """00:15 … 24:00, or 00:00 … 23:45."""
    span = range(minutes, 1441, minutes) if end else range(0, 1440, minutes)
    return [f"{at // 60:02d}:{at % 60:02d}" for at in span]


def numbered(word: str = "P{}", count: int = 96, first: int = 1) -> list[str]:
    return [word.format(n) for n in range(first, first + count)]


def row(*cells: object, sep: str = ",") -> str:
    return sep.join(str(cell) for cell in cells)


def header(*names: str, columns: Sequence[str] = (), sep: str = ",") -> str:
    return row(*(names or ("户号", "日期")), *(columns or numbered()), sep=sep)


def day(*lead: object, cell: object = "0.25", count: int = 96, tail: Iterable[object] = (), sep: str = ",") -> str:
    return row(*(lead or (POINT, "2026-03-01")), *[cell] * count, *tail, sep=sep)


def text(*rows: str, encoding: str = "utf-8", end: str = "\r\n") -> bytes:
    return (end.join(rows) + end).encode(encoding)


def one(
    total: int = 24_000,
    runs: str = "A96",
    date: str = "2026-03-01",
    register: str = "E1",
    point: str = POINT,
    **said: Any,
) -> dict:
    return {(point, register, date): Day(total, runs, **said)}


def _named(options: dict[str, Any]) -> dict[str, Any]:
    return {"zone" if name == "zone_given" else name: said for name, said in options.items()}


def good(name: str, content: bytes, days: dict | None = None, zone: str = SHANGHAI, **options: Any) -> Case:
    return Case(f"columns: {name}", content, one() if days is None else days, zone=zone, options=_named(options))


def bad(
    name: str,
    content: bytes,
    *refused: tuple[int | None, int | None, str],
    known: tuple[str, ...] = (POINT,),
    zone: str = SHANGHAI,
    by_import: bool = False,
    **options: Any,
) -> Case:
    return Case(
        f"columns: {name}",
        content,
        refused=refused,
        known=known,
        zone=zone,
        by_import=by_import,
        options=_named(options),
    )


def dated(written: object, **more: Any) -> bytes:
    return text(header(), day(POINT, written, **more))


def registers(*names: str, column: str = "数据类型", unit: str = "") -> bytes:
    labels = numbered(f"P{{}}{unit}")
    return text(header("户号", "日期", column, columns=labels), *(day(POINT, "2026-03-01", name) for name in names))


def headed(*names: str, cells: Sequence[object] = (), cell: object = "0.25", labels: Sequence[str] = ()) -> bytes:
    """A file whose header has ``names`` between the date and the intervals."""
    return text(header("户号", "日期", *names, columns=labels), day(POINT, "2026-03-01", *cells, cell=cell))


def semicolons(*cells: str) -> bytes:
    return text(header(sep=";"), row(POINT, "2026-03-01", *cells, sep=";"))


PLAIN = text(header(), day())
SPRING, AUTUMN = "2026-03-29", "2026-10-25"
_JUNK = random.Random(7).randbytes(5000)


def workbook() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return target.getvalue()
