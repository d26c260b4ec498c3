"""Which providers the company has connected, opened for use."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from billing.payments.models import ProviderConnection
from billing.payments.providers import stripe_provider, transfer
from billing.payments.providers.base import Provider
from billing.payments.providers.stripe_provider import StripeProvider
from billing.payments.providers.transfer import TransferProvider
from kernel.errors import GridhallError, NotFound, gettext_noop
from tenancy import vault

PROVIDER = gettext_noop("payment provider")
State, Mode = ProviderConnection.State, ProviderConnection.Mode


class NoPlatformKey(GridhallError):
    """Connected accounts need the platform's key."""

    code = "provider_platform_key"
    template = gettext_noop("The host has no key for connected accounts. Use your company's own keys, or ask the host.")


def connection(*, name: str) -> ProviderConnection:
    """This will return the connection of that name; raises NotFound."""
    found = ProviderConnection.objects.filter(provider=name).first()
    if found is None:
        raise NotFound(what=PROVIDER, name=name)
    return found


def opened(found: ProviderConnection) -> Provider:
    """This will return the provider behind a connection, ready to be asked."""
    if found.provider == transfer.NAME:
        return TransferProvider(facts=found.facts)
    return stripe(found)


def stripe(found: ProviderConnection) -> StripeProvider:
    """This will return Stripe as the company is connected to it; raises NoPlatformKey or SecretsUnreadable."""
    methods = tuple(found.methods)
    if found.mode == Mode.CONNECTED:
        return StripeProvider(
            key=platform_key(),
            merchant=found.reference,
            account=found.reference,
            webhook_secret=settings.STRIPE_WEBHOOK_SECRET,
            methods=methods,
        )
    sealed = vault.unseal(sealed=found.secrets, purpose=stripe_provider.NAME)
    return StripeProvider(
        key=sealed["secret_key"],
        merchant=found.reference,
        webhook_secret=sealed.get("webhook_secret", ""),
        methods=methods,
    )


def platform_key() -> str:
    """This will return the platform's key; raises NoPlatformKey."""
    if not settings.STRIPE_SECRET_KEY:
        raise NoPlatformKey()
    return str(settings.STRIPE_SECRET_KEY)


def by_name(name: str) -> Provider:
    """This will return a connected provider, also one that is switched off; raises NotFound."""
    return opened(connection(name=name))


def of_merchant(*, name: str, merchant: str) -> Provider:
    """This will return a provider as the company was connected to ``merchant``; raises NotFound without a way there.

    A connected account is reached by the platform's key also after the company took another one.
    """
    found = connection(name=name)
    if found.provider == stripe_provider.NAME and found.mode == Mode.CONNECTED and found.reference != merchant:
        return StripeProvider(key=platform_key(), merchant=merchant, account=merchant)
    if found.provider == stripe_provider.NAME and found.reference != merchant:
        raise NotFound(what=PROVIDER, name=merchant)
    return opened(found)


def active() -> Sequence[Provider]:
    """This will return the providers that take payments now, those on which the customer pays at once first."""
    found = ProviderConnection.objects.filter(state=State.ACTIVE).order_by("provider")
    return [opened(each) for each in found]


def online() -> Provider | None:
    """This will return the provider through which customers pay on a page, or None."""
    found = ProviderConnection.objects.filter(state=State.ACTIVE, provider=stripe_provider.NAME).first()
    return opened(found) if found else None
