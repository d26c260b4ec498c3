"""Makes ``light-dark(a, b)`` work in browsers that do not know it.

Each becomes ``var(--is-light, a) var(--is-dark, b)``. Of the two switches one is always empty (its ``var`` writes
nothing) and the other always invalid (its ``var`` writes the fallback); the device or the reader's choice sets which.
"""

from __future__ import annotations

_CALL = "light-dark("
_DARK = "{--is-light: ;--is-dark:initial}"
SWITCHES = (
    ":root{--is-light:initial;--is-dark: }"
    f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){_DARK}}}"
    f":root[data-theme=dark]{_DARK}\n"
)


def lowered(css: str) -> str:
    """Return the stylesheet without ``light-dark()``, led by the switches."""
    return SWITCHES + _replaced(css)


def _replaced(css: str) -> str:
    pieces, rest = [], css
    while _CALL in rest:
        head, _, rest = rest.partition(_CALL)
        comma, end = _places(rest)
        light, dark = rest[:comma].strip(), rest[comma + 1 : end].strip()
        pieces.append(f"{head}var(--is-light,{light}) var(--is-dark,{dark})")
        rest = rest[end + 1 :]
    return "".join([*pieces, rest])


def _places(text: str) -> tuple[int, int]:
    """Return where the comma between the two values and the closing bracket stand."""
    depth, comma = 0, -1
    for place, character in enumerate(text):
        if character == "," and depth == 0:
            comma = place
        elif character == ")" and depth == 0:
            return comma, place
        depth += {"(": 1, ")": -1}.get(character, 0)
    raise ValueError("A light-dark() is not closed.")
