"""Refuses what could not be billed: cycles, labels without a value, units that do not fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping

from billing.rating import order_checks, unit_checks
from billing.rating.errors import FormulaError, TariffError
from billing.rating.formulas import nodes, units
from billing.rating.formulas.uses import Uses, direct
from billing.rating.tariffs import Charge, Formula, Tariff
from kernel.errors import gettext_noop

MOST_TABLES_DEEP = 8
"""Tables whose rows name tables: each level multiplies the work."""


def checked(tariff: Tariff, indices: Mapping[str, units.Known], *, stated_only: bool = False) -> Tariff:
    """This will return ``tariff`` with its dependency order, or raise TariffError.

    ``stated_only``: units count only where the document states them.
    """
    _refuse_derived_cycles(tariff)
    tariff = dataclasses.replace(tariff, table_uses=_table_uses(tariff))
    charges = tuple(dataclasses.replace(charge, uses=_reach(charge.formulas, tariff)) for charge in tariff.charges)
    carried = {
        name: dataclasses.replace(rule, next=_reaching(rule.next, tariff)) for name, rule in tariff.carried.items()
    }
    tariff = dataclasses.replace(tariff, charges=charges, carried=carried)
    tariff = dataclasses.replace(tariff, order=_order(tariff), late=_late(tariff), plain=_plain(tariff))
    _check_labels(tariff)
    if not stated_only:
        order_checks.check(tariff)
    return unit_checks.checked(tariff, indices, stated_only=stated_only)


def _table_uses(tariff: Tariff) -> dict[str, Uses]:
    def uses_of(name: str) -> Uses:
        rows = tariff.tables[name].rows
        return _union(row.value.uses for row in rows)

    order = _sorted(
        tariff.tables, lambda name: sorted(uses_of(name).tables), lambda name: _cycle(f"/tables/{name}", name)
    )
    found: dict[str, Uses] = {}
    depths: dict[str, int] = {}
    for name in order:
        own = uses_of(name)
        depths[name] = 1 + max((depths[table] for table in own.tables), default=0)
        if depths[name] > MOST_TABLES_DEEP:
            sentence = gettext_noop("At {place}: a table reaches through at most {limit} others.")
            raise TariffError(sentence, where=f"/tables/{name}", place=f"/tables/{name}", limit=MOST_TABLES_DEEP - 1)
        found[name] = _union([own, *(found[table] for table in sorted(own.tables))])
    return found


def _refuse_derived_cycles(tariff: Tariff) -> None:
    derived = {name: rule.of for name, rule in tariff.channels.items() if rule.of is not None}

    def needs(name: str) -> list[str]:
        formula = derived[name]
        return sorted(formula.uses.channels & derived.keys())

    _sorted(derived, needs, lambda name: _cycle(f"/channels/{name}", name))


def _reach(formulas: Iterable[Formula], tariff: Tariff) -> Uses:
    """Uses of ``formulas``, also through tables and derived channels."""
    own = _union(formula.uses for formula in formulas)
    reached = _union([own, *(tariff.table_uses[table] for table in sorted(own.tables))])
    while more := [tariff.channels[name] for name in sorted(reached.channels) if name in tariff.channels]:
        wider = _union([reached, *(rule.of.uses for rule in more if rule.of is not None)])
        if wider.channels == reached.channels:
            return wider
        reached = wider
    return reached


def _reaching(formula: Formula, tariff: Tariff) -> Formula:
    return dataclasses.replace(formula, uses=_reach([formula], tariff))


def _late(tariff: Tariff) -> frozenset[str]:
    reached = [charge.uses for charge in tariff.charges] + [rule.next.uses for rule in tariff.carried.values()]
    return frozenset(node.key for uses in reached for node in uses.aggregates if _waits(node, tariff))


def _waits(node: nodes.Aggregate, tariff: Tariff) -> bool:
    own = direct(node)
    argument = any(isinstance(part, nodes.Scalar) and part.kind == nodes.ARGUMENT for part in nodes.walk(node))
    return argument or bool(own.references) or any(tariff.table_uses[name].references for name in own.tables)


def _plain(tariff: Tariff) -> dict[str, tuple[str, ...]]:
    found = {}
    for formula in (formula for charge in tariff.charges for formula in charge.formulas):
        reach = _reach([formula], tariff)
        if reach.is_plain:
            found[formula.pointer] = tuple(sorted(reach.scalars))
    return found


def _union(uses: Iterable[Uses]) -> Uses:
    whole = Uses()
    for part in uses:
        whole |= part
    return whole


def _order(tariff: Tariff) -> tuple[int, ...]:
    at = {charge.code: position for position, charge in enumerate(tariff.charges)}

    def needs(code: str) -> list[str]:
        return [reference.code for reference in tariff.charges[at[code]].uses.references]

    codes = _sorted(at, needs, lambda code: _cycle(f"/charges/{at[code]}", code))
    return tuple(at[code] for code in codes)


def _cycle(pointer: str, name: str) -> TariffError:
    sentence = gettext_noop("At {place}: “{name}” depends on itself; break the circle.")
    return TariffError(sentence, where=pointer, place=pointer, name=name)


def _sorted(names: Iterable[str], needs: Callable[[str], list[str]], refuse: Callable[[str], TariffError]) -> list[str]:
    """Names so that each stands after what it needs (depth first, in the given order)."""
    done: dict[str, bool] = {}
    ordered: list[str] = []
    for start in names:
        path = [] if start in done else [(start, iter(needs(start)))]
        done.setdefault(start, False)
        while path:
            name, rest = path[-1]
            needed = next((other for other in rest if not done.get(other, False)), None)
            if needed is None:
                done[name] = True
                ordered.append(name)
                path.pop()
            elif needed in done:
                raise refuse(needed)
            else:
                done[needed] = False
                path.append((needed, iter(needs(needed))))
    return ordered


def _check_labels(tariff: Tariff) -> None:
    for charge in tariff.charges:
        known = tariff.calendars.get(charge.calendar or "")
        for formula in charge.formulas:
            if charge.tiers is not None and charge.tiers.share and _is_limit(formula, charge):
                _maps(formula, tariff, None, known, set())
            else:
                _maps(formula, tariff, charge.by, known, set())
    for rule in tariff.carried.values():
        _maps(rule.next, tariff, None, tariff.calendars.get(tariff.calendar or ""), set())


def _is_limit(formula: Formula, charge: Charge) -> bool:
    """Limits of shared bands belong to all labels together."""
    assert charge.tiers is not None
    limits = [band.to for bands in charge.tiers.bands.values() for band in bands]
    return any(formula is other for other in (*limits, *charge.tiers.already))


def _maps(
    formula: Formula, tariff: Tariff, by: tuple[str, ...] | None, known: tuple[str, ...] | None, seen: set[str]
) -> None:
    """Every map met by ``formula``, also in its tables, has a value for every label it can meet."""
    _tree(formula.tree, formula.pointer, by, known, inside=False)
    for table in sorted(formula.uses.tables - seen):
        seen.add(table)
        for row in tariff.tables[table].rows:
            _maps(row.value, tariff, by, known, seen)


def _tree(
    node: nodes.Node, pointer: str, by: tuple[str, ...] | None, known: tuple[str, ...] | None, *, inside: bool
) -> None:
    if isinstance(node, nodes.LabelMap):
        _complete(node, pointer, by, known, inside)
    for child in nodes.children(node):
        within = inside or (isinstance(node, nodes.Aggregate) and child is node.expression)
        _tree(child, pointer, by, known, inside=within)


def _complete(
    node: nodes.LabelMap, pointer: str, by: tuple[str, ...] | None, known: tuple[str, ...] | None, inside: bool
) -> None:
    where = f"{pointer}:{node.position}"
    if by is None and not inside:
        sentence = gettext_noop("Position {position}: a value per label needs a charge with “by”.")
        raise FormulaError(sentence, where=where, position=node.position)
    for label in node.entries:
        if known is not None and label not in known:
            sentence = gettext_noop("Position {position}: the calendar has no label “{label}”; it has: {known}.")
            raise FormulaError(sentence, where=where, position=node.position, label=label, known=", ".join(known))
    needed = by if by is not None else known or ()
    missing = [label for label in needed if label not in node.entries and node.otherwise is None]
    if missing:
        sentence = gettext_noop(
            "Position {position}: the map gives no value for the label “{label}” and has no “other”."
        )
        raise FormulaError(sentence, where=where, position=node.position, label=missing[0])
