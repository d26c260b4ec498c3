"""The first wall: each request works for the retailer of its host, and for nobody after it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from tenancy import hosts, models
from tenancy.database import connection

MISDIRECTED = 421
UNAVAILABLE = 503
URLCONFS = {
    models.Retailer.Kind.RETAILER: "config.urls_retailer",
    models.Retailer.Kind.OPERATOR: "config.urls_operator",
}


class RetailerMiddleware:
    """Sets ``request.retailer`` and the role, path and addresses that go with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        connection.set_schema_to_public()
        retailer = hosts.find_retailer(request.META.get("HTTP_HOST", ""))
        if retailer is None:
            response = render(request, "421.html", status=MISDIRECTED, using=None)
        elif retailer.status != models.Retailer.Status.ACTIVE:
            response = render(request, "unavailable.html", status=UNAVAILABLE)
        else:
            response = self._serve(request, retailer)
        patch_vary_headers(response, ["Host"])
        return response

    def _serve(self, request: HttpRequest, retailer: models.Retailer) -> HttpResponse:
        request.retailer = request.tenant = retailer  # type: ignore[attr-defined]
        request.urlconf = URLCONFS[models.Retailer.Kind(retailer.kind)]  # type: ignore[attr-defined]
        connection.set_tenant(retailer)
        try:
            return self.get_response(request)
        finally:
            connection.set_schema_to_public()
