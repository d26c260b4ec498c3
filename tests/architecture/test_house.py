"""The laws of the house that a machine can see (docs/map.md)."""

from __future__ import annotations

import ast
import re
import subprocess
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("platform", "tenants", "billing", "portal")
TOP_LEVEL = {
    ".ci", "benchmarks", "billing", "docs", "examples", "platform", "portal", "tenants", "tests",
    ".dockerignore", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "LICENSE", "Makefile", "README.md",
    "bootstrap.lock", "bootstrap.py", "deploy", "docker-compose.yml", "manage.py", "pyproject.toml",
    "requirements.lock",
}  # fmt: skip
PLATFORM = {"config", "hosting", "identity", "kernel", "markets", "tenancy"}
ROOMS = [
    "platform/identity", "platform/hosting",
    "tenants/customers", "tenants/notices", "tenants/tariffs", "tenants/metering", "tenants/service",
    "tenants/protection",
    "billing/ledger", "billing/invoices", "billing/charges", "billing/runs", "billing/simulation",
    "billing/corrections", "billing/accruals", "billing/payments", "billing/prepayment", "billing/arrears",
]  # fmt: skip
LONGEST_FUNCTION = 60
LONGEST_FILE = 400


def tracked(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def sources() -> list[Path]:
    return [path for path in tracked(*(f"{folder}/**.py" for folder in SOURCES)) if "migrations" not in path.parts]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


class TestLayout:
    def test_top_level_holds_only_what_is_known(self):
        found = {path.relative_to(ROOT).parts[0] for path in tracked()}

        assert found - TOP_LEVEL == set()

    def test_platform_is_a_source_root_not_a_package(self):
        assert not (ROOT / "platform" / "__init__.py").exists()
        assert not (ROOT / "platform" / "conftest.py").exists()
        assert {path.relative_to(ROOT).parts[1] for path in tracked("platform/**")} == PLATFORM

    @pytest.mark.parametrize("room", ROOMS)
    def test_rooms_look_alike(self, room):
        here = {path.name for path in (ROOT / room).iterdir()}

        for name in ("models", "queries", "operations"):
            assert {name, f"{name}.py"} & here, f"{room} has no {name}"
        assert "migrations" in here

    def test_there_is_no_drawer_for_anything(self):
        drawers = {"utils", "helpers", "common", "misc"}

        assert [shown(path) for path in sources() if drawers & {path.stem, *path.parts}] == []


class TestSize:
    def test_functions_stay_short(self):
        long = [
            f"{shown(path)}:{node.lineno} {node.name}"
            for path in sources()
            for node in ast.walk(tree(path))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
        ]

        assert long == []

    def test_files_stay_short(self):
        long = [shown(path) for path in sources() if len(path.read_text("utf-8").splitlines()) > LONGEST_FILE]

        assert long == []


class TestDoors:
    def test_no_door_asks_the_database_itself(self):
        asking = [
            f"{shown(path)}:{node.lineno}"
            for path in sources()
            if path.relative_to(ROOT).parts[0] == "portal"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Attribute) and node.attr == "objects"
        ]

        assert asking == []

    def test_pages_carry_no_style_and_no_script_of_their_own(self):
        inline = re.compile(
            r"<style|<script(?![^>]*\bsrc=)(?![^>]*application/(?:ld\+)?json)|\sstyle=|\son(click|load|change|submit)="
        )
        found = [shown(path) for path in tracked("portal/**.html") if inline.search(path.read_text("utf-8"))]

        assert found == []


class TestExactness:
    @pytest.mark.parametrize("folder", ["platform/kernel", "billing"])
    def test_no_float_near_money(self, folder):
        floats = [
            f"{shown(path)}:{node.lineno}"
            for path in sources()
            if shown(path).startswith(folder)
            for node in ast.walk(tree(path))
            if (isinstance(node, ast.Constant) and isinstance(node.value, float))
            or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float")
        ]

        assert floats == []

    def test_money_is_rounded_in_one_place(self):
        rounding = [
            f"{shown(path)}:{node.lineno}"
            for path in sources()
            if shown(path) != "platform/kernel/money.py" and shown(path).startswith(("billing", "tenants", "platform"))
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Attribute) and node.attr == "quantize"
        ]

        assert rounding == []

    def test_the_clock_is_read_at_the_door(self):
        pure = ("platform/kernel", "billing/rating", "platform/markets")
        reading = [
            f"{shown(path)}:{node.lineno}"
            for path in sources()
            if shown(path).startswith(pure) or path.name in {"queries.py", "operations.py", "models.py"}
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"}
        ]

        assert reading == []


class TestHygiene:
    def test_nothing_is_left_open_in_a_comment(self):
        mark = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
        found = []
        for path in sources():
            with tokenize.open(path) as handle:
                tokens = list(tokenize.generate_tokens(handle.readline))
            found += [
                f"{shown(path)}:{t.start[0]}" for t in tokens if t.type == tokenize.COMMENT and mark.search(t.string)
            ]

        assert found == []

    def test_locks_name_no_address(self):
        locks = [
            path for path in tracked("*.lock", "package-lock.json") if re.search(r"https?:", path.read_text("utf-8"))
        ]

        assert locks == []

    def test_contracts_of_imports_are_kept(self):
        import sys

        command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stdout

    def test_both_languages_are_complete(self):
        import sys

        done = subprocess.run(
            [sys.executable, "manage.py", "messages", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
        )

        assert done.returncode == 0, done.stdout + done.stderr
