"""What is wrong with a company, what was done to it, and how its jobs stand: in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from kernel.errors import GridhallError
from portal.shared import entering_words, formats, plan_words

PROBLEMS = {
    "schema": _("Tables"), "backup": _("Backup"), "drill": _("Proof of backups"), "errors": _("Errors"),
    "jobs": _("Failed work"), "stale": _("Not measured"), "making": _("Slow to be made"), "money": _("Money owed"),
    "limits": _("Limits"), "ending": _("Being deleted"), "closed": _("Doors closed"),
}  # fmt: skip
JOBS = {
    "backup": _("Backup"), "drill": _("Proof of a backup"), "replace": _("Restore in place"),
    "restore": _("Restore as a new company"), "takeout": _("Data to take along"),
}  # fmt: skip
JOB_STATES = {"waiting": _("Waiting"), "running": _("Running"), "done": _("Done"), "failed": _("Failed")}
JOB_TONES = {"waiting": "neutral", "running": "info", "done": "success", "failed": "danger"}
WORK = {
    "imports": _("Reading imports"), "bill_runs": _("Bill runs"), "simulations": _("Simulations"),
    "messages": _("Messages"),
}  # fmt: skip
STEPS = {
    "prepare": _("making the tables"), "load": _("loading {name}"), "link": _("checking the keys of {name}"),
    "finish": _("numbers and rights"), "files": _("files"), "compare": _("comparing {name}"),
    "compare files": _("comparing files"),
}  # fmt: skip
EVENTS = {
    "register": _("Registered"), "suspend": _("Suspended"), "resume": _("Resumed"), "rename": _("Renamed"),
    "change_code": _("Code changed"), "change_ground": _("Market or clock changed"), "backup": _("Backed up"),
    "drill": _("Backup proven"), "replace": _("Put back to a backup"), "restore": _("Restored from an archive"),
    "takeout": _("Data written to take along"), "download": _("Archive downloaded"), "job_failed": _("A job failed"),
    "stop_job": _("A job was stopped"), "backup_late": _("No recent backup"), "backup_policy": _("Backups arranged"),
    "drop_former": _("Former space removed"), "subscribe": _("Signed up for a plan"),
    "change_plan": _("Plan changed"), "collect_by": _("Way of payment changed"), "give_coupon": _("Coupon changed"),
    "end_on": _("End of the subscription changed"), "subscription": _("Subscription changed its state"),
    "support.ask": _("Asked to enter"), "support.hand_over": _("Way in opened"),
    "support.start": _("Entered by support"), "support.end": _("Support visit ended"),
    "support.request": _("Page opened by support"), "delete_asked": _("Deletion asked for"),
    "delete_revoked": _("Deletion taken back"), "deleted": _("Deleted"), "add_host": _("Address added"),
    "primary_host": _("First address changed"), "remove_host": _("Address removed"),
    "serve_host": _("Address served"), "lose_host": _("Address lost"),
    "stop_host": _("Address stopped: not in the plan"), "resume_host": _("Address in the plan again"),
    "go_live": _("Went live"), "prolong_demo": _("Demo prolonged"),
}  # fmt: skip
FIELDS = {
    "names": _("Name"), "legal_name": _("Legal name"), "market": _("Market"), "currency": _("Currency"),
    "time_zone": _("Time zone"),
}  # fmt: skip
_DETAILS = {"kind": JOBS, "collection": plan_words.COLLECTIONS}
POLICY_SOURCES = {
    "own": _("Numbers of this company's own. Give it those of its plan, and it follows the plan again."),
    "plan": _("As the company's plan promises. Other numbers hold for this company alone."),
    "host": _("As usual at this host: the plan says nothing. Other numbers hold for this company alone."),
}
BAD_EVENTS = frozenset({"job_failed", "backup_late", "suspend", "replace", "delete_asked", "deleted", "lose_host"})


@dataclass(frozen=True, slots=True)
class Mark:
    """A problem as a badge: its words, its tone, and the filter that shows all companies with it."""

    kind: str
    label: str
    tone: str


def marks(row: Any, *, at: dt.datetime) -> list[Mark]:
    """Return the problems of a company as badges."""
    return [Mark(each.kind, _said(each, row, at), each.tone) for each in row.problems]


def age(since: dt.datetime | None, at: dt.datetime) -> str:
    """Return how long ago something was: 5 minutes, 3 hours, 12 days; a dash for never."""
    return "–" if since is None else lasting(at - since)


def ago(since: dt.datetime | None, at: dt.datetime) -> str:
    """Return when something was, as people say it: 3 hours ago; a dash for never."""
    return "–" if since is None else gettext("{age} ago").format(age=lasting(at - since))


def lasting(time: dt.timedelta) -> str:
    """Return how long something lasts, in its largest whole unit."""
    minutes = max(int(time.total_seconds()) // 60, 0)
    if minutes < 60:
        return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
    hours = minutes // 60
    if hours < 48:
        return ngettext("{n} hour", "{n} hours", hours).format(n=hours)
    days = hours // 24
    return ngettext("{n} day", "{n} days", days).format(n=formats.number(days))


def event(action: str) -> str:
    """Return what was done; a deed without a name of its own is shown as it is written down."""
    return str(EVENTS.get(action, action.replace("_", " ").replace(".", " · ").capitalize()))


def event_details(found: Any) -> str:
    """Return what changed, or what it was about, in a few words."""
    details = found.details
    before, after = details.get("before"), details.get("after")
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return "; ".join(
            f"{FIELDS.get(name, name)}: {_plain(before.get(name))} → {_plain(after[name])}" for name in sorted(after)
        )
    if before is not None and after is not None:
        words = plan_words.STATES if found.action == "subscription" else {}
        return f"{words.get(before, before)} → {words.get(after, after)}"
    shown = ((name, details.get(name)) for name in ("kind", "name", "plan", "coupon", "collection", "error", "host"))
    said = [_detail(name, str(each)) for name, each in shown if each]
    if found.action == "support.end" and details.get("cause"):
        said.append(str(entering_words.CAUSES.get(details["cause"], details["cause"])))
    return " · ".join(said)


def _detail(name: str, value: str) -> str:
    if name == "error":
        return _sentence(value, {})
    return str(_DETAILS.get(name, {}).get(value, value))


def step(job: Any) -> str:
    """Return what a job does now."""
    kind, __, name = str(job.step).rpartition(" ")
    word = STEPS.get(kind or name) or STEPS.get(job.step)
    return str(word).format(name=name) if word is not None else str(job.step)


def refusal(job: Any) -> str:
    """Return why a job failed, in a sentence."""
    return _sentence(str(job.error_code), job.error_params)


def _sentence(code: str, params: Mapping[str, Any]) -> str:
    """Return what a refusal says; without what fills its gaps the sentence is left out and its code stands."""
    found = next((each for each in _errors(GridhallError) if each.code == code), None)
    if found is None:
        return code
    try:
        return found(**params).say(gettext)
    except (KeyError, IndexError):
        return gettext(found.template) if params else code


def _errors(kind: type[GridhallError]) -> Iterator[type[GridhallError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _errors(each)


def _said(problem: Any, row: Any, at: dt.datetime) -> str:
    say = _SAYINGS.get(problem.kind)
    return say(problem, row, age(problem.since, at)) if say else str(PROBLEMS[problem.kind])


def _backup_said(problem: Any, row: Any, days: str) -> str:
    if problem.tone == "warn":
        return gettext("Last backup failed")
    return gettext("No backup yet") if row.backup_at is None else gettext("No backup for {age}").format(age=days)


def _errors_said(problem: Any, _row: Any, _days: str) -> str:
    n = problem.count
    return ngettext("{n} error in 24 hours", "{n} errors in 24 hours", n).format(n=formats.number(n))


def _jobs_said(problem: Any, _row: Any, _days: str) -> str:
    n = problem.count
    return ngettext("{n} failed job", "{n} failed jobs", n).format(n=formats.number(n))


def _limits_said(problem: Any, _row: Any, _days: str) -> str:
    n = problem.count
    return ngettext("{n} limit near or passed", "{n} limits near or passed", n).format(n=formats.number(n))


_SAYINGS: dict[str, Callable[[Any, Any, str], str]] = {
    "backup": _backup_said,
    "drill": lambda _, row, __: (
        gettext("The backup differs") if row.drill_differs else gettext("Backups not proven lately")
    ),
    "schema": lambda _, row, __: (
        gettext("Tables failed to migrate") if row.company.migration_error else gettext("Tables behind")
    ),
    "errors": _errors_said,
    "jobs": _jobs_said,
    "limits": _limits_said,
    "stale": lambda problem, _, days: (
        gettext("Not measured for {age}").format(age=days) if problem.since else gettext("Never measured")
    ),
    "money": lambda _, __, days: gettext("Bill unpaid for {age}").format(age=days),
    "ending": lambda problem, _, __: gettext("Deleted on {day}").format(day=formats.day(problem.since.date())),
}


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return " / ".join(str(each) for each in value.values())
    return str(value) if value not in (None, "") else "–"
