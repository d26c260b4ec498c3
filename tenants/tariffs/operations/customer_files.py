"""A file of customers whose rows may say what is agreed: register, moves and agreements, all of them or nothing.

Besides the columns of ``customers.customer_rows`` a row may have ``product`` (its code), ``agreed_from`` (the day of
moving in where it is empty) and ``parameter.<name>``. A row without a product agrees nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from kernel.errors import GridhallError, Invalid, NotFound, gettext_noop
from tenants.customers import customer_heads, customer_rows, values
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries
from tenants.customers.customer_rows import RowError
from tenants.customers.models import Account, SupplyPoint
from tenants.tariffs import parameters as agreement_parameters
from tenants.tariffs import queries, tariff_documents
from tenants.tariffs.models import Agreement, Product, ProductVersion
from tenants.tariffs.operations import agreeing

PARAMETER = "parameter."
LABELS = {**customer_heads.LABELS, "product": gettext_noop("Product"), "agreed_from": gettext_noop("Agreed from")}
COLUMNS = ("product", "agreed_from")

Row = Mapping[str, str | None]


class AgreedBeforeMovingIn(Invalid):
    """Nobody agrees a price for days on which he does not answer for the supply point."""

    code = "agreed_before_moving_in"
    template = gettext_noop("The agreement cannot begin before {date}, the day of moving in.")


class NoPriceYet(Invalid):
    """The product is not sold yet on the day from which it is to be agreed."""

    code = "no_price_yet"
    template = gettext_noop(
        "“{product}” has no published price on {date}. Publish one that holds then, or write a later day into the "
        "column agreed_from."
    )


@dataclass(frozen=True, slots=True)
class FileReport:
    """What a file did, or would do; with errors it did nothing. Columns are named as the file heads them."""

    rows: int
    errors: list[RowError] = field(default_factory=list)
    customers: int = 0
    accounts: int = 0
    supply_points: int = 0
    moves: int = 0
    agreements: int = 0


@dataclass(frozen=True, slots=True)
class _Wish:
    row: int
    account: str
    supply_point: str
    product: Product
    start: dt.date
    parameters: dict[str, str]


def import_customers(*, rows: Iterable[Row], currency: str, time_zone: str, dry_run: bool = False) -> FileReport:
    """This will add customers, accounts, supply points, moves and agreements from the rows of a file.

    Every wrong cell is reported with row and column, and then nothing is written. What already stands here with the
    same values is left alone, so a file can be given twice. Raises SupplyPointLimit of the company's plan.
    """
    listed, heads = customer_heads.renamed(rows=rows, labels=LABELS)
    theirs = [{name: cell for name, cell in row.items() if not _is_ours(name)} for row in listed]
    with transaction.atomic():
        wishes, errors = _wishes(listed, currency)
        report = customer_operations.import_customers(rows=theirs, currency=currency, time_zone=time_zone)
        errors = [*report.errors, *errors]
        terms: list[agreeing.Terms] = []
        if not report.errors:
            terms, taken = _terms(wishes)
            errors += taken
        if not errors:
            agreeing.agree_many(terms=terms)
        if errors or dry_run:
            transaction.set_rollback(True)
    if errors:
        return FileReport(rows=len(listed), errors=_in_order(errors, heads))
    return FileReport(
        rows=len(listed),
        customers=report.customers,
        accounts=report.accounts,
        supply_points=report.supply_points,
        moves=report.moves,
        agreements=len(terms),
    )


def _is_ours(name: str) -> bool:
    return name in COLUMNS or name.startswith(PARAMETER)


def _in_order(errors: list[RowError], heads: Mapping[str, str]) -> list[RowError]:
    named = [replace(each, column=heads.get(each.column, each.column)) for each in errors]
    return sorted(named, key=lambda each: (each.row, each.column))


def _wishes(rows: Sequence[Row], currency: str) -> tuple[list[_Wish], list[RowError]]:
    """Read what each row asks for, and refuse what its product cannot give."""
    products = {each.code: each for each in queries.products()}
    wishes: list[_Wish] = []
    errors: list[RowError] = []
    for number, row in enumerate(rows, customer_rows.FIRST_ROW):
        try:
            wish = _wish(number, row, products)
        except GridhallError as refusal:
            errors.append(RowError(number, str(refusal.where), refusal))
        else:
            wishes.extend([wish] if wish else [])
    return wishes, errors + _faults(wishes, currency)


def _wish(number: int, row: Row, products: Mapping[str, Product]) -> _Wish | None:
    """Return what a row asks for; None where that is nothing, or where its moving in cannot be read (told there)."""
    given = {name: (cell or "").strip() for name, cell in row.items() if _is_ours(name)}
    if not any(given.values()):
        return None
    code = values.required(given.get("product", ""), where="product")
    if code not in products:
        raise NotFound(what=queries.PRODUCT, name=code, where="product")
    try:
        moved_in = customer_rows.date(row.get("move_in") or "", where="move_in")
    except GridhallError:
        return None
    agreed = given.get("agreed_from", "")
    start = customer_rows.date(agreed, where="agreed_from") if agreed else moved_in
    if start < moved_in:
        raise AgreedBeforeMovingIn(date=moved_in.isoformat(), where="agreed_from")
    parameters = {name.removeprefix(PARAMETER): cell for name, cell in given.items() if name.startswith(PARAMETER)}
    account, point = ((row.get(name) or "").strip() for name in ("account_number", "supply_point"))
    return _Wish(
        number, account, point, products[code], start, {name: cell for name, cell in parameters.items() if cell}
    )


def _faults(wishes: Sequence[_Wish], currency: str) -> list[RowError]:
    """Return what the version that holds on each day refuses."""
    versions = queries.versions_in_force(wanted={(wish.product, wish.start) for wish in wishes})
    errors: list[RowError] = []
    for wish in wishes:
        try:
            _check(wish, versions[wish.product.pk, wish.start], currency)
        except GridhallError as refusal:
            errors.append(RowError(wish.row, str(refusal.where), refusal))
    return errors


def _check(wish: _Wish, version: ProductVersion | None, currency: str) -> None:
    if version is None:
        raise NoPriceYet(product=wish.product.code, date=wish.start.isoformat(), where="agreed_from")
    tariff = tariff_documents.tariff_of(version=version)
    if tariff.currency != currency:
        raise agreeing.CurrencyDiffers(account_currency=currency, tariff_currency=tariff.currency, where="product")
    try:
        agreement_parameters.checked(given=wish.parameters, declared=tariff.parameters)
    except GridhallError as refusal:
        refusal.where = f"{PARAMETER}{refusal.where}"
        raise


def _terms(wishes: Sequence[_Wish]) -> tuple[list[agreeing.Terms], list[RowError]]:
    """Return what is still to be agreed, and the rows whose supply point has another agreement."""
    points = customer_queries.supply_points_by_identifier(identifiers={wish.supply_point for wish in wishes})
    accounts = {each.number: each for each in Account.objects.filter(number__in={wish.account for wish in wishes})}
    standing: dict[int, list[Agreement]] = {}
    for each in Agreement.objects.filter(supply_point__in=points.values()):
        standing.setdefault(each.supply_point_id, []).append(each)
    terms: list[agreeing.Terms] = []
    errors: list[RowError] = []
    for wish in wishes:
        point, account = points[wish.supply_point], accounts[wish.account]
        held = [
            each for each in standing.get(point.pk, []) if each.period.upper is None or each.period.upper > wish.start
        ]
        if any(_is(each, wish, account) for each in held):
            continue
        if held:
            taken = agreeing.AgreedAlready(identifier=point.identifier, where="product")
            errors.append(RowError(wish.row, "product", taken))
        terms.append(_as_terms(wish, account, point))
    return terms, errors


def _is(agreement: Agreement, wish: _Wish, account: Account) -> bool:
    same = (agreement.product_id, agreement.account_id) == (wish.product.pk, account.pk)
    return same and agreement.period.lower == wish.start


def _as_terms(wish: _Wish, account: Account, point: SupplyPoint) -> agreeing.Terms:
    parameters: dict[str, Any] = dict(wish.parameters)
    return agreeing.Terms(account, point, wish.product, wish.start, None, parameters)
