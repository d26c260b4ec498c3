"""Sessions in the retailer's own schema, and bound to it once more by what they hold."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db

from tenancy import keys

BOUND_TO = "_retailer"


class SessionStore(db.SessionStore):
    """A session that is empty for every retailer but the one that opened it; ``foreign`` is then whose it was."""

    foreign = ""

    @classmethod
    def get_model_class(cls) -> Any:
        return db.SessionStore.get_model_class()

    def load(self) -> dict[str, Any]:
        data = super().load()
        if data and data.get(BOUND_TO) != keys.prefix():
            self._session_key = None
            self.foreign = str(data.get(BOUND_TO))
            return {}
        return data

    def encode(self, session_dict: dict[str, Any]) -> str:
        return super().encode({**session_dict, BOUND_TO: keys.prefix()})
