"""Roles are capabilities in code: what a person may do follows from the posts he holds."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from kernel.errors import GridhallError, gettext_noop


class Capability(StrEnum):
    """One thing a person may do; pages, API scopes and exports ask for these."""

    SEE_CUSTOMERS = "customers:read"
    CHANGE_CUSTOMERS = "customers:write"
    SEE_PERSONAL = "customers:personal"
    SEE_READINGS = "readings:read"
    IMPORT_READINGS = "readings:write"
    APPROVE_READINGS = "readings:approve"
    SEE_TARIFFS = "tariffs:read"
    CHANGE_TARIFFS = "tariffs:write"
    PUBLISH_TARIFFS = "tariffs:publish"
    SEE_BILLS = "bills:read"
    RUN_BILLS = "bills:write"
    ISSUE_BILLS = "bills:issue"
    SEE_LEDGER = "ledger:read"
    CLOSE_BOOKS = "ledger:write"
    SEE_PAYMENTS = "payments:read"
    TAKE_PAYMENTS = "payments:write"
    APPROVE_PAYMENTS = "payments:approve"
    SEE_ARREARS = "arrears:read"
    WORK_ARREARS = "arrears:write"
    APPROVE_ARREARS = "arrears:approve"
    CHANGE_BRAND = "brand:write"
    MANAGE_STAFF = "staff:write"
    MANAGE_KEYS = "keys:write"
    SEE_AUDIT = "audit:read"
    SEE_PRIVACY = "privacy:read"
    WORK_PRIVACY = "privacy:write"
    APPROVE_PRIVACY = "privacy:approve"
    END_COMPANY = "company:end"
    OPERATE_FLEET = "fleet:write"
    USE_PORTAL = "portal:use"


class Role(StrEnum):
    """A post in a retailer, at the operator, or the role of a customer."""

    ADMINISTRATOR = "administrator"
    PRICING = "pricing"
    METERING = "metering"
    BILLING = "billing"
    CASHIER = "cashier"
    COLLECTIONS = "collections"
    FINANCE = "finance"
    SERVICE = "service"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    CUSTOMER = "customer"


_C = Capability
_READS = frozenset(
    {
        _C.SEE_CUSTOMERS, _C.SEE_READINGS, _C.SEE_TARIFFS, _C.SEE_BILLS, _C.SEE_LEDGER, _C.SEE_PAYMENTS, _C.SEE_ARREARS,
    }
)  # fmt: skip
CAPABILITIES: dict[Role, frozenset[Capability]] = {
    Role.ADMINISTRATOR: frozenset(_C) - {_C.OPERATE_FLEET, _C.USE_PORTAL},
    Role.PRICING: frozenset({_C.SEE_TARIFFS, _C.CHANGE_TARIFFS, _C.SEE_CUSTOMERS, _C.SEE_READINGS}),
    Role.METERING: frozenset({_C.SEE_READINGS, _C.IMPORT_READINGS, _C.APPROVE_READINGS, _C.SEE_CUSTOMERS}),
    Role.BILLING: _READS | {_C.RUN_BILLS, _C.ISSUE_BILLS},
    Role.CASHIER: frozenset({_C.SEE_CUSTOMERS, _C.SEE_BILLS, _C.SEE_PAYMENTS, _C.TAKE_PAYMENTS}),
    Role.COLLECTIONS: frozenset(
        {_C.SEE_CUSTOMERS, _C.SEE_PERSONAL, _C.SEE_BILLS, _C.SEE_PAYMENTS, _C.SEE_ARREARS, _C.WORK_ARREARS}
    ),
    Role.FINANCE: _READS | {_C.SEE_PERSONAL, _C.CLOSE_BOOKS, _C.TAKE_PAYMENTS, _C.APPROVE_PAYMENTS, _C.APPROVE_ARREARS},
    Role.SERVICE: frozenset(
        {
            _C.SEE_CUSTOMERS,
            _C.SEE_PERSONAL,
            _C.CHANGE_CUSTOMERS,
            _C.SEE_READINGS,
            _C.SEE_BILLS,
            _C.SEE_PAYMENTS,
            _C.SEE_PRIVACY,
            _C.WORK_PRIVACY,
        }
    ),
    Role.AUDITOR: _READS | {_C.SEE_PRIVACY, _C.SEE_AUDIT},
    Role.OPERATOR: frozenset({_C.OPERATE_FLEET, _C.MANAGE_STAFF}),
    Role.CUSTOMER: frozenset({_C.USE_PORTAL}),
}
STAFF_ROLES = frozenset(Role) - {Role.CUSTOMER, Role.OPERATOR}


class NotAllowed(GridhallError):
    """The person's posts do not carry what he asked for."""

    code = "not_allowed"
    template = gettext_noop("Your posts do not allow this ({capability}). Ask an administrator of your company.")


def of_roles(roles: Iterable[str]) -> frozenset[Capability]:
    """Return all that the given roles allow together."""
    return frozenset().union(*(CAPABILITIES[Role(role)] for role in roles))
