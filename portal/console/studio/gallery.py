"""The templates of a market in words: what each charges for, and what an agreement may fill in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language, gettext

from billing.runs import sampling
from kernel import texts
from kernel.errors import GridhallError
from markets import packs
from portal.console import tariff_tables
from portal.console.studio import places, words


@dataclass(frozen=True, slots=True)
class Template:
    """One template: a sentence for every charge."""

    code: str
    title: str
    hours: list[str]
    charges: list[tuple[str, str]]
    parameters: list[Any]


def templates(market: str, *, search: str = "") -> list[Template]:
    """This will explain the templates of the market whose code or title has the words."""
    found = []
    for document in packs.pack(market).product_templates():
        named = f"{document['code']} {' '.join(places.texts(document.get('title')).values())}"
        if search.casefold() not in named.casefold():
            continue
        try:
            plan = sampling.opened(document)
        except GridhallError:
            continue  # a template that asks for what this company has not got, such as an index series
        found.append(_template(document, plan))
    return found


def _template(document: dict[str, Any], plan: sampling.Opened) -> Template:
    language = get_language() or "en"
    titles = words.titles_of(plan.tariff, language)
    charges = [
        (
            titles[charge.code],
            gettext("{quantity} × {price}").format(
                quantity=words.quantity(charge, titles), price=words.price(charge, titles)
            ),
        )
        for charge in plan.tariff.charges
    ]
    return Template(
        code=str(document["code"]),
        title=texts.pick(places.texts(document.get("title")), language) or str(document["code"]),
        hours=[texts.pick(places.texts(one.title), language) or name for name, one in plan.calendars.items()],
        charges=charges,
        parameters=tariff_tables.parameters(plan.tariff),
    )
