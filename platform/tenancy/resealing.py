"""Bringing everything a company has sealed to its newest key, in batches that may be cut and gone on with.

Sealed columns are found in the models; rooms that keep secrets of their own form name a function for them
(``keep``). An older key is retired only when nothing is sealed with it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from psycopg import sql

from kernel.errors import Conflict, gettext_noop
from tenancy import company_keys, context, sealed_fields

BATCH = 500
Anew = Callable[[], int]
_kept: dict[str, Anew] = {}


def keep(name: str, anew: Anew) -> None:
    """This will have ``anew`` called to seal a room's secrets anew; it returns how many it changed."""
    _kept[name] = anew


def sealed_models() -> list[Any]:
    """This will return the models with sealed columns, by table."""
    found = (model for model in apps.get_models() if sealed_fields.sealed_of(model))
    return sorted(found, key=lambda model: str(model._meta.db_table))


def reseal_some(*, at_most: int = 20 * BATCH) -> int:
    """This will seal at most so many rows of the present company anew; return how many, 0 when nothing is left."""
    done = sum(anew() for anew in _kept.values())
    if len(company_keys.ring().numbers) == 1:
        return 0
    for model in sealed_models():
        for keys in _batches(model):
            done += _reseal(model, keys)
            if done >= at_most:
                return done
    return done


def behind() -> dict[str, int]:
    """This will count the rows of each table that another key than the newest opens."""
    found = {}
    for model in sealed_models():
        rows = _run(model, "SELECT count(*) FROM {table} WHERE {old}")
        if rows[0][0]:
            found[str(model._meta.db_table)] = int(rows[0][0])
    return found


def retire_others(*, retailer: Any) -> list[int]:
    """This will throw away every key but the one that seals; raises Conflict while rows are sealed with one."""
    with context.use(retailer):
        left = behind()
        if left or any(anew() for anew in _kept.values()):
            raise Conflict(reason=gettext_noop("rows are still sealed with an older key: {tables}."), tables=str(left))
        others = [number for number in company_keys.ring().numbers if number != company_keys.ring().seals]
    for number in others:
        company_keys.retire(retailer=retailer, number=number)
    return others


def _batches(model: Any) -> Iterator[list[int]]:
    last = 0
    while True:
        rows = _run(model, "SELECT {key} FROM {table} WHERE {key} > %s AND {old} ORDER BY {key} LIMIT %s", last, BATCH)
        if not rows:
            return
        yield [row[0] for row in rows]
        last = rows[-1][0]


def _reseal(model: Any, keys: list[int]) -> int:
    names = [field.name for field in sealed_fields.sealed_of(model)]
    with transaction.atomic():
        rows = list(model._default_manager.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"))
        model._default_manager.bulk_update(rows, names)
    return len(rows)


def _run(model: Any, statement: str, *values: Any) -> list[Any]:
    number = company_keys.ring().seals
    each: list[Any] = [
        sql.SQL("(octet_length({column}) > 0 AND get_byte({column}, 0) <> {number})").format(
            column=sql.Identifier(str(field.column)), number=sql.Literal(number)
        )
        for field in sealed_fields.sealed_of(model)
    ]
    old = sql.SQL(" OR ").join(each)
    places = {"table": sql.Identifier(model._meta.db_table), "key": sql.Identifier(model._meta.pk.column)}
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(old=sql.SQL("({})").format(old), **places), list(values) or None)
        return list(cursor.fetchall())
