"""The chart of accounts: which ledger accounts exist in every company, and who earns a charge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from billing.ledger.kinds import LedgerAccountKind as Kind


@dataclass(frozen=True, slots=True)
class ChartAccount:
    code: str
    kind: Kind
    titles: Mapping[str, str]


RECEIVABLE = "receivable"
BANK = "bank"
TAX_COLLECTED = "tax.collected"
INCOME_RETAILER = "income.retailer"
PAYABLE_GRID = "payable.grid"
PAYABLE_STATE = "payable.state"
CUSTOMER_CREDITS = "expense.customer_credits"
CASH = "cash"
CLEARING = "clearing"
SUSPENSE = "suspense"
IN_TRANSIT = "clearing.transit"
DEPOSITS = "deposits"
UNBILLED = "unbilled"
INCOME_UNBILLED = "income.unbilled"
INCOME_FEES = "income.fees"
BAD_DEBT = "expense.bad_debt"
PROVIDER_FEES = "expense.provider_fees"
CASH_DIFFERENCES = "expense.cash_differences"
OPENING = "opening"

CHART: Mapping[str, ChartAccount] = {
    account.code: account
    for account in (
        ChartAccount(RECEIVABLE, Kind.ASSET, {"en": "Owed by customers", "zh-hans": "应收账款"}),
        ChartAccount(BANK, Kind.ASSET, {"en": "Bank", "zh-hans": "银行存款"}),
        ChartAccount(TAX_COLLECTED, Kind.LIABILITY, {"en": "Tax collected", "zh-hans": "应交税费"}),
        ChartAccount(PAYABLE_GRID, Kind.LIABILITY, {"en": "Collected for the grid", "zh-hans": "代收电网费用"}),
        ChartAccount(PAYABLE_STATE, Kind.LIABILITY, {"en": "Collected for the state", "zh-hans": "代征基金及附加"}),
        ChartAccount(INCOME_RETAILER, Kind.INCOME, {"en": "Energy sales", "zh-hans": "售电收入"}),
        ChartAccount(CUSTOMER_CREDITS, Kind.EXPENSE, {"en": "Credits to customers", "zh-hans": "客户上网及返还费用"}),
        ChartAccount(CASH, Kind.ASSET, {"en": "Cash", "zh-hans": "库存现金"}),
        ChartAccount(CLEARING, Kind.ASSET, {"en": "Payment providers", "zh-hans": "支付渠道待清算"}),
        ChartAccount(IN_TRANSIT, Kind.ASSET, {"en": "Payouts in transit", "zh-hans": "在途结算款"}),
        ChartAccount(SUSPENSE, Kind.LIABILITY, {"en": "Receipts to be matched", "zh-hans": "待核销收款"}),
        ChartAccount(DEPOSITS, Kind.LIABILITY, {"en": "Deposits held", "zh-hans": "客户保证金"}),
        ChartAccount(UNBILLED, Kind.ASSET, {"en": "Supplied, not yet billed", "zh-hans": "未开票应收"}),
        ChartAccount(INCOME_UNBILLED, Kind.INCOME, {"en": "Unbilled revenue", "zh-hans": "未开票收入"}),
        ChartAccount(INCOME_FEES, Kind.INCOME, {"en": "Fees", "zh-hans": "服务费及违约金收入"}),
        ChartAccount(BAD_DEBT, Kind.EXPENSE, {"en": "Bad debt", "zh-hans": "坏账损失"}),
        ChartAccount(PROVIDER_FEES, Kind.EXPENSE, {"en": "Payment provider fees", "zh-hans": "支付手续费"}),
        ChartAccount(CASH_DIFFERENCES, Kind.EXPENSE, {"en": "Cash differences", "zh-hans": "现金长短款"}),
        ChartAccount(OPENING, Kind.LIABILITY, {"en": "Opening balances", "zh-hans": "期初余额"}),
    )
}

_EARNED_BY = {
    "retailer": INCOME_RETAILER,
    "grid": PAYABLE_GRID,
    "state": PAYABLE_STATE,
    "customer": CUSTOMER_CREDITS,
}


def account_earned_by(payee: str) -> str:
    """Return the code of the account that a charge of ``payee`` is credited to.

    The four payees are those of the tariff language; what is collected for the grid or the state is owed
    to them, and what the customer earns (feed-in, demand response) is an expense.
    """
    return _EARNED_BY[payee]
