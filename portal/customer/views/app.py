"""What a phone needs to keep the portal on its home screen, under the company's own name."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from portal.customer import brand_icon
from portal.shared import context

SHORT_NAME = 12


@require_safe
@cache_control(max_age=3600, private=True)
def manifest(request: HttpRequest) -> HttpResponse:
    brand = context.brand_of(request)
    colors = brand_icon.colors(brand)
    page = {
        "id": "/",
        "name": brand.name,
        "short_name": brand.name[:SHORT_NAME].strip(),
        "lang": get_language(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": brand_icon.GROUND,
        "theme_color": colors.ground,
        "icons": [
            {"src": reverse("portal:icon"), "sizes": "any", "type": "image/svg+xml", "purpose": purpose}
            for purpose in ("any", "maskable")
        ],
    }
    return JsonResponse(page, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False})


@require_safe
@cache_control(max_age=3600, public=True)
def icon(request: HttpRequest) -> HttpResponse:
    return HttpResponse(brand_icon.drawn(context.brand_of(request)), content_type="image/svg+xml")
