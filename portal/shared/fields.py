"""What a form field needs to be shown: the widget with its class and the ids that describe it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.safestring import SafeString

_NUMERIC = (forms.IntegerField, forms.DecimalField, forms.FloatField)


def described(bound: BoundField) -> dict[str, Any]:
    """Return the parts that ``components/field.html`` lays out."""
    kind = kind_of(bound)
    return {
        "bound": bound,
        "kind": kind,
        "control": _control(bound, kind),
        "optional": not bound.field.required and kind not in ("checkbox", "search"),
        "help_id": f"{bound.auto_id}_help" if bound.help_text else "",
        "error_id": f"{bound.auto_id}_error" if bound.errors else "",
    }


def kind_of(bound: BoundField) -> str:
    """Return how the field is laid out: checkbox, choices, file, password, or a plain control."""
    widget = bound.field.widget
    kinds: list[tuple[str, type | tuple[type, ...]]] = [
        ("checkbox", forms.CheckboxInput),
        ("choices", (forms.RadioSelect, forms.CheckboxSelectMultiple)),
        ("file", forms.FileInput),
        ("password", forms.PasswordInput),
    ]
    return next((kind for kind, types in kinds if isinstance(widget, types)), "control")


def _control(bound: BoundField, kind: str) -> SafeString:
    attributes: dict[str, Any] = {}
    described_by = [f"{bound.auto_id}_{part}" for part in ("help", "error") if _has(bound, part)]
    if described_by:
        attributes["aria-describedby"] = " ".join(described_by)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    if str(bound.field.widget.attrs.get("placeholder", "")) == str(bound.label):
        attributes["placeholder"] = ""
    if kind in ("control", "password"):
        given = bound.field.widget.attrs.get("class", "")
        attributes["class"] = f"{given} g-input{' g-input-number' if _is_numeric(bound) else ''}".strip()
    return bound.as_widget(attrs=attributes)


def _has(bound: BoundField, part: str) -> bool:
    return bool(bound.help_text if part == "help" else bound.errors)


def _is_numeric(bound: BoundField) -> bool:
    return isinstance(bound.field, _NUMERIC) and isinstance(bound.field.widget, forms.NumberInput)
