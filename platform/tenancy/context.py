"""For whom the program works now: one retailer, or the platform itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django_tenants.utils import get_tenant_model

from kernel.errors import GridhallError, gettext_noop
from tenancy.database import connection
from tenancy.database.base import PUBLIC


class NoRetailer(GridhallError):
    """Something that belongs to one retailer was asked for while none was set."""

    code = "no_retailer"
    template = gettext_noop("This belongs to one company, and none was named.")


class UnknownRetailer(GridhallError):
    """No company stands under that code or schema."""

    code = "unknown_retailer"
    template = gettext_noop("No company is registered under “{name}”.")


@contextmanager
def use(retailer: Any) -> Iterator[Any]:
    """Work for ``retailer`` and go back afterwards; refused inside another one's transaction."""
    before = connection.tenant
    connection.set_tenant(retailer)
    try:
        yield retailer
    finally:
        connection.set_tenant(before)


@contextmanager
def use_public() -> Iterator[None]:
    """Work on the registry and go back afterwards; refused inside a retailer's transaction."""
    before = connection.tenant
    connection.set_schema_to_public()
    try:
        yield
    finally:
        connection.set_tenant(before)


def current_schema() -> str:
    """Return the schema of the present context, ``public`` for the platform."""
    return str(connection.schema_name)


def current_retailer() -> Any:
    """Return the retailer worked for, or refuse."""
    if connection.schema_name == PUBLIC:
        raise NoRetailer()
    return connection.tenant


def required_schema() -> str:
    """Return the schema of the retailer worked for, or refuse."""
    return str(current_retailer().schema_name)


def retailer_by_code(*, code: str) -> Any:
    """Return the retailer with ``code``, with its brand; raises UnknownRetailer."""
    return _retailer(name=code, code=code)


def retailer_by_schema(*, schema_name: str) -> Any:
    """Return the retailer whose schema it is, with its brand; raises UnknownRetailer."""
    return _retailer(name=schema_name, schema_name=schema_name)


def _retailer(*, name: str, **lookup: str) -> Any:
    with use_public():
        found = get_tenant_model().objects.select_related("brand").filter(**lookup).first()
    if found is None:
        raise UnknownRetailer(name=name)
    return found
