"""What earlier bills left behind: quantities that count in tiers, values carried on, and what was usual."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from django.db.models import Q

from billing.rating import tariffs
from billing.runs import queries, windows
from billing.runs.models import BillRunItem, RatedSection
from billing.runs.sections import Section
from kernel.errors import GridhallError, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges

Bands: TypeAlias = list[Decimal]
Used: TypeAlias = Mapping[str, Mapping[str, Bands]]
"""Per balance and label ("" where the bands are the same for all): one bill's own quantity in each band."""

USUAL_BILLS = 12


class EarlierBillOpen(GridhallError):
    """Tiers and carried values need every earlier bill of their window to be out."""

    code = "earlier_bill_open"
    template = gettext_noop("The bill of {start} to {end} is not issued yet, and this one builds on it.")


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier section of a supply point under the same account."""

    start: dt.date
    end: dt.date
    used: Used
    carried: Mapping[str, Decimal]
    energy_wh: int


@dataclass(slots=True)
class History:
    """Earlier sections by (account, supply point), oldest first, and the earliest bill still open by account."""

    past: dict[tuple[int, int], list[Past]] = field(default_factory=dict)
    open_bills: dict[int, list[tuple[dt.date, dt.date]]] = field(default_factory=dict)

    def add(self, section: Section, past: Past) -> None:
        """This will let later sections of the same bill see this one."""
        self.past.setdefault((section.account_id, section.supply_point.pk), []).append(past)

    def of(self, section: Section) -> list[Past]:
        """This will return what came before ``section``, oldest first."""
        found = self.past.get((section.account_id, section.supply_point.pk), [])
        return [past for past in found if past.end <= section.period.start]

    def usual(self, section: Section) -> tuple[int, int]:
        """This will return the days and Wh of the last issued bills, by which a new one is judged."""
        recent = self.of(section)[-USUAL_BILLS:]
        return sum((past.end - past.start).days for past in recent), sum(past.energy_wh for past in recent)

    def already(self, section: Section) -> dict[str, Any]:
        """This will add up, per balance of the tariff, what was used earlier in its window; nothing used is zero.

        Raises EarlierBillOpen while an earlier bill of the window is not issued.
        """
        return {name: self._balance(section, name, charge) for name, charge in balances_of(section.tariff).items()}

    def carried(self, section: Section) -> dict[str, list[Decimal]]:
        """This will return the stored values of each carried name, oldest first; raises EarlierBillOpen."""
        names = section.tariff.carried
        if names:
            self._require_issued(section, dt.date.min)
        past = self.of(section)
        return {
            name: [each.carried[name] for each in past if name in each.carried][-rule.keep :]
            for name, rule in names.items()
        }

    def _balance(self, section: Section, name: str, charge: tariffs.Charge) -> Any:
        window = charge.tiers.window if charge.tiers else "bill"
        since = windows.start_of(window=window, day=section.period.start, contract_start=section.contract_start)
        self._require_issued(section, since)
        earlier = [past.used[name] for past in self.of(section) if past.start >= since and name in past.used]
        return _as_balance(charge, name, earlier)

    def _require_issued(self, section: Section, since: dt.date) -> None:
        for start, end in self.open_bills.get(section.account_id, ()):
            if end <= section.period.start and start >= since:
                raise EarlierBillOpen(start=start.isoformat(), end=Period(start, end).last.isoformat())


def balances_of(tariff: tariffs.Tariff) -> dict[str, tariffs.Charge]:
    """This will return the charge whose tiers fill each balance: the first that names it."""
    found: dict[str, tariffs.Charge] = {}
    for charge in tariff.charges:
        for formula in charge.tiers.already if charge.tiers else ():
            for name in formula.uses.scalars & tariff.balances:
                found.setdefault(name, charge)
    return found


def own_quantities(
    *, section: Section, used: Mapping[str, Mapping[str, Sequence[Decimal]]], already: Mapping[str, Any]
) -> dict[str, dict[str, Bands]]:
    """This will return what a bill added to each balance: ``used`` (by charge) less what stood there before."""
    own: dict[str, dict[str, Bands]] = {}
    for name, charge in balances_of(section.tariff).items():
        before = _before(charge, name, already)
        own[name] = {
            label: [band - held for band, held in zip(bands, _held(before, label, len(bands)), strict=True)]
            for label, bands in used.get(charge.code, {}).items()
        }
    return own


def of_sections(sections: Iterable[Section]) -> History:
    """This will read the issued past of the sections' supply points and the open bills of their accounts."""
    wanted = list(sections)
    history = History()
    if not wanted:
        return history
    first = min(section.period.start for section in wanted)
    _read_past(history, wanted, first)
    if any(section.tariff.balances or section.tariff.carried for section in wanted):
        _read_open_bills(history, {section.account_id for section in wanted}, first)
    return history


