"""What every face has in common: the company's stylesheet and logo, the reader's language and theme, the catalogue."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from portal.shared import brand, context, languages, sample

YEAR = 365 * 24 * 3600
LOGO_TYPES = frozenset({"image/svg+xml", "image/png", "image/jpeg", "image/webp"})


@require_safe
@cache_control(max_age=YEAR, public=True)
def brand_css(request: HttpRequest) -> HttpResponse:
    """Serve the company's tokens; the address carries their fingerprint."""
    return HttpResponse(brand.brand_css(context.brand_of(request)), content_type="text/css; charset=utf-8")


@require_safe
@cache_control(max_age=3600, public=True)
def logo(request: HttpRequest) -> HttpResponse:
    """Serve the company's logo so that nothing in it can run: a sandbox without scripts."""
    record = getattr(getattr(request, "retailer", None), "brand", None)
    kind = getattr(record, "logo_type", "")
    if record is None or not record.logo or kind not in LOGO_TYPES:
        raise Http404
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(bytes(record.logo), content_type=kind, headers=headers)


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember the language on this device and return to the page."""
    response = HttpResponseRedirect(_back(request))
    language = languages.match(request.POST.get("language", ""), context.offered(request))
    if language:
        _remember(response, settings.LANGUAGE_COOKIE_NAME, language)
    return response


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark on this device; anything else leaves it to the device."""
    response = HttpResponseRedirect(_back(request))
    theme = request.POST.get("theme", "")
    if theme in context.THEMES:
        _remember(response, context.THEME_COOKIE, theme)
    else:
        response.delete_cookie(context.THEME_COOKIE)
    return response


@require_safe
def showcase(request: HttpRequest) -> HttpResponse:
    """Show every component with believable data."""
    face = request.GET.get("face", "console")
    chosen = face if face in {"console", "portal", "hosting"} else "console"
    return render(request, f"showcase/{chosen}.html", sample.catalogue(request))


def _back(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.headers.get("Referer", "/")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else "/"


def _remember(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
