"""A closed day: up to where the chain of seals goes, what every account sums to, and a proof over both.

Note "closing": the proof is SHA-256 over the proof before it, a line feed, and the closing as one line of JSON without
spaces: day, position and seal of the chain's head, and the totals (code, currency, debit, credit; by code and currency,
amounts without trailing zeros). The first proof follows 64 zeros. Kept outside the database, the document proves later
that the books up to that day are still those that were closed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel.errors import Invalid, gettext_noop

GENESIS = "0" * 64
"""What stands in place of a proof before the first one."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
Total = tuple[str, str, str, str]


class UnreadableClosing(Invalid):
    """What was given as an exported closing is none."""

    code = "ledger_closing_unreadable"
    template = gettext_noop("This is no closing as Gridhall exports it. Give the file as it was downloaded.")


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of a day in the books; ``totals`` are cumulated from the beginning: code, currency, debit, credit."""

    day: dt.date
    position: int
    digest: str
    totals: tuple[Total, ...]
    previous: str
    proof: str = ""

    def computed(self) -> str:
        """This will compute the proof from the other fields (note "closing")."""
        line = _ENCODER.encode([self.day.isoformat(), self.position, self.digest, [list(row) for row in self.totals]])
        return hashlib.sha256(f"{self.previous}\n{line}".encode()).hexdigest()

    def document(self, *, company: str) -> dict[str, Any]:
        """This will return what is exported: plain data, to be kept where the database's owner cannot write."""
        return {
            "company": company,
            "day": self.day.isoformat(),
            "position": self.position,
            "seal": self.digest,
            "totals": [list(row) for row in self.totals],
            "previous": self.previous,
            "proof": self.proof,
        }


def read(document: Mapping[str, Any]) -> Closing:
    """This will read an exported closing; raises UnreadableClosing."""
    try:
        return Closing(
            day=dt.date.fromisoformat(document["day"]),
            position=int(document["position"]),
            digest=str(document["seal"]),
            totals=tuple((str(a), str(b), str(c), str(d)) for a, b, c, d in document["totals"]),
            previous=str(document["previous"]),
            proof=str(document["proof"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableClosing from error
