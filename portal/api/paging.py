"""Pages by cursor: the values of the last row are the start of the next, so nothing shifts while one reads."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import FieldError, ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import problems

DEFAULT = 50
LARGEST = 200
AHEAD, BACK = "n", "p"


class Paging(BasePagination):
    """``?limit=50&cursor=…``; the view's ``ordering`` names fields that together are unique and never null."""

    parameters = ("limit", "cursor")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request, self.ordering = request, tuple(view.ordering)
        limit = _limit(request.query_params.get("limit"))
        cursor = request.query_params.get("cursor")
        direction, position = (AHEAD, None) if cursor is None else _read(cursor, queryset, self.ordering)
        back = direction == BACK
        ordering = [_turned(name) for name in self.ordering] if back else self.ordering
        if position is not None:
            queryset = queryset.filter(_after(ordering, position))
        rows = list(queryset.order_by(*ordering)[: limit + 1])
        more, rows = len(rows) > limit, rows[:limit]
        self.rows = rows[::-1] if back else rows
        self.has_next = back or more
        self.has_previous = more if back else position is not None
        return self.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._next(), "previous": self._previous(), "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": "The next page, null on the last."},
                "previous": {**link, "description": "The page before, null on the first."},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        bounds = {"type": "integer", "minimum": 1, "maximum": LARGEST, "default": DEFAULT}
        return [
            {"name": "limit", "in": "query", "schema": bounds, "description": "Rows on a page."},
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string", "minLength": 1},
                "description": "From a `next` or `previous` link; it means nothing by itself.",
            },
        ]

    def _next(self) -> str | None:
        return self._link(AHEAD, self.rows[-1]) if self.has_next and self.rows else None

    def _previous(self) -> str | None:
        return self._link(BACK, self.rows[0]) if self.has_previous and self.rows else None

    def _link(self, direction: str, row: Any) -> str:
        values = [str(getattr(row, name.lstrip("-"))) for name in self.ordering]
        written = json.dumps([direction, *values], ensure_ascii=False, separators=(",", ":"))
        query = self.request.query_params.copy()
        query["cursor"] = base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")
        return self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= LARGEST):
        said = gettext("Give a whole number from 1 to {largest}.").format(largest=LARGEST)
        raise problems.BadParameters({"limit": [("invalid", said)]})
    return int(text)


def _read(cursor: str, queryset: QuerySet[Any], ordering: Sequence[str]) -> tuple[str, list[Any]]:
    try:
        direction, *texts = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        fields = [queryset.model._meta.get_field(name.lstrip("-")) for name in ordering]
        values = [field.to_python(text) for field, text in zip(fields, texts, strict=True)]
        if direction not in {AHEAD, BACK} or not all(isinstance(text, str) and "\x00" not in text for text in texts):
            raise ValueError(direction)
    except (ValueError, TypeError, binascii.Error, ValidationError, FieldError, RecursionError) as refusal:
        said = gettext("This cursor does not come from a link of this list.")
        raise problems.BadParameters({"cursor": [("invalid", said)]}) from refusal
    return direction, values


def _after(ordering: Sequence[str], position: Sequence[Any]) -> Q:
    """Return what comes after ``position``: greater in the first field, or equal there and greater in the next."""
    found, equal = Q(pk__in=[]), Q()
    for name, value in zip(ordering, position, strict=True):
        field = name.lstrip("-")
        found |= equal & Q(**{f"{field}__{'lt' if name.startswith('-') else 'gt'}": value})
        equal &= Q(**{field: value})
    return found


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"
