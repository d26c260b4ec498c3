"""Take walls down, one function each. Only tests can: the product has no such switch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from harness import databases
from tenancy import context, hosts, keys
from tenancy.database import base

FALLBACK = "alder"
STALE = "t_birch0000000"


def host_fallback(patch: Any, database: str) -> None:
    """Wall 1 down: an unknown host falls back to the first company."""
    find = hosts.find_retailer
    patch.setattr(hosts, "find_retailer", lambda host: find(host) or context.retailer_by_code(code=FALLBACK))


def login_granted_everything(patch: Any, database: str) -> None:
    """Wall 2 down: the login may read all and keeps its own role."""
    with psycopg.connect(databases.server().superuser_url(database), autocommit=True) as superuser:
        schemas = superuser.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%'").fetchall()
        for (schema,) in schemas:
            superuser.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO gridhall_app')
            superuser.execute(f'GRANT ALL ON ALL TABLES IN SCHEMA "{schema}" TO gridhall_app')
            superuser.execute(f'GRANT ALL ON ALL SEQUENCES IN SCHEMA "{schema}" TO gridhall_app')
    patch.setattr(base, "role_statement", lambda schema_name: "SET ROLE none")


def path_fixed(patch: Any, database: str) -> None:
    """Wall 3 down: the search path stays at one company, whoever is worked for."""
    patch.setattr(base, "path_statement", lambda schema_name: f'SET search_path = "{STALE}", public')


def keys_without_retailer(patch: Any, database: str) -> None:
    """Wall 4 down: cache and session keys no longer carry the retailer."""
    patch.setattr(keys, "prefix", lambda: "shared")


SWITCHES: dict[str, Callable[[Any, str], None]] = {
    "host": host_fallback,
    "role": login_granted_everything,
    "path": path_fixed,
    "keys": keys_without_retailer,
}
