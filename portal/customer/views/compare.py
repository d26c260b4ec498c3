"""The customer's own year on every product: what it would have cost, and how that was reckoned."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from kernel.errors import GridhallError
from portal.customer import access, places, product_comparison
from portal.customer.access import customer_page
from portal.shared import tables

COLUMNS = [
    tables.Column("product", _("Product"), primary=True),
    tables.Column("cost", _("Cost"), kind="money"),
    tables.Column("difference", _("Compared with yours"), kind="money"),
]


@customer_page
def compare(request: HttpRequest, customer: Any) -> HttpResponse:
    today = access.today(request)
    held = [place for place in places.of_customer(customer) if place.is_held(today)]
    asked = request.GET.get("point", "")
    page: dict[str, Any] = {"place": None, "view": None, "choices": _choices(held)}
    if held or asked:
        place = places.chosen(held, asked)
        page["place"] = place
        try:
            view = product_comparison.of_place(place, timezone.localdate(timezone=place.zone))
        except GridhallError as refusal:
            page["refused"] = product_comparison.refusal_words(refusal)
        else:
            table = tables.Table(columns=COLUMNS, rows=view.rows)
            page |= {"view": view, "table": table, "subject": product_comparison.subject(place, view)}
    return render(request, "customer/compare.html", page)


def address_of(place: places.Place) -> str:
    """Return where the products are compared for a place."""
    return f"{reverse('portal:compare')}?{urlencode({'point': place.identifier})}"


def _choices(held: list[places.Place]) -> list[tuple[str, str, str]]:
    return [(place.identifier, place.address, address_of(place)) for place in held]
