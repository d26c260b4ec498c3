"""Which account a receipt belongs to: evidence is collected and weighed; the weights are the market's policy.

Pure: what is known of accounts, bills and payers comes in as tables.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

INVOICE, ACCOUNT, PAYER, AMOUNT, NAME = "invoice", "account", "payer", "amount", "name"
REASONS = (INVOICE, ACCOUNT, PAYER, AMOUNT, NAME)
SHORTEST_TOKEN = 2
LEAST_LIKENESS = 820
"""Of a thousand: from here on two names mean the same."""
_TOKEN = re.compile(r"[A-Z0-9][A-Z0-9._/\-]*[A-Z0-9]|[A-Z0-9]")
_NOISE = re.compile(r"[\s.,;:'\"()（）·\-_/]+")


@dataclass(frozen=True, slots=True)
class Weights:
    """Points of each kind of evidence, from how many on a line is booked without asking, and the lead it needs."""

    points: Mapping[str, int]
    automatic_from: int
    lead: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is known, by what a line may say of it."""

    invoices: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """(invoice, account) by the invoice's number in capitals"""
    accounts: Mapping[str, int] = field(default_factory=dict)
    """account by its number in capitals"""
    payers: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """accounts paid from a bank account before"""
    due: Mapping[int, Sequence[tuple[int | None, Decimal]]] = field(default_factory=dict)
    """open (invoice, amount) of an account"""
    names: Mapping[int, str] = field(default_factory=dict)
    """the customer's name of an account"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a line says."""

    amount: Decimal
    texts: Sequence[str]
    party_name: str = ""
    party_account: str = ""


@dataclass(slots=True)
class Suggestion:
    """An account that a line may belong to, with the reasons and their points together."""

    account_id: int
    reasons: list[str] = field(default_factory=list)
    invoice_ids: list[int] = field(default_factory=list)
    score: int = 0

    def add(self, reason: str) -> None:
        if reason not in self.reasons:
            self.reasons.append(reason)


def tokens(texts: Iterable[str]) -> list[str]:
    """This will return the words of the texts that could be a number of an account or a bill, in capitals.

    Two neighbours joined count too, since banks break long texts at any place.
    """
    found: list[str] = []
    for text in texts:
        words = _TOKEN.findall(text.upper())
        parts = [part for word in words for part in re.split(r"[/_.]", word)]
        joined = [a + b for a, b in itertools.pairwise(words)]
        found += [word for word in [*words, *parts, *joined] if len(word) >= SHORTEST_TOKEN]
    return list(dict.fromkeys(found))


def suggest(said: Said, known: Known, weights: Weights) -> list[Suggestion]:
    """This will return the accounts a receipt may belong to, the likeliest first."""
    found: dict[int, Suggestion] = {}
    _by_number(said, known, found)
    for account_id in known.payers.get(said.party_account, ()) if said.party_account else ():
        _of(found, account_id).add(PAYER)
    for account_id, due in known.due.items():
        if _amount_fits(said.amount, due, found.get(account_id)):
            _of(found, account_id).add(AMOUNT)
    for account_id, name in known.names.items():
        if alike(said.party_name, name):
            _of(found, account_id).add(NAME)
    for suggestion in found.values():
        suggestion.score = sum(weights.points.get(reason, 0) for reason in suggestion.reasons)
    return sorted(found.values(), key=lambda one: (-one.score, one.account_id))


def _by_number(said: Said, known: Known, found: dict[int, Suggestion]) -> None:
    for word in tokens(said.texts):
        if word in known.invoices:
            invoice_id, account_id = known.invoices[word]
            suggestion = _of(found, account_id)
            suggestion.add(INVOICE)
            suggestion.invoice_ids.append(invoice_id)
        if word in known.accounts:
            _of(found, known.accounts[word]).add(ACCOUNT)


def certain(suggestions: Sequence[Suggestion], weights: Weights) -> Suggestion | None:
    """This will return the account that may be booked without asking: enough points, and well before the next."""
    if not suggestions or suggestions[0].score < weights.automatic_from:
        return None
    if len(suggestions) > 1 and suggestions[0].score - suggestions[1].score < weights.lead:
        return None
    return suggestions[0]


def alike(one: str, other: str) -> bool:
    """Whether two names mean the same: order of words, case and punctuation aside."""
    first, second = _words(one), _words(other)
    if not first or not second:
        return False
    likeness = round(difflib.SequenceMatcher(None, first, second).ratio() * 1000)
    return first == second or likeness >= LEAST_LIKENESS


def _words(name: str) -> str:
    return " ".join(sorted(_NOISE.sub(" ", name.casefold()).split()))


def _amount_fits(amount: Decimal, due: Sequence[tuple[int | None, Decimal]], suggestion: Suggestion | None) -> bool:
    """The amount is that of an open debit, of all of them, or of the bills the line names."""
    named = [open_ for invoice, open_ in due if suggestion and invoice in suggestion.invoice_ids]
    return amount in {open_ for _, open_ in due} or amount in (
        sum((open_ for _, open_ in due), Decimal(0)),
        sum(named, Decimal(0)),
    )


def _of(found: dict[int, Suggestion], account_id: int) -> Suggestion:
    return found.setdefault(account_id, Suggestion(account_id))
