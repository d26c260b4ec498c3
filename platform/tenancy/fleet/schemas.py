"""Migrations of one company's schema, with everything that is the same for all companies computed once.

Django renders the models anew for each schema it migrates, which takes longer than the statements themselves. Here the
states before and after each operation are kept for all companies that stand at the same point. A migration and the
note that it was made are one transaction, so a process killed at any moment leaves either both or neither.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from tenancy.database import connection

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One migration with the states around each of its operations."""

    migration: Any
    operations: list[tuple[Any, Any, Any]]


@dataclass(slots=True)
class SchemaMigrator:
    """Brings the schema of the present context to the newest tables; one object serves all schemas of a process."""

    loader: MigrationLoader = field(default_factory=lambda: MigrationLoader(None))
    _steps: dict[frozenset[Name], list[Step]] = field(default_factory=dict)

    def migrate(self) -> list[str]:
        """Run what is missing, one transaction for each migration; return the names of those that were run."""
        steps = self.missing()
        for step in steps:
            _run(step)
        return [f"{step.migration.app_label}.{step.migration.name}" for step in steps]

    def missing(self) -> list[Step]:
        """Return the steps that the present schema lacks; computed once for all schemas that stand at this point."""
        applied = frozenset(MigrationRecorder(connection).applied_migrations()) & frozenset(self.loader.graph.nodes)
        if applied not in self._steps:
            self._steps[applied] = self._prepare(applied)
        return self._steps[applied]

    def _prepare(self, applied: frozenset[Name]) -> list[Step]:
        wanted = self.loader.graph._generate_plan(self.loader.graph.leaf_nodes(), True)
        missing = [self.loader.graph.nodes[name] for name in wanted if name not in applied]
        if not missing:
            return []
        state = self.loader.project_state(sorted(applied))
        state.apps  # noqa: B018 - rendered here once; what follows is derived from it
        return [_prepared(migration, state) for migration in missing]


def _prepared(migration: Any, state: Any) -> Step:
    """The states around each operation; ``state`` is moved on behind the migration."""
    operations = []
    for operation in migration.operations:
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        operations.append((operation, before, state.clone()))
    return Step(migration, operations)


def _run(step: Step) -> None:
    migration = step.migration
    with transaction.atomic() if migration.atomic else nullcontext():
        with connection.schema_editor(atomic=migration.atomic) as editor:
            for operation, before, after in step.operations:
                alone = operation.atomic or (migration.atomic and operation.atomic is not False)
                with transaction.atomic() if alone and not editor.atomic_migration else nullcontext():
                    operation.database_forwards(migration.app_label, editor, before, after)
            _run_deferred(editor)
        for app, name in [*migration.replaces, (migration.app_label, migration.name)]:
            MigrationRecorder(connection).record_applied(app, name)


def _run_deferred(editor: Any) -> None:
    """Run what the editor keeps for its end: refused there, it would leave the transaction half closed."""
    for statement in editor.deferred_sql:
        editor.execute(statement, None)
    editor.deferred_sql.clear()


def migrations_fingerprint() -> str:
    """Return a digest of all known migrations: it changes when one is added."""
    return fingerprint_of(known_migrations())


@functools.cache
def known_migrations() -> frozenset[Name]:
    """Return the names of all migrations that the program brings along; read once, since a program does not change."""
    return frozenset(MigrationLoader(None).graph.nodes)


def fingerprint_of(names: Collection[Name]) -> str:
    """Return the digest of ``names``."""
    return hashlib.sha256("\n".join(sorted(f"{app}.{name}" for app, name in names)).encode()).hexdigest()
