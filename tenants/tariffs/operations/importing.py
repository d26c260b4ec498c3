"""Tariffs that others wrote: URDB rates and Consumer Data Right plans become drafts of products."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from kernel.errors import Invalid, gettext_noop
from markets import cdr, foreign_json, urdb
from tenancy import context
from tenants.tariffs.models import Product, ProductVersion
from tenants.tariffs.operations import products

URDB, CDR = "urdb", "cdr"
KINDS = (URDB, CDR)


class UnknownFormat(Invalid):
    """There is no reader for tariffs of that format."""

    code = "tariff_format_unknown"
    template = gettext_noop("“{kind}” is not a format that tariffs can be imported from; known are: {known}.")


def read_document(*, kind: str, data: str | Mapping[str, Any], time_zone: str | None = None) -> urdb.Imported:
    """This will return the tariff document that ``data`` becomes, and what it leaves out; nothing is stored.

    ``data`` is JSON as text, or what `foreign_json.read` made of it. ``time_zone`` is that of the utility (URDB),
    else the company's. Raises UnknownFormat, or ImportRefused with a pointer into ``data``.
    """
    if kind not in KINDS:
        raise UnknownFormat(kind=kind, known=", ".join(KINDS), where="kind")
    given = foreign_json.read(data) if isinstance(data, str) else data
    if kind == CDR:
        return cdr.convert(given)
    return urdb.convert(given, time_zone=time_zone or context.current_retailer().time_zone)


def import_document(
    *,
    kind: str,
    data: str | Mapping[str, Any],
    valid_from: dt.date,
    product: Product | None = None,
    time_zone: str | None = None,
    **written: Any,
) -> ProductVersion:
    """This will store a tariff of another format as a draft: of a new product, or the next version of ``product``.

    ``written`` (``by``, ``at``) says who did it and when. Raises as ``read_document`` does, and CodeTaken, TariffError.
    """
    document = read_document(kind=kind, data=data, time_zone=time_zone).document
    if product is not None:
        return products.add_version(product=product, document=document, valid_from=valid_from, **written)
    return products.create_product(
        code=document["code"],
        titles=document["title"],
        market=document["market"],
        document=document,
        valid_from=valid_from,
        **written,
    )
