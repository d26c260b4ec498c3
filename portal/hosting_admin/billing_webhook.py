"""The door for Stripe's messages about the host's own account; the signature opens it."""

from __future__ import annotations

import contextlib

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from hosting import plan_tasks
from hosting.operations import hearing

LARGEST = 1_000_000
SIGNATURE = "HTTP_STRIPE_SIGNATURE"
TAKEN, REFUSED, TOO_LARGE = 200, 400, 413


@csrf_exempt
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    """Store a message; it is worked off by a task, and by the sweep when that order is lost."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return _answer(TOO_LARGE)
    try:
        message = hearing.hear(body=request.body, signature=request.META.get(SIGNATURE, ""), at=timezone.now())
    except hearing.BadMessage:
        return _answer(REFUSED)
    with contextlib.suppress(OperationalError):
        plan_tasks.work_off_billing_message.delay(message_id=message.pk)
    return _answer(TAKEN)


def _answer(status: int) -> HttpResponse:
    return HttpResponse(status=status, content_type="text/plain")
