"""Log lines: for a person at the keyboard as text, in production as JSON without personal data.

What a person typed, or what stands in a row, reaches messages mostly through arguments and texts of exceptions.
So a JSON line has the message's own words, numbers, and names of tasks; other arguments of foreign libraries are left
out, and of an exception only its class, code and places in the program are told. What looks like a mail address, a
telephone number or a secret is covered in the rest.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import re
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
from django.db import connection

from tenancy import circumstances

OWN = {"config", "gridhall", "kernel", "markets", "tenancy", "identity", "hosting", "tenants", "billing", "portal"}
NAMED_ARGUMENTS = {"name", "id", "runtime", "task_name", "task_id"}
"""What Celery tells by name and is no content."""
COVERED = "…"


class _Covered:
    """Stands for an argument that is left out."""

    def __repr__(self) -> str:
        return COVERED


_COVERED = _Covered()
LONGEST_MESSAGE = 1000
MOST_PLACES = 20
_ROOT = Path(__file__).resolve().parents[2]
_PATTERNS = (
    re.compile(r"[^\s<>\"'=(]+@[^\s<>\"')]+"),
    re.compile(
        r"(?i)\b(password|passwd|pwd|token|secret|authorization|bearer|cookie|api[_-]?key)\b(['\"]?\s*[=: ]\s*)\S+"
    ),
    re.compile(r"://[^/\s@]+@"),
    re.compile(r"(?<![\w.-])\+?\d[\d ()/-]{5,}\d(?![\w-])"),
    re.compile(r"\b(?=[\w+/=.-]*\d)(?=[\w+/=.-]*[A-Za-z])[\w+/=.-]{24,}", re.ASCII),
)


class RetailerFilter(logging.Filter):
    """Adds ``retailer``: the schema worked for, never a company's name."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.retailer = getattr(connection, "schema_name", "-")
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, what is worked on, and the facts a call gives."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            **circumstances.facts(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = described(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


def message_of(record: logging.LogRecord) -> str:
    """Return the words of a record without what people typed."""
    own = record.name.split(".")[0] in OWN
    words = str(record.msg) if isinstance(record.msg, str) else type(record.msg).__name__
    if record.args:
        with contextlib.suppress(TypeError, ValueError, KeyError):  # the words alone
            words %= _kept(record.args, own)
    return covered(words)[:LONGEST_MESSAGE]


def covered(text: str) -> str:
    """Return ``text`` with everything covered that looks like a person's or a secret."""
    for pattern in _PATTERNS:
        text = pattern.sub(COVERED, text)
    return text


def described(fault: BaseException) -> dict[str, Any]:
    """Return class, code and places of a fault and of its causes; never its text, which may hold anybody's data."""
    told: dict[str, Any] = {"type": name_of(fault), "where": places(fault.__traceback__)}
    told |= {name: str(value) for name, value in _codes(fault).items() if value}
    behind = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    if behind is not None and behind is not fault:
        told["cause"] = described(behind)
    return told


def name_of(fault: BaseException) -> str:
    """Return the class of a fault with its module."""
    module = type(fault).__module__
    return type(fault).__qualname__ if module == "builtins" else f"{module}.{type(fault).__qualname__}"


def places(trace: TracebackType | None) -> list[str]:
    """Return file, line and function of each step to a fault, the innermost last."""
    return [f"{_shown(each.filename)}:{each.lineno} {each.name}" for each in traceback.extract_tb(trace)][-MOST_PLACES:]


def _kept(args: Any, own: bool) -> Any:
    if isinstance(args, dict):
        return {name: value if name in NAMED_ARGUMENTS else _shield(value, own) for name, value in args.items()}
    return tuple(_shield(value, own) for value in args) if isinstance(args, tuple) else _shield(args, own)


def _shield(value: Any, own: bool) -> Any:
    if isinstance(value, int | float):
        return value
    if isinstance(value, BaseException):
        return f"{name_of(value)} {getattr(value, 'code', '')}".strip()
    return value if own and isinstance(value, str) else _COVERED


def _codes(fault: BaseException) -> dict[str, Any]:
    """What a fault says of itself that is no content: our code, the database's, the constraint's name."""
    told = getattr(fault, "diag", None)
    return {
        "code": getattr(fault, "code", "") if isinstance(getattr(fault, "code", ""), str) else "",
        "sqlstate": getattr(fault, "sqlstate", ""),
        "constraint": getattr(told, "constraint_name", ""),
        "table": getattr(told, "table_name", ""),
    }


def _shown(file: str) -> str:
    path = Path(file)
    if path.is_relative_to(_ROOT):
        return str(path.relative_to(_ROOT))
    return "/".join(path.parts[-2:])