def _read_past(history: History, sections: Sequence[Section], before: dt.date) -> None:
    rows = (
        RatedSection.objects.filter(
            supply_point_id__in={section.supply_point.pk for section in sections},
            item__account_id__in={section.account_id for section in sections},
            item__state=BillRunItem.State.ISSUED,
            period__endswith__lte=before,
        )
        .order_by("period")
        .values_list("item__account_id", "supply_point_id", "period", "used", "carried", "energy_wh")
    )
    for account_id, point, period, used, carried, energy in rows:
        past = Past(
            start=period.lower,
            end=period.upper,
            used={name: _decimals(value) for name, value in used.items()},
            carried={name: Decimal(value) for name, value in carried.items()},
            energy_wh=energy,
        )
        history.past.setdefault((account_id, point), []).append(past)


def _read_open_bills(history: History, account_ids: set[int], before: dt.date) -> None:
    rows = BillRunItem.objects.filter(
        Q(state__in=queries.OPEN_STATES), account_id__in=account_ids, period__endswith__lte=before
    )
    for account_id, period in rows.values_list("account_id", "period"):
        ended = date_ranges.to_period(period)
        history.open_bills.setdefault(account_id, []).append((ended.start, ended.end))


def _before(charge: tariffs.Charge, name: str, already: Mapping[str, Any]) -> Any:
    """What stood there before this bill; where each band has a name of its own, put together from those."""
    if charge.tiers is None or not charge.tiers.already_per_band:
        return already[name]
    names = [sorted(formula.uses.scalars & set(already)) for formula in charge.tiers.already]
    return [sum((already[each] for each in found), Decimal(0)) for found in names]


def _held(before: Any, label: str, size: int) -> Sequence[Decimal]:
    if isinstance(before, Mapping):
        before = before[label]
    return before if isinstance(before, list) else [Decimal(0)] * size


def _decimals(by_label: Mapping[str, Sequence[str]]) -> dict[str, Bands]:
    return {label: [Decimal(text) for text in bands] for label, bands in by_label.items()}


def _as_balance(charge: tariffs.Charge, name: str, earlier: Sequence[Mapping[str, Bands]]) -> Any:
    """What the engine takes for ``name``: nothing, a list per band, that per label, or the sum of one band."""
    if charge.tiers is None or not earlier:
        return Decimal(0)
    labels = dict.fromkeys(label for used in earlier for label in used) | dict.fromkeys(_labels_of(charge))
    sums = {
        label: _summed([used[label] for used in earlier if label in used], len(charge.tiers.of_label(label or None)))
        for label in labels
    }
    if charge.tiers.already_per_band:
        names = [formula.uses.scalars for formula in charge.tiers.already]
        return sums[""][next(at for at, found in enumerate(names) if name in found)]
    return sums[""] if set(sums) == {""} else sums


def _labels_of(charge: tariffs.Charge) -> Sequence[str]:
    shared = charge.tiers is not None and charge.tiers.share
    return charge.by if charge.by and not shared else ("",)


def _summed(parts: Sequence[Bands], size: int) -> Bands:
    """Add band by band; what stood in bands that the tariff no longer has counts in its last one."""
    total = [Decimal(0)] * size
    for bands in parts:
        for at, quantity in enumerate(bands):
            total[min(at, size - 1)] += quantity
    return total
