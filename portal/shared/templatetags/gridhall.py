"""``{% load gridhall %}``: components, icons, form fields, charts, and filters for money, energy and time."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.forms import BoundField
from django.http import QueryDict
from django.template import Context
from django.templatetags.static import static
from django.utils import translation
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString, mark_safe

from kernel import texts
from portal.shared import components, fields, formats, icons, json_view
from portal.shared.charts import figures

register = template.Library()

SCRIPTS = ("theme", "menus", "dialogs", "tabs", "toasts", "palette", "charts", "forms")
TOAST_TONES = {"success": "success", "warning": "warn", "warn": "warn", "error": "danger", "danger": "danger"}

register.tag("component", components.parse_component)
register.tag("ui", components.parse_ui)
register.tag("slot", components.parse_slot)
register.tag("cell", components.parse_cell)

register.simple_tag(icons.icon, name="icon")

for _filter in (
    formats.money,
    formats.price,
    formats.kwh,
    formats.number,
    formats.percent,
    formats.day,
    formats.short_day,
    formats.month,
    formats.period,
    formats.moment,
    formats.clock,
    formats.file_size,
):
    register.filter(_filter.__name__, _filter)


register.simple_tag(formats.quantity, name="quantity")
register.simple_tag(formats.unit_price, name="unit_price")


@register.filter
def text(value: Any) -> str:
    """Pick the reader's language from a text in several: ``{{ product.titles|text }}``."""
    return texts.pick(value, translation.get_language() or "en") if value else ""


@register.filter
def pretty_json(value: Any) -> SafeString:
    """Show data as indented JSON with coloured tokens."""
    return json_view.highlighted(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2))


@register.simple_tag(takes_context=True)
def field(context: Context, bound: BoundField, prefix: str = "", suffix: str = "", wide: bool = False) -> str:
    """Show a form field with its label, help and errors, whatever its widget is."""
    values = fields.described(bound) | {"prefix": prefix, "suffix": suffix, "wide": wide}
    return components.render("field", values, context, slots={})


@register.simple_tag(takes_context=True)
def fields_of(context: Context, form: Any) -> SafeString:
    """Show the form's own errors, its hidden fields and every visible field."""
    hidden = "".join(str(bound) for bound in form.hidden_fields())
    notice = components.render("form_errors", {"form": form}, context, slots={})
    visible = "".join(field(context, bound) for bound in form.visible_fields())
    return mark_safe(hidden + notice + visible)  # noqa: S308


@register.simple_tag(takes_context=True)
def chart(context: Context, figure: figures.Figure, download: str = "", table_open: bool = False) -> str:
    """Show a chart in four widths with its legend, the table behind it and a download."""
    values = {"figure": figure, "download": download, "table_open": table_open}
    return components.render("chart", values, context, slots={})


@register.simple_tag
def sparkline(values: Any, label: str = "") -> SafeString:
    """Show a small line of values without axes; ``label`` says it in words."""
    return figures.spark(values, label)


@register.simple_tag(takes_context=True)
def is_here(context: Context, href: str, exact: bool = False) -> bool:
    """Return whether the page shown is ``href`` or below it."""
    request = context.get("request")
    path = request.path if request is not None else ""
    return path == href if exact or href in ("", "/") else path.startswith(href)


@register.filter
def initials(name: str) -> str:
    """Return the first letter of a name for a mark."""
    return escape(name.strip()[:1].upper())


@register.filter
def page_url(number: int, query: Any) -> str:
    """Return the link to a page that keeps the filters of ``query``."""
    kept = query.copy() if query else QueryDict(mutable=True)
    kept["page"] = str(number)
    return f"?{kept.urlencode()}"


@register.filter
def at(items: Any, place: int) -> Any:
    """Return the item at a place of a list, empty when the list is shorter."""
    return items[place] if items and place < len(items) else ""


@register.filter
def toast_tone(level: str) -> str:
    """Return the tone of a message's level."""
    return TOAST_TONES.get(level or "", "info")


@register.simple_tag
def own_scripts() -> SafeString:
    """Return the script elements of the product's own behaviour, one module each."""
    return format_html_join(
        "\n", '<script type="module" src="{}"></script>', ((static(f"gridhall/{name}.js"),) for name in SCRIPTS)
    )
