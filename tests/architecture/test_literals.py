"""No number of a market in the code that all markets share, and no name of one: they are data of the packs.

A number may stand in kernel, rating and rooms only if this file lists it with its reason. What a market requires (a tax
rate, 105 % of a contract, 260 kWh per kVA, days of notice) belongs into a file under ``platform/markets``.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ("platform/kernel", "billing", "tenants")
WIDER = (*SHARED, "platform/tenancy", "platform/identity", "platform/hosting", "portal")

EVERYWHERE = {
    0: "nothing, first",
    1: "one, next",
    2: "a pair; the minor unit of most currencies",
    3: "kilo: from Wh to kWh",
    10: "decimal places",
    100: "per cent",
    1000: "kilo",
}
CLOCK = {
    7: "days of a week",
    12: "months of a year",
    24: "hours of a day",
    60: "minutes of an hour, seconds of a minute",
    366: "days of a leap year",
    1440: "minutes of a day",
    3600: "seconds of an hour",
}
MACHINE = {
    4: "bytes of a reading",
    5: "steps of an axis: 1, 2, 5",
    40: "characters that a refusal quotes",
    8: "bits of a byte",
    16: "bytes of a digest, digits of an identifier",
    32: "bits of a reading",
    62: "bits that an int64 may use",
    64: "hexadecimal digits of a digest",
    127: "labels that an int8 can count",
    255: "the byte of a reading that is missing",
}
STANDARD = {
    34: "digits of a decimal (IEEE 754 decimal128)",
    2000: "a leap year",
    29: "29 February",
}
ALLOWED = EVERYWHERE | CLOCK | MACHINE | STANDARD

FREE_FILES = {
    "tenants/metering/formats": "what meter files look like is their standards' matter",
    "billing/invoices/capital_amounts.py": "how numerals are written in words",
    "billing/invoices/wording.py": "the look of a page",
    "billing/invoices/content.py": "the look of a page",
    "billing/simulation/distribution.py": "the steps of a histogram",
    "tenants/metering/intervals.py": "days of 23 and 25 hours, readings of four bytes",
    "tenants/metering/operations/installing.py": "the usual length of a reading",
    "tenants/metering/queries/readings.py": "the earth's time zones end at UTC+14",
}
FREE_KEYWORDS = {
    "chunk_size": "a limit of the program",
    "maxsize": "a limit of the program",
    "interval_minutes__in": "lengths of a reading that meters have",
    "max_length": "the width of a column",
    "max_digits": "the width of a column",
    "decimal_places": "the width of a column",
    "indent": "the look of a text",
    "width": "the look of a text",
    "maxlen": "a limit of the program",
    "max_retries": "a limit of the program",
    "countdown": "a limit of the program",
    "digest_size": "the width of a digest",
}
LIMIT_NAME = re.compile(r"_?[A-Z][A-Z0-9_]*")
"""A limit of the program has a name in capitals: MOST_NODES, LONGEST_TEXT. The name is the reason."""

MARKETS = {"au", "cn", "de", "eu", "us", "uk"}
PLACES = {
    "anhui", "beijing", "fujian", "gansu", "guangdong", "hainan", "hebei", "henan", "hubei", "hunan", "jiangsu",
    "jiangxi", "liaoning", "shaanxi", "shandong", "shanghai", "shanxi", "shenzhen", "sichuan", "tianjin", "xinjiang",
    "yunnan", "zhejiang", "nsw", "sydney", "melbourne", "california", "chicago", "texas", "berlin",
}  # fmt: skip
CURRENCIES = {"AUD", "CNY", "EUR", "GBP", "USD"}
NAMES_ALLOWED = {
    ("billing/rating/formulas/units.py", "CNY"): "元 is another way to write the unit CNY",
    ("billing/invoices/wording.py", "AUD"): "signs of currencies",
    ("billing/invoices/wording.py", "CNY"): "signs of currencies",
    ("billing/invoices/wording.py", "USD"): "signs of currencies",
    ("billing/invoices/content.py", "CNY"): "amounts in Chinese capitals are those of this currency",
    ("portal/shared/formats.py", "AUD"): "signs of currencies",
    ("portal/shared/formats.py", "CNY"): "signs of currencies",
    ("portal/shared/formats.py", "EUR"): "signs of currencies",
    ("portal/shared/formats.py", "GBP"): "signs of currencies",
    ("portal/shared/formats.py", "USD"): "signs of currencies",
}
EXAMPLE_FILES = {
    "portal/shared/sample.py": "the pages of the form language show made-up data",
    "portal/api/nouns": "examples in the reference of the API",
    "portal/hosting_admin/forms.py": "what the form for a new company starts with",
    "tenants/metering/formats/espi_time.py": "the world's time zones, to find one by its clock changes",
}
SENTENCE = re.compile(r"\s.*\s")
"""A text with blanks is a sentence or a document; only words, codes and keys can steer the program."""


def python_files(*folders: str) -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *(f"{f}/**.py" for f in folders)]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in names if name and "migrations" not in name and (ROOT / name).is_file()]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def named_limits(tree: ast.Module) -> Iterator[ast.AST]:
    """What stands behind a name in capitals, at the top of a module or a class."""
    for block in (tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))):
        for node in block.body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            names = [part.id for target in targets if target for part in ast.walk(target) if isinstance(part, ast.Name)]
            if isinstance(node, ast.Assign | ast.AnnAssign) and names and all(map(LIMIT_NAME.fullmatch, names)):
                yield node


def free_nodes(tree: ast.Module) -> set[int]:
    """Whole numbers behind a name in capitals, and widths; a fraction is never free."""
    keywords = (node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in FREE_KEYWORDS)
    parts = (part for node in (*named_limits(tree), *keywords) for part in ast.walk(node))
    return {id(part) for part in parts if not isinstance(part, ast.Constant) or "." not in str(part.value)}


def numbers(path: Path) -> Iterator[tuple[int, object]]:
    """Numbers that steer, with their lines: literals, and what ``Decimal("…")`` holds."""
    tree = ast.parse(path.read_text("utf-8"))
    free = free_nodes(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float, complex) and id(node) not in free:
            yield node.lineno, node.value
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Decimal":
            for part in node.args:
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and id(part) not in free:
                    yield part.lineno, part.value


def is_allowed(number: object) -> bool:
    try:
        return ALLOWED.get(abs(int(str(number)))) is not None
    except ValueError:
        return number in ("NaN", "Infinity")


def texts(path: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text("utf-8"))
    bodies = (node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef))
    said = {id(part.value) for body in bodies for part in body if isinstance(part, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.lineno, node.value


def market_names(text: str) -> set[str]:
    if SENTENCE.search(text):
        return set()
    words = re.findall(r"[A-Za-z]+", text)
    codes = set(words) & CURRENCIES | {word for word in words if word.lower() in PLACES}
    return codes | ({text} & MARKETS) | {word for word in words[:1] if word in MARKETS and re.match(r"\w+[/-]", text)}


class TestNumbers:
    def test_only_listed_ones_stand_in_shared_code(self):
        found = [
            f"{shown(path)}:{line} {number}"
            for path in python_files(*SHARED)
            if not any(shown(path).startswith(free) for free in FREE_FILES)
            for line, number in numbers(path)
            if not is_allowed(number)
        ]

        assert found == []

    @pytest.mark.parametrize(
        "line",
        [
            "tax = amount * 13 / 100",
            "rate = Decimal('0.13')",
            "over = kilowatts > 1.05 * contract",
            "x = kwh / kva >= 260",
        ],
    )
    def test_a_number_of_a_market_is_found(self, line, tmp_path):
        path = tmp_path / "room.py"
        path.write_text(line)

        assert [number for _, number in numbers(path) if not is_allowed(number)]

    @pytest.mark.parametrize("line", ["MOST = 250", "field = CharField(max_length=250)", "x = kwh * 1000 / 24"])
    def test_limits_of_the_program_have_names(self, line, tmp_path):
        path = tmp_path / "room.py"
        path.write_text(line)

        assert [number for _, number in numbers(path) if not is_allowed(number)] == []


class TestNames:
    def test_no_market_is_named_outside_its_pack(self):
        found = [
            f"{shown(path)}:{line} {name}"
            for path in python_files(*WIDER)
            if not any(shown(path).startswith(free) for free in EXAMPLE_FILES)
            for line, text in texts(path)
            for name in market_names(text)
            if (shown(path), name) not in NAMES_ALLOWED
        ]

        assert found == []

    @pytest.mark.parametrize("text", ["cn", "au/sydney-weekday-peak", "CNY", "CNY/kWh", "Jiangsu", "cn-two-part"])
    def test_a_name_is_found(self, text):
        assert market_names(text)

    @pytest.mark.parametrize(
        "text", ["de-activate now please", "Write one as in “Asia/Shanghai” here", "usual", "cents"]
    )
    def test_a_sentence_is_none(self, text):
        assert not market_names(text)

    def test_every_exception_is_needed(self):
        for path, name in NAMES_ALLOWED:
            assert any(name in market_names(text) for _, text in texts(ROOT / path)), path
