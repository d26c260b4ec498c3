"""Where a reverse proxy asks whether it may get a certificate for a name (on-demand TLS): yes for hosts of companies.

The answer holds nothing but its status, and is the same on every host; whoever serves it (``config``) needs no company.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from hosting import own_hosts

PATH = "/-/tls-allowed"
NO = 404


def tls_allowed(request: HttpRequest) -> HttpResponse:
    """Answer 200 for ``?domain=`` of a host that is served or proven, 404 for every other name."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    known = own_hosts.is_known(request.GET.get("domain", ""), at=timezone.now())
    return HttpResponse(status=200 if known else NO, headers={"Cache-Control": "no-store"})


class TlsAllowedMiddleware:
    """Stands before the companies: the proxy asks by an address inside, which is no company's host."""

    def __init__(self, get_response: object) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == PATH:
            return tls_allowed(request)
        return self.get_response(request)  # type: ignore[operator,no-any-return]
