"""Host name → retailer. An unknown host is nobody's, never a fallback."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings

from tenancy import context, models

_HOST = re.compile(r"(?P<name>[a-z0-9-]+(?:\.[a-z0-9-]+)*)\.?(?::[0-9]{1,5})?", re.ASCII | re.IGNORECASE)


def normalise(host: str) -> str:
    """Return the host without port and final dot, in lower case; empty when it is no host name."""
    found = _HOST.fullmatch(host)
    return found["name"].lower() if found else ""


def find_retailer(host: str) -> models.Retailer | None:
    """Return the retailer reached under ``host``, with its brand, or None."""
    with context.use_public():
        domain = models.Domain.objects.select_related("tenant", "tenant__brand").filter(domain=normalise(host)).first()
    return domain.tenant if domain else None


def address(retailer: Any) -> str:
    """Return where ``retailer`` is reached, such as https://power.example.com, without a final slash."""
    scheme = "https" if settings.HTTPS else "http"
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return f"{scheme}://{primary_host(retailer)}{port}"


def primary_host(retailer: Any) -> str:
    """Return the host that stands in links of ``retailer``."""
    with context.use_public():
        return str(models.Domain.objects.get(tenant=retailer, is_primary=True).domain)
