"""What a page says, without its markup."""

from __future__ import annotations

import re
from typing import Any

from bs4 import BeautifulSoup


def text_of(response: Any, part: str = "main") -> str:
    """Return the words of a page's part, blanks run together."""
    found = BeautifulSoup(response.content, "html.parser").select_one(part)
    assert found is not None, response.content.decode()[:2000]
    return re.sub(r"\s+", " ", found.get_text(" ")).strip()


def links_of(response: Any, part: str = "main") -> list[str]:
    """Return the addresses a page's part leads to."""
    found = BeautifulSoup(response.content, "html.parser").select(f"{part} a[href]")
    return [str(link["href"]) for link in found]


def rows_of(response: Any, part: str = "main table") -> list[list[str]]:
    """Return the cells of a table's body, row by row."""
    found = BeautifulSoup(response.content, "html.parser").select_one(part)
    assert found is not None, response.content.decode()[:2000]
    return [
        [re.sub(r"\s+", " ", cell.get_text(" ")).strip() for cell in row.select("th, td")]
        for row in found.select("tbody tr")
    ]
