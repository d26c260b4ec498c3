"""Secrets of a company, sealed with AES-256-GCM under its own key; opened only to be used.

What is sealed for one company and purpose opens for no other. The key is the company's (``tenancy.company_keys``) and
travels with it. Texts sealed before companies had keys, under one derived from the platform's key and the schema's
name, still open where they stand; ``seal_anew`` brings them to the company's key.
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
from tenancy import company_keys, context

KEY_BYTES = 32
NONCE_BYTES = 12
MARK = b"\x00\xffGH"
"""Begins what is sealed under a company's own key, followed by the number of that key."""
MARK_BYTES = len(MARK)


class SecretsUnreadable(GridhallError):
    """No key of the platform opens the secrets."""

    code = "secrets_unreadable"
    template = gettext_noop("What is stored under lock cannot be opened with the platform's keys. Enter it again.")


def seal(*, values: Mapping[str, str], purpose: str) -> bytes:
    """This will return the values, sealed for the present company and ``purpose``."""
    ring, place = company_keys.ring(), f"vault:{purpose}"
    nonce = secrets.token_bytes(NONCE_BYTES)
    text = json.dumps(dict(values)).encode()
    sealed = ring.cipher(ring.seals, place).encrypt(nonce, text, ring.bound(place))
    return MARK + bytes([ring.seals]) + nonce + sealed


def unseal(*, sealed: bytes | memoryview, purpose: str) -> dict[str, str]:
    """This will return what was sealed; empty for nothing. Raises SecretsUnreadable."""
    raw = bytes(sealed)
    if not raw:
        return {}
    if raw.startswith(MARK):
        return _values(_opened(raw, f"vault:{purpose}"))
    for key in settings.SECRETS_KEYS:
        if _mark(key) == raw[:MARK_BYTES]:
            return _values(_opened_as_before(key, raw, purpose))
    raise SecretsUnreadable()


def seal_anew(*, sealed: bytes | memoryview, purpose: str) -> bytes:
    """This will return the same values under the company's present key, or ``sealed`` where they are already."""
    raw = bytes(sealed)
    if not raw or (raw.startswith(MARK) and raw[MARK_BYTES] == company_keys.ring().seals):
        return raw
    return seal(values=unseal(sealed=raw, purpose=purpose), purpose=purpose)


def _opened(raw: bytes, place: str) -> bytes:
    number, start = raw[MARK_BYTES], MARK_BYTES + 1
    nonce, sealed = raw[start : start + NONCE_BYTES], raw[start + NONCE_BYTES :]
    try:
        ring = company_keys.ring()
        return ring.cipher(number, place).decrypt(nonce, sealed, ring.bound(place))
    except (InvalidTag, company_keys.KeyMissing, company_keys.KeyUnreadable):
        raise SecretsUnreadable() from None


def _opened_as_before(key: str, raw: bytes, purpose: str) -> bytes:
    """What was sealed under a key derived from the platform's and the name of the schema."""
    nonce, sealed = raw[MARK_BYTES : MARK_BYTES + NONCE_BYTES], raw[MARK_BYTES + NONCE_BYTES :]
    schema = context.required_schema()
    derived = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=schema.encode()).derive(key.encode())
    try:
        return AESGCM(derived).decrypt(nonce, sealed, f"{schema}:{purpose}".encode())
    except InvalidTag:
        raise SecretsUnreadable() from None


def _values(text: bytes) -> dict[str, str]:
    opened: Any = json.loads(text)
    return {str(name): str(value) for name, value in opened.items()}


def _mark(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()[:MARK_BYTES]
