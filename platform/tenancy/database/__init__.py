"""The database backend: a role beside each search path."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django import db

if TYPE_CHECKING:
    from tenancy.database.base import DatabaseWrapper

connection = cast("DatabaseWrapper", db.connection)
"""Django's connection of this thread, known to be ours."""
