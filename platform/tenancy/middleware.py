"""The first wall: each request works for the retailer of its host, and for nobody after it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

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
            return render(request, "421.html", status=MISDIRECTED, using=None)
        if retailer.status != models.Retailer.Status.ACTIVE:
            return render(request, "unavailable.html", status=UNAVAILABLE)
        return self._serve(request, retailer)

    def _serve(self, request: HttpRequest, retailer: models.Retailer) -> HttpResponse:
        request.retailer = request.tenant = retailer  # type: ignore[attr-defined]
        request.urlconf = URLCONFS[models.Retailer.Kind(retailer.kind)]  # type: ignore[attr-defined]
        connection.set_tenant(retailer)
        try:
            response = self.get_response(request)
        finally:
            connection.set_schema_to_public()
        response.headers["Vary"] = ", ".join(filter(None, [response.headers.get("Vary"), "Host"]))
        return response
