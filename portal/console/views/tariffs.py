"""Products and their versions: explained, changed as drafts, published for good."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.rating.errors import TariffError
from identity import queries as identity_queries
from identity.capabilities import Capability
from kernel.errors import GridhallError
from portal.console import document_order, pages, painted_calendars, positions, tariff_tables
from portal.console.forms import tariffs as forms
from portal.shared import formats, refusals, tables
from tenants.tariffs import operations, queries, tariff_documents

SECOND_PERSON = 2
COLUMNS = [
    tables.Column("title", _("Product"), primary=True),
    tables.Column("code", _("Code"), sort="code"),
    tables.Column("market", _("Market"), sort="market"),
    tables.Column("versions", _("Versions"), kind="number", sort="version_count"),
    tables.Column("agreements", _("Agreements"), kind="number", sort="agreement_count"),
]
VERSION_COLUMNS = [
    tables.Column("number", _("Version"), primary=True),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("valid_from", _("Valid from"), kind="day"),
    tables.Column("published", _("Published"), kind="day"),
]
AGREEMENT_COLUMNS = [
    tables.Column("account", _("Account"), primary=True),
    tables.Column("customer", _("Customer")),
    tables.Column("point", _("Supply point")),
    tables.Column("period", _("Period")),
    tables.Column("parameters", _("Parameters")),
]


@pages.page(Capability.SEE_TARIFFS)
def products(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.ProductFilter)
    table = tables.paged(request, queries.products(search=wanted["q"]), COLUMNS, default="code")
    page = {"form": form, "table": table, "four_eyes": queries.four_eyes()}
    return render(request, "console/products.html", page)


@pages.page(Capability.SEE_TARIFFS)
def product(request: HttpRequest, code: str) -> HttpResponse:
    return render(request, "console/product.html", _page(request, code, forms.VersionForm()))


@pages.form_page(Capability.CHANGE_TARIFFS)
def new(request: HttpRequest) -> HttpResponse:
    market = request.retailer.market  # type: ignore[attr-defined]
    initial = {"valid_from": pages.today(request), "template": request.GET.get("template", "")}
    form = forms.ProductForm(request.POST or None, market=market, initial=initial)
    if request.method == "POST" and form.is_valid():
        version = pages.filled_in(form, lambda: _start(request, market, form))
        if version:
            messages.success(request, gettext("The product stands as a draft. Adapt it, then publish it."))
            return redirect("console:version", code=version.product.code, number=version.number)
    crumbs = [(gettext("Tariffs"), reverse("console:products")), (gettext("New product"), "")]
    page = {
        "form": form,
        "title": gettext("New product"),
        "back": reverse("console:products"),
        "crumbs": crumbs,
        "submit": gettext("Start the product"),
    }
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


@pages.action(Capability.CHANGE_TARIFFS)
def add_version(request: HttpRequest, code: str) -> HttpResponse:
    form = forms.VersionForm(request.POST)
    detail = queries.product_detail(code=code, on=pages.today(request))
    if form.is_valid() and detail.versions:
        made = pages.filled_in(
            form,
            lambda: operations.add_version(
                product=detail.product,
                document=detail.versions[0].document,
                valid_from=form.cleaned_data["valid_from"],
                **pages.signed(request),
            ),
        )
        if made:
            return redirect("console:edit_draft", code=code, number=made.number)
    return render(request, "console/product.html", _page(request, code, form), status=422)


@pages.page(Capability.SEE_TARIFFS)
def version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    found = queries.version(product_code=code, number=number)
    page = {
        "version": found,
        "product": found.product,
        "text": document_order.as_text(found.document),
        **_approval(request, found),
        "crumbs": _crumbs(found, gettext("Version {number}").format(number=number)),
    }
    return render(request, "console/version.html", page | _explained(found))


@pages.form_page(Capability.CHANGE_TARIFFS)
def edit_draft(request: HttpRequest, code: str, number: int) -> HttpResponse:
    found = queries.version(product_code=code, number=number)
    if not found.is_open:
        messages.error(request, gettext("Only a draft can be changed. Add a new version instead."))
        return redirect("console:version", code=code, number=number)
    initial = {
        "document": document_order.as_text(found.document),
        "valid_from": found.valid_from,
    }
    form = forms.DraftForm(request.POST or None, initial=initial)
    place = None
    if request.method == "POST" and form.is_valid():
        place = _save(request, form, found)
        if form.is_valid():
            messages.success(request, gettext("The draft is saved."))
            return redirect("console:version", code=code, number=number)
    page = {
        "form": form,
        "place": place,
        "version": found,
        "crumbs": _crumbs(found, gettext("Change the draft"), inner=True),
    }
    return render(request, "console/draft.html", page, status=422 if form.errors else 200)


@pages.action(Capability.CHANGE_TARIFFS)
def review(request: HttpRequest, code: str, number: int) -> HttpResponse:
    found = queries.version(product_code=code, number=number)

    def operation() -> None:
        operations.review(version=found, **pages.signed(request))
        pages.note(request, "tariff.review", f"{code} {number}", valid_from=found.valid_from.isoformat())

    done = gettext("You reviewed this version. It can be published now by somebody who did not write it.")
    return pages.carry_out(request, operation, done=done, then=_address(code, number))


@pages.action(Capability.MANAGE_STAFF)
def policy(request: HttpRequest) -> HttpResponse:
    asks = request.POST.get("four_eyes") == "on"

    def operation() -> None:
        operations.change_policy(asks_four_eyes=asks)
        pages.note(request, "tariff.policy", "four eyes", four_eyes=asks)

    done = gettext("Prices are reviewed by a second person.") if asks else gettext("One person alone publishes prices.")
    return pages.carry_out(request, operation, done=done, then=reverse("console:products"))


@pages.action(Capability.PUBLISH_TARIFFS)
def publish(request: HttpRequest, code: str, number: int) -> HttpResponse:
    found = queries.version(product_code=code, number=number)

    def operation() -> None:
        operations.publish(version=found, **pages.signed(request))
        pages.note(request, "tariff.publish", f"{code} {number}", valid_from=found.valid_from.isoformat())

    day = formats.day(found.valid_from)
    done = gettext("The version is published. It holds from {day} and cannot be changed any more.").format(day=day)
    return pages.carry_out(request, operation, done=done, then=_address(code, number))


@pages.action(Capability.PUBLISH_TARIFFS)
def withdraw(request: HttpRequest, code: str, number: int) -> HttpResponse:
    found = queries.version(product_code=code, number=number)

    def operation() -> None:
        operations.withdraw(version=found)
        pages.note(request, "tariff.withdraw", f"{code} {number}")

    done = gettext("The version is withdrawn. Bills that were made by it stay as they are.")
    return pages.carry_out(request, operation, done=done, then=_address(code, number))


@pages.action(Capability.CHANGE_TARIFFS)
def delete_draft(request: HttpRequest, code: str, number: int) -> HttpResponse:
    found = queries.version(product_code=code, number=number)
    then = reverse("console:product", args=[code]) if found.is_open else _address(code, number)
    return pages.carry_out(
        request,
        lambda: operations.delete_draft(version=found),
        done=gettext("The draft is deleted."),
        then=then,
    )


def _start(request: HttpRequest, market: str, form: forms.ProductForm) -> Any:
    data = form.cleaned_data
    return operations.create_product_from_template(
        market=market,
        template=data["template"],
        valid_from=data["valid_from"],
        code=data["code"],
        titles=form.titles,
        **pages.signed(request),
    )


def _save(request: HttpRequest, form: forms.DraftForm, found: Any) -> positions.Place | None:
    """Save the draft; a refused document is shown where it is refused."""
    text = form.cleaned_data["document"]
    try:
        document = tariff_documents.read(text)
        day = form.cleaned_data["valid_from"]
        operations.save_draft(version=found, document=document, valid_from=day, **pages.signed(request))
    except TariffError as refusal:
        form.add_error("document", refusals.sentence(refusal))
        return positions.locate(text, refusal.where)
    except GridhallError as refusal:
        refusals.show(form, refusal)
    return None


def _approval(request: HttpRequest, found: Any) -> dict[str, Any]:
    """Tell which step comes next and whether the reader may take it."""
    asks = queries.four_eyes()
    wrote = request.user.pk in queries.authors_of(version=found) if found.is_open else False
    return {
        "four_eyes": asks,
        "wrote": wrote,
        "to_review": asks and found.status == "draft",
        "to_publish": found.is_open and (not asks or found.status == "reviewed"),
        "may_publish": not asks or not wrote,
        "alone": asks and wrote and identity_queries.staff().filter(is_active=True).count() < SECOND_PERSON,
    }


def _explained(found: Any) -> dict[str, Any]:
    try:
        tariff = tariff_documents.tariff_of(version=found)
    except GridhallError as refusal:
        return {"fault": refusals.sentence(refusal)}
    painted = [painted_calendars.paint(name=name, year=found.valid_from.year) for name in tariff.calendars]
    return {
        "tariff": tariff,
        "charges": tariff_tables.charges(tariff),
        "parameters": tariff_tables.parameters(tariff),
        "paintings": [painting for painting in painted if painting],
    }


def _page(request: HttpRequest, code: str, form: forms.VersionForm) -> dict[str, Any]:
    detail = queries.product_detail(code=code, on=pages.today(request))
    agreements = queries.agreements(product_code=code)
    return {
        "product": detail.product,
        "running": detail.running_agreements,
        "versions": tables.Table(columns=VERSION_COLUMNS, rows=detail.versions),
        "agreements": tables.paged(request, agreements, AGREEMENT_COLUMNS, size=25),
        "form": form,
        "crumbs": [(gettext("Tariffs"), reverse("console:products")), (code, "")],
    }


def _address(code: str, number: int) -> str:
    return reverse("console:version", args=[code, number])


def _crumbs(found: Any, title: str, *, inner: bool = False) -> list[tuple[str, str]]:
    code = found.product.code
    between = [(gettext("Version {number}").format(number=found.number), _address(code, found.number))] if inner else []
    return [
        (gettext("Tariffs"), reverse("console:products")),
        (code, reverse("console:product", args=[code])),
        *between,
        (title, ""),
    ]
