"""Messages for the next page, in a cookie signed for one company: what one wrote is shown at no other's address."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage

from tenancy import keys


class CompanyCookieStorage(CookieStorage):
    """Django's messages in a cookie, with the company in the salt of the signature."""

    cookie_name = "__Host-messages" if settings.HTTPS else "messages"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.key_salt = f"{CookieStorage.key_salt}:{keys.prefix()}"
        super().__init__(*args, **kwargs)


class MessageStorage(FallbackStorage):
    """Cookie first, then session: both are one company's."""

    storage_classes: tuple[type[BaseStorage], ...] = (CompanyCookieStorage, SessionStorage)  # type: ignore[assignment]
