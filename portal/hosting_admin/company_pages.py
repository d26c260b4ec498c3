"""What the pages of one company share: the company or 404, orders that may be refused, and its jobs as rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from kombu.exceptions import OperationalError

from hosting import fleet_queries
from hosting.operations import backups as backup_operations
from kernel.errors import GridhallError, NotFound
from portal.hosting_admin import fleet_words
from portal.shared import refusals
from tenancy import context

Page = Callable[..., HttpResponse]


def row_of(code: str, at: dt.datetime | None = None) -> fleet_queries.Row:
    """Return a company with all that is known of it, or 404."""
    found = fleet_queries.rows(at=at or timezone.now(), code=code)
    if not found:
        raise Http404
    return found[0]


def backup_of(backup_id: int) -> Any:
    """Return a backup with its company, or 404."""
    try:
        return backup_operations.backup(backup_id=backup_id)
    except NotFound as refusal:
        raise Http404 from refusal


def ordered(
    request: HttpRequest, form: django_forms.Form, order: Callable[[dict[str, Any]], Any], *, done: str, then: str
) -> HttpResponse | None:
    """Carry out an order with who gives it and when; None when it was refused: the form says why."""
    if not form.is_valid():
        return None
    try:
        order({"at": timezone.now(), "actor_id": request.user.pk})
    except (NotFound, context.UnknownRetailer) as refusal:
        raise Http404 from refusal
    except GridhallError as refusal:
        refusals.show(form, refusal)
        return None
    except OperationalError:
        pass  # the sweep sends it
    messages.success(request, done)
    return redirect(then)


def job_rows(found: list[Any]) -> list[dict[str, Any]]:
    """Return jobs as their table shows them."""
    return [
        {
            "job": each,
            "kind": fleet_words.JOBS[each.kind],
            "state": fleet_words.JOB_STATES[each.state],
            "tone": fleet_words.JOB_TONES[each.state],
            "running": each.state == "running",
            "open": each.state in ("waiting", "running"),
            "step": fleet_words.step(each) if each.state == "running" and each.step else "",
            "why": fleet_words.refusal(each) if each.state == "failed" else "",
            "file": each.kind == "takeout" and each.state == "done" and each.removed_at is None,
        }
        for each in found
    ]


def apart(page: dict[str, Any]) -> dict[str, Any]:
    """Give the fields of each form of a page identifiers of their own, so that every label belongs to its own field."""
    for name, form in page.items():
        if isinstance(form, django_forms.BaseForm):
            form.auto_id = f"{name}_%s"
    return page
