"""What a formula reaches: parameters, indices, readings, other charges, tables."""

from __future__ import annotations

from dataclasses import dataclass

from billing.rating.formulas import nodes


@dataclass(frozen=True, slots=True)
class Uses:
    """What a formula reaches, also through tables."""

    scalars: frozenset[str] = frozenset()
    indices: frozenset[str] = frozenset()
    aggregates: tuple[nodes.Aggregate, ...] = ()
    references: tuple[nodes.Reference, ...] = ()
    channels: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()

    @property
    def is_plain(self) -> bool:
        """No readings and no amounts: the value follows from parameters and indices."""
        return not self.aggregates and not self.references

    def __or__(self, other: Uses) -> Uses:
        return Uses(
            self.scalars | other.scalars,
            self.indices | other.indices,
            self.aggregates + other.aggregates,
            self.references + other.references,
            self.channels | other.channels,
            self.tables | other.tables,
        )


NOTHING = Uses()


def direct(tree: nodes.Node) -> Uses:
    """This will return what ``tree`` itself reaches, without the tables it names."""
    found = list(nodes.walk(tree))
    return Uses(
        frozenset(node.name for node in found if isinstance(node, nodes.Scalar) and node.kind != nodes.ARGUMENT),
        frozenset(node.name for node in found if isinstance(node, nodes.Index)),
        tuple(node for node in found if isinstance(node, nodes.Aggregate)),
        tuple(reference for node in found if isinstance(node, nodes.Amount) for reference in node.references),
        frozenset(node.name for node in found if isinstance(node, nodes.Channel)),
        frozenset(node.table for node in found if isinstance(node, nodes.Lookup)),
    )
