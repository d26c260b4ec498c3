"""Migrations of the whole fleet: the registry, the template, then the companies in waves (docs/decisions/0076).

The records stand in the registry: ``FleetRun`` for a run, ``FleetMigration`` for each company. Whatever is killed,
the next run goes on from them.
"""

from __future__ import annotations

from tenancy.fleet.locks import AlreadyMigrating
from tenancy.fleet.records import Standing, standing
from tenancy.fleet.runs import Options, migrate, plan
from tenancy.fleet.schemas import migrations_fingerprint
from tenancy.fleet.tables import TemplateState, template_state

__all__ = [
    "AlreadyMigrating",
    "Options",
    "Standing",
    "TemplateState",
    "migrate",
    "migrations_fingerprint",
    "plan",
    "standing",
    "template_state",
]
