"""JSON whose numbers keep their own text: 23.50 is a decimal, never a float."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


class Decoder(json.JSONDecoder):
    """Read fractions as Decimal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "parse_float": Decimal})


class Encoder(json.JSONEncoder):
    """Write a Decimal as the text of its number; formulas and bounds are read from that text again."""

    def default(self, o: Any) -> Any:
        return str(o) if isinstance(o, Decimal) else super().default(o)
