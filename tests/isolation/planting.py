"""The canaries of a company planted in its tables: in every text that is free, every number that no rule ties."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from isolation import canaries

from tenancy.sealed_fields import SealedTextField

CODES = re.compile(
    r"""^(code|.*_code|currency|language|zone|time_zone|recording_zone|unit|kind|.*_kind|state|status|format|template
    |purpose|version|market|region|country|energy|action|.*email|recipient|number|identifier|.*_identifier|prefix
    |.*_prefix|hashed|digest|previous|proof|fingerprint|checksum|password|session_key|device_mark|.*key|.*reference
    |file|photo|path|token|outcome|quality|method|source|payee|ledger|tax|doubt|.*series|legal_entity|settles|label
    |carrier|mode|provider|credit_class|channel|content_type|app_label|model|codename|reset|counts_as|shape|work
    |occasion|event|party_account|end_to_end|iban|bic|denomination|address_family|issuer|series|merchant|page|document
    |expires|nonce|algorithm|mark|hmac|index|.*_index|.*_hash|what|cause|position|register|sha256|receipt|type|.*_by
    |what_for|scheme|key_id|subject_key|name_index|ciphertext|client_id|claim|nameid|wording|by)$""",
    re.VERBOSE,
)
"""Columns that hold words of the program (kinds, states, formats), what is alike at every company on purpose (numbers,
addresses, references, codes), or what is computed (digests). Every other text carries the canary."""
CODES_OF = {
    "sessions.Session", "contenttypes.ContentType", "auth.Permission", "mfa.Authenticator", "metering.Touched",
    "tariffs.CalendarFact", "identity.SupportEntry",
    "identity.AuditSeal", "metering.MappingProfile", "payments.FileProfile",
}  # fmt: skip
"""Tables whose texts are all of that kind; or, as the host's visits, written by the host itself and shown to it."""
KNOWN_TO_THE_HOST = {"identity.SupportEntry"}
"""Tables of a company whose keys the host's own pages name: they get no row with a canary for its key."""
HUMAN = {
    "en", "zh-hans", "name", "legal_name", "note", "reason", "address", "title", "street", "city", "holder", "text",
    "payer", "words", "guarantor", "bank_name",
}  # fmt: skip
"""Keys of JSON under which people's words stand."""
FREE_NUMBERS = re.compile(r"^(amount|price|total|quantity|value|balance|limit|.*_wh|gross|net|rated|billed|credit)$")


