"""Simulations in the background: messages carry only the simulation's id, everything else stands in the database."""

from __future__ import annotations

from django.utils import timezone

from billing.simulation import operations, queries
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks
from tenancy.tasks import platform_task, tenant_task

MOST_CHUNKS_AT_ONCE = 4
"""A cap per retailer, lower than that of bill runs: bills go first."""


@tenant_task
def simulate(simulation_id: int) -> None:
    """Send one task for each chunk that waits, up to the cap."""
    chunks = -(-queries.waiting_count(simulation_id=simulation_id) // operations.CHUNK)
    for _ in range(min(chunks, MOST_CHUNKS_AT_ONCE)):
        simulate_chunk.delay(simulation_id)
    if not chunks:
        operations.finish_simulation(simulation_id=simulation_id, at=timezone.now())


@tenant_task
def simulate_chunk(simulation_id: int) -> None:
    """Simulate one chunk, then another while there is one; the last one ends the simulation."""
    if operations.simulate_chunk(simulation_id=simulation_id, at=timezone.now()).claimed:
        simulate_chunk.delay(simulation_id)
    else:
        operations.finish_simulation(simulation_id=simulation_id, at=timezone.now())


@tenant_task
def sweep_simulations() -> None:
    """Send again the simulations of this retailer that are not through: their messages may have been lost."""
    for simulation_id in queries.unfinished_ids():
        simulate.delay(simulation_id)


@platform_task
def sweep_all_simulations() -> None:
    """Send a sweep to every active retailer, in turn."""
    tenancy_tasks.send_for_each(sweep_simulations, tenancy_queries.active_retailers())
