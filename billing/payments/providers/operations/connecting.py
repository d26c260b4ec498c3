"""Connecting a company with a provider, and keeping what the provider says of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from billing.payments.models import ProviderConnection
from billing.payments.providers import choosing, stripe_provider, transfer
from billing.payments.providers.stripe_provider import StripeProvider
from hosting import plans
from kernel.errors import GridhallError, Invalid, gettext_noop
from tenancy import context, hosts, vault

State, Mode = ProviderConnection.State, ProviderConnection.Mode
WEBHOOK_PATH = "/webhooks/stripe/"
KEY_PREFIXES = ("sk_", "rk_")


class NotReady(GridhallError):
    """The provider still misses something of the company."""

    code = "provider_not_ready"
    template = gettext_noop("The provider does not take payments for you yet. It still asks for: {missing}.")


def connect(*, country: str, email: str, back: str, at: dt.datetime) -> str:
    """This will open a connected account at Stripe and return the address at which the company finishes it.

    Called again it leads on with the same account. Raises NoPlatformKey, ProviderRefused or ProviderSilent.
    """
    plans.require("payments")
    retailer = context.current_retailer()
    found = ProviderConnection.objects.filter(provider=stripe_provider.NAME).first()
    if found is None or found.mode != Mode.CONNECTED or not found.reference:
        platform = StripeProvider(key=choosing.platform_key(), merchant="")
        account = platform.open_account(
            country=country.upper(),
            email=email,
            retailer=retailer.code,
            key=f"connect-{retailer.schema_name}-{country}",
        )
        found = _store(mode=Mode.CONNECTED, reference=account, secrets=b"", at=at)
    return choosing.stripe(found).onboarding(return_url=back, refresh_url=back)


def use_own_keys(*, secret_key: str, at: dt.datetime) -> ProviderConnection:
    """This will connect the company's own Stripe account by its secret key, which is tried, sealed and never shown.

    The address for messages is registered there, and its signing secret kept. Raises Invalid, ProviderRefused or
    ProviderSilent; then nothing is kept.
    """
    plans.require("payments")
    key = secret_key.strip()
    if not key.startswith(KEY_PREFIXES) or not key.isascii():
        raise Invalid(reason=gettext_noop("A secret key begins with sk_ or rk_."), where="secret_key")
    tried = StripeProvider(key=key, merchant="")
    account = tried.own_reference()
    _, webhook_secret = tried.listen(url=hosts.address(context.current_retailer()) + WEBHOOK_PATH)
    sealed = vault.seal(values={"secret_key": key, "webhook_secret": webhook_secret}, purpose=stripe_provider.NAME)
    return refresh(found=_store(mode=Mode.OWN_KEYS, reference=account, secrets=sealed, at=at), at=at)


def describe_transfer(*, facts: Mapping[str, str], at: dt.datetime) -> ProviderConnection:
    """This will offer bank transfers to the account described by ``facts``: holder, number, bank."""
    kept = {name: str(facts.get(name, "")).strip() for name, _ in transfer.FIELDS}
    for name in transfer.NEEDED:
        if not kept[name]:
            raise Invalid(reason=gettext_noop("Say to which account customers transfer."), where=name)
    found, _ = ProviderConnection.objects.update_or_create(
        provider=transfer.NAME,
        defaults={"facts": kept, "state": State.ACTIVE, "checked_at": at, "methods": ["bank_transfer"]},
        create_defaults={
            "mode": Mode.INSTRUCTIONS, "facts": kept, "state": State.ACTIVE, "connected_at": at, "checked_at": at,
            "methods": ["bank_transfer"],
        },
    )  # fmt: skip
    return found


def refresh(*, found: ProviderConnection, at: dt.datetime) -> ProviderConnection:
    """This will ask the provider how the company stands and keep the answer; a ready account takes payments."""
    standing = choosing.opened(found).standing()
    found.facts = {**standing.facts, "missing": list(standing.missing), "ready": standing.ready}
    if found.provider == transfer.NAME:
        found.facts = dict(standing.facts)
    if found.state != State.OFF:
        found.state = State.ACTIVE if standing.ready else State.PENDING
    found.checked_at = at
    found.save()
    return found


def choose_methods(*, name: str, methods: Sequence[str]) -> ProviderConnection:
    """This will offer these ways of paying; raises Invalid for none or an unknown one."""
    unknown = set(methods) - set(stripe_provider.OFFERED)
    if unknown or not methods:
        raise Invalid(reason=gettext_noop("Offer at least one way of paying."), where="methods")
    found = choosing.connection(name=name)
    found.methods = [method for method in stripe_provider.OFFERED if method in methods]
    found.save()
    return found


def switch(*, name: str, on: bool, at: dt.datetime) -> ProviderConnection:
    """This will stop or start taking payments; what was begun is followed to its end. Raises NotReady."""
    found = choosing.connection(name=name)
    found.state = State.PENDING if on else State.OFF
    if not on:
        found.save()
        return found
    found = refresh(found=found, at=at)
    if found.state != State.ACTIVE:
        raise NotReady(missing=", ".join(found.facts.get("missing", [])) or "–")
    return found


def _store(*, mode: str, reference: str, secrets: bytes, at: dt.datetime) -> ProviderConnection:
    facts: dict[str, Any] = {
        "mode": mode, "reference": reference, "secrets": secrets, "connected_at": at, "state": State.PENDING,
    }  # fmt: skip
    with transaction.atomic():
        found, _ = ProviderConnection.objects.update_or_create(
            provider=stripe_provider.NAME,
            defaults=facts,
            create_defaults={**facts, "methods": list(stripe_provider.OFFERED)},
        )
    return found
