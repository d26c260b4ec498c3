"""Work that needs every room: a demo space filled with synthetic data."""

from __future__ import annotations

from config.demo import spaces
from tenancy import tasks as tenancy_tasks


@tenancy_tasks.platform_task(name="config.seed_demo_space", acks_late=True)
def seed_demo_space(sign_up_id: int) -> None:
    """Fill a demo space; doubled or late it changes nothing more."""
    spaces.order(sign_up_id=sign_up_id)
