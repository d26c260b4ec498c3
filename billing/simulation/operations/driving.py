"""Drives a simulation: by messages to the workers, or chunk by chunk in this very process."""

from __future__ import annotations

import datetime as dt
from functools import partial

from celery import current_app
from django.db import transaction

from billing.simulation.models import Simulation
from billing.simulation.operations import lifecycle, simulating

TASK = "billing.simulation.tasks.simulate"


def begin(*, simulation: Simulation) -> None:
    """This will let the workers simulate once the transaction is committed."""
    if simulation.state == Simulation.State.RUNNING:
        transaction.on_commit(partial(_send, simulation.pk))


def run_now(*, simulation: Simulation, at: dt.datetime) -> Simulation:
    """This will simulate every waiting account, chunk by chunk, and return the simulation as it ended."""
    while simulating.simulate_chunk(simulation_id=simulation.pk, at=at).claimed:
        pass
    return lifecycle.finish_simulation(simulation_id=simulation.pk, at=at)


def _send(simulation_id: int) -> None:
    if TASK not in current_app.tasks:
        current_app.loader.import_default_modules()
    current_app.tasks[TASK].delay(simulation_id)
