"""What cannot be alike: keys of programs, sealed secrets, second factors. Each company gets its own."""

from __future__ import annotations

import hashlib
from typing import Any

from django.apps import apps
from isolation.canaries import digits, word
from isolation.replaying import swapped

from identity import queries as identity_queries
from tenancy import context, sealed_fields, vault


def api_secret(number: int) -> str:
    """Return the secret of company ``number``'s key of programs, with every scope there is."""
    digest = hashlib.sha256(f"key of company {number}".encode()).hexdigest()
    return f"gh{digest[:8]}.{digest[8:48]}"


def give(number: int, texts: Texts) -> None:
    """Give company ``number`` its key, its sealed secrets and its sealed texts."""
    retailer = context.retailer_by_code(code=f"c{number:02}")
    with context.use(retailer):
        secret = api_secret(number)
        model = apps.get_model("identity", "ApiKey")
        key = model._default_manager.order_by("pk").first()
        model._default_manager.filter(pk=key.pk).update(
            prefix=secret.partition(".")[0], hashed=identity_queries.hash_secret(secret), revoked_at=None
        )
        _seal_anew(number)
        seal_again(number, texts)


Texts = list[tuple[Any, int, dict[str, str]]]


def sealed_texts(models: list[Any]) -> Texts:
    """Return every sealed text of the company worked for, with its own word in it: model, key, field → text."""
    found: Texts = []
    for model in models:
        names = [field.attname for field in sealed_fields.sealed_of(model)]
        for row in model._default_manager.order_by("pk") if names else ():
            texts = {name: "".join(getattr(row, name)) for name in names}
            found.append((model, row.pk, {n: f"{t} {word(0)}" if "@" not in t else t for n, t in texts.items() if t}))
        if names and found and found[-1][0] is model:
            found.append((model, digits(0), found[-1][2]))  # its private row is planted later
    return found


def seal_again(number: int, texts: Texts) -> None:
    """Seal the texts of company 0 with the word of company ``number``, under that company's own key."""
    by_shape: dict[tuple[Any, tuple[str, ...]], list[Any]] = {}
    for model, key, values in texts:
        own = {name: swapped(text.encode(), number).decode() for name, text in values.items()}
        row = model(pk=int(swapped(str(key).encode(), number)), **own)
        by_shape.setdefault((model, tuple(own)), []).append(row)
    for (model, names), rows in by_shape.items():
        if names:
            model._default_manager.bulk_update(rows, names)


def _seal_anew(number: int) -> None:
    """A provider's secrets are sealed under the company's own key."""
    model: Any = apps.get_model("payments", "ProviderConnection")
    values = {"secret_key": f"sk_{word(number)}", "webhook_secret": f"whsec_{word(number)}"}
    for row in model._default_manager.all():
        row.secrets = vault.seal(values=values, purpose=row.provider)
        row.save(update_fields=["secrets"])
