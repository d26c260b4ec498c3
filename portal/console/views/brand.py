"""How the company looks: colours that can be read, logo, motto, whom to ask."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from hosting import operations
from identity.capabilities import Capability
from portal.console import pages
from portal.console.forms.company import BrandForm
from portal.shared import brand as brands

COPIED = ("primary_color", "accent_color", "support_phone", "support_email", "sender_email", "tax_number")


@pages.form_page(Capability.CHANGE_BRAND)
def brand(request: HttpRequest) -> HttpResponse:
    retailer = request.retailer  # type: ignore[attr-defined]
    form = BrandForm(request.POST or None, request.FILES or None, initial=_initial(retailer.brand))
    if request.method == "POST" and form.is_valid():
        changes = form.changes
        operations.change_brand(retailer=retailer, at=timezone.now(), validate=_accept, **changes)
        pages.note(request, "brand.change", "brand", fields=sorted(changes))
        messages.success(request, gettext("Your customers see the new look now."))
        return redirect("console:brand")
    page = {"form": form, "retailer": retailer, "weaknesses": _weaknesses(form)}
    return render(request, "console/brand.html", page, status=422 if form.errors else 200)


def _accept(changes: dict[str, Any]) -> None:
    """Colours that are weak are told, not refused: text always uses shades that can be read."""


def _initial(record: Any) -> dict[str, Any]:
    found = {name: getattr(record, name) for name in COPIED}
    for name in ("tagline", "address"):
        texts = getattr(record, name) or {}
        found |= {f"{name}_zh": texts.get("zh-hans", ""), f"{name}_en": texts.get("en", "")}
    return found


def _weaknesses(form: BrandForm) -> list[str]:
    colors = {name: str(form[name].value() or "") for name in ("primary_color", "accent_color")}
    if form.errors.keys() & colors.keys():
        return []
    sentence = gettext("{front} on {back} has a contrast of {ratio}; {needed} is needed.")
    return [
        sentence.format(
            front=weakness.foreground,
            back=weakness.background,
            ratio=f"{weakness.ratio:.2f}",
            needed=f"{weakness.needed:g}",
        )
        for weakness in brands.weaknesses(**colors)
    ]
