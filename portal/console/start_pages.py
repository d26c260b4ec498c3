"""The guided start: what stands, what is missing, where it is done; and the act of going live."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

import markets
from hosting import going_live
from hosting.operations import demo_spaces
from identity import queries as identity_queries
from identity.capabilities import Capability
from kernel import texts
from kernel.errors import GridhallError
from portal.console import pages
from portal.shared import formats, refusals

TITLES = {
    "brand": _("Brand"), "domain": _("Domain"), "entity": _("Market and legal entity"), "tariff": _("Tariff"),
    "customers": _("Customers"), "meters": _("Meters"), "agreements": _("Agreements"), "payments": _("Payments"),
    "people": _("People"),
}  # fmt: skip
TO_DO = {
    "brand": _("Choose colours and a logo, and say whom customers ask: a telephone number or a mail address."),
    "domain": _("The address your host gave works. A host of your own needs two DNS records."),
    "entity": _("Say in whose name invoices are issued, with address, tax number and bank account."),
    "tariff": _("Make a product from a template of your market, look it through, and publish it."),
    "customers": _("Import customers and supply points from a file; each row is checked before anything is kept."),
    "meters": _("Import a meter file: it hangs the meters it names. Others are entered at the supply point."),
    "agreements": _("Agree a product with each supply point, in the customers' file or at the supply point."),
    "payments": _("Connect a payment provider, or name the bank account to which customers transfer."),
    "people": _("Invite a second person: what needs approval cannot be asked for and approved by the same one."),
}  # fmt: skip
PAGES = {
    "brand": ("brand", _("To the brand")), "domain": ("domains", _("To the domains")),
    "entity": ("entities", _("To the legal entities")), "tariff": ("products", _("To the tariffs")),
    "customers": ("import_customers", _("Import customers")), "meters": ("new_import", _("Import meters")),
    "agreements": ("customers", _("To the customers")), "payments": ("provider", _("To the payment provider")),
    "people": ("staff", _("To the staff")),
}  # fmt: skip


@pages.page(Capability.MANAGE_STAFF)
def start(request: HttpRequest) -> HttpResponse:
    retailer: Any = request.retailer  # type: ignore[attr-defined]
    rows = [_row(each) for each in going_live.points()]
    left = [row for row in rows if row["must"] and not row["stands"]]
    page = {
        "rows": rows, "left": left, "done": sum(row["stands"] for row in rows), "total": len(rows),
        "next": left[0]["name"] if left else "", "zone": pages.zone(request),
        "market": texts.pick(markets.pack(retailer.market).title, request.LANGUAGE_CODE),  # type: ignore[attr-defined]
    }  # fmt: skip
    if retailer.is_demo:
        page |= {"password": demo_spaces.password_of(retailer), "people": _made_up(request)}
    return render(request, "console/start.html", page)


@pages.action(Capability.MANAGE_STAFF)
def go_live(request: HttpRequest) -> HttpResponse:
    """Declare the company live; what is missing is named, each point."""
    try:
        at = going_live.go_live(at=timezone.now())
    except going_live.NotReady as refusal:
        names = ", ".join(str(TITLES.get(name, name)) for name in refusal.missing)
        said = gettext("The company cannot go live yet. Missing: {missing}.")
        messages.error(request, said.format(missing=names))
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        pages.note(request, "company.go_live", request.retailer.code, at=at.isoformat())  # type: ignore[attr-defined]
        messages.success(request, gettext("The company is live. Bills and messages are in earnest."))
    return redirect("console:start")


def _row(point: going_live.Point) -> dict[str, Any]:
    name, label = PAGES[point.name]
    return {
        "name": point.name, "title": TITLES[point.name], "todo": TO_DO[point.name], "must": point.must,
        "stands": point.seen.stands, "found": _found(point), "url": reverse(f"console:{name}"), "label": label,
    }  # fmt: skip


def _found(point: going_live.Point) -> str:
    """Return what was found of a point, in words."""
    facts: Any = point.seen.facts
    if not point.seen.stands:
        return ""
    if point.name == "customers":
        said = gettext("{customers} customers, {points} supply points")
        customers, points = formats.number(facts["customers"]), formats.number(facts["supply_points"])
        return said.format(customers=customers, points=points)
    if point.name == "payments":
        return gettext("By a payment provider") if facts["online"] else gettext("By transfer to your bank account")
    if "count" in facts:
        return f"{TITLES[point.name]}: {formats.number(facts['count'])}"
    return str(facts.get("name") or facts.get("host") or facts.get("support") or "")


def _made_up(request: HttpRequest) -> list[Any]:
    """Return the made-up people of a demo who can sign in, the person who reads left out."""
    return [each for each in identity_queries.staff().exclude(pk=request.user.pk or 0) if each.has_usable_password()]
