"""Dunning paths: edited as a draft, tried on real overdue accounts, put in force as a version."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.arrears import operations, policies, queries
from identity.capabilities import Capability
from kernel import texts
from kernel.errors import GridhallError
from portal.console import arrears_words, pages
from portal.console.forms import arrears as forms
from portal.shared import refusals, tables

COLUMNS = [
    tables.Column("code", _("Path"), primary=True),
    tables.Column("version", _("Version"), kind="number"),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("steps", _("Steps"), kind="number"),
    tables.Column("audience", _("For whom")),
    tables.Column("cases", _("Open cases"), kind="number"),
]
PREVIEW_COLUMNS = [
    tables.Column("account", _("Account"), primary=True),
    tables.Column("customer", _("Customer")),
    tables.Column("overdue", _("Overdue"), kind="money"),
    tables.Column("days", _("Days overdue"), kind="number"),
    tables.Column("step", _("Gets today")),
    tables.Column("channel", _("By")),
]


@pages.page(Capability.SEE_ARREARS)
def paths(request: HttpRequest) -> HttpResponse:
    operations.standard_path(at=timezone.now())
    rows = queries.paths_in_use()
    for row in rows:
        row.audience = _audience(row)  # type: ignore[attr-defined]
    page = {"table": tables.Table(columns=COLUMNS, rows=rows), "crumbs": _crumbs("")}
    return render(request, "console/arrears/paths.html", page)


@pages.form_page(Capability.WORK_ARREARS)
def path(request: HttpRequest, code: str) -> HttpResponse:
    """Edit a path: "preview" shows who would get what today, "save" keeps the draft."""
    found = queries.path(code=code)
    form = _form(request.POST or None, found)
    preview, page_state = None, 200
    if request.method == "POST" and form.is_valid():
        if request.POST.get("deed") == "preview":
            preview = _preview(request, form)
        elif pages.filled_in(form, lambda: _save(request, code, form)):
            return redirect("console:arrears_path", code=code)
    if form.errors:
        page_state = 422
    page = {
        "found": found,
        "form": form,
        "versions": queries.versions(code=code),
        "preview": None if preview is None else tables.Table(columns=PREVIEW_COLUMNS, rows=preview),
        "crumbs": _crumbs(code),
    }
    return render(request, "console/arrears/path.html", page, status=page_state)


@pages.action(Capability.APPROVE_ARREARS)
def publish(request: HttpRequest, code: str) -> HttpResponse:
    def published() -> None:
        made = operations.publish_path(code=code, at=timezone.now())
        pages.note(request, "arrears.publish_path", f"{code} {made.number}")

    return pages.carry_out(request, published, done=gettext("The path is in force."), then=_home(code))


@pages.action(Capability.WORK_ARREARS)
def discard(request: HttpRequest, code: str) -> HttpResponse:
    done = gettext("The draft is gone.")
    return pages.carry_out(request, lambda: operations.discard_draft(code=code), done=done, then=_home(code))


@pages.form_page(Capability.WORK_ARREARS)
def new(request: HttpRequest) -> HttpResponse:
    """Start a path from the market's own."""
    form = _NewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"]
        document = dict(policies.standard_path())
        made = pages.filled_in(
            form,
            lambda: operations.save_path(
                code=code, titles={"en": code, "zh-hans": code}, document=document, **pages.signed(request)
            ),
        )
        if made:
            return redirect("console:arrears_path", code=code)
    title = gettext("New path")
    page = {
        "form": form,
        "title": title,
        "lead": gettext("It starts as the market's own path; change what differs."),
        "back": reverse("console:arrears_paths"),
        "crumbs": _crumbs(title),
        "submit": gettext("Start the draft"),
    }
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


class _NewForm(forms.forms.Form):
    code = forms.forms.SlugField(label=_("Code"), max_length=40)


def _form(data: Any, found: Any) -> forms.PathForm:
    initial = {
        "title_en": found.titles.get("en", ""),
        "title_zh": found.titles.get("zh-hans", ""),
        "kinds": found.kinds,
        "segments": ", ".join(found.segments),
        "credit_classes": found.credit_classes,
        "minimum": found.document.get("minimum", "0"),
        "steps": json.dumps(found.document["steps"], ensure_ascii=False, indent=2),
    }
    classes = [(name, arrears_words.CLASSES.get(name, name)) for name in policies.credit_classes()]
    return forms.PathForm(data, initial=initial, classes=classes)


def _save(request: HttpRequest, code: str, form: forms.PathForm) -> Any:
    given = form.cleaned_data
    made = operations.save_path(
        code=code,
        titles={"en": given["title_en"], "zh-hans": given["title_zh"]},
        document=form.document,
        kinds=form.audience["kinds"],
        segments=form.audience["segments"],
        credit_classes=form.audience["credit_classes"],
        **pages.signed(request),
    )
    pages.note(request, "arrears.save_path", code)
    return made


def _preview(request: HttpRequest, form: forms.PathForm) -> list[Any] | None:
    try:
        found = queries.preview(document=form.document, on=pages.today(request), **form.audience)
    except GridhallError as refusal:
        refusals.show(form, refusal)
        return None
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    return [
        {
            "row": each,
            "step": texts.pick(each.step.title, language) if each.step else "",
            "channel": each.step.channel if each.step else "",
            "rests": queries.rest_sentence(reason=each.rests),
        }
        for each in found
    ]


def _audience(row: Any) -> str:
    words = {"household": gettext("Household"), "business": gettext("Business"), **arrears_words.CLASSES}
    named = [*row.kinds, *row.segments, *row.credit_classes]
    return ", ".join(str(words.get(name, name)) for name in named) or gettext("Everybody")


def _home(code: str) -> str:
    return reverse("console:arrears_paths") if not code else reverse("console:arrears_path", args=[code])


def _crumbs(here: str) -> list[tuple[str, str]]:
    start = [(gettext("Arrears"), reverse("console:arrears"))]
    return [*start, (gettext("Dunning paths"), reverse("console:arrears_paths")), (here, "")] if here else [
        *start, (gettext("Dunning paths"), "")
    ]  # fmt: skip
