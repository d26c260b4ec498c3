"""The program refuses to serve as superuser or as owner of a table."""

from __future__ import annotations

from django.db import connection

PRIVILEGES = """
SELECT rolsuper OR rolcreaterole OR rolbypassrls,
       EXISTS (SELECT 1 FROM pg_class WHERE relowner = r.oid)
FROM pg_roles r WHERE rolname = session_user
"""


class PrivilegedLogin(RuntimeError):
    """The web or worker program was given credentials that could break the walls."""


def refuse_privileged_login() -> None:
    """Raise when DATABASE_URL names a superuser, a maker of roles or an owner of tables."""
    with connection.cursor() as cursor:
        cursor.execute(PRIVILEGES)
        privileged, owner = cursor.fetchone()
    connection.close()
    if privileged or owner:
        raise PrivilegedLogin(
            "DATABASE_URL names a login that is superuser, may create roles, or owns tables. "
            "Serve with the unprivileged login (gridhall_app); keep the owner for GRIDHALL_ROLE=owner."
        )
