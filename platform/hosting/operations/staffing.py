"""People of staff, as far as the plan has room for them."""

from __future__ import annotations

from typing import Any

from hosting import plans
from identity import operations as identity_operations
from identity import queries as identity_queries


def add_staff(**facts: Any) -> Any:
    """Make a person of staff with what ``identity.operations.create_user`` takes; raises StaffLimit before it."""
    plans.require_room("staff", in_use=identity_queries.staff().filter(is_active=True).count)
    return identity_operations.create_user(**facts)
