"""Small pieces of SVG as text: escaped, rounded, no inline style (the pages allow none)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import escape

Attribute = str | int | float | None

CHARACTER = 6.7
"""Width of a Latin character in axis text (12 units), close enough to place labels."""
WIDE_CHARACTER = 12.2
"""Width of a Chinese character in axis text."""
_FIRST_WIDE = "\u2e80"


@dataclass(frozen=True, slots=True)
class Size:
    """One of the widths a chart is drawn in; the stylesheet shows the one that fits its place."""

    name: str
    width: int
    height: int


SMALL, MEDIUM = Size("small", 340, 230), Size("medium", 520, 250)
LARGE, HUGE = Size("large", 800, 290), Size("huge", 1120, 320)
SIZES = (SMALL, MEDIUM, LARGE, HUGE)


def element(name: str, *children: str, **attributes: Attribute) -> str:
    """Return an element; ``css`` is its class, ``data_x`` becomes data-x, None leaves an attribute out."""
    given = "".join(f' {_name(key)}="{_value(value)}"' for key, value in attributes.items() if value is not None)
    inner = "".join(children)
    return f"<{name}{given}>{inner}</{name}>" if inner else f"<{name}{given}/>"


def text(content: object, x: float, y: float, css: str = "g-axis-text", anchor: str = "start") -> str:
    """Return a line of text."""
    return element("text", escape(content), x=x, y=y, css=css, text_anchor=None if anchor == "start" else anchor)


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, css=css)


def rect(x: float, y: float, width: float, height: float, css: str) -> str:
    """Return a rectangle with slightly round corners; a negative extent is none."""
    return element("rect", x=x, y=y, width=max(width, 0), height=max(height, 0), css=css, rx=min(3.0, width / 8))


def path(points: list[tuple[float, float]], css: str, *, closed: bool = False) -> str:
    """Return straight strokes through the points."""
    strokes = "L".join(f"{fixed(x)} {fixed(y)}" for x, y in points)
    return element("path", d=f"M{strokes}{'Z' if closed else ''}", css=css)


def picture(size: Size, label: str, *children: str, height: float | None = None, **data: Attribute) -> str:
    """Return the whole drawing, named for screen readers."""
    tall = fixed(height or size.height)
    return element(
        "svg", *children, viewBox=f"0 0 {size.width} {tall}", css="g-svg", role="img", aria_label=label, **data
    )


def width_of(content: object) -> float:
    """Return about how wide axis text is."""
    return sum(WIDE_CHARACTER if char >= _FIRST_WIDE else CHARACTER for char in str(content))


def fixed(value: float) -> str:
    """Return a coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def _name(key: str) -> str:
    if key == "css":
        return "class"
    return key if key == "viewBox" else key.replace("_", "-")


def _value(value: Attribute) -> str:
    return fixed(value) if isinstance(value, float) else str(escape(value))
