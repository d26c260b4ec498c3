"""Backups of a company: made, proven, arranged, downloaded; its jobs as they go on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core import signing
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from hosting import fleet_queries, queries
from hosting.operations import backups as backup_operations
from hosting.operations import jobs, keeping, takeouts
from identity.capabilities import Capability
from kernel.errors import GridhallError, NotFound
from portal.hosting_admin import company_pages, fleet_words
from portal.hosting_admin import fleet_forms as forms
from portal.shared import refusals, tables
from portal.shared.access import requires

SALT = "hosting.archives"
LINK_LIVES = dt.timedelta(minutes=15)
BACKUP_COLUMNS = [
    tables.Column("made", _("Made"), primary=True),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("proven", _("Proven"), kind="status"),
    tables.Column("rows", _("Rows"), kind="number"),
    tables.Column("size", _("Size"), kind="number"),
    tables.Column("by", _("Ordered by")),
]
JOB_COLUMNS = [
    tables.Column("kind", _("Job"), primary=True),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("progress", _("Progress")),
    tables.Column("asked", _("Asked"), kind="day"),
    tables.Column("actions", _("Actions"), kind="actions"),
]
STATES = {"running": (_("Being written"), "info"), "done": (_("Whole"), "success"), "failed": (_("Failed"), "danger")}


@require_safe
@requires(Capability.OPERATE_FLEET)
def backups_page(request: HttpRequest, code: str) -> HttpResponse:
    return _page(request, code, {})


@require_POST
@requires(Capability.OPERATE_FLEET)
def make(request: HttpRequest, code: str) -> HttpResponse:
    """Order a backup now."""
    form = forms.OptionalReasonForm(request.POST)

    def order(by: dict[str, Any]) -> Any:
        return jobs.order_backup(code=code, reason=form.cleaned_data["reason"], **by)

    return _ordered(request, code, ("make_form", form), order, gettext("The backup is ordered."))


@require_POST
@requires(Capability.OPERATE_FLEET)
def take_out(request: HttpRequest, code: str) -> HttpResponse:
    """Order all data of a company in readable files."""
    form = forms.ReasonForm(request.POST)

    def order(by: dict[str, Any]) -> Any:
        return jobs.order_takeout_of(code=code, reason=form.cleaned_data["reason"], **by)

    return _ordered(request, code, ("takeout_form", form), order, gettext("The files are ordered."))


@require_POST
@requires(Capability.OPERATE_FLEET)
def policy(request: HttpRequest, code: str) -> HttpResponse:
    """Arrange how often a company is backed up."""
    form = forms.PolicyForm(request.POST)

    def order(by: dict[str, Any]) -> Any:
        return keeping.set_policy(code=code, **form.cleaned_data, **by)

    return _ordered(request, code, ("policy_form", form), order, gettext("Saved."))


@require_safe
@requires(Capability.OPERATE_FLEET)
def backup(request: HttpRequest, backup_id: int) -> HttpResponse:
    return backup_page(request, backup_id, {})


@require_POST
@requires(Capability.OPERATE_FLEET)
def drill(request: HttpRequest, backup_id: int) -> HttpResponse:
    """Order the proof of a backup."""
    found = company_pages.backup_of(backup_id)
    try:
        jobs.order_drill(backup_id=backup_id, at=timezone.now(), actor_id=request.user.pk)
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        messages.success(request, gettext("It is restored beside the company and compared, row by row."))
    return redirect("hosting:backups", code=found.retailer.code)


@require_POST
@requires(Capability.OPERATE_FLEET)
def archive_link(request: HttpRequest, backup_id: int) -> HttpResponse:
    """Give a link to the archive, for a quarter of an hour and for who asked; the company can read why."""
    found, form = company_pages.backup_of(backup_id), forms.ReasonForm(request.POST)
    if form.is_valid():
        try:
            backup_operations.path_of(found)
        except GridhallError as refusal:
            refusals.show(form, refusal)
        else:
            return _give_link(request, found.retailer, found, form)
    return backup_page(request, backup_id, {"link_form": form}, status=422)


@require_POST
@requires(Capability.OPERATE_FLEET)
def takeout_link(request: HttpRequest, job_id: int) -> HttpResponse:
    """Give a link to readable files that the host ordered; those that the company ordered are the company's alone."""
    found = _job(job_id)
    form = forms.ReasonForm(request.POST)
    if found.by_company or not form.is_valid():
        raise Http404
    try:
        takeouts.path_of(job=found)
    except GridhallError as refusal:
        raise Http404 from refusal
    return _give_link(request, found.retailer, found, form)


