"""The host's own key pair: made at first use, its private half sealed with AES-256-GCM under the platform's key."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from hosting import models
from tenancy import context, vault

NAME = "certificates"
PURPOSE = b"gridhall:host-key"
KEY_BYTES, NONCE_BYTES, MARK_BYTES = 32, 12, 4
_RAW = serialization.Encoding.Raw


def present() -> tuple[str, Ed25519PrivateKey]:
    """Return the newest key: its public half in hex, and the key; made when there is none. Two makers get one key.

    Raises ``vault.SecretsUnreadable`` when none of the platform's keys opens it.
    """
    with context.use_public():
        found = models.HostKey.objects.filter(name=NAME).first() or _make()
    return found.public, Ed25519PrivateKey.from_private_bytes(_opened(bytes(found.sealed)))


def known() -> list[str]:
    """Return the public halves of all keys this host has signed with, in hex."""
    with context.use_public():
        return list(models.HostKey.objects.order_by("id").values_list("public", flat=True))


def _make() -> models.HostKey:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(_RAW, serialization.PublicFormat.Raw).hex()
    raw = private.private_bytes(_RAW, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    made = models.HostKey(name=NAME, public=public, sealed=_sealed(raw), made_at=dt.datetime.now(dt.UTC))
    models.HostKey.objects.bulk_create([made], ignore_conflicts=True)
    return models.HostKey.objects.get(name=NAME)


def _sealed(raw: bytes) -> bytes:
    key, nonce = settings.SECRETS_KEYS[0], secrets.token_bytes(NONCE_BYTES)
    return _mark(key) + nonce + _cipher(key).encrypt(nonce, raw, PURPOSE)


def _opened(sealed: bytes) -> bytes:
    nonce, text = sealed[MARK_BYTES : MARK_BYTES + NONCE_BYTES], sealed[MARK_BYTES + NONCE_BYTES :]
    for key in settings.SECRETS_KEYS:
        if _mark(key) == sealed[:MARK_BYTES]:
            try:
                return _cipher(key).decrypt(nonce, text, PURPOSE)
            except InvalidTag:
                break
    raise vault.SecretsUnreadable()


def _cipher(key: str) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=PURPOSE).derive(key.encode()))


def _mark(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()[:MARK_BYTES]
