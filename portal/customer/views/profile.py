"""The customer's own data, the places supplied, the prices in force, and the language."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_POST

import markets
from identity import operations as identity_operations
from kernel import texts
from kernel.periods import Period
from portal.customer import access, bill_history, masks, places, tariff_words, tariffs
from portal.customer.access import customer_page
from portal.customer.views import compare
from portal.shared import context, languages
from tenants.metering import queries as metering_queries
from tenants.tariffs import queries as tariff_queries

YEAR = 365 * 24 * 3600


@customer_page
def profile(request: HttpRequest, customer: Any) -> HttpResponse:
    held = places.of_customer(customer)
    today = access.today(request)
    page = {
        "customer": customer,
        "facts": _facts(request, customer),
        "states": bill_history.states(customer, today),
        "places": _places(held, today),
        "identifier_title": _identifier_title(request),
    }
    return render(request, "customer/profile.html", page)


@customer_page
def prices(request: HttpRequest, customer: Any, identifier: str) -> HttpResponse:
    place = places.chosen(places.of_customer(customer), identifier)
    agreed = tariffs.in_force(place, timezone.localdate(timezone=place.zone))
    currency = place.account.currency
    page = {
        "place": place,
        "crumbs": [(gettext("Account"), reverse("portal:profile"))],
        "agreed": agreed,
        "identifier_title": _identifier_title(request),
        "title": tariff_words.title_of(agreed) if agreed else gettext("No prices in force"),
        "days": tariff_words.days(agreed, currency) if agreed else [],
        "flat_price": tariff_words.flat_price(agreed) if agreed else None,
        "charges": tariff_words.charges(agreed, currency) if agreed else [],
        "currency": currency,
        "compare_url": compare.address_of(place),
    }
    return render(request, "customer/prices.html", page)


@require_POST
@customer_page
def language(request: HttpRequest, customer: Any) -> HttpResponse:
    chosen = languages.match(request.POST.get("language", ""), context.offered(request))
    response = redirect("portal:profile")
    if chosen:
        identity_operations.change_language(user=request.user, language=chosen)  # type: ignore[arg-type]
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, chosen, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
        with translation.override(chosen):
            messages.success(request, gettext("From now on we write to you in this language."))
    return response


def _facts(request: HttpRequest, customer: Any) -> list[tuple[str, str]]:
    user: Any = request.user
    return [
        (gettext("Name"), customer.name),
        (gettext("Customer number"), customer.number),
        (gettext("Email"), masks.email(customer.email or user.email)),
        (gettext("Telephone"), masks.phone(customer.phone) or "–"),
    ]


def _places(held: list[places.Place], today: dt.date) -> list[dict[str, Any]]:
    """Return each place with its meter and product, in three more queries for all."""
    ids = [place.point.pk for place in held]
    meters: dict[int, list[str]] = {}
    for meter in metering_queries.meters_of(supply_point_ids=ids):
        meters.setdefault(meter.supply_point_id, []).append(meter.serial)
    terms = tariff_queries.terms_in(supply_point_ids=ids, period=Period(today, today + dt.timedelta(days=1)))
    return [
        {
            "place": place,
            "meter": (meters.get(place.point.pk) or [""])[0],
            "is_held": place.is_held(today),
            "compare_url": compare.address_of(place),
            "product": _product(place, terms.get(place.point.pk, [])) if place.is_held(today) else "",
        }
        for place in held
    ]


def _product(place: places.Place, terms: list[Any]) -> str:
    mine = [each for each in terms if each.agreement.account_id == place.account.pk]
    return texts.pick(mine[0].version.product.titles, get_language() or "en") if mine else ""


def _identifier_title(request: HttpRequest) -> str:
    pack = markets.pack(request.retailer.market)  # type: ignore[attr-defined]
    return texts.pick(pack.texts["supply_point_identifier"], get_language() or "en")