@require_safe
@requires(Capability.OPERATE_FLEET)
def archive(request: HttpRequest, token: str) -> Any:
    """Send an archive to who asked for its link, while the link lives."""
    try:
        data = signing.loads(token, salt=SALT, max_age=LINK_LIVES)
    except signing.BadSignature as refusal:
        raise Http404 from refusal
    if data["by"] != request.user.pk:
        raise Http404
    path = _path(data)
    answer = FileResponse(path.open("rb"), as_attachment=True, filename=path.name)
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_safe
@requires(Capability.OPERATE_FLEET)
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show how far a job is; asked again by the page while it goes on."""
    found = _job(job_id)
    [row] = company_pages.job_rows([found])
    page = {"row": row, "zone": found.retailer.time_zone if found.retailer else "UTC"}
    return render(request, "hosting_admin/job_progress.html", page)


@require_POST
@requires(Capability.OPERATE_FLEET)
def stop(request: HttpRequest, job_id: int) -> HttpResponse:
    """Ask a job to stop."""
    found = _job(job_id)
    try:
        jobs.stop(job_id=job_id, at=timezone.now(), actor_id=request.user.pk)
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        messages.success(request, gettext("It stops before its next step."))
    return redirect("hosting:backups", code=found.retailer.code) if found.retailer else redirect("hosting:archives")


def backup_page(request: HttpRequest, backup_id: int, filled: dict[str, Any], status: int = 200) -> HttpResponse:
    """Show one backup with what may be done with it."""
    found = company_pages.backup_of(backup_id)
    label, tone = STATES[found.state]
    there = found.state == "done" and found.removed_at is None
    page = {
        "backup": found, "retailer": found.retailer, "label": label, "tone": tone, "there": there,
        "path": backup_operations.folder_of(code=found.retailer.code) / found.name,
        "drill_form": forms.OptionalReasonForm(), "replace_form": forms.ReplaceForm(), "copy_form": forms.CopyForm(),
        "link_form": forms.ReasonForm(), "differences": found.differences or [],
    }  # fmt: skip
    return render(request, "hosting_admin/backup.html", company_pages.apart(page | filled), status=status)


def _page(request: HttpRequest, code: str, filled: dict[str, Any], status: int = 200) -> HttpResponse:
    now = timezone.now()
    row = company_pages.row_of(code, now)
    arranged = fleet_queries.policy_of(row)
    found = [
        {"backup": each, "label": STATES[each.state][0], "tone": STATES[each.state][1]}
        for each in queries.backups(code=code)
    ]
    job_rows = company_pages.job_rows(fleet_queries.jobs(retailer_id=row.retailer.pk))
    page = {
        "row": row, "retailer": row.retailer, "arranged": arranged, "tab": "backups",
        "table": tables.paged(request, found, BACKUP_COLUMNS, size=20), "jobs": tables.Table(JOB_COLUMNS, job_rows),
        "backup_age": fleet_words.ago(row.backup_at, now), "drill_age": fleet_words.ago(row.tried_at, now),
        "busy": bool(row.jobs), "former": fleet_queries.former_spaces(retailer_id=row.retailer.pk),
        "make_form": forms.OptionalReasonForm(), "takeout_form": forms.ReasonForm(),
        "arranged_by": fleet_words.POLICY_SOURCES[arranged.source],
        "policy_form": forms.PolicyForm(initial={"every_hours": arranged.hours, "kept": arranged.kept}),
        "link_form": forms.ReasonForm(), "former_form": forms.ReplaceForm(),
    }  # fmt: skip
    return render(request, "hosting_admin/backups.html", company_pages.apart(page | filled), status=status)


def _ordered(
    request: HttpRequest, code: str, named: tuple[str, django_forms.Form], order: Any, done: str
) -> HttpResponse:
    name, form = named
    company_pages.row_of(code)
    then = reverse("hosting:backups", args=[code])
    answer = company_pages.ordered(request, form, order, done=done, then=then)
    return answer or _page(request, code, {name: form}, status=422)


def _give_link(request: HttpRequest, retailer: Any, found: Any, form: forms.ReasonForm) -> HttpResponse:
    kind = "takeout" if hasattr(found, "kind") else "backup"
    token = signing.dumps({"kind": kind, "id": found.pk, "by": request.user.pk}, salt=SALT)
    reason, now = form.cleaned_data["reason"], timezone.now()
    backup_operations.note(retailer, "download", now, request.user.pk, reason, name=found.name)  # type: ignore[arg-type]
    link = reverse("hosting:archive", args=[token])
    page = {"retailer": retailer, "name": found.name, "link": link, "until": now + LINK_LIVES}
    return render(request, "hosting_admin/archive_link.html", page)


def _path(data: dict[str, Any]) -> Path:
    try:
        if data["kind"] == "takeout":
            return takeouts.path_of(job=fleet_queries.job(job_id=data["id"]))
        return backup_operations.path_of(backup_operations.backup(backup_id=data["id"]))
    except GridhallError as refusal:
        raise Http404 from refusal


def _job(job_id: int) -> Any:
    try:
        return fleet_queries.job(job_id=job_id)
    except NotFound as refusal:
        raise Http404 from refusal
