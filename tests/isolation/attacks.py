"""What is tried at each route as each person of one company: another's ids, cookies, keys, hosts, forms, methods."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from isolation import asking, bodies, canaries, forms, people, routes, survey

FORWARDED = {
    "HTTP_X_FORWARDED_HOST": "{}", "HTTP_X_HOST": "{}", "HTTP_X_ORIGINAL_HOST": "{}", "HTTP_FORWARDED": "host={}",
    "HTTP_X_ORIGINAL_URL": "http://{}/", "HTTP_X_REWRITE_URL": "http://{}/", "SERVER_NAME": "{}",
    "HTTP_REFERER": "http://{}/console/",
}  # fmt: skip
QUERIES = ("q", "search", "account", "customer", "number", "id", "account_id", "cursor", "supply_point", "code")
OTHER_VERBS = ("put", "patch", "delete")
KEPT_COOKIES = ("gridhall_session", "gridhall_csrf")


@dataclass(slots=True)
class Ground:
    """The company attacked from, the one attacked, what the first one's pages lead to, and what came of it."""

    fleet: people.Fleet
    here: int
    there: int
    survey: survey.Survey
    tried: int = 0
    leaks: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    places: dict[tuple[str, int], dict[str, list[str]]] = field(default_factory=dict)

    def places_of(self, route: routes.Route, number: int) -> dict[str, list[str]]:
        """Return values for the route's arguments at a company."""
        from tenancy import context

        if (route.title, number) not in self.places:
            with context.use(self.fleet.company(number)):
                self.places[route.title, number] = routes.places(route, number)
        return self.places[route.title, number]


@dataclass(slots=True)
class Try:
    """One request: what it is called, who asks, where, with what, and whose canaries it may see."""

    title: str
    client: Any
    method: str
    path: str
    own: int | None
    data: Any = None
    registry: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    stranger: bool = False


def names_records(ground: Ground, route: routes.Route) -> bool:
    """Return whether a route is read, and every argument of it names something at both companies."""
    reads = not route.methods or "get" in route.methods
    return reads and bool(route.arguments) and len(ground.places_of(route, ground.there)) == len(route.arguments)


def name_anothers(ground: Ground, route: routes.Route) -> None:
    """Read one route once with another's records, as whoever may see most here."""
    person = "program" if route.methods else "administrator"
    path = _paths(ground, route, ground.there)[-1]
    answer = asking.ask(ground.fleet.client(person, ground.here), "get", path, own=ground.here)
    ground.tried += 1
    ground.leaks += [f"{route.title} as {person}: {path} → {answer.status}: {leak}" for leak in answer.leaks]
    if answer.status >= 500 and answer.status != 503:
        ground.broken.append(f"{route.title} as {person}: {path} → {answer.status}")


def attempt(ground: Ground, route: routes.Route, person: str) -> None:
    """Try everything at one route as one person; leaks and faults of ours are written down."""
    for each in tries(ground, route, person):
        answer = asking.ask(
            each.client, each.method, each.path, own=each.own, data=each.data, registry=each.registry, **each.extra
        )
        ground.tried += 1
        where = f"{route.title} as {person}, {each.title}: {each.method.upper()} {each.path}"
        ground.leaks += [f"{where} → {answer.status}: {leak}" for leak in answer.leaks]
        if each.stranger and answer.status == 200 and _shows_more(ground, each, answer):
            ground.leaks.append(f"{where} → shows what nobody sees who has not signed in there")
        if answer.status >= 500 and answer.status != 503:
            ground.broken.append(f"{where} → {answer.status}")


def _shows_more(ground: Ground, tried: Try, answer: asking.Answer) -> bool:
    """Whether a stranger saw words of the company that somebody without any cookie does not see."""
    assert tried.own is not None
    words = canaries.word(tried.own).encode()
    if words not in answer.content:
        return False
    nobody = ground.fleet.client("anonymous", tried.own)
    return words not in asking.ask(nobody, "get", tried.path, own=tried.own).content


def tries(ground: Ground, route: routes.Route, person: str) -> Iterator[Try]:
    """Yield what is tried."""
    if route.urlconf == routes.OPERATOR:
        yield from _at_the_host(ground, route, person)
        return
    here, client = ground.here, ground.fleet.client(person, ground.here)
    mine, theirs = _paths(ground, route, ground.here)[0], _paths(ground, route, ground.there)[-1]
    if not route.methods or "get" in route.methods:
        yield Try("home", client, "get", mine, here)
        yield Try("ids of another", client, "get", theirs, here)
        yield Try("query of another", client, "get", f"{mine}?{_query(ground.there)}", here)
        yield Try("forwarded to another", client, "get", mine, here, extra=_forwarded(ground.there))
        if person in ("administrator", "customer", "program"):
            yield from _abroad(ground, person, mine)
    for method, data in _sent(ground, route):
        theirs_in = _swapped(data, ground, route)
        yield Try("form", client, method, mine, here, data)
        yield Try("ids of another in a form", client, method, theirs, here, theirs_in)
        yield Try(
            "idempotency key of another", client, method, mine, here, theirs_in,
            extra={"HTTP_IDEMPOTENCY_KEY": "key-text", **_forwarded(ground.there)},
        )  # fmt: skip
    if not route.methods:
        for verb in OTHER_VERBS:
            yield Try(verb, client, verb, theirs, here, "{}")


