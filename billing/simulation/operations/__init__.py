"""Writes of simulations: made, run chunk by chunk, ended."""

from billing.simulation.operations.driving import begin, run_now
from billing.simulation.operations.lifecycle import (
    cancel_simulation,
    create_simulation,
    delete_simulation,
    finish_simulation,
)
from billing.simulation.operations.simulating import CHUNK, simulate_chunk

__all__ = [
    "CHUNK",
    "begin",
    "cancel_simulation",
    "create_simulation",
    "delete_simulation",
    "finish_simulation",
    "run_now",
    "simulate_chunk",
]
