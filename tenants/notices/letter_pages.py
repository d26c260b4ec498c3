"""One letter as PDF, typeset from data: every text is shown, never read as markup."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.util
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typst
from babel import dates

from tenants.notices import rendering
from tenants.notices.models import Message

FONT_PACKAGE = "pylopdf_fonts_zh_cn"
_LAYOUT = Path(__file__).parent / "typst" / "letter.typ"


def draw(*, message: Message, retailer: Any, site: str, at: dt.datetime) -> bytes:
    """This will return the letter as PDF, dated as it is printed, by the company's clock."""
    sender = rendering.sender_of(retailer=retailer, language=message.language)
    locale = "zh_Hans_CN" if message.language.startswith("zh") else "en_AU"
    data = {
        "lang": message.language.split("-", maxsplit=1)[0],
        "color": sender.primary_color,
        "sender": sender.name,
        "foot": [text for text in (sender.address.replace("\n", ", "), sender.phone, site) if text],
        "recipient": [message.customer.name, *message.recipient.splitlines()],
        "day": dates.format_date(at.astimezone(ZoneInfo(retailer.time_zone)).date(), format="long", locale=locale),
        "subject": message.subject,
        "paragraphs": list(rendering.paragraphs(rendering.with_site(text=message.body, site=site))),
    }
    return typst.compile(
        _LAYOUT.read_bytes(),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=at.replace(microsecond=0),
    )


@functools.cache
def _fonts() -> typst.Fonts:
    found = importlib.util.find_spec(FONT_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"The fonts of letters come with the package {FONT_PACKAGE}.")
    folders = [str(folder) for folder in found.submodule_search_locations]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
