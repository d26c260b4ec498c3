"""``__in`` over whole numbers as ``= ANY(array)``: one parameter, however many keys are asked for.

Work goes by sets of some hundred keys. As ``IN (%s, %s, ...)`` each key is a placeholder of its own, which the driver
fills in and PostgreSQL parses one by one; as an array it is one value, and the plan is the same.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Field, lookups
from django.db.models.fields.related import ForeignObject
from django.db.models.fields.related_lookups import RelatedIn

ARRAY = "ANY(%s)"


class _AnyOf:
    """The right side as an array where all its values are whole numbers; everything else as Django does it."""

    def process_rhs(self: Any, compiler: Any, connection: Any) -> Any:
        if not self.rhs_is_direct_value() or not all(type(each) is int or each is None for each in self.rhs):
            return super().process_rhs(compiler, connection)  # type: ignore[misc]
        if wanted := [each for each in dict.fromkeys(self.rhs) if each is not None]:
            return ARRAY, [wanted]
        raise EmptyResultSet

    def get_rhs_op(self: Any, connection: Any, rhs: str) -> str:
        return f"= {rhs}" if rhs == ARRAY else super().get_rhs_op(connection, rhs)  # type: ignore[misc]


class AnyOf(_AnyOf, lookups.In):
    """``key__in`` of a plain column."""


class RelatedAnyOf(_AnyOf, RelatedIn):
    """``other__in`` of a foreign key."""


def register() -> None:
    """This will replace Django's ``__in`` by the one with arrays."""
    Field.register_lookup(AnyOf)
    ForeignObject.register_lookup(RelatedAnyOf)
