"""django-tenants' backend with a role beside the search path, and no swallowed refusals.

With each change of retailer one statement sets the role, checks that the schema stands and sets the path. It is
issued again after every rollback, which reverts it, and forgotten when a connection goes back to the pool.
An owner process (migrations, provisioning) keeps its own role and sets only the path.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import ProgrammingError
from django_tenants.postgresql_backend import base
from psycopg.pq import TransactionStatus

PUBLIC = "public"


class SwitchInsideTransaction(ProgrammingError):
    """The retailer was changed before the transaction of another one had ended."""


def role_statement(schema_name: str) -> str:
    """Return the SQL that takes on the role of ``schema_name``; the login's own in public."""
    return "SET ROLE none" if schema_name == PUBLIC else f'SET ROLE "{schema_name}"'


def path_statement(schema_name: str) -> str:
    """Return the SQL that checks that the schema stands and looks there first."""
    if schema_name == PUBLIC:
        return "SET search_path = public"
    return f'SELECT \'"{schema_name}"\'::regnamespace; SET search_path = "{schema_name}", public'


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection; the retailer it speaks for is set by ``tenancy.context``."""

    search_path_set_schemas: list[str] | None
    _setting_search_path: bool

    def forget_path(self) -> None:
        """Issue role and path again with the next statement: something else changed them."""
        self.search_path_set_schemas = None

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        if self._in_own_transaction() and tenant.schema_name != self.schema_name:
            raise SwitchInsideTransaction(
                f"A transaction of {self.schema_name} is open; {tenant.schema_name} cannot be used before it ends."
            )
        issued = self.search_path_set_schemas
        super().set_tenant(tenant, include_public)
        self.search_path_set_schemas = issued  # compared with the wanted one before each statement

    def _in_own_transaction(self) -> bool:
        return any(not getattr(block, "_from_testcase", False) for block in self.atomic_blocks)

    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._setting_search_path or self.search_path_set_schemas == [self.schema_name]:
            return
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return  # only a rollback is accepted now, and it forgets the path anyway
        base._check_schema_name(self.schema_name)
        self._setting_search_path = True
        try:
            self._issue(self._statement(), cursor)
            self.search_path_set_schemas = [self.schema_name]
        finally:
            self._setting_search_path = False

    def _statement(self) -> str:
        role = role_statement(self.schema_name)
        path = path_statement(self.schema_name)
        return path if settings.PROCESS_ROLE == "owner" else f"{role}; {path}"

    def _issue(self, statement: str, cursor: Any) -> None:
        if cursor is not None:
            cursor.execute(statement)
            return
        with self.connection.cursor() as own:
            own.execute(statement)
