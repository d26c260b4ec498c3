"""Who a page of the portal is for: the customer the signed-in person acts for, and nobody else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control

from identity.capabilities import Capability
from kernel.errors import NotFound
from portal.shared.access import requires
from tenants.customers import queries as customer_queries

STAFF_HOME = "/console/"

View = Callable[..., HttpResponse]


def customer_page(view: View) -> View:
    """Hand the customer to the view; what is not the customer's own is a page that does not exist."""

    @requires(Capability.USE_PORTAL)
    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _is_broken(request):
            raise Http404
        try:
            customer = customer_queries.customer_of_user(user=request.user)
        except NotFound:
            return render(request, "customer/no_customer.html", status=403)
        try:
            response = view(request, customer, *args, **kwargs)
        except NotFound as refusal:
            raise Http404 from refusal
        patch_cache_control(response, private=True, no_store=True)
        return response

    return opened


def _is_broken(request: HttpRequest) -> bool:
    """Whether an address or query carries a zero character, which no name or number has and no database takes."""
    values = [request.path, *(value for key in request.GET for value in request.GET.getlist(key))]
    return any("\x00" in value for value in values)


def staff_elsewhere(view: View) -> View:
    """Send people of the company who open the portal's front page to their console."""

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        if user.is_authenticated and user.is_staff_member and not user.can(Capability.USE_PORTAL):
            return redirect(STAFF_HOME)
        return view(request, *args, **kwargs)

    return opened


def today(request: HttpRequest) -> dt.date:
    """Return the day it is where the company is at home."""
    return timezone.localdate(timezone=ZoneInfo(request.retailer.time_zone))  # type: ignore[attr-defined]
