"""Bank accounts, statements, lines and the queue of what is not booked on; refunds, desks and agents."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Abs

from billing.payments.models import (
    Agent,
    AgentStatement,
    BankAccount,
    BankLine,
    BankStatement,
    CashDesk,
    CashMovement,
    CashSession,
    KnownPayer,
    Refund,
)
from kernel.errors import NotFound, gettext_noop
from markets import packs
from tenancy import context

STATEMENT, LINE, REFUND = gettext_noop("bank statement"), gettext_noop("line of a statement"), gettext_noop("refund")
SESSION, RECEIPT = gettext_noop("cash desk session"), gettext_noop("receipt")
DESK, BANK_ACCOUNT = gettext_noop("cash desk"), gettext_noop("bank account")
OPEN, PARKED, DONE = "open", "parked", "done"


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many lines wait, and how many are parked."""

    open: int
    parked: int


def bank_accounts() -> QuerySet[BankAccount]:
    """This will list the company's bank accounts by name, with their file profile."""
    return BankAccount.objects.select_related("profile").order_by("name")


def bank_account(*, number: str) -> BankAccount:
    """This will return the bank account with a number, blanks aside; raises NotFound."""
    found = bank_accounts().filter(number="".join(number.split())).first()
    if found is None:
        raise NotFound(what=BANK_ACCOUNT, name=number)
    return found


def statements() -> QuerySet[BankStatement]:
    """This will list imported statements, the latest first."""
    return BankStatement.objects.select_related("bank_account").defer("report").order_by("-imported_at", "-pk")


def statement(*, statement_id: int) -> BankStatement:
    """This will return a statement with its report; raises NotFound."""
    found = BankStatement.objects.select_related("bank_account").filter(pk=statement_id).first()
    if found is None:
        raise NotFound(what=STATEMENT, name=statement_id)
    return found


SAID_OF_PAYERS = ("party_name", "party_account", "text")
"""The fields of a line in which a bank writes about people."""


def lines(*, state: str = "", statement_id: int | None = None, search: str = "") -> QuerySet[BankLine]:
    """This will list lines of statements, the oldest first; ``state`` is open, parked or done."""
    found = BankLine.objects.select_related("bank_account", "statement")
    if state == DONE:
        found = found.filter(used=Abs(F("amount")))
    elif state in (OPEN, PARKED):
        found = found.filter(used__lt=Abs(F("amount")))
        found = found.filter(parked="") if state == OPEN else found.exclude(parked="")
    if statement_id is not None:
        found = found.filter(statement=statement_id)
    if search.strip():
        words = search.strip()
        found = found.filter(
            Q(party_name__holds=words)
            | Q(text__holds=words)
            | Q(end_to_end__iexact=words)
            | Q(party_account__holds=words)
        )
    return found.order_by("booked_on", "pk")


def line(*, line_id: int) -> BankLine:
    """This will return a line with its bookings; raises NotFound."""
    found = lines().filter(pk=line_id).first()
    if found is None:
        raise NotFound(what=LINE, name=line_id)
    return found


def bookings(*, line: BankLine) -> QuerySet[Any]:
    """This will list what a line was booked to, with payment, account and refund."""
    return line.bookings.select_related("payment__account__customer", "refund__account").order_by("pk")


def next_open(*, after: BankLine) -> BankLine | None:
    """This will return the next line of the queue behind this one, else the first."""
    later = Q(booked_on__gt=after.booked_on) | Q(booked_on=after.booked_on, pk__gt=after.pk)
    waiting = lines(state=OPEN).exclude(pk=after.pk)
    return waiting.filter(later).first() or waiting.first()


def queue_counts() -> QueueCounts:
    """This will count what waits in suspense."""
    return QueueCounts(open=lines(state=OPEN).count(), parked=lines(state=PARKED).count())


def refunds(*, state: str = "", account_id: int | None = None) -> QuerySet[Refund]:
    """This will list refunds, the latest first."""
    found = Refund.objects.select_related("account__customer", "payment")
    if state:
        found = found.filter(state=state)
    if account_id is not None:
        found = found.filter(account=account_id)
    return found.order_by("-requested_at", "-pk")


def refund(*, reference: str) -> Refund:
    """This will return a refund by its reference; raises NotFound."""
    found = refunds().filter(reference=reference).first()
    if found is None:
        raise NotFound(what=REFUND, name=reference)
    return found


def known_payee(*, account_id: int) -> dict[str, str] | None:
    """This will return name and bank account from which an account was paid last, or None."""
    found = KnownPayer.objects.filter(account=account_id).order_by("-last_on", "-pk").first()
    return {"name": found.party_name or found.party_account, "account": found.party_account} if found else None


def desks() -> QuerySet[CashDesk]:
    """This will list the cash desks by code."""
    return CashDesk.objects.order_by("code")


def desk(*, desk_id: int) -> CashDesk:
    """This will return a cash desk; raises NotFound."""
    found = CashDesk.objects.filter(pk=desk_id).first()
    if found is None:
        raise NotFound(what=DESK, name=desk_id)
    return found


def open_sessions() -> dict[int, CashSession]:
    """This will return the session of each desk that is not closed."""
    return {session.desk_id: session for session in CashSession.objects.exclude(state="closed")}


def sessions() -> QuerySet[CashSession]:
    """This will list the sessions of all desks, the latest first."""
    return CashSession.objects.select_related("desk").order_by("-opened_at", "-pk")


def session(*, session_id: int) -> CashSession:
    """This will return a session with its desk; raises NotFound."""
    found = sessions().filter(pk=session_id).first()
    if found is None:
        raise NotFound(what=SESSION, name=session_id)
    return found


def movements(*, session: CashSession) -> QuerySet[CashMovement]:
    """This will list what went into and out of the drawer, the latest first."""
    return session.movements.select_related("payment__account__customer", "payment__reversal").order_by("-pk")


def movement(*, movement_id: int) -> CashMovement:
    """This will return a receipt's movement with its payment and desk; raises NotFound."""
    found = (
        CashMovement.objects.select_related("payment__account__customer", "desk", "session")
        .filter(pk=movement_id, kind="payment")
        .first()
    )
    if found is None:
        raise NotFound(what=RECEIPT, name=movement_id)
    return found


def denominations() -> list[str]:
    """This will list the notes and coins of the market, the greatest first."""
    return list(packs.pack(context.current_retailer().market).policies["payments"]["denominations"])


def agents() -> QuerySet[Agent]:
    """This will list the collecting agents by code."""
    return Agent.objects.order_by("code")


def agent_statements(*, since: dt.date | None = None) -> QuerySet[AgentStatement]:
    """This will list agents' statements, the latest first."""
    found = AgentStatement.objects.select_related("agent").order_by("-imported_at", "-pk")
    return found if since is None else found.filter(imported_at__date__gte=since)
