"""What all nouns have in common: key, scope, rate, language, conditions, repeats and pages."""

from __future__ import annotations

import datetime as dt
import functools
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, cast
from zoneinfo import ZoneInfo

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from rest_framework import exceptions, serializers, status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from identity import operations as identity_operations
from identity import repeats
from identity.capabilities import Capability
from kernel.errors import NotFound, gettext_noop
from portal.api import filtering, idempotency, limits, paging, parsing, preconditions, problems, schema
from portal.shared import personal_door

TAGGED = frozenset({"retrieve", "create", "partial_update", "update"})


class AlwaysJSON(BaseContentNegotiation):
    """There is one representation, whatever the caller would rather have (RFC 9110, 12.4.1)."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        wanted = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == wanted), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class Noun(GenericViewSet):
    """One noun of the API. Actions translate, call once, and translate back."""

    scopes: ClassVar[dict[str, Capability | None]] = {}
    query_serializers: ClassVar[dict[str, type[serializers.Serializer]]] = {}
    moves_money: ClassVar[frozenset[str]] = frozenset()
    replaces: ClassVar[frozenset[str]] = frozenset()
    made_of_state: ClassVar[frozenset[str]] = frozenset()
    """Actions that read what cannot be made in every state: they answer 409 then."""
    pointer_base = ""
    ordering: ClassVar[tuple[str, ...]] = ("id",)
    filterset_class: Any = None

    http_method_names = ["get", "head", "post", "patch", "put", "delete"]
    schema = schema.NounSchema()
    content_negotiation_class = AlwaysJSON
    parser_classes = [parsing.ExactJSONParser]
    renderer_classes = [JSONRenderer]
    filter_backends = [filtering.FilterBackend]
    pagination_class = paging.Paging
    rate: limits.Rate | None = None
    action: Any = None

    @property
    def needed_scope(self) -> Capability | None:
        return self.scopes[self.action] if self.action else None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """As REST framework's, but a POST may be repeated and every change is one transaction."""
        self.args, self.kwargs = args, kwargs
        request = self.initialize_request(request, *args, **kwargs)
        self.request, self.headers = request, self.default_response_headers
        try:
            self.initial(request, *args, **kwargs)
            with personal_door.as_reader(request._request, self.caller):
                response = self._perform(request, self._handler(request))
        except Exception as refusal:
            response = self.handle_exception(refusal)
        self.response = self.finalize_response(request, response, *args, **kwargs)
        return self.response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if any("\x00" in text for text in (*map(str, kwargs.values()), *request.query_params.values())):
            raise exceptions.ParseError(gettext("The address holds a character that cannot be stored."))
        self._check_parameters(request)

    def check_throttles(self, request: Request) -> None:
        self.rate = limits.count(name=self.caller.rate_name, at=time.time())
        if self.rate.exceeded:
            raise exceptions.Throttled(wait=self.rate.resets_in)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.rate is not None:
            for name, value in self.rate.headers.items():
                response.headers[name] = value
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    # What actions say

    def body(self, serializer: type[serializers.Serializer]) -> dict[str, Any]:
        """Return the checked body; refuses with a pointer to each field."""
        given = serializer(data=self.request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def parameters(self) -> dict[str, Any]:
        """Return the checked query parameters of this action; refuses with the name of each."""
        given = self.query_serializers[str(self.action)](data=self.request.query_params.dict())
        if not given.is_valid():
            raise problems.BadParameters(
                {name: [(fault.code, str(fault)) for fault in faults] for name, faults in given.errors.items()}
            )
        return dict(given.validated_data)

    def page(self, rows: Any, serializer: type[serializers.Serializer], *, given: Any = None) -> Response:
        """Return one page of ``rows``; ``given`` asks at once for what all its rows need."""
        found = cast(paging.Paging, self.paginator).paginate_queryset(
            self.filter_queryset(rows), self.request, view=self
        )
        context = {**self.get_serializer_context(), **(given(found) if given else {})}
        return self.get_paginated_response(serializer(found, many=True, context=context).data)

    def show(self, data: Any, *, created: str | None = None, accepted: str | None = None) -> Response:
        """Return one representation with its tag; ``created`` and ``accepted`` are the address of what was made."""
        if created or accepted:
            number = status.HTTP_201_CREATED if created else status.HTTP_202_ACCEPTED
            headers = {"ETag": preconditions.tag(data), "Location": str(created or accepted)}
            return Response(data, status=number, headers=headers)
        etag = preconditions.tag(data)
        if self.request.method == "GET" and preconditions.is_known(request=self.request, etag=etag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag})
        return Response(data, headers={"ETag": etag})

    @contextmanager
    def changing(self, shown: Callable[[], Any]) -> Iterator[None]:
        """Let nobody else change this address meanwhile, and refuse when it is not as the caller saw it."""
        repeats.one_at_a_time(name=self.request.path)
        preconditions.require_match(request=self.request, data=shown(), required=self.action in self.replaces)
        yield

    @property
    def company(self) -> Any:
        """The company whose host was asked."""
        asked: Any = self.request._request
        return asked.retailer

    @property
    def caller(self) -> Any:
        """Who asks: an ``authentication.Caller`` or ``Reader``."""
        return self.request.user

    def today(self) -> dt.date:
        """Return the day it is at the company."""
        return timezone.now().astimezone(ZoneInfo(self.company.time_zone)).date()

    def signed(self) -> dict[str, Any]:
        """Return who acts and when, as operations take it; a key acts for the person who made it."""
        return {"by": self.caller.key.created_by, "at": timezone.now()}

    def record(self, action: str, subject: str, **details: Any) -> None:
        """Write down who did what; a key acts for the person who made it."""
        key = self.caller.key
        told = {**details, "key": key.prefix}
        identity_operations.record(action=action, subject=subject, at=timezone.now(), by=key.created_by, details=told)

    @staticmethod
    def refer(lookup: Callable[..., Any], *, where: str, **names: Any) -> Any:
        """Return what the body names; what does not stand here is a fault of the body, not of the address."""
        try:
            return lookup(**names)
        except NotFound as missing:
            raise problems.UnknownReference(where=where, **missing.params) from missing

    # How it is done

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if any("/" in str(name) for name in self.kwargs.values()):  # a longer address that is none
            raise NotFound(what=gettext_noop("address"), name=request.path)
        return super().http_method_not_allowed(request, *args, **kwargs)

    def _handler(self, request: Request) -> Callable[..., Any]:
        method = str(request.method).lower()
        handler = getattr(self, method, None) if method in self.http_method_names else None
        return functools.partial(handler or self.http_method_not_allowed, request, *self.args, **self.kwargs)

    def _perform(self, request: Request, handler: Callable[[], Response]) -> Response | HttpResponse:
        if request.method in {"GET", "HEAD"} or self.action is None:
            return handler()
        if request.method == "POST":
            if self.action in self.moves_money and idempotency.HEADER not in request.headers:
                raise problems.KeyNeeded(where=f"header:{idempotency.HEADER}")
            return idempotency.perform(request=request, handler=handler)
        with transaction.atomic():
            return handler()

    def _check_parameters(self, request: Request) -> None:
        unknown = set(request.query_params) - self._known_parameters()
        if unknown:
            said = gettext("There is no such parameter.")
            raise problems.BadParameters({name: [("unknown_parameter", said)] for name in sorted(unknown)})

    def _known_parameters(self) -> set[str]:
        known: set[str] = set()
        if serializer := self.query_serializers.get(str(self.action)):
            known |= set(serializer().fields)
        if schema.is_listed(self):
            known |= set(paging.Paging.parameters)
            if self.filterset_class is not None:
                known |= set(self.filterset_class.base_filters)
        return known


class NotThere(Noun):
    """Any address below /api/v1 that is none."""

    scopes = {"retrieve": None}
    authentication_classes = []
    permission_classes = []
    schema = None  # type: ignore[assignment]

    def check_throttles(self, request: Request) -> None:
        return None

    def retrieve(self, request: Request) -> Response:
        raise NotFound(what=gettext_noop("address"), name=request.path)
