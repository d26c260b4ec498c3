"""Many customers at once, from the rows of a file: all of them or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import transaction

from hosting import plans
from kernel.errors import Conflict, gettext_noop
from tenants.customers import customer_rows, date_ranges
from tenants.customers.customer_rows import CustomerRow, RowError
from tenants.customers.models import Account, Customer, Occupancy, Premises, SupplyPoint
from tenants.customers.operations.moving import Occupied


class BelongsToAnother(Conflict):
    """The number is already used for something else in this company."""

    code = "belongs_to_another"
    template = gettext_noop("“{number}” already stands here for {other}.")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do; with errors it did nothing."""

    rows: int
    errors: list[RowError] = field(default_factory=list)
    customers: int = 0
    accounts: int = 0
    supply_points: int = 0
    moves: int = 0
    dry_run: bool = False


@dataclass(slots=True)
class _Known:
    """What of the file already stands in the database."""

    customers: dict[str, Customer]
    accounts: dict[str, Account]
    supply_points: dict[str, SupplyPoint]
    occupancies: dict[int, list[Occupancy]]


def import_customers(
    *, rows: Iterable[Mapping[str, str | None]], currency: str, time_zone: str, dry_run: bool = False
) -> ImportReport:
    """This will add customers, accounts, supply points and moves from rows (see ``customer_rows``).

    Every wrong cell is reported with row and column, and then nothing is written. What already stands here with
    the same values is left alone, so a file can be imported twice.
    """
    read, errors = customer_rows.parse(rows, time_zone=time_zone)
    with transaction.atomic():
        known = _known(read)
        errors = sorted(errors + _conflicts(read, known), key=lambda error: (error.row, error.column))
        if errors:
            return ImportReport(rows=len(read), errors=errors, dry_run=dry_run)
        report = _write(read, known, currency, dry_run)
        if dry_run:
            transaction.set_rollback(True)
    return report


def _known(read: list[CustomerRow]) -> _Known:
    customers = Customer.objects.filter(number__in={row.customer_number for row in read})
    accounts = Account.objects.select_related("customer").filter(number__in={row.account_number for row in read})
    points = SupplyPoint.objects.filter(identifier__in={row.supply_point for row in read})
    occupancies: dict[int, list[Occupancy]] = {}
    for each in Occupancy.objects.select_related("account").filter(supply_point__in=points):
        occupancies.setdefault(each.supply_point_id, []).append(each)
    return _Known(
        customers={each.number: each for each in customers},
        accounts={each.number: each for each in accounts},
        supply_points={each.identifier: each for each in points},
        occupancies=occupancies,
    )


def _conflicts(read: list[CustomerRow], known: _Known) -> list[RowError]:
    errors: list[RowError] = []
    for row in read:
        customer = known.customers.get(row.customer_number)
        account = known.accounts.get(row.account_number)
        if customer is not None and customer.name != row.name:
            error = BelongsToAnother(number=row.customer_number, other=customer.name, where="name")
            errors.append(RowError(row.row, "name", error))
        if account is not None and account.customer.number != row.customer_number:
            error = BelongsToAnother(number=row.account_number, other=account.customer.name, where="account_number")
            errors.append(RowError(row.row, "account_number", error))
        if _occupied(row, known) and not _moved_in(row, known):
            errors.append(RowError(row.row, "move_in", Occupied(identifier=row.supply_point, where="move_in")))
    return errors


def _occupied(row: CustomerRow, known: _Known) -> bool:
    return any(each.period.upper is None or each.period.upper > row.move_in for each in _held(row, known))


def _moved_in(row: CustomerRow, known: _Known) -> bool:
    return any(
        each.period.lower == row.move_in and each.account.number == row.account_number for each in _held(row, known)
    )


def _held(row: CustomerRow, known: _Known) -> list[Occupancy]:
    point = known.supply_points.get(row.supply_point)
    return known.occupancies.get(point.pk, []) if point else []


def _write(read: list[CustomerRow], known: _Known, currency: str, dry_run: bool) -> ImportReport:
    moves = [row for row in read if not _moved_in(row, known)]
    report = ImportReport(
        rows=len(read),
        customers=_add_customers(read, known),
        accounts=_add_accounts(read, known, currency),
        supply_points=_add_supply_points(read, known),
        moves=len(moves),
        dry_run=dry_run,
    )
    Occupancy.objects.bulk_create(
        Occupancy(
            account=known.accounts[row.account_number],
            supply_point=known.supply_points[row.supply_point],
            period=date_ranges.to_range(row.move_in),
        )
        for row in moves
    )
    return report


def _add_customers(read: list[CustomerRow], known: _Known) -> int:
    fields = ("name", "kind", "segment", "email", "phone", "language")
    new = {row.customer_number: row for row in reversed(read) if row.customer_number not in known.customers}
    made = Customer.objects.bulk_create(
        Customer(number=number, **{name: getattr(row, name) for name in fields}) for number, row in new.items()
    )
    known.customers.update({each.number: each for each in made})
    return len(made)


def _add_accounts(read: list[CustomerRow], known: _Known, currency: str) -> int:
    new: dict[str, CustomerRow] = {}
    for row in sorted(read, key=lambda each: (each.move_in, each.row)):
        if row.account_number not in known.accounts:
            new.setdefault(row.account_number, row)
    made = Account.objects.bulk_create(
        Account(
            number=number,
            customer=known.customers[row.customer_number],
            currency=currency,
            billing_address=row.billing_address or row.address,
            opened_on=row.move_in,
        )
        for number, row in new.items()
    )
    known.accounts.update({each.number: each for each in made})
    return len(made)


def _add_supply_points(read: list[CustomerRow], known: _Known) -> int:
    new = [row for row in read if row.supply_point not in known.supply_points]
    adding = len({row.supply_point for row in new})
    plans.require_room("supply_points", in_use=SupplyPoint.objects.count, adding=adding)
    places = Premises.objects.bulk_create(
        Premises(address=row.address, region=row.region, time_zone=row.time_zone) for row in new
    )
    made = SupplyPoint.objects.bulk_create(
        SupplyPoint(identifier=row.supply_point, premises=place, attributes=row.attributes)
        for row, place in zip(new, places, strict=True)
    )
    known.supply_points.update({each.identifier: each for each in made})
    return len(made)
