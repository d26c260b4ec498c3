"""What every page frame needs: whose page it is, in which language and theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import translation

from kernel import texts
from portal.shared import languages
from portal.shared.brand import Brand

THEME_COOKIE = "gridhall_theme"
THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Frame:
    """The company's look and the reader's choices; ``theme`` is empty when the device decides."""

    brand: Brand
    brand_url: str
    language: str
    languages: tuple[tuple[str, str], ...]
    theme: str
    support_phone: str = ""
    support_email: str = ""

    @property
    def language_name(self) -> str:
        return languages.NAMES.get(self.language, self.language)


def frame(request: HttpRequest) -> dict[str, Frame]:
    """Context processor: ``{{ frame.brand.name }}``, ``{{ frame.language }}``, ``{{ frame.theme }}`` …"""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    brand = brand_of(request)
    record = _record(request)
    return {
        "frame": Frame(
            brand=brand,
            brand_url=_brand_url(brand),
            language=translation.get_language() or "en",
            languages=tuple((code, languages.NAMES.get(code, code)) for code in offered(request)),
            theme=theme if theme in THEMES else "",
            support_phone=getattr(record, "support_phone", ""),
            support_email=getattr(record, "support_email", ""),
        )
    }


def brand_of(request: HttpRequest) -> Brand:
    """Return the look of the request's company; the product's own where no company is known."""
    retailer, record = getattr(request, "retailer", None), _record(request)
    if retailer is None:
        return Brand()
    language = translation.get_language() or "en"
    operator = getattr(retailer, "is_operator", False)
    return Brand(
        name=texts.pick(retailer.names, language) or Brand().name,
        logo_url=reverse("shared:logo") if getattr(record, "logo", b"") else "",
        primary_color="" if operator else getattr(record, "primary_color", ""),
        accent_color="" if operator else getattr(record, "accent_color", ""),
        texts={"tagline": texts.pick(getattr(record, "tagline", {}) or {}, language)},
    )


def offered(request: HttpRequest) -> list[str]:
    """Return the languages the company offers, in its order, as far as the product speaks them."""
    known = [code for code, _ in settings.LANGUAGES]
    chosen = getattr(getattr(request, "retailer", None), "languages", None) or known
    return [code for code in chosen if code in known] or known


def _record(request: HttpRequest) -> Any:
    return getattr(getattr(request, "retailer", None), "brand", None)


def _brand_url(brand: Brand) -> str:
    try:
        return f"{reverse('shared:brand_css')}?v={brand.fingerprint}" if brand.primary_color else ""
    except NoReverseMatch:
        return ""
