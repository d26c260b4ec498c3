"""The forms of a company's pages, filled in as somebody would who accepts what they propose."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import Resolver404, resolve
from lxml import html

SENDING = ("hx-post", "hx-put", "hx-patch", "hx-delete")


@dataclass(slots=True)
class Form:
    """Where a form goes, by what method, with what in it; ``names`` are the fields that name records."""

    path: str
    method: str
    data: dict[str, Any] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Page:
    """What a page leads to."""

    links: list[str]
    forms: list[Form]


def read(address: str, content: bytes) -> Page:
    """Return the links and filled-in forms of a page."""
    if not content.strip() or b"<" not in content[:2000]:
        return Page([], [])
    tree = html.fromstring(content.decode("utf-8", "replace").encode("utf-8"), parser=html.HTMLParser(encoding="utf-8"))
    links = [tree_link for name in ("href", "hx-get", "src", "data-url") for tree_link in tree.xpath(f"//@{name}")]
    forms = [_form(address, each) for each in tree.xpath("//form")]
    forms += [_button(address, each, name) for name in SENDING for each in tree.xpath(f"//*[@{name}][not(self::form)]")]
    buttons = tree.xpath("//button[@formaction]|//input[@formaction]")
    forms += [Form(_local(address, each.get("formaction")), "post", *_fields(each.getroottree())) for each in buttons]
    return Page([_local(address, link) for link in links if _is_local(link)], [each for each in forms if each.path])


def route_of(path: str, urlconf: str) -> tuple[str, dict[str, str]] | None:
    """Return the pattern and the arguments an address resolves to."""
    try:
        match = resolve(urlsplit(path).path, urlconf)
    except Resolver404:
        return None
    return match.route, {
        name: str(value) for name, value in match.captured_kwargs.items()
    } if match.captured_kwargs else {}


def _form(address: str, form: Any) -> Form:
    sends = next(((name, form.get(name)) for name in SENDING if form.get(name)), None)
    method = sends[0][3:] if sends else (form.get("method") or "get").lower()
    target = sends[1] if sends else form.get("action") or address
    data, names = _fields(form)
    data.update(_values(form))
    return Form(_local(address, target), method, data, names)


def _button(address: str, element: Any, name: str) -> Form:
    around = element.xpath("ancestor::form[1]")
    data, names = _fields(around[0]) if around else ({}, set())
    return Form(_local(address, element.get(name)), name[3:], {**data, **_values(element)}, names)


def _values(element: Any) -> dict[str, str]:
    try:
        return {key: str(value) for key, value in json.loads(element.get("hx-vals") or "{}").items()}
    except ValueError:
        return {}


def _fields(form: Any) -> tuple[dict[str, Any], set[str]]:
    data: dict[str, Any] = {}
    names: set[str] = set()
    for each in form.xpath(".//input[@name]|.//select[@name]|.//textarea[@name]"):
        name, value = each.get("name"), _proposed(each)
        if value is None or (each.get("type") == "radio" and name in data and each.get("checked") is None):
            continue
        data[name] = value
        if name != "csrfmiddlewaretoken" and (each.tag == "select" or _names_a_record(name, value)):
            names.add(name)
    data.pop("csrfmiddlewaretoken", None)
    return data, names


def _names_a_record(name: str, value: Any) -> bool:
    known = ("account", "customer", "number", "identifier", "code", "reference", "point", "product", "invoice", "id")
    return isinstance(value, str) and (value.isdigit() or any(word in name for word in known))


def _proposed(element: Any) -> Any:
    if element.tag == "select":
        options = element.xpath(".//option[@selected]/@value") or [v for v in element.xpath(".//option/@value") if v]
        return options[0] if options else ""
    if element.tag == "textarea":
        return element.text_content() or "words"
    kind, value = (element.get("type") or "text").lower(), element.get("value") or ""
    if kind == "checkbox":
        return value or "on"
    if kind in ("submit", "button", "image", "reset"):
        return None
    if kind == "file":
        return SimpleUploadedFile("table.csv", b"number;name\nC1;Ada\n", "text/csv")
    guesses = {"number": "1", "date": "2026-11-01", "email": "somebody@fleet.test", "month": "2026-10", "time": "10:00"}
    return value or guesses.get(kind, "1" if "amount" in element.get("name") else "words")


def _local(address: str, target: str | None) -> str:
    parts = urlsplit(urljoin(address, target or ""))
    return parts._replace(scheme="", netloc="", fragment="").geturl()


def _is_local(link: str) -> bool:
    parts = urlsplit(link)
    return not parts.netloc and parts.scheme in ("", "http", "https") and not link.startswith(("#", "data:"))
