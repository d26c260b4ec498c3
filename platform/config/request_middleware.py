"""Around every request: probes are answered, the rest gets a number, a log line, figures and a span."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from config import metrics, probe_pages, tracing
from tenancy import circumstances
from tenancy.database import connection

log = logging.getLogger("gridhall.request")
HEADER = "X-Request-ID"
UNMATCHED = "-"


class RequestMiddleware:
    """Stands before all others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in probe_pages.PATHS:
            return _probe(request)
        number = circumstances.accepted(request.headers.get(HEADER, ""))
        request.request_id = number  # type: ignore[attr-defined]
        work = circumstances.Circumstances(request_id=number, kind="route")
        begun = time.perf_counter()
        parent = request.headers.get(tracing.HEADER, "")
        with circumstances.within(work), tracing.request_span(parent, request.method or "") as span:
            response = self.get_response(request)
            response[HEADER] = number
            span.update(_told(request, response, time.perf_counter() - begun, work))
        return response

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        """Know the page's name from now on, for faults and for what is logged meanwhile."""
        circumstances.present().name = route_of(request)


def route_of(request: HttpRequest) -> str:
    """Return the name of the page, which is one of few, or ``-`` where no page answers to the address."""
    match = request.resolver_match
    return (match.view_name or match.route or UNMATCHED) if match else UNMATCHED


def _told(request: HttpRequest, response: HttpResponse, seconds: float, work: Any) -> dict[str, Any]:
    """Write the request's line and count it; return its facts."""
    company = str(getattr(getattr(request, "retailer", None), "code", "") or "-")
    work.name, work.user_id = route_of(request), _user(request)
    facts = {
        "method": request.method if request.method in metrics.METHODS else "other",
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
        "company": company,
    }
    level = logging.ERROR if response.status_code >= 500 else logging.INFO
    log.log(level, "request", extra={"facts": facts})
    metrics.count_request(
        route=work.name, method=request.method or "", status=response.status_code, seconds=seconds, company=company
    )
    return {**facts, "route": work.name, "request_id": work.request_id}


def _user(request: HttpRequest) -> int | None:
    """The number of who is signed in, where that was asked for already; no query is made for a log line."""
    user = getattr(request, "_cached_user", None)
    return user.pk if user is not None and user.is_authenticated else None


def _probe(request: HttpRequest) -> HttpResponse:
    connection.set_schema_to_public()
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    headers = {name.lower(): value for name, value in request.headers.items()}
    sender = request.META.get("REMOTE_ADDR", "")
    status, kind, body = probe_pages.answer(path=request.path, sender=sender, headers=headers)
    return HttpResponse(body, status=status, content_type=kind, headers={"Cache-Control": "no-store"})
