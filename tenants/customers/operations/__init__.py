"""Writes of customers: the register, moves in and out, and the import of many at once."""

from tenants.customers.operations.importing import import_customers
from tenants.customers.operations.moving import move_in, move_out
from tenants.customers.operations.register import (
    add_supply_point,
    close_account,
    create_customer,
    link_sign_in,
    open_account,
    update_account,
    update_customer,
    update_supply_point,
)
from tenants.customers.operations.sign_ins import ask_for_portal, close_portal, open_portal

__all__ = [
    "add_supply_point",
    "ask_for_portal",
    "close_account",
    "close_portal",
    "create_customer",
    "import_customers",
    "link_sign_in",
    "move_in",
    "move_out",
    "open_account",
    "open_portal",
    "update_account",
    "update_customer",
    "update_supply_point",
]
