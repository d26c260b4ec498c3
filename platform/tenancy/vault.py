"""Secrets of a company, sealed with AES-256-GCM under a key of its own; opened only to be used.

``settings.SECRETS_KEYS`` holds the platform's keys, the newest first: it seals, all of them open. A company's key is
derived from it with HKDF-SHA256 and the name of its schema, which is also part of what is authenticated: a sealed text
copied into another company's row does not open.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from kernel.errors import GridhallError, gettext_noop
from tenancy import context

KEY_BYTES = 32
NONCE_BYTES = 12
MARK_BYTES = 4


class SecretsUnreadable(GridhallError):
    """No key of the platform opens the secrets."""

    code = "secrets_unreadable"
    template = gettext_noop("What is stored under lock cannot be opened with the platform's keys. Enter it again.")


def seal(*, values: Mapping[str, str], purpose: str) -> bytes:
    """This will return the values, sealed for the present company and ``purpose``."""
    key = settings.SECRETS_KEYS[0]
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = _cipher(key).encrypt(nonce, json.dumps(dict(values)).encode(), _bound(purpose))
    return _mark(key) + nonce + sealed


def unseal(*, sealed: bytes | memoryview, purpose: str) -> dict[str, str]:
    """This will return what was sealed; empty for nothing. Raises SecretsUnreadable."""
    raw = bytes(sealed)
    if not raw:
        return {}
    for key in settings.SECRETS_KEYS:
        if _mark(key) == raw[:MARK_BYTES]:
            return _opened(key, raw, purpose)
    raise SecretsUnreadable()


def _opened(key: str, raw: bytes, purpose: str) -> dict[str, str]:
    nonce, sealed = raw[MARK_BYTES : MARK_BYTES + NONCE_BYTES], raw[MARK_BYTES + NONCE_BYTES :]
    try:
        opened: Any = json.loads(_cipher(key).decrypt(nonce, sealed, _bound(purpose)))
    except InvalidTag:
        raise SecretsUnreadable() from None
    return {str(name): str(value) for name, value in opened.items()}


def _cipher(key: str) -> AESGCM:
    derived = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=context.required_schema().encode())
    return AESGCM(derived.derive(key.encode()))


def _bound(purpose: str) -> bytes:
    return f"{context.required_schema()}:{purpose}".encode()


def _mark(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()[:MARK_BYTES]
