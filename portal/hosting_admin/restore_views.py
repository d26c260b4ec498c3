"""A company put back to a backup, copied from one, or brought from elsewhere; and what a restore left behind."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from hosting import fleet_queries, fleet_tasks
from hosting.operations import jobs
from identity.capabilities import Capability
from kernel.errors import GridhallError
from portal.hosting_admin import backup_views, company_pages
from portal.hosting_admin import fleet_forms as forms
from portal.shared import refusals, tables
from portal.shared.access import requires

UPLOAD_COLUMNS = [
    tables.Column("name", _("Archive"), primary=True),
    tables.Column("size", _("Size"), kind="number"),
]


@require_POST
@requires(Capability.OPERATE_FLEET)
def replace(request: HttpRequest, backup_id: int) -> HttpResponse:
    """Put a company back: its code is typed and a reason given."""
    found, form = company_pages.backup_of(backup_id), forms.ReplaceForm(request.POST)

    def order(by: dict[str, Any]) -> Any:
        return jobs.order_replacement(backup_id=backup_id, **form.cleaned_data, **by)

    done = gettext("The restore is ordered. The company works on as it is until the archive stands beside it.")
    then = reverse("hosting:backups", args=[found.retailer.code])
    answer = company_pages.ordered(request, form, order, done=done, then=then)
    return answer or backup_views.backup_page(request, backup_id, {"replace_form": form}, status=422)


@require_POST
@requires(Capability.OPERATE_FLEET)
def copy(request: HttpRequest, backup_id: int) -> HttpResponse:
    """Make a new company of a backup."""
    found, form = company_pages.backup_of(backup_id), forms.CopyForm(request.POST)

    def order(by: dict[str, Any]) -> Any:
        return jobs.order_copy(backup_id=backup_id, **form.cleaned_data, **by)

    then = reverse("hosting:backups", args=[found.retailer.code])
    answer = company_pages.ordered(request, form, order, done=gettext("The new company is ordered."), then=then)
    return answer or backup_views.backup_page(request, backup_id, {"copy_form": form}, status=422)


@require_safe
@requires(Capability.OPERATE_FLEET)
def archives_page(request: HttpRequest) -> HttpResponse:
    return _page(request, forms.UploadForm())


@require_POST
@requires(Capability.OPERATE_FLEET)
def upload(request: HttpRequest) -> HttpResponse:
    """Keep an archive from another deployment."""
    file = request.FILES.get("file")
    if file is None:
        return _page(request, forms.UploadForm(), error=gettext("Choose a file."), status=422)
    try:
        name = jobs.keep_upload(name=str(file.name), blocks=file.chunks())
    except GridhallError as refusal:
        return _page(request, forms.UploadForm(), error=refusals.sentence(refusal), status=422)
    messages.success(request, gettext("The archive is here as {name}.").format(name=name))
    return redirect("hosting:archives")


@require_POST
@requires(Capability.OPERATE_FLEET)
def restore(request: HttpRequest) -> HttpResponse:
    """Make a company of an archive that was brought here."""
    form = forms.UploadForm(request.POST)

    def order(by: dict[str, Any]) -> Any:
        return jobs.order_restore_of_upload(**form.cleaned_data, **by)

    then = reverse("hosting:archives")
    answer = company_pages.ordered(request, form, order, done=gettext("The new company is ordered."), then=then)
    return answer or _page(request, form, status=422)


@require_POST
@requires(Capability.OPERATE_FLEET)
def drop_former(request: HttpRequest, code: str) -> HttpResponse:
    """Remove a space that a restore left behind; its name is typed."""
    row, schema = company_pages.row_of(code), request.POST.get("schema", "")
    known = {each.details.get("former") for each in fleet_queries.former_spaces(retailer_id=row.retailer.pk)}
    if schema not in known or request.POST.get("typed", "").strip() != schema:
        messages.error(request, gettext("Nothing was removed: type the name of the space as it stands there."))
        return redirect("hosting:backups", code=code)
    try:
        fleet_tasks.drop_former.delay(retailer_id=row.retailer.pk, schema=schema, actor_id=request.user.pk)
    except OperationalError:
        messages.error(request, gettext("The order could not be sent: the queue does not answer. Try again."))
    else:
        messages.success(request, gettext("The space is removed in a moment."))
    return redirect("hosting:backups", code=code)


def _page(request: HttpRequest, form: forms.UploadForm, *, error: str = "", status: int = 200) -> HttpResponse:
    found = [{"name": path.name, "size": path.stat().st_size} for path in jobs.uploads()]
    job_rows = company_pages.job_rows(fleet_queries.homeless_jobs())
    page = {
        "form": form,
        "error": error,
        "table": tables.Table(UPLOAD_COLUMNS, found),
        "jobs": tables.Table(backup_views.JOB_COLUMNS, job_rows),
    }
    return render(request, "hosting_admin/archives.html", page, status=status)
