"""How ``{% component %}``, ``{% slot %}`` and ``{% ui %}`` work (docs/form-language.md has the catalogue).

A component is a template ``components/<name>.html`` that sees only what it was given: its arguments, ``body``
(what stands between the tags), ``slots`` and the page's ``frame`` and ``request``. Arguments that start with
``hx_``, ``data_`` or ``aria_`` become HTML attributes in ``attrs``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.forms.utils import flatatt
from django.template import Context, Node, NodeList
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.template.exceptions import TemplateSyntaxError
from django.utils.safestring import SafeString

PASSED_ON = ("request", "frame", "csrf_token", "user", "messages")
ATTRIBUTE_PREFIXES = ("hx_", "data_", "aria_")
_SLOTS = "component_slots"


def render(name: str, values: Mapping[str, Any], context: Context, *, body: str = "", slots: Mapping[str, str]) -> str:
    """Return the component's HTML."""
    engine = context.template.engine  # type: ignore[union-attr]
    inner: dict[str, Any] = {key: context.get(key) for key in PASSED_ON}
    inner.update(values, body=body, slots=slots, attrs=attributes(values))
    return engine.get_template(f"components/{name}.html").render(context.new(inner))


def attributes(values: Mapping[str, Any]) -> SafeString:
    """Return the arguments meant as HTML attributes; an empty value leaves one out."""
    chosen = {key: value for key, value in values.items() if key.startswith(ATTRIBUTE_PREFIXES)}
    wanted = {key.replace("_", "-"): value for key, value in chosen.items() if value not in (None, False)}
    return flatatt(wanted)


class ComponentNode(Node):
    """``{% component "card" title=… %}…{% endcomponent %}``"""

    def __init__(self, name: FilterExpression, arguments: dict[str, FilterExpression], nodelist: NodeList) -> None:
        self.name, self.arguments, self.nodelist = name, arguments, nodelist

    def render(self, context: Context) -> str:
        name = str(self.name.resolve(context))
        values = {key: value.resolve(context) for key, value in self.arguments.items()}
        slots: dict[str, str] = {}
        with context.push(**{_SLOTS: slots, f"in_{name}": values}):
            body = self.nodelist.render(context)
        return render(name, values, context, body=body, slots=slots)


class SlotNode(Node):
    """``{% slot actions %}…{% endslot %}``: a named part of the component around it."""

    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name, self.nodelist = name, nodelist

    def render(self, context: Context) -> str:
        slots = context.get(_SLOTS)
        if slots is None:
            raise TemplateSyntaxError(f"The slot “{self.name}” stands outside of any component.")
        slots[self.name] = self.nodelist.render(context)
        return ""


class CellNode(Node):
    """``{% cell "total" %}…{% endcell %}``: a table cell that knows its column."""

    def __init__(self, key: FilterExpression, nodelist: NodeList) -> None:
        self.key, self.nodelist = key, nodelist

    def render(self, context: Context) -> str:
        table = context["in_table"]["table"]
        column = table.column(self.key.resolve(context))
        tag = 'th scope="row"' if column.primary else "td"
        label = flatatt({"class": column.css or None, "data-label": None if column.kind == "actions" else column.label})
        return f"<{tag}{label}>{self.nodelist.render(context).strip()}</{tag[:2]}>"


def parse_component(parser: Parser, token: Token) -> ComponentNode:
    name, arguments = _name_and_arguments(parser, token)
    nodelist = parser.parse(("endcomponent",))
    parser.delete_first_token()
    return ComponentNode(name, arguments, nodelist)


def parse_ui(parser: Parser, token: Token) -> ComponentNode:
    name, arguments = _name_and_arguments(parser, token)
    return ComponentNode(name, arguments, NodeList())


def parse_slot(parser: Parser, token: Token) -> SlotNode:
    bits = token.split_contents()
    if len(bits) != 2:
        raise TemplateSyntaxError("A slot has a name: {% slot actions %}.")
    nodelist = parser.parse(("endslot",))
    parser.delete_first_token()
    return SlotNode(bits[1].strip("\"'"), nodelist)


def parse_cell(parser: Parser, token: Token) -> CellNode:
    bits = token.split_contents()
    if len(bits) != 2:
        raise TemplateSyntaxError('A cell names its column: {% cell "total" %}.')
    nodelist = parser.parse(("endcell",))
    parser.delete_first_token()
    return CellNode(parser.compile_filter(bits[1]), nodelist)


def _name_and_arguments(parser: Parser, token: Token) -> tuple[FilterExpression, dict[str, FilterExpression]]:
    tag, *bits = token.split_contents()
    if not bits:
        raise TemplateSyntaxError(f'A component has a name: {{% {tag} "card" %}}.')
    name = parser.compile_filter(bits.pop(0))
    arguments = token_kwargs(bits, parser)
    if bits:
        raise TemplateSyntaxError(f"{tag}: “{bits[0]}” is not an argument like title=…")
    return name, arguments
