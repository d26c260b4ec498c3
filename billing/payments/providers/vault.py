"""Secrets of a company at its provider, sealed by ``tenancy.vault``."""

from tenancy.vault import SecretsUnreadable, seal, unseal

__all__ = ["SecretsUnreadable", "seal", "unseal"]
