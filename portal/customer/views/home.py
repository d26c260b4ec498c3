"""The first page: what is owed, the latest bill, and what was used lately."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from billing.invoices import queries as invoice_queries
from portal.customer import access, bill_history, places, recent_use, tariffs, tier_progress
from portal.customer.access import customer_page, staff_elsewhere
from portal.customer.views import paying, prepaid


@staff_elsewhere
@customer_page
def home(request: HttpRequest, customer: Any) -> HttpResponse:
    today = access.today(request)
    states = bill_history.states(customer, today)
    latest = invoice_queries.latest_invoice(account_ids=[state.account.pk for state in states]) if states else None
    held = [place for place in places.of_customer(customer) if place.is_held(today)]
    channels = recent_use.use_channels(held) if held else []
    window = recent_use.window(channels)
    by_place = recent_use.totals(held, channels, window) if window else {}
    recent = recent_use.recent(by_place, today)
    page = {
        "customer": customer,
        "states": states,
        "balances": prepaid.of_customer(customer),
        "all": _all(states),
        "latest": latest,
        "pay_url": reverse("portal:pay") if any(state.owes for state in states) and paying.can_pay(latest) else "",
        "latest_standing": _standing(latest, states, today),
        "places": held,
        "recent": recent,
        "tiers": _tiers(held, channels, latest, recent),
    }
    return render(request, "customer/home.html", page)


def _all(states: list[bill_history.AccountState]) -> Any:
    """Return the only account's state, or what all of them owe together."""
    if len(states) == 1:
        return states[0]
    total = bill_history.owed_in_all(states)
    dues = [state.due_on for state in states if state.owes and state.due_on]
    late = any(state.is_overdue for state in states)
    return bill_history.AccountState(None, total, min(dues, default=None), 0, late) if total is not None else None


def _standing(latest: Any, states: list[bill_history.AccountState], today: Any) -> Any:
    owner = next((state for state in states if latest is not None and state.account.pk == latest.account_id), None)
    return bill_history.standing(latest, owner, today) if latest is not None else None


def _tiers(held: list[places.Place], channels: list[Any], latest: Any, recent: recent_use.Recent | None) -> Any:
    """Return the tier progress of the only place; with several, each bill tells its own."""
    if recent is None or len(held) != 1:
        return None
    place = held[0]
    agreed = tariffs.in_force(place, recent.until)
    charge = tier_progress.charge_of(agreed) if agreed else None
    if agreed is None or charge is None:
        return None
    counted = tier_progress.counted(latest, place.identifier, charge)
    read = recent_use.totals(held, channels, tier_progress.unbilled(counted, recent.until))
    used = tier_progress.used_in_year(counted, read.get(place.point.pk, {}), recent.until)
    figure = tier_progress.figure(agreed, charge, used, place.account.currency)
    return figure.figure() if figure else None
