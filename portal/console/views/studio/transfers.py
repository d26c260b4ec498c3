"""Templates to start from, tariffs brought in from others, documents taken out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from identity.capabilities import Capability
from kernel.errors import Invalid, NotFound, gettext_noop
from portal.console import document_order, pages
from portal.console.forms import studio as forms
from portal.console.studio import gallery, places
from tenants.tariffs import operations, queries, tariff_documents
from tenants.tariffs.operations import importing

LARGEST_FILE = 4_000_000


class NotText(Invalid):
    """A tariff is text."""

    code = "tariff_file_not_text"
    template = gettext_noop("The file is not text in UTF-8, or too large.")


@pages.page(Capability.CHANGE_TARIFFS)
def templates(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:100]
    page = {
        "q": words,
        "templates": gallery.templates(request.retailer.market, search=words),  # type: ignore[attr-defined]
        "crumbs": [(gettext("Tariffs"), reverse("console:products")), (gettext("Templates"), "")],
    }
    return render(request, "console/studio/gallery.html", page)


@pages.form_page(Capability.CHANGE_TARIFFS)
def bring_in(request: HttpRequest) -> HttpResponse:
    initial = {"valid_from": pages.today(request), "code": request.GET.get("product", "")[:32]}
    form = forms.ImportForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        version = pages.filled_in(form, lambda: _import(request, form))
        if version:
            messages.success(request, gettext("The tariff stands as a draft. Look at it, then have it reviewed."))
            return redirect("console:studio", code=version.product.code, number=version.number)
    title = gettext("Import a tariff")
    page = {
        "form": form,
        "title": title,
        "lead": gettext("It becomes a draft. What cannot be billed is refused, never dropped silently."),
        "back": reverse("console:products"),
        "crumbs": [(gettext("Tariffs"), reverse("console:products")), (title, "")],
        "submit": gettext("Import it"),
    }
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


@pages.page(Capability.SEE_TARIFFS)
def document(request: HttpRequest, code: str, number: int, form: str) -> HttpResponse:
    """Answer the document as a file."""
    found = queries.version(product_code=code, number=number)
    as_json = form == "json"
    text = document_order.as_json(found.document) if as_json else document_order.as_text(found.document)
    answer = HttpResponse(text, content_type="application/json" if as_json else "application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{places.slug(code)}-{number}.{form}"'
    return answer


def _import(request: HttpRequest, form: forms.ImportForm) -> Any:
    data, given = _text(form.cleaned_data["file"]), form.cleaned_data
    day, signed = given["valid_from"], pages.signed(request)
    document, left_out = _read(given["kind"], data)
    code = given["code"] or str(document.get("code") or "")
    try:
        product = queries.product(code=code)
    except NotFound:
        product = None
    if product is not None:
        version = operations.add_version(product=product, document=document, valid_from=day, **signed)
    else:
        titles = places.texts(document.get("title")) or {"en": code}
        market = request.retailer.market  # type: ignore[attr-defined]
        version = operations.create_product(
            code=code, titles=titles, market=market, document=document, valid_from=day, **signed
        )
    for sentence in left_out:
        messages.warning(request, gettext("Left out: {what}").format(what=sentence))
    pages.note(request, "tariff.import", f"{version.product.code} {version.number}", format=given["kind"])
    return version


def _read(kind: str, data: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    if kind == "document":
        return tariff_documents.read(data), ()
    found = importing.read_document(kind=kind, data=data)
    return found.document, found.left_out


def _text(file: Any) -> str:
    try:
        if file.size > LARGEST_FILE:
            raise NotText(where="file")
        return str(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise NotText(where="file") from None
