"""What a company takes along in readable files: rooms say what of theirs is a secret and how their bytes are read."""

from __future__ import annotations

from collections import defaultdict

from tenancy.archives import readable

_tables: set[str] = set()
_columns: dict[str, set[str]] = defaultdict(set)
_decoders: dict[tuple[str, str], readable.Decode] = {}


def leave_out(*tables: str) -> None:
    """Leave whole tables out: sessions, proofs of sign-in, and what only this program can use."""
    _tables.update(tables)


def leave_out_columns(table: str, *columns: str) -> None:
    """Leave columns of a table out, such as hashes of passwords and sealed keys."""
    _columns[table].update(columns)


def decode(table: str, column: str, decoder: readable.Decode) -> None:
    """Name how a binary column is written as text; without one it is left out."""
    _decoders[table, column] = decoder


def rules() -> readable.Rules:
    """Return all that was registered."""
    columns = {table: frozenset(names) for table, names in _columns.items()}
    return readable.Rules(frozenset(_tables), columns, dict(_decoders))
