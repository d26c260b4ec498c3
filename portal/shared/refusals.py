"""A refusal from below, said to the person in front: in his language, at the field it concerns."""

from __future__ import annotations

from typing import Any

from django.forms import BaseForm
from django.utils.translation import gettext

from kernel.errors import GridhallError


def sentence(refusal: GridhallError) -> str:
    """Return the refusal's sentence in the reader's language."""
    return refusal.say(gettext)


def show(form: BaseForm, refusal: GridhallError) -> None:
    """Put the refusal at the form's field it names, else above the form."""
    field = _field(form, refusal.where)
    form.add_error(field, sentence(refusal))


def _field(form: BaseForm, where: Any) -> str | None:
    name = str(where or "").strip("/").split("/")[0]
    return name if name in form.fields else None
