"""Who works here, which programs do, and what was done."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hosting.operations import staffing
from identity import operations, queries, second_factor
from identity.capabilities import Capability, Role
from portal.console import pages
from portal.console.forms import company as forms
from portal.shared import tables

STAFF_COLUMNS = [
    tables.Column("name", _("Person"), sort="name", primary=True),
    tables.Column("email", _("Email"), sort="email"),
    tables.Column("roles", _("Posts")),
    tables.Column("state", _("State"), kind="status", sort="is_active"),
    tables.Column("last", _("Last sign-in"), kind="day", sort="last_login"),
    tables.Column("actions", _("Actions"), kind="actions"),
]
KEY_COLUMNS = [
    tables.Column("name", _("For"), primary=True),
    tables.Column("prefix", _("Key")),
    tables.Column("scopes", _("May")),
    tables.Column("by", _("Made by")),
    tables.Column("made", _("Made"), kind="day"),
    tables.Column("used", _("Last used"), kind="day"),
    tables.Column("actions", _("Actions"), kind="actions"),
]


@pages.page(Capability.MANAGE_STAFF)
def staff(request: HttpRequest) -> HttpResponse:
    table = tables.paged(request, queries.staff(), STAFF_COLUMNS, default="name")
    posts = {str(role): str(name).partition(":")[0].partition("：")[0] for role, name in forms.ROLES.items()}
    return render(request, "console/staff.html", {"table": table, "posts": posts, "holders": second_factor.holders()})


@pages.form_page(Capability.MANAGE_STAFF)
def invite(request: HttpRequest) -> HttpResponse:
    form = forms.InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = pages.filled_in(form, lambda: _invite(request, form.cleaned_data))
        if made:
            _send_link(request, made)
            sentence = gettext("{name} can sign in once a password is chosen; the link is on its way to {email}.")
            messages.success(request, sentence.format(name=made.name, email=made.email))
            return redirect("console:staff")
    title = gettext("Invite somebody")
    page = {
        "form": form,
        "title": title,
        "back": reverse("console:staff"),
        "crumbs": [(gettext("Staff"), reverse("console:staff")), (title, "")],
        "submit": gettext("Send the invitation"),
    }
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


@pages.action(Capability.MANAGE_STAFF)
def deactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    person = _colleague(user_id)
    return pages.carry_out(
        request,
        lambda: operations.deactivate_user(user=person, at=timezone.now(), by=request.user),  # type: ignore[arg-type]
        done=gettext("{name} cannot sign in any more.").format(name=person.name),
        then=reverse("console:staff"),
    )


@pages.action(Capability.MANAGE_STAFF)
def send_link(request: HttpRequest, user_id: int) -> HttpResponse:
    person = _colleague(user_id)
    _send_link(request, person)
    pages.note(request, "user.send_link", f"user {person.pk}")
    messages.success(request, gettext("The link is on its way to {email}.").format(email=person.email))
    return redirect("console:staff")


@pages.page(Capability.MANAGE_KEYS)
def keys(request: HttpRequest) -> HttpResponse:
    table = tables.paged(request, queries.keys(), KEY_COLUMNS)
    return render(request, "console/keys.html", {"table": table, "scopes": forms.SCOPES})


@pages.form_page(Capability.MANAGE_KEYS)
def new_key(request: HttpRequest) -> HttpResponse:
    """Make a key; its secret stands in this one answer and nowhere else."""
    mine = request.user.capabilities  # type: ignore[union-attr]
    form = forms.KeyForm(request.POST or None, allowed=mine)
    title = gettext("New key")
    page = {
        "form": form,
        "title": title,
        "back": reverse("console:keys"),
        "crumbs": [(gettext("API keys"), reverse("console:keys")), (title, "")],
        "submit": gettext("Make the key"),
    }
    if request.method == "POST" and form.is_valid():
        made = pages.filled_in(
            form,
            lambda: operations.create_key(**form.cleaned_data, by=request.user, at=timezone.now()),  # type: ignore[arg-type]
        )
        if made:
            answer = render(request, "console/new_key.html", page | {"key": made[0], "secret": made[1]})
            answer["Cache-Control"] = "no-store"
            return answer
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


@pages.action(Capability.MANAGE_KEYS)
def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    key = queries.keys().filter(pk=key_id, revoked_at__isnull=True).first()
    if key is None:
        raise Http404
    return pages.carry_out(
        request,
        lambda: operations.revoke_key(key=key, by=request.user, at=timezone.now()),  # type: ignore[arg-type]
        done=gettext("The key “{name}” opens nothing any more.").format(name=key.name),
        then=reverse("console:keys"),
    )


def _invite(request: HttpRequest, data: dict[str, Any]) -> Any:
    by: Any = request.user
    return staffing.add_staff(
        email=data["email"],
        name=data["name"],
        roles=[Role(role) for role in data["roles"]],
        language=data["language"],
        at=timezone.now(),
        by=by,
    )


def _send_link(request: HttpRequest, person: Any) -> None:
    form = ResetPasswordForm({"email": person.email})
    if form.is_valid():
        form.save(request)


def _colleague(user_id: int) -> Any:
    found = queries.staff().filter(pk=user_id).first()
    if found is None:
        raise Http404
    return found
