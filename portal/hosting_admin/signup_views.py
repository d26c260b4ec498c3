"""The operator's view of sign-ups: who is on the way, what stopped, tried again or refused; and demo spaces."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from hosting import signup_queries
from hosting.operations import demo_spaces, signing_up
from identity.capabilities import Capability
from kernel.errors import GridhallError, NotFound
from portal.hosting_admin import signup_forms, signup_words
from portal.shared import formats, refusals, tables
from portal.shared.access import requires
from tenancy import context

REFUSED = 422
COLUMNS = [
    tables.Column("company", _("Company"), primary=True),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("market", _("Market")),
    tables.Column("plan", _("Plan")),
    tables.Column("created", _("Entered"), kind="day"),
    tables.Column("seconds", _("Made in"), kind="number"),
]
SHOWN = ("open", "ready", "failed", "waiting", "refused", "expired")
WORDS = {"open": _("Under way")}


@requires(Capability.OPERATE_FLEET)
def sign_ups(request: HttpRequest) -> HttpResponse:
    chosen = request.GET.get("state", "")
    state = chosen if chosen in SHOWN else ""
    table = tables.paged(request, signup_queries.listed(state=state), COLUMNS)
    counts = signup_queries.counts()
    options = [(gettext("All"), "?", not state)] + [
        (str(WORDS.get(name) or signup_words.STATES[name]), f"?state={name}", name == state) for name in SHOWN
    ]
    page = {
        "table": table, "rows": [_row(each) for each in table], "options": options, "waiting": counts.get("waiting", 0),
        "working": counts.get("working", 0), "failed": counts.get("failed", 0), "ready": counts.get("ready", 0),
        "address": request.build_absolute_uri("/signup/"),
    }  # fmt: skip
    return render(request, "hosting_admin/signup_list.html", page)


@requires(Capability.OPERATE_FLEET)
def sign_up(request: HttpRequest, sign_up_id: int) -> HttpResponse:
    return _page(request, sign_up_id, signup_forms.RefuseForm())


@require_POST
@requires(Capability.OPERATE_FLEET)
def retry(request: HttpRequest, sign_up_id: int) -> HttpResponse:
    _progress(sign_up_id)
    try:
        signing_up.retry(sign_up_id=sign_up_id, at=timezone.now())
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        messages.success(request, gettext("It is tried again now."))
    return redirect("hosting:sign_up_of", sign_up_id=sign_up_id)


@require_POST
@requires(Capability.OPERATE_FLEET)
def refuse(request: HttpRequest, sign_up_id: int) -> HttpResponse:
    _progress(sign_up_id)
    form = signup_forms.RefuseForm(request.POST)
    if form.is_valid():
        reason, actor = form.cleaned_data["reason"], int(request.user.pk or 0)
        try:
            signing_up.refuse(sign_up_id=sign_up_id, reason=reason, at=timezone.now(), actor_id=actor)
        except GridhallError as refusal:
            refusals.show(form, refusal)
        else:
            messages.success(request, gettext("The sign-up is refused; what stood of it is taken down."))
            return redirect("hosting:sign_ups")
    return _page(request, sign_up_id, form, status=REFUSED)


@require_POST
@requires(Capability.OPERATE_FLEET)
def prolong(request: HttpRequest, code: str) -> HttpResponse:
    form = signup_forms.ProlongForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["days"])))
        return redirect("hosting:company", code=code)
    days = form.cleaned_data["days"]
    try:
        until = demo_spaces.prolong(code=code, days=days, at=timezone.now(), actor_id=int(request.user.pk or 0))
    except context.UnknownRetailer as refusal:
        raise Http404 from refusal
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        done = gettext("The demo lasts until {moment}.")
        messages.success(
            request, done.format(moment=formats.moment(until, context.retailer_by_code(code=code).time_zone))
        )
    return redirect("hosting:company", code=code)


def _row(found: Any) -> dict[str, Any]:
    seconds = (found.ready_at - found.verified_at).total_seconds() if found.ready_at and found.verified_at else None
    return {
        "found": found, "label": signup_words.STATES[found.state], "tone": signup_words.TONES[found.state],
        "seconds": f"{seconds:.2f} s" if seconds is not None else "–",
    }  # fmt: skip


def _progress(sign_up_id: int) -> signup_queries.Progress:
    try:
        return signup_queries.progress(sign_up_id=sign_up_id)
    except NotFound as refusal:
        raise Http404 from refusal


def _page(request: HttpRequest, sign_up_id: int, form: Any, status: int = 200) -> HttpResponse:
    progress = _progress(sign_up_id)
    found, zone = progress.sign_up, request.retailer.time_zone  # type: ignore[attr-defined]
    facts = [
        (gettext("Legal name"), found.legal_name),
        (gettext("Web address"), progress.address or found.code),
        (gettext("Market"), f"{found.market.upper()} {found.region}".strip()),
        (gettext("Plan"), found.plan or "–"),
        (gettext("Administrator"), found.admin_name or gettext("forgotten")),
        (gettext("Mail address"), found.admin_email or gettext("forgotten")),
        (gettext("Entered"), formats.moment(found.created_at, zone)),
        (gettext("Link mailed"), formats.moment(found.mailed_at, zone) if found.mailed_at else "–"),
        (gettext("Confirmed"), formats.moment(found.verified_at, zone) if found.verified_at else "–"),
        (gettext("Ready"), formats.moment(found.ready_at, zone) if found.ready_at else "–"),
    ]
    page = {
        "progress": progress, "found": found, "row": _row(found), "facts": facts, "form": form,
        "steps": signup_words.steps(progress), "can_try": found.state in ("working", "failed", "waiting"),
        "can_refuse": found.state in signup_queries.OPEN,
    }  # fmt: skip
    return render(request, "hosting_admin/signup_of.html", page, status=status)
