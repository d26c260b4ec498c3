"""How tables of readings are read: the profiles that were remembered, renamed and forgotten here."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from identity.capabilities import Capability
from portal.console import pages
from portal.console.forms import import_columns as forms
from portal.shared import tables
from tenants.metering import operations, queries

COLUMNS = [
    tables.Column("name", _("Name"), sort="name", primary=True),
    tables.Column("layout", _("A row is")),
    tables.Column("unit", _("Unit")),
    tables.Column("by", _("Made by")),
    tables.Column("used", _("Last used"), kind="day", sort="used_at"),
    tables.Column("deed", ""),
]


@pages.page(Capability.SEE_READINGS)
def profiles(request: HttpRequest) -> HttpResponse:
    table = tables.paged(request, queries.mapping_profiles(), COLUMNS)
    names = dict(forms.LAYOUTS)
    for profile in table.rows:
        profile.layout = names.get(profile.mapping.get("layout"), "")
    page = {"table": table, "crumbs": _crumbs(gettext("Profiles"))}
    return render(request, "console/mapping_profiles.html", page)


@pages.form_page(Capability.IMPORT_READINGS)
def rename(request: HttpRequest, profile_id: int) -> HttpResponse:
    profile = queries.mapping_profile(profile_id=profile_id)
    form = forms.ProfileForm(request.POST or None, initial={"name": profile.name})
    if request.method == "POST" and form.is_valid() and _renamed(request, profile, form):
        return redirect("console:mapping_profiles")
    page = {
        "form": form,
        "title": gettext("Rename a profile"),
        "submit": gettext("Rename"),
        "back": reverse("console:mapping_profiles"),
        "crumbs": [*_crumbs(gettext("Profiles"), reverse("console:mapping_profiles")), (profile.name, "")],
    }
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


@pages.action(Capability.IMPORT_READINGS)
def forget(request: HttpRequest, profile_id: int) -> HttpResponse:
    profile = queries.mapping_profile(profile_id=profile_id)

    def work() -> None:
        operations.forget_profile(profile_id=profile_id)
        pages.note(request, "readings.profile_forgotten", f"profile {profile_id}", name=profile.name)

    then = reverse("console:mapping_profiles")
    return pages.carry_out(request, work, done=gettext("The profile is forgotten."), then=then)


def _renamed(request: HttpRequest, profile: Any, form: forms.ProfileForm) -> bool:
    name = form.cleaned_data["name"]

    def work() -> Any:
        pages.note(request, "readings.profile_renamed", f"profile {profile.pk}", name=name, former=profile.name)
        return operations.rename_profile(profile_id=profile.pk, name=name)

    return pages.filled_in(form, work) is not None


def _crumbs(title: str, address: str = "") -> list[tuple[str, str]]:
    return [(gettext("Reading imports"), reverse("console:imports")), (title, address)]
