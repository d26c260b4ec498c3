"""What the pages of a company lead to: for each route an address that opens, and the form that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from isolation import asking, forms, people, routes

EACH = 2
"""So many pages of one route are opened."""
LEFT_OUT = ("/accounts/logout/", "/static/", "/console/components/")
STARTS = {"administrator": "/console/", "customer": "/", "operator": "/"}


@dataclass
class Survey:
    """Addresses and forms by route, as (urlconf, pattern); and what was wrong on the way."""

    pages: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    forms: dict[tuple[str, str], list[forms.Form]] = field(default_factory=dict)
    opened: dict[str, asking.Answer] = field(default_factory=dict)

    def note(self, urlconf: str, address: str, answer: asking.Answer) -> list[str]:
        """Remember a page; return where it leads."""
        self.opened[f"{urlconf} {address}"] = answer
        if "html" not in answer.headers.get("Content-Type", ""):
            return []
        page = forms.read(address, answer.content)
        for form in page.forms:
            found = forms.route_of(form.path, urlconf)
            if found and form.method != "get":
                self.forms.setdefault((urlconf, found[0]), []).append(form)
        return page.links


def take(fleet: people.Fleet, number: int) -> Survey:
    """Follow every link from the first page of the console, the portal and the host's admin."""
    survey = Survey()
    for person, start in STARTS.items():
        hosts = person == "operator"
        client = fleet.operator() if hosts else fleet.client(person, number)
        urlconf = routes.OPERATOR if hosts else routes.RETAILER
        _follow(survey, client, urlconf, start, own=None if hosts else number, registry=hosts)
    return survey


def _follow(survey: Survey, client: Any, urlconf: str, start: str, *, own: int | None, registry: bool) -> None:
    waiting, seen, tried = [start], set(), dict[str, int]()
    while waiting:
        address = waiting.pop(0)
        found = forms.route_of(address, urlconf)
        if not found or address in seen or address.startswith(LEFT_OUT) or tried.get(found[0], 0) >= EACH:
            continue
        seen.add(address)
        tried[found[0]] = tried.get(found[0], 0) + 1
        answer = asking.ask(client, "GET", address, own=own, registry=registry)
        if answer.status == 200:
            survey.pages.setdefault((urlconf, found[0]), []).append(address)
        waiting += survey.note(urlconf, address, answer)
        if answer.status in (301, 302):
            waiting.append(answer.headers["Location"])
