"""Fields that stand sealed in the database and are text in Python.

A value is the number of the company's key (one byte), a nonce (12) and AES-256-GCM with its tag (16), authenticated
with the company and the place: ``table.column``. So bytes copied to another company or column do not open; a value
moved to another row of the same column does (decision 75 says why that is accepted). The empty text is stored empty.

The database cannot compare sealed values. A field with an ``index`` is looked up by the marks of its words, kept in a
``BlindIndexField`` of the same row: ``name__holds="wang"``, ``email="wang@example.com"``, ``name__in=[...]``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from django.core.exceptions import EmptyResultSet, FieldError
from django.db import models, transaction
from django.db.models.lookups import IsNull, Lookup

from kernel import personal
from kernel.errors import GridhallError, Invalid, gettext_noop
from tenancy import blind_index, company_keys

NONCE_BYTES = company_keys.NONCE_BYTES
START = 1 + NONCE_BYTES
MOST_AT_ONCE = 5000


class SealedUnreadable(GridhallError):
    """A sealed value does not open where it stands."""

    code = "sealed_unreadable"
    template = gettext_noop("What stands in {place} does not open with this company's key.")


class TooLong(Invalid):
    """More text than the field takes."""

    code = "text_too_long"
    template = gettext_noop("At most {most} characters can be kept here.")


class SealedLookup(FieldError):
    """The database was asked to compare what it cannot read."""


class Sealed(bytes):
    """A value that is sealed already, by ``seal_many``."""


class SealedTextField(models.TextField):
    """Text that stands sealed; ``kind``: how it is searched, ``index``: where its marks are, ``sort``: how masked."""

    def __init__(
        self, *args: Any, index: str = "", kind: str = "words", sort: str = "text", place: str = "", **options: Any
    ) -> None:
        self.index, self.kind, self.sort, self.given_place = index, kind, sort, place
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        given = {"index": self.index, "kind": self.kind, "sort": self.sort, "place": self.given_place}
        usual = {"index": "", "kind": "words", "sort": "text", "place": ""}
        options.update({each: value for each, value in given.items() if value != usual[each]})
        return name, path, args, options

    @property
    def place(self) -> str:
        return self.given_place or f"{self.model._meta.db_table}.{self.column}"

    def db_type(self, connection: Any) -> str:
        return "bytea"

    def get_internal_type(self) -> str:
        return "BinaryField"

    def get_prep_value(self, value: Any) -> Any:
        return value if isinstance(value, Sealed) else super().get_prep_value(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or isinstance(value, Sealed) or hasattr(value, "resolve_expression"):
            return value
        return seal(text=self._short_enough(str(value)), place=self.place)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is None:
            return None
        made = personal.SORTS[self.sort](unseal(sealed=value, place=self.place))
        if personal.is_watched():
            made.field = f"{self.model.__name__}.{self.name}"
        return made

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name in _LOOKUPS and (self.index or lookup_name in ("isnull", "exact")):
            return _LOOKUPS[lookup_name]
        raise SealedLookup(
            f"{self.place} is sealed: the database cannot compare it ({lookup_name}). "
            "Ask with __holds, an exact value or __in where it has an index, or filter in Python."
        )

    def get_transform(self, lookup_name: str) -> Any:
        return None

    def _short_enough(self, text: str) -> str:
        if self.max_length is not None and len(text) > self.max_length:
            raise TooLong(most=self.max_length, where=self.name)
        return text.replace("\x00", "")


class BlindIndexField(models.Field):
    """The marks of all sealed fields of a row that name it. Written with the row, never read."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"editable": False, "default": list, **options})

    def db_type(self, connection: Any) -> str:
        return "integer[]"

    def get_internal_type(self) -> str:
        return "BlindIndexField"

    def pre_save(self, model_instance: Any, add: bool) -> list[int]:
        texts = {each: getattr(model_instance, each.attname) for each in indexed_by(self.model, self.name)}
        return row_marks(texts=texts)

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        return "NULL", []

    def value_to_string(self, obj: Any) -> str:
        return ""


class _SealedQuerySet(models.QuerySet):
    """Changes a sealed text together with its marks."""

    def update(self, **values: Any) -> int:
        """As ever; rows whose marks follow from what is changed are read, marked and written one by one."""
        if all(each in values for each in _indexes_of(self.model, values)):
            return super().update(**values)
        if any(hasattr(each, "resolve_expression") for each in values.values()):
            raise SealedLookup(f"{self.model.__name__}: the marks of a sealed text do not follow from an expression.")
        with transaction.atomic():
            rows = list(self.select_for_update(of=("self",))[: MOST_AT_ONCE + 1])
            if len(rows) > MOST_AT_ONCE:
                raise SealedLookup(f"{self.model.__name__}: too many rows to mark at once; use bulk_update in batches.")
            for row in rows:
                for name, value in values.items():
                    setattr(row, name, value)
            manager: Any = self.model._default_manager
            return int(manager.bulk_update(rows, list(values))) if rows else 0

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        rows, names = list(objs), list(fields)
        for index in _indexes_of(self.model, names):
            field: Any = self.model._meta.get_field(index)
            for row in rows:
                setattr(row, index, field.pre_save(row, False))
            names.append(index)
        return super().bulk_update(rows, names, batch_size)


