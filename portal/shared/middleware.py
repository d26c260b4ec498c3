"""The language of a request and of everything written in it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_cache_control

from portal.shared import context, formats, languages, sentence_values
from portal.shared.door_paths import API


class LanguageMiddleware:
    """Activates the person's language, else the browser's, else the company's; needs the user and the company.

    The cookie is what the person chose on this device and goes before what stands in the person's record. What a
    person with a session sees is kept by no cache, unless the page says otherwise.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request)
        market = getattr(getattr(request, "retailer", None), "market", "") or ""
        token = formats.territory.set(market.upper() or None)
        try:
            with translation.override(language), _sentences(request):
                request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
                response = self.get_response(request)
        finally:
            formats.territory.reset(token)
        response.headers.setdefault("Content-Language", language)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response


def _sentences(request: HttpRequest) -> AbstractContextManager[None]:
    """People read sentences with days and amounts their way; programs as they stand."""
    return nullcontext() if request.path.startswith(API) else sentence_values.written_for_people()


def language_of(request: HttpRequest) -> str:
    """Return the language for this request, always one that the company offers."""
    retailer = getattr(request, "retailer", None)
    return languages.choose(
        wanted=request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) or _own_language(request),
        accept=request.headers.get("Accept-Language", ""),
        offered=context.offered(request),
        default=getattr(retailer, "default_language", "") or settings.LANGUAGE_CODE,
    )


def _own_language(request: HttpRequest) -> str | None:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    return getattr(getattr(request, "user", None), "language", None)
