"""Writes of customers: the register, moves in and out, and the import of many at once."""

from tenants.customers.operations.importing import import_customers
from tenants.customers.operations.moving import move_in, move_out
from tenants.customers.operations.register import (
    add_supply_point,
    close_account,
    create_customer,
    link_sign_in,
    open_account,
    update_customer,
    update_supply_point,
)

__all__ = [
    "add_supply_point",
    "close_account",
    "create_customer",
    "import_customers",
    "link_sign_in",
    "move_in",
    "move_out",
    "open_account",
    "update_customer",
    "update_supply_point",
]
