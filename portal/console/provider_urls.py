"""The page of the payment provider and what is ordered on it."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console.views import provider

urlpatterns = [
    path("company/payment-provider/", provider.provider, name="provider"),
    path("company/payment-provider/messages/", provider.messages_page, name="provider_messages"),
    path("company/payment-provider/connect/", provider.connect, name="connect_provider"),
    path("company/payment-provider/keys/", provider.own_keys, name="provider_keys"),
    path("company/payment-provider/transfer/", provider.transfer, name="provider_transfer"),
    path("company/payment-provider/methods/", provider.choose, name="provider_methods"),
    path("company/payment-provider/check/", provider.check, name="check_provider"),
    path("company/payment-provider/switch/", provider.switch, name="switch_provider"),
]
