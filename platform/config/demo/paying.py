"""How customers paid: by collections month for month, by transfer, at the cash desk; and what the bank says of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from billing.invoices import queries as invoice_queries
from billing.payments import operations
from billing.payments import queries as payment_queries
from billing.payments.models import PaymentMethod
from config.demo import bank_files, plans
from config.demo.bank_files import Line
from config.demo.ground import Ground
from identity.capabilities import Role

PAID_AFTER_DAYS = 8
LATE_AFTER_DAYS = 26
CLOSED_DRAWER, OPEN_DRAWER = dt.timedelta(days=2), dt.timedelta(0)
FLOAT = Decimal(500)
SHORT_BY = Decimal(5)


@dataclass(slots=True)
class Bank:
    """The company's bank account, and where its statements stand."""

    ground: Ground
    account_id: int
    position: Decimal = bank_files.OPENING
    waiting: list[Line] = field(default_factory=list)

    @classmethod
    def opened(cls, ground: Ground) -> Bank:
        """Return the account, added to the company."""
        plan = ground.plan.bank
        made = operations.add_bank_account(
            name=plan.name,
            number=plan.number,
            currency=ground.currency,
            holder=ground.plan.company.legal_name,
            bic=plan.bic,
            settings=bank_files.GBK_PROFILE if plan.written == bank_files.GBK else None,
        )
        return cls(ground, made.pk)

    def send(self, *, at: dt.datetime) -> Any:
        """Send a statement of what waits, and return it as it was imported."""
        lines = sorted(self.waiting, key=lambda line: line.on)
        name, content = bank_files.written(
            plan=self.ground.plan.bank, currency=self.ground.currency, opening=self.position, lines=lines
        )
        [statement] = operations.import_statement(
            content=content,
            file_name=name,
            imported_by=self.ground.email(Role.FINANCE),
            at=at,
            bank_account_id=self.account_id,
        )
        self.position += sum(line.amount for line in lines)
        self.waiting = []
        return statement


def collect_last(*, ground: Ground, bank: Bank) -> None:
    """Collect the last bills of the lots that were billed early, and of some others; the rest is still open."""
    work = ground.plan.work
    others = {*work.at_the_desk, *work.prepaid, *work.by_transfer, work.overpaid, *work.weak}
    paying = [
        plans.account_number(point)
        for point in ground.plan.points
        if point.product and point.kind == "household" and point.unpaid_from is None and not point.signs_in
    ]
    early = next(iter(work.lots.values()))["accounts"]
    numbers = [number for number in paying if number not in others]
    in_time = [number for place, number in enumerate(numbers) if number in early or place % 3]
    on = plans.LAST_DAY - dt.timedelta(days=3)
    _collect(ground, bank, in_time, on, f"{plans.MONTHS[-1]:%Y%m}-I")


def collect(*, ground: Ground, bank: Bank, billed_on: dt.date, month: dt.date) -> None:
    """Collect what is owed for a month: by direct debit in time, and later from those who pay late."""
    paying = [p for p in ground.plan.points if p.product and (p.unpaid_from is None or month < p.unpaid_from)]
    for pays, days in ((plans.Pays.IN_TIME, PAID_AFTER_DAYS), (plans.Pays.LATE, LATE_AFTER_DAYS)):
        numbers = [plans.account_number(point) for point in paying if point.pays == pays]
        _collect(ground, bank, numbers, billed_on + dt.timedelta(days=days), f"{month:%Y%m}-{pays[:1].upper()}")
    if bank.waiting:
        statement = bank.send(at=ground.at(billed_on + dt.timedelta(days=LATE_AFTER_DAYS + 1)))
        _clear_collections(ground, statement)


def _collect(ground: Ground, bank: Bank, numbers: Sequence[str], on: dt.date, batch: str) -> None:
    owed = _owed(ground, numbers)
    collected = [
        operations.Collected(
            account_id=ground.account_id(number),
            money=ground.money(amount),
            method=PaymentMethod.DIRECT_DEBIT,
            reference=f"{batch}-{number}",
            received_on=on,
        )
        for number, amount in owed.items()
    ]
    if collected:
        operations.receive_many(collected=collected, source="direct_debit", at=ground.at(on))
        text = f"{ground.plan.work.words['batch']} {batch}"
        bank.waiting.append(Line(on, sum(owed.values(), Decimal(0)), f"DD{batch}", text))


def _owed(ground: Ground, numbers: Sequence[str]) -> dict[str, Decimal]:
    accounts = [ground.accounts[number] for number in numbers]
    found = {each.account_id: each.balance.amount for each in invoice_queries.owed(accounts=accounts)}
    return {account.number: found[account.pk] for account in accounts if found[account.pk] > 0}


