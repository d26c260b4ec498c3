"""A refusal put where a person can mend it: the field its pointer names, the nearest one, the card, or the page."""

from __future__ import annotations

from django.utils.translation import gettext

from kernel import sentences
from kernel.errors import GridhallError
from portal.console.studio.layout import Field, Layout
from portal.shared import refusals

PLACE, SEPARATORS, LONGEST_HEAD = "{place}", " :\uff1a,\uff0c\u5904", 6


def show(layout: Layout, refusal: GridhallError) -> Field | None:
    """This will write the refusal's sentence into the layout and return the field that has it, if one has."""
    said = sentence(refusal)
    where = str(refusal.where or "").partition(":")[0].rstrip("/")
    field = _field(layout, where)
    if field is not None:
        field.error = said
        return field
    for card in layout.cards():
        if where == card.pointer or where.startswith(f"{card.pointer}/"):
            card.error = said
            return None
    layout.error = said
    return None


def sentence(refusal: GridhallError) -> str:
    """This will say a refusal without the pointer it starts with: it stands at that place already."""
    said = refusals.sentence(refusal)
    template = gettext(refusal.template)
    head, mark, rest = template.partition(PLACE)
    if not mark or len(head) > LONGEST_HEAD:
        return said
    rest = rest.lstrip(SEPARATORS)
    try:
        return _upper(sentences.fill(rest, refusal.params))
    except (KeyError, IndexError):
        return said


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


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
