"""What goes wrong, as application/problem+json (RFC 9457).

A refusal of the platform gets its status from its class, its sentence in the caller's language, and a pointer
from its ``where``: into the body (``pointer``), or the name of a query parameter or header. What nobody foresaw
gives an id that also stands in the log, and nothing more.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DataError, IntegrityError
from django.http import Http404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, status
from rest_framework.response import Response

from identity.capabilities import NotAllowed
from kernel.errors import Conflict, GridhallError, Invalid, NotFound, gettext_noop

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger(__name__)

STATUS_OF: tuple[tuple[type[GridhallError], int], ...] = (
    (NotFound, status.HTTP_404_NOT_FOUND),
    (Conflict, status.HTTP_409_CONFLICT),
    (NotAllowed, status.HTTP_403_FORBIDDEN),
)
TITLES = {
    400: _("The request has a fault"),
    401: _("A valid key is needed"),
    403: _("The key does not allow this"),
    404: _("Not found"),
    405: _("This method is not offered here"),
    409: _("This does not fit the present state"),
    412: _("It was changed meanwhile"),
    413: _("The request is too large"),
    415: _("This content type is not accepted"),
    422: _("The request was refused"),
    428: _("A condition is required"),
    429: _("Too many requests"),
    500: _("Something went wrong on our side"),
}


class UnknownReference(Invalid):
    """The body names something that does not stand in this company."""

    code = "unknown_reference"
    template = gettext_noop("There is no {what} “{name}”.")


class BadParameters(GridhallError):
    """Query parameters that cannot be used; ``faults`` maps each to (code, sentence) pairs."""

    code = "bad_parameters"
    template = gettext_noop("Some query parameters cannot be used.")

    def __init__(self, faults: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        super().__init__()
        self.faults = faults


class Changed(GridhallError):
    """What is to be changed is not what the caller saw."""

    code = "precondition_failed"
    template = gettext_noop("It was changed since you read it. Read it again and decide anew.")
    status_code = status.HTTP_412_PRECONDITION_FAILED


class ConditionNeeded(GridhallError):
    """Replacing needs to say what is replaced."""

    code = "precondition_required"
    template = gettext_noop("Send If-Match with the ETag of what you replace.")
    status_code = status.HTTP_428_PRECONDITION_REQUIRED


class TooLarge(GridhallError):
    """More than this address takes at once."""

    code = "too_large"
    template = gettext_noop("The body may have {limit} bytes at most.")
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE


class KeyNeeded(GridhallError):
    """Money moves only once."""

    code = "idempotency_key_required"
    template = gettext_noop("Send an Idempotency-Key: this moves money and must not happen twice.")
    status_code = status.HTTP_400_BAD_REQUEST


def handle(exception: Exception, context: Mapping[str, Any]) -> Response:
    """Return the answer to any exception of a view."""
    if isinstance(exception, GridhallError):
        return _refused(exception, context.get("view"))
    if isinstance(exception, exceptions.ValidationError):
        return _invalid(exception)
    if isinstance(exception, exceptions.APIException):
        return _framework(exception)
    known = _DJANGO.get(type(exception))
    if known is not None:
        return problem(status_code=known[0], code=known[1], detail=gettext(known[2]))
    return _unforeseen(exception)


def problem(
    *,
    status_code: int,
    code: str,
    detail: str,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    instance: str = "",
) -> Response:
    """Return a problem document; ``type`` leads to the list of problems in the reference."""
    body: dict[str, Any] = {
        "type": f"/api/v1/docs/#problem-{code}",
        "title": str(TITLES.get(status_code, detail)),
        "status": status_code,
        "code": code,
        "detail": detail,
        "errors": list(errors),
    }
    if instance:
        body["instance"] = instance
    return Response(body, status=status_code, headers=dict(headers or {}), content_type=MEDIA_TYPE)


def sentence(error: GridhallError) -> str:
    """Return what a refusal says, in the present language."""
    return error.say(gettext)


def status_of(error: GridhallError) -> int:
    """Return the status of a refusal; what is neither missing, in conflict nor forbidden is 422."""
    own = getattr(error, "status_code", None)
    if own is not None:
        return int(own)
    return next((number for kind, number in STATUS_OF if isinstance(error, kind)), 422)


def _refused(error: GridhallError, view: Any) -> Response:
    detail = sentence(error)
    errors: list[Mapping[str, str]] = []
    if isinstance(error, BadParameters):
        errors = [
            {"parameter": name, "code": code, "detail": said}
            for name, faults in error.faults.items()
            for code, said in faults
        ]
    elif error.where:
        errors = [{**_place(error.where, view), "code": error.code, "detail": detail}]
    return problem(status_code=status_of(error), code=error.code, detail=detail, errors=errors)


def _place(where: str, view: Any) -> dict[str, str]:
    if where.startswith("header:"):
        return {"header": where.removeprefix("header:")}
    if where.startswith("/"):
        return {"pointer": getattr(view, "pointer_base", "") + where}
    return {"pointer": "/" + where.replace(".", "/")}


def _invalid(exception: exceptions.ValidationError) -> Response:
    errors = [
        {"pointer": pointer, "code": str(fault.code), "detail": str(fault)}
        for pointer, fault in _flat(exception.detail, "")
    ]
    return problem(
        status_code=422, code="invalid", detail=gettext("Some fields cannot be accepted as they are."), errors=errors
    )


def _flat(detail: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _flat(inner, pointer if name == "non_field_errors" else f"{pointer}/{_escaped(str(name))}")
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list)
            yield from _flat(inner, f"{pointer}/{place}" if nested else pointer)
    else:
        yield pointer, detail


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _framework(exception: exceptions.APIException) -> Response:
    headers = {}
    if challenge := getattr(exception, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    code = _CODES.get(exception.status_code, exception.default_code)
    return problem(status_code=exception.status_code, code=code, detail=str(exception.detail), headers=headers)


def _unforeseen(exception: Exception) -> Response:
    instance = f"urn:uuid:{uuid.uuid4()}"
    log.error("unforeseen %s", instance, exc_info=exception)
    detail = gettext("Nothing was changed. Name this id when you ask us: {instance}").format(instance=instance)
    return problem(status_code=500, code="internal", detail=detail, instance=instance)


_CODES = {401: "unauthenticated", 405: "method_not_allowed", 415: "unsupported_media_type", 400: "malformed"}
_DJANGO: dict[type[Exception], tuple[int, str, str]] = {
    Http404: (404, "not_found", gettext_noop("There is nothing at this address.")),
    PermissionDenied: (403, "not_allowed", gettext_noop("This is not allowed.")),
    RequestDataTooBig: (413, "too_large", gettext_noop("The body is too large.")),
    IntegrityError: (409, "conflict", gettext_noop("This contradicts something that stands already.")),
    DataError: (422, "out_of_range", gettext_noop("A value is outside of what can be stored.")),
}
