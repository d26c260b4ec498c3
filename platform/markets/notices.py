"""Calendar documents from tables of official notices: one row per label, window list and group of months.

A table has the columns area, doc_no, period, windows, temp_condition, months, weekend_months, holidays and
categories. What its words mean, and which calendars it makes, stands in the pack's ``notices.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markets import files

Row = Mapping[str, str]
Document = dict[str, Any]

ALL_MONTHS = range(1, 13)


def read(path: Path) -> dict[str, Document]:
    """This will return the calendar documents, by name, that a ``notices.yaml`` and its table describe."""
    settings = files.read_yaml(path)
    rows = files.read_rows(path.parent / settings["file"])
    made = [
        document
        for area in settings["areas"]
        for document in _documents_of(area, _rows_of(area, rows, path.name), settings)
    ]
    return {document["calendar"]: document for document in made}


def _rows_of(area: Mapping[str, Any], rows: Sequence[Row], file: str) -> list[Row]:
    found = [row for row in rows if (row["area"], row["doc_no"]) == (area["area"], area.get("doc_no") or "")]
    if not found:
        raise files.PackFault(file=file, reason=f"no row for {area['area']} {area.get('doc_no')}")
    return [*found, *({**dict.fromkeys(found[0], ""), **row} for row in area.get("added", ()))]


def _documents_of(area: Mapping[str, Any], rows: list[Row], settings: Mapping[str, Any]) -> Iterator[Document]:
    """Make one calendar of the rows without a category, and one per category with its own rows beside them."""
    common = [row for row in rows if not row["categories"]]
    if common:
        yield _document(area["calendar"], area["title"], common, area, settings)
    for category in area.get("categories", ()):
        own = [row for row in rows if row["categories"] in category["rows"]]
        titles = {language: f"{area['title'][language]} · {text}" for language, text in category["title"].items()}
        yield _document(f"{area['calendar']}-{category['code']}", titles, common + own, area, settings)


def _document(
    name: str, title: Mapping[str, str], rows: list[Row], area: Mapping[str, Any], settings: Mapping[str, Any]
) -> Document:
    used = {settings["labels"][row["period"]] for row in rows} | {settings["otherwise"]}
    return {
        "calendar": f"{settings['market']}/{name}",
        "title": dict(title),
        "time_zone": settings["time_zone"],
        "labels": [label for label in settings["label_order"] if label in used],
        "otherwise": settings["otherwise"],
        "source": area.get("doc_no") or "",
        "rules": [rule for row in rows for rule in _rules_of(row, settings)],
    }


def _rules_of(row: Row, settings: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rules of a row: its months or all year, else its holidays, its weekends and its dated fact."""
    base = {"label": settings["labels"][row["period"]], "windows": _parts(row["windows"].replace("及", ","))}
    months = [int(month) for month in _parts(row["months"])]
    if row["holidays"]:
        yield {**base, "holidays": [settings["holidays"][name] for name in _parts(row["holidays"])]}
    if row["weekend_months"]:
        yield {**base, "months": [int(month) for month in _parts(row["weekend_months"])], "weekend": True}
    if months or not (row["holidays"] or row["weekend_months"]):
        yield {**base, "months": months} if months else base
    if row["temp_condition"]:
        others = [month for month in ALL_MONTHS if month not in months]
        yield {**base, "months": others, "when": settings["conditions"][row["temp_condition"]]}


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