class SealedModel(models.Model):
    """A model whose sealed texts keep their marks with each save."""

    objects = _SealedQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: Any, field_names: Any, values: Any, **options: Any) -> Any:
        """Make the instance; where accesses are noted, its texts know whose they are."""
        made: Any = super().from_db(db, field_names, values, **options)
        owner = made.personal_owner() if personal.is_watched() else None
        if owner is not None:
            for field in sealed_of(cls):
                personal.belongs(made.__dict__.get(field.attname), owner=owner)
        return made

    def personal_owner(self) -> personal.Owner | None:
        """Whose the texts of this row are."""
        return None

    def save(self, *args: Any, **options: Any) -> None:
        """Save the row, with the marks of what is saved."""
        names = options.get("update_fields")
        if names is not None:
            options["update_fields"] = [*names, *_indexes_of(type(self), names)]
        super().save(*args, **options)


def seal(*, text: str, place: str) -> bytes:
    """This will return the text sealed for the present company and a place; nothing for the empty text."""
    return seal_many(texts=[text], place=place)[0]


def seal_many(*, texts: Sequence[str], place: str) -> list[Sealed]:
    """This will return texts sealed for one place, in their order: for COPY and bulk inserts."""
    ring = company_keys.ring()
    cipher, bound, number = ring.cipher(ring.seals, place), ring.bound(place), bytes([ring.seals])
    nonces = os.urandom(NONCE_BYTES * len(texts))
    found = []
    for start, text in zip(range(0, len(nonces), NONCE_BYTES), texts, strict=True):
        nonce = nonces[start : start + NONCE_BYTES]
        found.append(Sealed(number + nonce + cipher.encrypt(nonce, text.encode(), bound) if text else b""))
    return found


def unseal(*, sealed: bytes | memoryview, place: str) -> str:
    """This will return the text that was sealed for a place; raises SealedUnreadable, or KeyMissing."""
    raw = bytes(sealed)
    if not raw:
        return ""
    ring = company_keys.ring()
    try:
        return ring.cipher(raw[0], place).decrypt(raw[1:START], raw[START:], ring.bound(place)).decode()
    except (InvalidTag, ValueError):
        raise SealedUnreadable(place=place) from None


def row_marks(*, texts: dict[SealedTextField, str | None]) -> list[int]:
    """This will return the marks of one row, of all its fields together, under the key that seals now."""
    given = {field: text for field, text in texts.items() if text}
    if not given:
        return []
    ring = company_keys.ring()
    found: set[int] = set()
    for field, text in given.items():
        words = blind_index.KINDS[field.kind].words(text)
        found.update(blind_index.marks(words=words, place=field.place, ring=ring, number=ring.seals))
    return sorted(found)


def indexed_by(model: Any, index: str) -> list[SealedTextField]:
    """This will return the sealed fields of a model whose marks stand in ``index``."""
    return [each for each in sealed_of(model) if each.index == index]


def sealed_of(model: Any) -> list[SealedTextField]:
    """This will return the sealed fields of a model."""
    return [each for each in model._meta.concrete_fields if isinstance(each, SealedTextField)]


def _indexes_of(model: Any, names: Iterable[str]) -> list[str]:
    found = {getattr(_field(model, name), "index", "") for name in names} - {"", *names}
    return sorted(found)


def _field(model: Any, name: str) -> Any:
    return next((each for each in model._meta.concrete_fields if name in (each.name, each.attname)), None)


class _Marked(Lookup):
    """A lookup answered by the marks of the row."""

    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (value,)

    def wanted(self, kind: blind_index.Kind) -> Iterable[set[str]]:
        """The sets of words of which one must be met wholly."""
        raise NotImplementedError

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        field, column = self._place(compiler)
        ring = company_keys.ring()
        asked = [words for words in self.wanted(blind_index.KINDS[field.kind]) if words]
        if not asked:
            raise EmptyResultSet
        parts = [
            blind_index.marks(words=words, place=field.place, ring=ring, number=number)
            for number in ring.numbers
            for words in asked
        ]
        if all(len(each) == 1 for each in parts):
            return f"({column} && %s::integer[])", ([mark for each in parts for mark in each],)
        return "(" + " OR ".join(f"{column} @> %s::integer[]" for _ in parts) + ")", tuple(parts)

    def _place(self, compiler: Any) -> tuple[SealedTextField, str]:
        field: Any = self.lhs.target
        index = field.model._meta.get_field(field.index)
        quote = compiler.quote_name_unless_alias
        return field, f"{quote(self.lhs.alias)}.{quote(index.column)}"


class Holds(_Marked):
    """``name__holds``: what a person typed, matched as the field's kind says."""

    lookup_name = "holds"

    def wanted(self, kind: blind_index.Kind) -> Iterable[set[str]]:
        return [kind.typed(str(self.rhs))]


class Exact(_Marked):
    """The whole value, written any way; of the empty text also without an index."""

    lookup_name = "exact"

    def wanted(self, kind: blind_index.Kind) -> Iterable[set[str]]:
        return [{kind.whole(str(self.rhs))}]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        field: Any = self.lhs.target
        if self.rhs == "":
            column, params = self.process_lhs(compiler, connection)
            return f"octet_length({column}) = 0", tuple(params)
        if not field.index:
            raise SealedLookup(f"{field.place} is sealed and has no index: the database cannot compare it.")
        return super().as_sql(compiler, connection)


class In(_Marked):
    """One of several whole values."""

    lookup_name = "in"

    def wanted(self, kind: blind_index.Kind) -> Iterable[set[str]]:
        return [{kind.whole(str(each))} for each in self.rhs if each]


_LOOKUPS: dict[str, Any] = {
    "isnull": IsNull, "holds": Holds, "exact": Exact, "iexact": Exact, "in": In,
}  # fmt: skip