class Planter:
    """Plants company 0's canaries with all triggers out of the way; rules of single rows still hold."""

    def __init__(self, connection: psycopg.Connection[Any], schema: str, files: Path) -> None:
        self.connection, self.schema, self.files = connection, schema, files
        self.word, self.number = canaries.word(0), canaries.digits(0)
        self.bare: dict[str, str] = {}
        self.private: set[Any] = set()
        connection.execute("SET session_replication_role = replica")
        connection.execute(f'SET search_path = "{schema}", public')

    def plant(self, models_here: list[Any]) -> None:
        """Plant in every table; what stays bare is noted with what refused it."""
        for model in sorted(models_here, key=lambda each: len(ancestors(each))):
            for field in model._meta.local_concrete_fields:
                if isinstance(field, models.JSONField):
                    self._json(model, field)
                elif _is_text(field) and not is_code(model, field):
                    self._text(model, field)
                elif _is_file(field):
                    self._file(model, field)
            self._private_row(model)
        visitors = "SELECT user_id FROM identity_supportentry"  # in a company, but the host's own: the host sees them
        self._try("", f"UPDATE identity_user SET name = 'Host' WHERE id IN ({visitors})", [])
        for path in (self.files / self.schema).rglob("*"):
            if path.is_file() and self.word.encode() not in path.read_bytes():
                path.write_text(f"File of {self.word}\n")  # packed files cannot be made another company's byte by byte

    def _text(self, model: Any, field: Any) -> None:
        table, column = model._meta.db_table, field.column
        room = field.max_length or 10_000
        kept = max(room - len(self.word) - 1, 0)
        if room < len(self.word):
            self.bare[f"{model._meta.label}.{field.name}"] = f"has room for {room} letters only"
            return
        filled = f"""UPDATE "{table}" SET "{column}" = left(left("{column}", {kept}) || ' ' || %s, {room})
            WHERE "{column}" <> ''"""
        self._try(f"{model._meta.label}.{field.name}", filled, [self.word])
        key = model._meta.pk.column
        last = f"""UPDATE "{table}" SET "{column}" = %s
            WHERE NOT EXISTS (SELECT 1 FROM "{table}" WHERE "{column}" <> '')
            AND "{key}" = (SELECT max("{key}") FROM "{table}")"""
        self._try("", last, [self.word])

    def _json(self, model: Any, field: Any) -> None:
        table, column, key = model._meta.db_table, field.column, model._meta.pk.column
        rows = self.connection.execute(f'SELECT "{key}", "{column}" FROM "{table}"').fetchall()
        for pk, content in rows:
            changed = _with_word(content, self.word)
            if changed != content:
                statement = f'UPDATE "{table}" SET "{column}" = %s WHERE "{key}" = %s'
                self._try("", statement, [psycopg.types.json.Json(changed), pk])

    def _file(self, model: Any, field: Any) -> None:
        statement = f'SELECT "{field.column}" FROM "{model._meta.db_table}" WHERE "{field.column}" <> %s'
        for (name,) in self.connection.execute(statement, [""]).fetchall():
            path = self.files / self.schema / name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"File of {self.word}\n")

    def _private_row(self, model: Any) -> None:
        """Add a row that no other company has: its key, its unique texts and its free numbers are canaries."""
        key = model._meta.pk
        if not isinstance(key, models.AutoField | models.BigAutoField) or model._meta.label in KNOWN_TO_THE_HOST:
            return
        table, columns = model._meta.db_table, {f.column: f for f in model._meta.local_concrete_fields}
        values = {name: self._private(model, field) for name, field in columns.items() if not _generated(field)}
        ids = {n: v for n, v in values.items() if columns[n].primary_key or columns[n].is_relation}
        for wanted in (values, {n: v for n, v in values.items() if not _is_number(columns[n])}, ids):
            names = ", ".join(f'"{name}"' for name in values)
            picked = ", ".join(wanted.get(name) or f'"{name}"' for name in values)
            order = f'ORDER BY "{key.column}" DESC LIMIT 1'
            if self._try("", f'INSERT INTO "{table}" ({names}) SELECT {picked} FROM "{table}" {order}', []):
                self.private.add(model)
                return
        self.bare[model._meta.label] = "takes no second row like its last one"

    def _private(self, model: Any, field: Any) -> str:
        if field.primary_key or (field.is_relation and field.remote_field.model in self.private):
            return str(self.number)
        if isinstance(field, models.EmailField) and identifies(model, field):
            return f"'p{self.word}@fleet.test'"
        if _is_wide(field) and identifies(model, field):
            return str(self.number)
        if _is_wordy(model, field) and (field.max_length or 99) >= len(self.word):
            return f"'P{self.word}'" if (field.max_length or 99) > len(self.word) else f"'{self.word}'"
        if _is_number(field) and FREE_NUMBERS.match(field.name):
            return f"{self.number}.00" if isinstance(field, models.DecimalField) else str(self.number)
        return ""

    def _try(self, name: str, statement: str, values: list[Any]) -> bool:
        try:
            with self.connection.transaction():
                self.connection.execute(statement, values)  # type: ignore[arg-type]
        except psycopg.Error as error:
            if name:
                self.bare[name] = str(error).splitlines()[0]
            return False
        return True


def is_code(model: Any, field: Any) -> bool:
    """Return whether a text column holds words of the program or what is alike everywhere on purpose."""
    if model._meta.label in CODES_OF or field.choices or field.name == "id":
        return True
    return bool(CODES.match(field.name)) or identifies(model, field)


def ancestors(model: Any) -> set[Any]:
    """Return the models that a model's keys lead to, and theirs."""
    direct = {f.remote_field.model for f in model._meta.local_concrete_fields if f.is_relation} - {model}
    return direct.union(*(ancestors(each) for each in direct)) if direct else set()


def models_of_companies() -> list[Any]:
    """Return the models whose tables stand in every company's space."""
    from isolation import rows

    return [model for model in apps.get_models() if rows.is_of_company(model)]


def identifies(model: Any, field: Any) -> bool:
    """Return whether no two rows may have the same in this column (alone or with others)."""
    if field.unique:
        return True
    named = [set(c.fields) for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    computed = [str(c.expressions) for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    return any(field.name in fields for fields in named) or any(f"F({field.name})" in each for each in computed)


def _with_word(content: Any, word: str) -> Any:
    if isinstance(content, dict):
        return {key: _changed(key, value, word) for key, value in content.items()}
    return [_with_word(each, word) for each in content] if isinstance(content, list) else content


def _changed(key: str, value: Any, word: str) -> Any:
    if isinstance(value, str) and key in HUMAN and value:
        return f"{value} {word}"
    return _with_word(value, word)


def _is_text(field: Any) -> bool:
    return isinstance(field, models.CharField | models.TextField) and not isinstance(
        field, ArrayField | models.FileField | models.URLField | models.EmailField | models.UUIDField | SealedTextField
    )


def _is_file(field: Any) -> bool:
    return isinstance(field, models.FileField) or (_is_text(field) and field.name in {"file", "photo"})


def _is_number(field: Any) -> bool:
    return isinstance(field, models.DecimalField | models.BigIntegerField) and not field.primary_key


def _is_wordy(model: Any, field: Any) -> bool:
    return _is_text(field) and identifies(model, field) and not field.choices


def _is_wide(field: Any) -> bool:
    whole = isinstance(field, models.IntegerField) and not field.is_relation
    return whole and not isinstance(field, models.SmallIntegerField | models.PositiveSmallIntegerField)


def _generated(field: Any) -> bool:
    return bool(getattr(field, "generated", False))
