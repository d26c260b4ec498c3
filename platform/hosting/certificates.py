"""What the host certifies: a statement in JSON, signed with Ed25519, checked by anybody who has the public key.

    {"certificate": <kind>, "version": 1, "body": {…},
     "signature": {"algorithm": "Ed25519", "key": <hex>, "sha256": <hex of the signed text>, "value": <hex>}}

Signed is kind, version and body as JSON with sorted keys and without spaces, in UTF-8. A PDF carries the same JSON as
an attachment. Source: RFC 8032 (Ed25519).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pypdf
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pypdf.errors import PyPdfError

from hosting import host_keys
from kernel.errors import GridhallError, gettext_noop

ALGORITHM, VERSION, ATTACHMENT = "Ed25519", 1, "certificate.json"
LARGEST = 32 * 2**20
"""Bytes: no certificate comes near it."""


class NotACertificate(GridhallError):
    """The file is no certificate."""

    code = "not_a_certificate"
    template = gettext_noop("{name} is no certificate: neither the JSON nor the PDF that was given out.")


class WrongSignature(GridhallError):
    """The text was changed, or signed by somebody else."""

    code = "certificate_wrong_signature"
    template = gettext_noop("The certificate is not what was signed: it was changed, or the key is not this host's.")


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that is open: made outside of a company's transaction, used within."""

    public: str
    _private: Any

    def sign(self, *, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the signed certificate of ``body``."""
        text = signed_text(kind=kind, version=VERSION, body=body)
        return {
            "certificate": kind, "version": VERSION, "body": dict(body),
            "signature": {
                "algorithm": ALGORITHM, "key": self.public, "sha256": hashlib.sha256(text).hexdigest(),
                "value": self._private.sign(text).hex(),
            },
        }  # fmt: skip


def signer() -> Signer:
    """Return the host's signer, its key made at first use. Reads the registry: not within a company's transaction."""
    public, private = host_keys.present()
    return Signer(public, private)


def signed_text(*, kind: str, version: int, body: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed."""
    content = {"certificate": kind, "version": version, "body": body}
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def verify(*, document: Mapping[str, Any], keys: Collection[str]) -> str:
    """Return the SHA-256 of what was signed by one of ``keys`` (hex); raises NotACertificate or WrongSignature."""
    try:
        signature = document["signature"]
        text = signed_text(kind=document["certificate"], version=document["version"], body=document["body"])
        public, value = bytes.fromhex(signature["key"]), bytes.fromhex(signature["value"])
        algorithm, noted = signature["algorithm"], signature["sha256"]
    except (KeyError, TypeError, ValueError) as error:
        raise NotACertificate(name=str(document)[:40]) from error
    if algorithm != ALGORITHM or public.hex() not in {key.lower() for key in keys}:
        raise WrongSignature()
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(value, text)
    except (InvalidSignature, ValueError) as error:
        raise WrongSignature() from error
    digest = hashlib.sha256(text).hexdigest()
    if digest != noted:
        raise WrongSignature()
    return digest


def read(*, content: bytes, name: str) -> dict[str, Any]:
    """Return the certificate in a JSON file or in a PDF that carries it; raises NotACertificate."""
    text = _attached(content, name) if content.startswith(b"%PDF-") else content
    try:
        found = json.loads(text)
    except ValueError as error:
        raise NotACertificate(name=name) from error
    if len(content) > LARGEST or not isinstance(found, dict) or "signature" not in found:
        raise NotACertificate(name=name)
    return found


def as_file(document: Mapping[str, Any]) -> bytes:
    """Return the certificate as it is given out."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _attached(content: bytes, name: str) -> bytes:
    try:
        found = pypdf.PdfReader(io.BytesIO(content)).attachments.get(ATTACHMENT)
    except (PyPdfError, ValueError, KeyError, OSError) as error:
        raise NotACertificate(name=name) from error
    if not found:
        raise NotACertificate(name=name)
    return bytes(found[0])
