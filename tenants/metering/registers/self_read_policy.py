"""What a market lets customers read themselves (``policies.self_reads`` of its pack)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

OPTIONAL, DOUBTFUL, ALWAYS = "optional", "doubtful", "always"


@dataclass(frozen=True, slots=True)
class SelfReadPolicy:
    """How far back, what counts at once, what is usual, and what becomes of photos."""

    days_back: int
    accepts_plausible: bool
    above: Decimal
    below: Decimal
    floor_wh: int
    history_days: int
    photo: str
    photo_days: int
    photo_megabytes: int

    @classmethod
    def of(cls, *, policies: Mapping[str, Any]) -> SelfReadPolicy:
        """This will read the policy of a market pack."""
        rule = policies["self_reads"]
        return cls(
            days_back=int(rule["days_back"]),
            accepts_plausible=rule["accept"] == "plausible",
            above=Decimal(rule["above"]),
            below=Decimal(rule["below"]),
            floor_wh=int(Decimal(rule["floor_kwh"]) * 1000),
            history_days=int(rule["history_days"]),
            photo=rule["photo"],
            photo_days=int(rule["photo_days"]),
            photo_megabytes=int(rule["photo_megabytes"]),
        )

    def wants_photo(self, *, odd: bool) -> bool:
        """This will tell whether a photo is asked for."""
        return self.photo == ALWAYS or (self.photo == DOUBTFUL and odd)
