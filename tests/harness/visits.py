"""Somebody of the host comes into a company, as a browser does it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from harness import second_factor
from harness.browsers import browser

WISH = {"reason": "A bill cannot be released", "ticket": "T-77", "minutes": "15"}


def operator_browser() -> Any:
    """Return a browser in which somebody of the host is signed in, with a second factor given just now."""
    client = browser("operator.localhost")
    assert second_factor.sign_in(client).status_code == 302
    return client


def link_in(answer: Any) -> str:
    """Return path and token of the link at the end of the host's page."""
    found = re.search(r'href="(http[^"]+/accounts/support/[^"]*)"', answer.content.decode())
    assert found is not None, answer.content.decode()
    parts = urlsplit(found[1].replace("&amp;", "&"))
    return f"{parts.path}?{parts.query}"


def ask(host: Any, code: str = "alder", **wish: Any) -> Any:
    """Fill in the form of the host's page; return the answer."""
    return host.post(f"/companies/{code}/enter/", {**WISH, **wish})


def begin(link: str, company: str = "alder.localhost", client: Any = None) -> tuple[Any, Any]:
    """Follow the link and press the button; return the browser at the company and the answer."""
    client = client or browser(company)
    return client, client.post("/accounts/support/", {"with": link.partition("with=")[2].replace("%3A", ":")})


def entered(code: str = "alder", host: Any = None, **wish: Any) -> Any:
    """Return the browser of somebody of the host inside a company."""
    link = link_in(ask(host or operator_browser(), code, **wish))
    client, answer = begin(link, f"{code}.localhost")
    assert (answer.status_code, answer["Location"]) == (302, "/console/"), answer.content.decode()
    return client
