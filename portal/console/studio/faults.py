"""A refusal put where a person can mend it: the field its pointer names, the nearest one, the card, or the page."""

from __future__ import annotations

from kernel.errors import GridhallError
from portal.console.studio.layout import Field, Layout
from portal.shared import refusals


def show(layout: Layout, refusal: GridhallError) -> Field | None:
    """This will write the refusal's sentence into the layout and return the field that has it, if one has."""
    sentence = refusals.sentence(refusal)
    where = str(refusal.where or "").partition(":")[0].rstrip("/")
    field = _field(layout, where)
    if field is not None:
        field.error = sentence
        return field
    for card in layout.cards():
        if where == card.pointer or where.startswith(f"{card.pointer}/"):
            card.error = sentence
            return None
    layout.error = sentence
    return None


def _field(layout: Layout, where: str) -> Field | None:
    """The field of that very place, else the one above it, else the first one below it."""
    if not where:
        return None
    named = [one for one in layout.every() if not one.inside]
    exact = next((one for one in named if one.name == where), None)
    above = next((one for one in named if where.startswith(f"{one.name}/")), None)
    deep = where.count("/") > 2
    below = next((one for one in named if deep and one.name.startswith(f"{where}/")), None)
    return exact or above or below