def last_weeks(*, ground: Ground, bank: Bank, billed_on: dt.date) -> None:
    """Bring the last bills' transfers by a statement: most say what they are for, some wait for a person."""
    work, plan = ground.plan.work, ground.plan.bank
    owed = _owed(ground, work.by_transfer)
    newest = _newest_numbers(ground, list(owed))
    points = {plans.account_number(point): point for point in ground.plan.points}
    for place, (number, amount) in enumerate(owed.items()):
        on = min(billed_on + dt.timedelta(days=1 + place % PAID_AFTER_DAYS), plans.LAST_DAY)
        text = f"{work.words['bill']} {newest[number]}"
        bank.waiting.append(Line(on, amount, f"TR{on:%m%d}{place:04d}", text, points[number].name, f"6222{place:012d}"))
    last = plans.LAST_DAY - dt.timedelta(days=1)
    for place, one in enumerate(plan.strangers):
        amount = Decimal(one.amount) if one.amount else owed[work.by_transfer[0]]
        bank.waiting.append(Line(last, amount, f"TX{last:%m%d}{place:04d}", one.text, one.name, one.account))
    bank.waiting.append(Line(last, Decimal(plan.fee[0]), f"FEE{last:%Y%m}", plan.fee[1]))
    statement = bank.send(at=ground.at(plans.LAST_DAY, 8))
    _clear_collections(ground, statement)
    operations.match_lines(at=ground.at(plans.LAST_DAY, 8), statement_id=statement.pk)


def _clear_collections(ground: Ground, statement: Any) -> None:
    for line in payment_queries.lines(statement_id=statement.pk):
        if line.bank_reference.startswith("DD"):
            part = operations.Part("clearing", line.amount)
            operations.book_line(line_id=line.pk, parts=[part], booked_by="", at=ground.at(line.booked_on))


def _newest_numbers(ground: Ground, numbers: Sequence[str]) -> dict[str, str]:
    found: dict[int, str] = {}
    for invoice in invoice_queries.invoices(account_ids=[ground.account_id(number) for number in numbers]):
        found.setdefault(invoice.account_id, invoice.number)
    return {number: found[ground.account_id(number)] for number in numbers}


def cash_desk(*, ground: Ground) -> None:
    """Leave a session that was counted five short and approved, and one that is open with what was paid so far."""
    work, cashier = ground.plan.work, ground.email(Role.CASHIER)
    desk = operations.add_desk(code="D1", name=work.words["desk"], currency=ground.currency)
    owed = _owed(ground, work.at_the_desk)
    numbers = list(owed)
    at = ground.at(plans.LAST_DAY - CLOSED_DRAWER)
    opening = ground.money(FLOAT)
    session = operations.open_session(desk_id=desk.pk, cashier=cashier, opening=opening, at=at)
    for number in numbers[:2]:
        _take(ground, session.pk, number, owed[number], at)
    held = FLOAT + sum((owed[number] for number in numbers[:2]), Decimal(0))
    session = operations.count_out(
        session_id=session.pk, pieces=_pieces(held - SHORT_BY), reason=work.words["short"], at=at
    )
    operations.approve_difference(session_id=session.pk, approved_by=ground.email(Role.FINANCE), at=at)
    left = ground.money(sum(Decimal(piece) * count for piece, count in session.counted.items()))
    today = ground.at(plans.LAST_DAY)
    session = operations.open_session(desk_id=desk.pk, cashier=cashier, opening=left, at=today)
    for number in numbers[2:]:
        _take(ground, session.pk, number, owed[number], today)


def _take(ground: Ground, session_id: int, number: str, amount: Decimal, at: dt.datetime) -> None:
    operations.take_payment(
        session_id=session_id, account_id=ground.account_id(number), money=ground.money(amount), at=at
    )


def _pieces(amount: Decimal) -> dict[str, int]:
    """Return an amount in the pieces of the market's money; cents that no coin has go as single ones."""
    pieces = {}
    for name in [*payment_queries.denominations(), "0.01"]:
        count, amount = divmod(amount, Decimal(name))
        if count:
            pieces[name] = int(count)
    return pieces


def refund(*, ground: Ground) -> None:
    """Leave a refund with finance: an account paid twice and wants the second payment back."""
    work = ground.plan.work
    account_id, on = ground.account_id(work.overpaid), plans.LAST_DAY - dt.timedelta(days=4)
    twice = _owed(ground, [work.overpaid]).get(work.overpaid, Decimal(0)) + Decimal(work.overpaid_by)
    operations.receive(
        account_id=account_id,
        money=ground.money(twice),
        method=PaymentMethod.BANK_TRANSFER,
        source="telephone",
        reference=f"TT{on:%Y%m%d}",
        received_on=on,
        at=ground.at(on),
    )
    operations.request_refund(
        account_id=account_id,
        money=ground.money(work.overpaid_by),
        method="bank_transfer",
        reason=work.words["paid_twice"],
        requested_by=ground.email(Role.CASHIER),
        at=ground.at(plans.LAST_DAY - dt.timedelta(days=1)),
        payee={"name": work.words["payee"], "account": work.words["payee_account"], "bic": ""},
    )
