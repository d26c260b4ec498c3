"""Secrets of sign-in under the company's newest key: second factors and the sign-in service."""

from __future__ import annotations

import base64
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from identity import single_sign_on
from identity.single_sign_on_models import SingleSignOn
from tenancy import resealing, vault

FACTORS = "second factor"
_SEALED = ("secret", "seed")


def seal_anew() -> int:
    """This will seal what is sealed with an older key; return how many rows changed."""
    with transaction.atomic():
        return sum(_factor(row) for row in Authenticator.objects.select_for_update()) + sum(
            _service(row) for row in SingleSignOn.objects.select_for_update()
        )


def _factor(row: Any) -> bool:
    from identity.second_factor import PURPOSE

    changed = {}
    for name, text in row.data.items():
        texts = text if isinstance(text, list) else [text]
        if name in (*_SEALED, "migrated_codes") and all(isinstance(each, str) for each in texts):
            anew = [_anew(each, PURPOSE) for each in texts]
            changed[name] = anew if isinstance(text, list) else anew[0]
    if all(row.data[name] == value for name, value in changed.items()):
        return False
    row.data = {**row.data, **changed}
    row.save(update_fields=["data"])
    return True


def _anew(text: str, purpose: str) -> str:
    sealed = base64.b64decode(text)
    return base64.b64encode(vault.seal_anew(sealed=sealed, purpose=purpose)).decode()


def _service(row: Any) -> bool:
    anew = vault.seal_anew(sealed=row.sealed, purpose=single_sign_on.PURPOSE)
    if anew == bytes(row.sealed):
        return False
    row.sealed = anew
    row.save(update_fields=["sealed"])
    return True


resealing.keep("identity", seal_anew)
