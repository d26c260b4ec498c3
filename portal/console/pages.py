"""What every page of the console does: asks for a capability, answers for what is not there, and acts for a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from identity import operations as identity_operations
from identity.capabilities import Capability
from kernel.errors import GridhallError, NotFound
from portal.shared import refusals
from portal.shared.access import requires

View = Callable[..., HttpResponse]
FormType = TypeVar("FormType", bound=forms.Form)


def staff_page(view: View) -> View:
    """Open a page for reading to everybody who holds a post here."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_staff_member:  # type: ignore[union-attr]
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return require_safe(login_required(_found(checked)))


def page(capability: Capability) -> Callable[[View], View]:
    """Open a page for reading."""
    return lambda view: require_safe(requires(capability)(_found(view)))


def form_page(capability: Capability) -> Callable[[View], View]:
    """Open a page that is read and sent back filled in."""
    return lambda view: require_http_methods(["GET", "HEAD", "POST"])(requires(capability)(_found(view)))


def action(capability: Capability) -> Callable[[View], View]:
    """Open an address that only takes orders."""
    return lambda view: require_POST(requires(capability)(_found(view)))


def filters(request: HttpRequest, form_type: type[FormType]) -> tuple[FormType, dict[str, Any]]:
    """Return the filter form of a list and its values; what no honest link holds is a bad request."""
    form = form_type(request.GET or None)
    if form.is_bound and not form.is_valid():
        raise BadRequest(str(form.errors.as_text()))
    empty = {name: field.initial or field.empty_values[0] or "" for name, field in form.fields.items()}
    return form, {**empty, **form.cleaned_data} if form.is_bound else empty


def today(request: HttpRequest) -> dt.date:
    """Return the day it is at the company."""
    return timezone.now().astimezone(zone(request)).date()


def zone(request: HttpRequest) -> ZoneInfo:
    """Return the company's clock."""
    return ZoneInfo(request.retailer.time_zone)  # type: ignore[attr-defined]


def carry_out(request: HttpRequest, operation: Callable[[], Any], *, done: str, then: str) -> HttpResponse:
    """Run an operation whole or not at all, say what came of it, and go to the address ``then``."""
    try:
        with transaction.atomic():
            operation()
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        messages.success(request, done)
    return redirect(then)


def filled_in(form: forms.Form, operation: Callable[[], Any]) -> Any:
    """Run an operation with what was filled in; a refusal is put at its field and None is returned."""
    try:
        with transaction.atomic():
            return operation()
    except GridhallError as refusal:
        refusals.show(form, refusal)
        return None


def signed(request: HttpRequest) -> dict[str, Any]:
    """Return who acts and when, as operations take it."""
    return {"by": request.user, "at": timezone.now()}


def note(request: HttpRequest, action: str, subject: str, **details: Any) -> None:
    """Write down who did it, for the audit trail."""
    identity_operations.record(
        action=action,
        subject=subject[:120],
        by=request.user,  # type: ignore[arg-type]
        at=timezone.now(),
        details=details,
    )


def _found(view: View) -> View:
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotFound as refusal:
            raise Http404 from refusal

    return answered
