"""What a company's plan means at its doors: deeds of staff refused while it is read-only, calls of programs counted.

One place decides for console and API alike. The customers' portal, signing in, and messages of providers are not asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from hosting import plans, usage
from portal.shared import refusals

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
FORBIDDEN = 403
CONSOLE, API, OPERATOR_PAGES = "console", "api", "hosting"
GOES_ON_PAGES = frozenset(
    {
        "pay_hosting", "change_plan", "end_plan", "keep_plan", "order_take_out",
        "new_import", "import_columns", "confirm_import",
        "new_payment", "import_statement", "match_lines", "book_line", "park_line", "import_agent_file",
        "open_desk", "take_cash", "deposit_cash", "count_cash",
        "dispatch_supply_order", "report_supply_order", "cancel_supply_order",
        "deactivate", "revoke_key", "send_link", "company_end", "revoke_company_end",
        "ask_data", "give_out_data", "check_erasure", "approve_erasure", "refuse_data_request", "legal_hold",
    }
)  # fmt: skip
"""Paying us; data taken along; readings and payments that come in; power that is switched; doors that are shut."""
GOES_ON_NOUNS = frozenset(
    {
        "readings", "reading-batches", "reading-imports", "register-reads", "self-reads",
        "payments", "bank-statements", "supply-orders",
    }
)  # fmt: skip


class PlanMiddleware:
    """Stands behind the sessions, so that what it says is in the reader's language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if match is not None and API in match.namespaces:
            retailer = request.retailer  # type: ignore[attr-defined]
            usage.count_call(retailer_id=retailer.pk, on=timezone.now().date())
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Refuse what changes something while the company is read-only."""
        match = request.resolver_match
        if request.method in SAFE or match is None or not {CONSOLE, API} & set(match.namespaces):
            return None
        if goes_on(match.namespaces, match.url_name or "", request.path):
            return None
        try:
            plans.require_writable()
        except plans.ReadOnly as refusal:
            return _refused(request, refusal, is_program=API in match.namespaces)
        return None


def goes_on(namespaces: list[str], name: str, path: str) -> bool:
    """Return whether an address is served while the company is read-only."""
    if API in namespaces:
        steps = [step for step in path.split("/") if step]
        return len(steps) > 2 and steps[2] in GOES_ON_NOUNS
    return name in GOES_ON_PAGES


def _refused(request: HttpRequest, refusal: plans.ReadOnly, *, is_program: bool) -> HttpResponse:
    said = refusals.sentence(refusal)
    if is_program:
        problem = {
            "type": f"/api/v1/docs/#problem-{refusal.code}", "title": said, "status": FORBIDDEN, "code": refusal.code,
            "detail": said, "errors": [],
        }  # fmt: skip
        return JsonResponse(problem, status=FORBIDDEN, content_type="application/problem+json")
    response = render(request, "read_only.html", {"said": said}, status=FORBIDDEN)
    if request.headers.get("HX-Request"):
        response["HX-Trigger"] = json.dumps({"toast": {"tone": "danger", "text": said}})
    return response
