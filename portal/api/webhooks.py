"""The door for messages of payment providers: no session, no key; the provider's signature opens it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.payments.providers import operations
from billing.payments.providers.base import BadSignature, ProviderRefused, ProviderSilent
from billing.payments.providers.choosing import NoPlatformKey
from kernel.errors import NotFound

LARGEST = 1_000_000
SIGNATURE = "HTTP_STRIPE_SIGNATURE"
TAKEN, REFUSED, TOO_LARGE, LATER = 200, 400, 413, 503


@csrf_exempt
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    """Take a message at a company's own address."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return _answer(TOO_LARGE)
    try:
        operations.hear(
            provider="stripe", body=request.body, signature=request.META.get(SIGNATURE, ""), at=timezone.now()
        )
    except NotFound:
        return _answer(404)
    except (BadSignature, NoPlatformKey):
        return _answer(REFUSED)
    return _answer(TAKEN)


@csrf_exempt
@require_POST
def stripe_connected(request: HttpRequest) -> HttpResponse:
    """Take a message for one of the connected accounts at the host's address and hand it on."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return _answer(TOO_LARGE)
    try:
        operations.hear_connected(body=request.body, signature=request.META.get(SIGNATURE, ""), at=timezone.now())
    except (BadSignature, NoPlatformKey):
        return _answer(REFUSED)
    except (ProviderSilent, ProviderRefused):
        return _answer(LATER)
    return _answer(TAKEN)


def _answer(status: int) -> HttpResponse:
    return HttpResponse(status=status, content_type="text/plain")
