"""Passwords that anybody would try first at this company: its own names and code, and the platform's."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from tenancy import context

SHORTEST_WORD = 4
"""Shorter words stand in good passwords by chance."""
_WORD = re.compile(r"\w+")


class CompanyWordsValidator:
    """Refuses a password of which little is left without the words of the company's names and code."""

    def validate(self, password: str, user: Any = None) -> None:
        """This will raise ValidationError when fewer than half of the password's signs are its own."""
        left = password.casefold()
        for word in sorted(_words(), key=len, reverse=True):
            left = left.replace(word, "")
        if len(left) * 2 < len(password):
            raise ValidationError(self.get_help_text(), code="password_of_company_words")

    def get_help_text(self) -> str:
        """This will return the rule in a sentence."""
        return gettext("Your password can’t consist of the company’s name.")


def _words() -> set[str]:
    retailer = context.current_retailer()
    texts = [retailer.code, retailer.legal_name, *map(str, retailer.names.values())]
    texts += [settings.PLATFORM_DOMAIN, "gridhall"]
    found = {word for text in texts for word in _WORD.findall(text.casefold())}
    return {word for word in found if len(word) >= SHORTEST_WORD or not word.isascii()}
