"""The key of a company: random, wrapped by the platform's key, kept with the company in the registry.

An envelope holds the company's identity, which travels with it to another schema or deployment, and its data keys by
number, each 256 random bits under AES-256-GCM with a key derived from one of ``settings.SECRETS_KEYS``: the newest of
those wraps, all of them open. Who works for a company has its registry row at hand, so opening asks the database
nothing. A company's role cannot read the registry. Opened keys live a few minutes in the process and are never written.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django_tenants.utils import get_tenant_model

from kernel.errors import Conflict, GridhallError, gettext_noop
from tenancy import context

KEY_BYTES = 32
NONCE_BYTES = 12
MARK_BYTES = 4
MOST_KEYS = 255
"""The number of a key is one byte of each sealed value."""
KEPT_SECONDS = 300.0
MOST_KEPT = 64
_PURPOSE = b"gridhall company key"


class KeyUnreadable(GridhallError):
    """None of the platform's keys opens the company's."""

    code = "company_key_unreadable"
    template = gettext_noop("The company's key cannot be opened with the platform's keys (GRIDHALL_SECRETS_KEYS).")


class KeyMissing(GridhallError):
    """The company's key was destroyed, or the value was sealed with one that is not there."""

    code = "company_key_missing"
    template = gettext_noop("What is stored under lock cannot be opened: its key is not there.")


class KeyRing:
    """The opened keys of one company: ``seals`` is the number that new values get, ``numbers`` all that open."""

    def __init__(self, *, company: str, seals: int, keys: Mapping[int, bytes]) -> None:
        self.company = company.encode()
        self.seals = seals
        self.numbers = sorted(keys)
        self._keys = dict(keys)
        self.marks: dict[tuple[int, str, str], int] = {}
        self._ciphers: dict[tuple[int, str], AESGCM] = {}
        self._index_keys: dict[tuple[int, str], bytes] = {}

    def cipher(self, number: int, bound: str) -> AESGCM:
        """This will return the cipher of one place under one key; raises KeyMissing."""
        found = self._ciphers.get((number, bound))
        if found is None:
            found = self._ciphers[number, bound] = AESGCM(self._derived(number, f"seal:{bound}"))
        return found

    def index_key(self, number: int, bound: str) -> bytes:
        """This will return the key under which the words of one place are looked up; raises KeyMissing."""
        found = self._index_keys.get((number, bound))
        if found is None:
            found = self._index_keys[number, bound] = self._derived(number, f"index:{bound}")
        return found

    def bound(self, place: str) -> bytes:
        """This will return what is authenticated with each value of a place."""
        return self.company + b":" + place.encode()

    def _derived(self, number: int, info: str) -> bytes:
        if number not in self._keys:
            raise KeyMissing()
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=self.company, info=info.encode()).derive(self._keys[number])

    def __repr__(self) -> str:
        return f"<KeyRing {self.numbers}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("Opened keys are kept in memory only.")


def new_envelope() -> dict[str, Any]:
    """This will return the envelope of a new company, with one random key."""
    company = str(uuid.uuid4())
    return {"company": company, "seals": 1, "keys": {"1": _wrap(secrets.token_bytes(KEY_BYTES), company, 1)}}


def ring() -> KeyRing:
    """This will return the keys of the company worked for; raises NoRetailer, KeyUnreadable or KeyMissing."""
    return ring_of(envelope=_present_envelope())


def ring_of(*, envelope: Mapping[str, Any]) -> KeyRing:
    """This will open an envelope, or return what it opened to a short while ago."""
    wrapped = envelope.get("keys") or {}
    if not wrapped:
        raise KeyMissing()
    name = f"{envelope['company']}:{envelope['seals']}:{':'.join(wrapped.values())}"
    kept = _kept.get(name)
    now = time.monotonic()
    if kept is not None and kept[1] > now and kept[2] == settings.SECRETS_KEYS:
        return kept[0]
    opened = {int(number): _unwrap(text, envelope["company"], int(number)) for number, text in wrapped.items()}
    found = KeyRing(company=envelope["company"], seals=int(envelope["seals"]), keys=opened)
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[name] = (found, now + KEPT_SECONDS, list(settings.SECRETS_KEYS))
    return found


def ensure(*, retailer: Any) -> None:
    """This will give a company its first key if it has none, whoever else does the same now."""
    with context.use_public():
        rows = get_tenant_model().objects.filter(pk=retailer.pk)
        rows.filter(key_envelope={}).update(key_envelope=new_envelope())
        retailer.key_envelope = rows.values_list("key_envelope", flat=True).get()


