"""A table of rows with columns that can be sorted, for ``{% component "table" %}``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, QueryDict

NUMERIC = frozenset({"number", "money", "energy"})
SORT, PAGE = "sort", "page"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``kind`` is text, number, money, energy, day, status or actions; ``sort`` names what it sorts by.

    The ``primary`` column is the row's name: it heads the card that a row becomes on a phone.
    """

    key: str
    label: Any
    kind: str = "text"
    sort: str = ""
    primary: bool = False

    @property
    def css(self) -> str:
        names = {"g-number": self.kind in NUMERIC, "g-primary": self.primary, "g-actions": self.kind == "actions"}
        return " ".join(name for name, wanted in names.items() if wanted)


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's head as it stands now: where a click leads and how the rows are sorted."""

    column: Column
    url: str
    direction: str


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, the rows of one page, and the request's query (for links that keep the filters)."""

    columns: Sequence[Column]
    rows: Sequence[Any]
    page: Page[Any] | None = None
    query: QueryDict = field(default_factory=QueryDict)
    sorted_by: str = ""

    def column(self, key: str) -> Column:
        """Return the column named ``key``; raises KeyError when there is none."""
        found = next((column for column in self.columns if column.key == key), None)
        if found is None:
            raise KeyError(f"The table has no column “{key}”.")
        return found

    @property
    def headings(self) -> Iterator[Heading]:
        """Yield each column's head with the link that sorts by it."""
        for column in self.columns:
            yield Heading(column, self._sort_url(column), self._direction(column))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def _direction(self, column: Column) -> str:
        if not column.sort or self.sorted_by.lstrip("-") != column.sort:
            return "none"
        return "descending" if self.sorted_by.startswith("-") else "ascending"

    def _sort_url(self, column: Column) -> str:
        if not column.sort:
            return ""
        query = self.query.copy()
        query.pop(PAGE, None)
        query[SORT] = f"-{column.sort}" if self._direction(column) == "ascending" else column.sort
        return f"?{query.urlencode()}"


def sort_key(request: HttpRequest, columns: Iterable[Column], default: str = "") -> str:
    """Return the ordering that was asked for (``?sort=-total``) if a column allows it, else ``default``."""
    wanted = request.GET.get(SORT, "")
    allowed = {column.sort for column in columns if column.sort}
    return wanted if wanted.lstrip("-") in allowed else default


def paged(request: HttpRequest, rows: Any, columns: Sequence[Column], *, size: int = 50, default: str = "") -> Table:
    """Return the table of the page asked for, ordered as asked; ``rows`` is a queryset or a list (then sorted here)."""
    order = sort_key(request, columns, default)
    if order:
        rows = _ordered(rows, order)
    page = Paginator(rows, size).get_page(request.GET.get(PAGE))
    return Table(columns=columns, rows=list(page.object_list), page=page, query=request.GET, sorted_by=order)


def _ordered(rows: Any, order: str) -> Any:
    if hasattr(rows, "order_by"):
        return rows.order_by(order, "pk")
    key = order.lstrip("-")
    return sorted(rows, key=lambda row: _value(row, key), reverse=order.startswith("-"))


def _value(row: Any, key: str) -> tuple[bool, Any]:
    """Return what a row is sorted by; rows without a value come first."""
    value = row.get(key) if isinstance(row, Mapping) else getattr(row, key)
    return value is not None, value