def _abroad(ground: Ground, person: str, path: str) -> Iterator[Try]:
    """The other's cookie or key at this address, and this one's at the other's: strangers both."""
    own = ground.fleet.client(person, ground.here)
    other = ground.fleet.client(person, ground.there)
    for title, client, number in (("cookie of another", other, ground.here), ("at another's host", own, ground.there)):
        yield Try(title, client, "get", path, number, None, False, {"HTTP_HOST": people.host(number)}, True)


def _at_the_host(ground: Ground, route: routes.Route, person: str) -> Iterator[Try]:
    """The host's person sees the registry of all and nothing of any company; everybody else sees nothing."""
    mine = _paths(ground, route, ground.here)[0]
    hosts_own = person == "operator"
    client = ground.fleet.operator() if hosts_own else ground.fleet.client(person, ground.here)
    extra = {} if hosts_own else {"HTTP_HOST": people.OPERATOR_HOST}
    yield Try("home", client, "get", mine, None, None, hosts_own, extra)
    for method, data in _sent(ground, route):
        yield Try("form", client, method, mine, None, data, hosts_own, extra)


def missing(ground: Ground, route: routes.Route) -> str:
    """Return what the suite lacks to try a route, as a sentence that says how to add it; nothing when it can."""
    found = ground.places_of(route, ground.here)
    for name in route.arguments:
        if not found.get(name):
            return (
                f"{route.title}: no place is known for <{name}>. Add a line to ROWS (or FIXED) in "
                "tests/isolation/routes.py that says which row it names."
            )
    if _wants_a_form(ground, route) and not _sent(ground, route):
        return (
            f"{route.title}: it takes only what is sent, and no page of the fleet shows its form. Add its fields to "
            "PAGES in tests/isolation/bodies.py."
        )
    return ""


def _wants_a_form(ground: Ground, route: routes.Route) -> bool:
    """Whether a page answers nothing but POST: asked of the page itself."""
    if route.methods:
        return False
    hosts = route.urlconf == routes.OPERATOR
    client = ground.fleet.operator() if hosts else ground.fleet.client("administrator", ground.here)
    answer = asking.ask(client, "GET", _paths(ground, route, ground.here)[0], own=ground.here, registry=hosts)
    return answer.status == 405


def _paths(ground: Ground, route: routes.Route, number: int) -> list[str]:
    """Return addresses at a company: with a row that is alike everywhere first, with its private ones last."""
    known = ground.survey.pages.get((route.urlconf, route.pattern), []) if number == ground.here else []
    found = ground.places_of(route, number)
    longest = max([len(values) for values in found.values()], default=1)
    made = [
        route.path({name: values[min(place, len(values) - 1)] for name, values in found.items()})
        for place in range(longest)
        if len(found) == len(route.arguments)
    ]
    forms_there = [form.path for form in ground.survey.forms.get((route.urlconf, route.pattern), [])]
    return [*(known or forms_there if number == ground.here else [])[:1], *made] or ["/"]


def _sent(ground: Ground, route: routes.Route) -> list[tuple[str, Any]]:
    if route.methods:
        return [(m, bodies.of_api(ground, route, m)) for m in route.methods if m in routes.WRITES]
    known: list[forms.Form] = ground.survey.forms.get((route.urlconf, route.pattern), [])
    if known:
        return [(form.method, _fresh(form.data)) for form in known[:1]]
    listed = bodies.of_page(ground, route)
    return [("post", _fresh(listed))] if listed is not None else []


def _fresh(data: dict[str, Any]) -> dict[str, Any]:
    """Files are read to their end by whoever sends them: each sending gets its own."""
    return {
        k: SimpleUploadedFile("table.csv", b"number;name\nC1;Ada\n") if hasattr(v, "read") else v
        for k, v in data.items()
    }


def _swapped(data: Any, ground: Ground, route: routes.Route) -> Any:
    """Return the body with the other's private records in place of those it names."""
    word, digits = canaries.word(ground.there), str(canaries.digits(ground.there))
    if isinstance(data, str):
        return json.dumps(_other(json.loads(data or "{}"), word, digits))
    known = ground.survey.forms.get((route.urlconf, route.pattern), [])
    names = known[0].names if known else set(data)
    return {k: _other(v, word, digits) if k in names and isinstance(v, str) else v for k, v in _fresh(data).items()}


def _other(value: Any, word: str, digits: str) -> Any:
    if isinstance(value, dict):
        return {k: _other(v, word, digits) for k, v in value.items()}
    if isinstance(value, list):
        return [_other(v, word, digits) for v in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return int(digits)
    if isinstance(value, str) and value.isdigit():
        return digits
    return f"P{word}" if isinstance(value, str) and not value[:4].isdigit() else value


def _query(there: int) -> str:
    return "&".join(f"{name}=P{canaries.word(there)}" for name in QUERIES) + f"&page=1&pk={canaries.digits(there)}"


def _forwarded(there: int) -> dict[str, str]:
    return {name: value.format(people.host(there)) for name, value in FORWARDED.items()}
