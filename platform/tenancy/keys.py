"""Keys of what all retailers share: cache, locks, files. Each carries the schema."""

from __future__ import annotations

from tenancy import context


def prefix() -> str:
    """Return the schema that shared keys carry now (``public`` for the platform's own)."""
    return context.current_schema()


def cache_key(key: str, key_prefix: str, version: int) -> str:
    """Return Django's cache key with the retailer in front."""
    return f"{prefix()}:{key_prefix}:{version}:{key}"