def rewrap(*, retailer: Any) -> bool:
    """This will wrap the company's keys with the platform's newest; return whether one was wrapped by another."""
    with context.use_public(), transaction.atomic():
        envelope = _locked(retailer)
        newest = _mark(settings.SECRETS_KEYS[0])
        company, keys = envelope.get("company", ""), envelope.get("keys") or {}
        behind = {number: text for number, text in keys.items() if base64.b64decode(text)[:MARK_BYTES] != newest}
        for number, text in behind.items():
            keys[number] = _wrap(_unwrap(text, company, int(number)), company, int(number))
        if behind:
            _store(retailer, envelope)
    return bool(behind)


def add_key(*, retailer: Any) -> int:
    """This will add a further key, which opens from now on and seals once ``start_sealing`` says so."""
    with context.use_public(), transaction.atomic():
        envelope = _locked(retailer)
        if not envelope.get("keys"):
            raise KeyMissing()
        number = max(map(int, envelope["keys"])) + 1
        if number > MOST_KEYS:
            raise Conflict(reason=gettext_noop("the company has used all numbers of keys."))
        wrapped = _wrap(secrets.token_bytes(KEY_BYTES), envelope["company"], number)
        envelope["keys"][str(number)] = wrapped
        _store(retailer, envelope)
    return number


def start_sealing(*, retailer: Any, number: int) -> None:
    """This will seal with that key from now on; the others go on opening. Raises KeyMissing."""
    with context.use_public(), transaction.atomic():
        envelope = _locked(retailer)
        if str(number) not in (envelope.get("keys") or {}):
            raise KeyMissing()
        envelope["seals"] = number
        _store(retailer, envelope)


def retire(*, retailer: Any, number: int) -> None:
    """This will throw one key away: the caller has seen that nothing is sealed with it. Never the one that seals."""
    with context.use_public(), transaction.atomic():
        envelope = _locked(retailer)
        if envelope.get("seals") == number:
            raise Conflict(reason=gettext_noop("new values are sealed with that key."))
        if (envelope.get("keys") or {}).pop(str(number), None) is not None:
            _store(retailer, envelope)


def destroy(*, retailer: Any, at: dt.datetime) -> None:
    """This will throw all keys of a company away: nothing that was sealed for it can be read again, by anybody.

    A copy restored elsewhere, and every archive of it, carry the keys: they are deleted by who deletes the company.
    """
    with context.use_public(), transaction.atomic():
        company = _locked(retailer).get("company", "")
        _store(retailer, {"company": company, "destroyed": at.isoformat()})
    forget()


def joined(*, present: Mapping[str, Any], archived: Mapping[str, Any]) -> dict[str, Any]:
    """This will return the envelope of a company put back to an archive: all keys of both, or the archive's alone.

    Keys of another identity open nothing of the archive, and those the archive does not know none of its rows.
    """
    if present.get("company") != archived.get("company") or not present.get("keys"):
        return dict(archived)
    return {**present, "keys": {**(archived.get("keys") or {}), **present["keys"]}}


def forget() -> None:
    """This will forget the keys that are open in this process."""
    _kept.clear()


def _present_envelope() -> dict[str, Any]:
    retailer = context.current_retailer()
    envelope: dict[str, Any] = getattr(retailer, "key_envelope", None) or {}
    if not envelope:
        raise KeyMissing()
    return envelope


def _locked(retailer: Any) -> dict[str, Any]:
    rows = get_tenant_model().objects.select_for_update().filter(pk=retailer.pk)
    found: dict[str, Any] = rows.values_list("key_envelope", flat=True).get()
    return found


def _store(retailer: Any, envelope: dict[str, Any]) -> None:
    get_tenant_model().objects.filter(pk=retailer.pk).update(key_envelope=envelope)
    retailer.key_envelope = envelope


def _wrap(key: bytes, company: str, number: int) -> str:
    platform_key = settings.SECRETS_KEYS[0]
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = _wrapping(platform_key).encrypt(nonce, key, _wrapped_for(company, number))
    return base64.b64encode(_mark(platform_key) + nonce + sealed).decode()


def _unwrap(text: str, company: str, number: int) -> bytes:
    raw = base64.b64decode(text)
    mark, nonce, sealed = raw[:MARK_BYTES], raw[MARK_BYTES : MARK_BYTES + NONCE_BYTES], raw[MARK_BYTES + NONCE_BYTES :]
    for platform_key in settings.SECRETS_KEYS:
        if _mark(platform_key) == mark:
            try:
                return _wrapping(platform_key).decrypt(nonce, sealed, _wrapped_for(company, number))
            except InvalidTag:
                break
    raise KeyUnreadable()


def _wrapping(platform_key: str) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=_PURPOSE).derive(platform_key.encode()))


def _wrapped_for(company: str, number: int) -> bytes:
    return f"{company}:{number}".encode()


def _mark(platform_key: str) -> bytes:
    return hashlib.sha256(platform_key.encode()).digest()[:MARK_BYTES]


_kept: dict[str, tuple[KeyRing, float, list[str]]] = {}
