"""What staff and programs see of people: masked without the right to it, and written down where it was shown whole.

Pages and answers are written as ever; the texts themselves ask (``kernel.personal``). One row records a request.
A program's rights are known once its key is: ``as_reader`` is called by the API then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from identity.capabilities import Capability
from kernel import masking, personal
from portal.shared.door_paths import API, CONSOLE
from tenants.customers.operations import accesses

_SHOWN_UNTIL = "personal_shown"
SERVER_ERROR = 500
SHOWN_SECONDS = 900
"""How long a customer stays open to somebody who asked to see him."""


class PersonalMiddleware:
    """Stands behind the guard: who is there is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if getattr(request, "retailer", None) is None or not request.path.startswith((CONSOLE, API)):
            return self.get_response(request)
        with personal.watched() as seen, _masked_for(request):
            response = self.get_response(request)
            if seen and response.status_code < SERVER_ERROR:
                accesses.note_shown(
                    seen=seen,
                    door=_door(request, response),
                    page=_page(request),
                    by=_reader(request),
                    at=timezone.now(),
                )
        return response


@contextmanager
def as_reader(request: HttpRequest, caller: Any) -> Iterator[None]:
    """Show a program what the scopes of its key allow."""
    request.personal_reader = caller  # type: ignore[attr-defined]
    with masking.masked(unless=caller is not None and caller.can(Capability.SEE_PERSONAL)):
        yield


@contextmanager
def opened_on_request(request: HttpRequest, number: str) -> Iterator[bool]:
    """Show a customer whole for whom this session gave a reason lately; yields whether it is so."""
    until = request.session.get(_SHOWN_UNTIL, {}).get(number, 0)
    lifted = masking.is_on() and until > timezone.now().timestamp()
    if not lifted:
        yield False
        return
    with masking.masked(unless=True):
        yield True


def open_for_a_while(request: HttpRequest, number: str) -> None:
    """Let this session see a customer whole for a quarter of an hour; the reason is recorded by the caller."""
    now = timezone.now().timestamp()
    kept = {name: until for name, until in request.session.get(_SHOWN_UNTIL, {}).items() if until > now}
    request.session[_SHOWN_UNTIL] = {**kept, number: now + SHOWN_SECONDS}


def may_ask(user: Any) -> bool:
    """Return whether somebody to whom it is masked may ask with a reason; a visitor of the host may not."""
    return masking.is_on() and getattr(user, "support", None) is None


@contextmanager
def _masked_for(request: HttpRequest) -> Iterator[None]:
    user: Any = getattr(request, "user", None)
    if getattr(user, "support", None) is not None:  # the guard has decided for the visit
        yield
        return
    is_open = request.path.startswith(CONSOLE) and hasattr(user, "can") and user.can(Capability.SEE_PERSONAL)
    with masking.masked(unless=is_open):
        yield


def _door(request: HttpRequest, response: HttpResponse) -> str:
    if request.path.startswith(API):
        return str(accesses.Door.API)
    is_file = response.headers.get("Content-Disposition", "").startswith("attachment")
    return str(accesses.Door.EXPORT if is_file else accesses.Door.CONSOLE)


def _page(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.view_name or match.route) if match else request.path


def _reader(request: HttpRequest) -> Any:
    return getattr(request, "personal_reader", None) or request.user
