"""The product's icons: strokes on a 24 × 24 field, drawn for it."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

_PATHS = {
    "home": "M4 11 12 4l8 7M6 9.5V20h12V9.5M10 20v-6h4v6",
    "bill": "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
    "chart": "M4 20V4M4 20h16M8.5 16v-4M13 16V8M17.5 16v-6",
    "bolt": "M13 3 5 14h6l-1 7 8-11h-6z",
    "user": "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4.5 20.5c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5",
    "users": "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 19.5c.6-3.2 3.2-5 6.5-5s5.9 1.8 6.5 5M16 4.8"
    "a3.5 3.5 0 0 1 0 6.4M18 14.9c1.9.7 3.1 2.3 3.5 4.6",
    "building": "M5 21V4h9v17M14 9h5v12M3 21h18M8 8h3M8 12h3M8 16h3",
    "meter": "M12 20a8 8 0 1 1 8-8M12 12l4-4M20 12a8 8 0 0 1-1 3.9M4 20h16",
    "plug": "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
    "tariff": "M4 5h16v14H4zM4 10h16M9.5 10v9M14.5 10v9",
    "run": "M5 4.5v15l14-7.5z",
    "upload": "M12 16V4M7 9l5-5 5 5M4 16v4h16v-4",
    "download": "M12 4v12M7 11l5 5 5-5M4 16v4h16v-4",
    "search": "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16 16l5 5",
    "menu": "M4 6h16M4 12h16M4 18h16",
    "close": "M6 6l12 12M18 6 6 18",
    "check": "M4.5 12.5 10 18 20 6.5",
    "plus": "M12 5v14M5 12h14",
    "minus": "M5 12h14",
    "more": "M5 12h.01M12 12h.01M19 12h.01",
    "down": "M6 9l6 6 6-6",
    "right": "M9 6l6 6-6 6",
    "left": "M15 6l-6 6 6 6",
    "up": "M6 15l6-6 6 6",
    "arrow-right": "M5 12h14M13 6l6 6-6 6",
    "arrow-up": "M12 19V5M6 11l6-6 6 6",
    "arrow-down": "M12 5v14M6 13l6 6 6-6",
    "sort": "M8 10l4-5 4 5M8 14l4 5 4-5",
    "external": "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
    "info": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 11v5M12 8h.01",
    "success": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M8 12.5l3 3 5-6",
    "warn": "M12 4 2.5 20h19zM12 10v4.5M12 17.2h.01",
    "danger": "M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3zM12 8v4.5M12 15.8h.01",
    "calendar": "M4 6h16v14H4zM4 10.5h16M8.5 3.5V8M15.5 3.5V8",
    "clock": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3.5 2",
    "file": "M6 3h8l4 4v14H6zM14 3v4h4",
    "inbox": "M4 13 7 5h10l3 8v6H4zM4 13h5l1 2.5h4l1-2.5h5",
    "filter": "M4 6h16M7 12h10M10 18h4",
    "edit": "M4 20l1-4L16 5l3 3L8 19zM13.5 7.5l3 3",
    "trash": "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10.5 11v5M13.5 11v5",
    "copy": "M9 9h11v11H9zM5 15H4V4h11v1",
    "refresh": "M20 5v5h-5M19.5 10A8 8 0 1 0 20 14",
    "undo": "M9 5 4 10l5 5M4 10h10a5.5 5.5 0 0 1 0 11h-3",
    "settings": "M4 7h9M17 7h3M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M4 17h3M11 17h9"
    "M9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5",
    "lock": "M5 11h14v10H5zM8 11V8a4 4 0 0 1 8 0v3",
    "key": "M8 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8M11 12.5 20 4M16.5 7.5l2.5 2.5",
    "shield": "M12 3l8 3v6c0 4.5-3.2 7.7-8 9-4.8-1.3-8-4.5-8-9V6zM8.5 12l2.5 2.5 4.5-5",
    "eye": "M2.5 12C5 7.5 8.2 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.7 6.5-9.5 6.5S5 16.5 2.5 12"
    "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6",
    "sign-out": "M10 4H5v16h5M9 12h11M16 8l4 4-4 4",
    "globe": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M3 12h18"
    "M12 3c2.5 2.5 3.7 5.5 3.7 9S14.5 18.5 12 21c-2.5-2.5-3.7-5.5-3.7-9"
    "S9.5 5.5 12 3",
    "sun": "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2"
    "M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4"
    "M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4",
    "moon": "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5",
    "screen": "M3 5h18v12H3zM9 21h6M12 17v4",
    "leaf": "M5 19C5 10 10 5 20 4c0 10-4 15-11 15-2 0-3-.5-4-1.5M5 21c1-5 4-8.5 8.5-10.5",
    "ledger": "M6 3h13v18H6a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2M4 18h15M9 8h6M9 12h4",
    "server": "M4 4h16v7H4zM4 13h16v7H4zM8 7.5h.01M8 16.5h.01M12 7.5h4M12 16.5h4",
    "pulse": "M3 12h4l2.5-7 4.5 14 3-7h4",
    "mail": "M3 6h18v12H3zM3 7l9 7 9-7",
    "pin": "M12 21c4.5-4.6 6.5-8 6.5-11a6.5 6.5 0 0 0-13 0c0 3 2 6.4 6.5 11"
    "M12 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5",
    "pause": "M8 5v14M16 5v14",
    "tag": "M4 4h8l8 8-8 8-8-8zM8.5 8.5h.01",
    "api": "M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14",
    "palette": "M12 21a9 9 0 1 1 9-9c0 3-2.5 3.5-4.5 3.5H15c-1.5 0-2 1.5-1.2 2.7.8 1.3 0 2.8-1.8 2.8"
    "M7.5 12h.01M10 7.5h.01M15 8h.01",
}

NAMES = tuple(sorted(_PATHS))


def icon(name: str, label: str = "") -> SafeString:
    """Return the icon as SVG: hidden from screen readers, or with ``label`` as its name."""
    if name not in _PATHS:
        raise ValueError(f"There is no icon “{name}”. There are: {', '.join(NAMES)}.")
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="g-icon" viewBox="0 0 24 24" {}><path d="{}"/></svg>', role, _PATHS[name])
