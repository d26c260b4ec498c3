"""Every deed that is written down for the audit trail has a title, in both languages, and so has every detail."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from django.utils.translation import override

from identity.capabilities import Role
from portal.console import audit_names, audit_words

ROOT = Path(__file__).resolve().parents[2]
DOORS = ("portal", "platform/identity", "tenants", "billing")
CODE = re.compile(r"[a-z_]+\.[a-z_]*[a-z]")
WRITERS = {"note": 1, "record": 0, "_record": 0, "_note": 1}
"""Functions that write a deed down, and where the action stands among what they are given."""

FAMILIES = {
    "readings.{}": {"accept", "estimate"},
    "arrears.bulk_{}": {"hold", "place"},
    "provider.{}": {"keys", "transfer", "methods"},
    "supply_order.{}": {"dispatch", "final_notice", "report", "cancel"},
    "access.foreign_{}": {"key", "link"},
    "privacy.{}": {"ask", "give_out", "check", "erase", "erased", "correct", "refused", "withdrawn"},
}
"""Actions that are put together, with all that the gap can be."""

HANDED_ON = {
    "domain.primary", "domain.remove", "read.enter", "arrears.hold", "arrears.standing", "arrears.write_off",
    "arrears.waive", "arrears.place", "run.close", "run.cancel", "bill.release", "bill.resume", "bill.rerate",
    "bill.hold", "bill.send_back", "plan.change", "plan.end", "plan.keep", "refund.cash", "refund.fail",
    "support.open", "support.change",
}  # fmt: skip
"""Actions that reach the writer in a variable; what is handed over by ``word=`` and ``deed=`` is read besides."""

HANDED_BY = {"word", "deed", "action"}
OF_THE_CALL = {None, "action", "subject", "at", "by", "details", "user", "mail", "again"}


@cache
def _calls() -> list[tuple[str, ast.Call]]:
    """Return the calls of these rooms, and those by which the host writes into a company's own trail."""
    found = [*_calls_of(DOORS)]
    host = [(place, call) for place, call in _calls_of(["platform/hosting"]) if _owner(call) == "identity_operations"]
    return found + host


def _calls_of(folders: Sequence[str]) -> Iterator[tuple[str, ast.Call]]:
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    for path in paths:
        if "migrations" not in path.parts:
            tree = ast.parse(path.read_text())
            place = path.relative_to(ROOT)
            yield from ((f"{place}:{node.lineno}", node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def _owner(call: ast.Call) -> str:
    """Return the module whose function is called: ``identity_operations`` of ``identity_operations.record(...)``."""
    named = call.func.value if isinstance(call.func, ast.Attribute) else None
    return named.id if isinstance(named, ast.Name) else ""


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _action(call: ast.Call) -> ast.expr | None:
    """Return what a call writes down as its action, if it writes one down."""
    place = WRITERS.get(_called(call))
    if place is None:
        return None
    named = next((each.value for each in call.keywords if each.arg == "action"), None)
    return named or (call.args[place] if len(call.args) > place else None)


def _recorded() -> dict[str, str]:
    """Return the actions that stand in the source as they are, each with a place."""
    found: dict[str, str] = {}
    for place, call in _calls():
        handed = [each.value for each in call.keywords if each.arg in HANDED_BY]
        for node in (_action(call), *handed):
            for part in ast.walk(node) if node is not None else ():
                if isinstance(part, ast.Constant) and CODE.fullmatch(str(part.value)):
                    found.setdefault(str(part.value), place)
    return found


def _patterns() -> dict[str, str]:
    """Return the actions that are put together, their gaps as {}."""
    found = {}
    for place, call in _calls():
        node = _action(call)
        if isinstance(node, ast.JoinedStr):
            parts = [each.value if isinstance(each, ast.Constant) else "{}" for each in node.values]
            found["".join(map(str, parts))] = place
    return found


def _details() -> dict[str, str]:
    """Return the names of details that are written out where a deed is recorded, or an alert is told."""
    found: dict[str, str] = {}
    for place, call in _calls():
        if not _tells(call):
            continue
        named = [each.arg for each in call.keywords if each.arg not in OF_THE_CALL]
        told = [each.value for each in call.keywords if each.arg == "details" and isinstance(each.value, ast.Dict)]
        keys = [key.value for each in told for key in each.keys if isinstance(key, ast.Constant)]
        found |= {str(name): place for name in [*(() if _called(call) == "tell" else named), *keys]}
    return found


def _tells(call: ast.Call) -> bool:
    action = _action(call)
    if isinstance(action, ast.Constant):
        return bool(CODE.fullmatch(str(action.value)))
    return isinstance(action, ast.JoinedStr) or (_called(call) == "tell" and _owner(call) == "alerts")


class TestTitlesOfDeeds:
    def test_every_action_in_the_source_has_one(self):
        recorded = _recorded()

        assert len(recorded) > 150
        assert {code: place for code, place in recorded.items() if code not in audit_words.TITLES} == {}

    def test_every_action_that_is_put_together_is_of_a_known_family(self):
        assert set(_patterns()) == set(FAMILIES)

    def test_every_member_of_a_family_has_one(self):
        made = {family.format(word) for family, words in FAMILIES.items() for word in words}

        assert made - audit_words.TITLES.keys() == set()

    def test_none_is_kept_for_what_nobody_records(self):
        made = {family.format(word) for family, words in FAMILIES.items() for word in words}

        assert audit_words.TITLES.keys() - _recorded().keys() - made - HANDED_ON == set()

    def test_what_is_handed_on_has_one_and_stands_in_the_source(self):
        text = "\n".join(path.read_text() for door in DOORS for path in (ROOT / door).rglob("*.py")
                         if not path.name.startswith("audit_titles"))  # fmt: skip

        assert HANDED_ON - audit_words.TITLES.keys() == set()
        assert {code for code in HANDED_ON if f'"{code}"' not in text} == set()

    def test_every_detail_in_the_source_has_one(self):
        found = _details()

        assert len(found) > 50
        assert {name: place for name, place in found.items() if name not in audit_names.DETAILS} == {}

    @pytest.mark.parametrize(
        "table",
        [
            audit_words.TITLES,
            audit_names.DETAILS,
            audit_names.SUBJECTS,
            audit_names.WHOLE,
            audit_names.COUNTED,
            audit_names.ROLES,
        ],
    )
    def test_are_translated(self, table):
        with override("en"):
            english = {code: str(text) for code, text in table.items()}
        with override("zh-hans"):
            chinese = {code: str(text) for code, text in table.items()}

        assert {code for code, text in chinese.items() if not re.search(r"[一-鿿]", text)} == set()
        assert all(english.values())

    def test_every_role_has_a_name(self):
        assert {str(role) for role in Role} - audit_names.ROLES.keys() == set()

    def test_no_two_deeds_of_one_area_are_called_the_same(self):
        with override("zh-hans"):
            called = sorted(str(text) for text in audit_words.TITLES.values())

        twice = {text for text in called if called.count(text) > 1}
        assert twice == set()
