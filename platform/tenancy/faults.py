"""Unhandled faults of requests, tasks and commands, told to whoever registered; without a person's data.

``register`` takes any function of one ``Fault``. What a reporter itself does wrong is logged and goes no further.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from tenancy import circumstances, logs

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: what was worked on, for which company, and the fault's class, codes and places (``logs.described``)."""

    at: dt.datetime
    kind: str
    name: str
    company: str
    request_id: str
    task_id: str
    user_id: int | None
    error: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {**asdict(self), "at": self.at.isoformat()}


Reporter = Callable[[Fault], None]
_reporters: list[Reporter] = []


def register(reporter: Reporter) -> None:
    """Tell ``reporter`` of every fault from now on; registered twice it is told once."""
    if reporter not in _reporters:
        _reporters.append(reporter)


def unregister(reporter: Reporter) -> None:
    """Tell ``reporter`` no more."""
    if reporter in _reporters:
        _reporters.remove(reporter)


def report(fault: BaseException, *, kind: str = "", name: str = "") -> None:
    """Tell all reporters of an unhandled fault; ``kind`` and ``name`` default to the present work's."""
    if not _reporters:
        return
    work = circumstances.present()
    told = Fault(
        at=dt.datetime.now(dt.UTC),
        kind=kind or work.kind,
        name=name or work.name,
        company=circumstances.company(),
        request_id=work.request_id,
        task_id=work.task_id,
        user_id=work.user_id,
        error=logs.described(fault),
    )
    for reporter in _reporters:
        try:
            reporter(told)
        except Exception:
            log.exception("A fault could not be reported")
