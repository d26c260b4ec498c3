"""How often a key may ask: so many requests in a window of a minute (RateLimit header fields, IETF draft)."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Rate:
    """What is left of the present window."""

    limit: int
    used: int
    resets_in: int

    @property
    def remaining(self) -> int:
        return max(self.limit - self.used, 0)

    @property
    def exceeded(self) -> bool:
        return self.used > self.limit

    @property
    def headers(self) -> dict[str, str]:
        """The fields every answer carries; a refused one also says when to come back."""
        fields = {
            "RateLimit-Policy": f'"default";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"default";r={self.remaining};t={self.resets_in}',
        }
        return {**fields, "Retry-After": str(self.resets_in)} if self.exceeded else fields


def count(*, name: str, at: float) -> Rate:
    """Count one request of ``name`` at the instant ``at`` (seconds); the cache is keyed by retailer."""
    window, passed = divmod(int(at), WINDOW_SECONDS)
    place = f"api-rate:{name}:{window}"
    cache.add(place, 0, timeout=2 * WINDOW_SECONDS)
    try:
        used = cache.incr(place)
    except ValueError:  # it ran out between the two
        used = 1
    return Rate(limit=limit(), used=used, resets_in=WINDOW_SECONDS - passed)


def limit() -> int:
    """Return how many requests a key has in a minute."""
    return int(settings.API_REQUESTS_PER_MINUTE)
