"""Changes of charges: added and cancelled, agreed month by month, carried by an invoice."""

from billing.charges.operations.adding import NewCharge, add, add_many, cancel
from billing.charges.operations.billing import mark_billed
from billing.charges.operations.recurring import accrue, agree_add_on, end_add_on

__all__ = ["NewCharge", "accrue", "add", "add_many", "agree_add_on", "cancel", "end_add_on", "mark_billed"]
