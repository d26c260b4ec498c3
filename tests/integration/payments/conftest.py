"""Accounts with bills, and statements of banks as text."""

from __future__ import annotations

from typing import Any

import pytest

from billing.invoices.models import Invoice
from billing.payments.models import BankAccount, FileProfile
from harness.bank_files import IBAN
from harness.issued import issue


@pytest.fixture
def bill(in_alder: Any) -> Any:
    """Issue a bill for an account: ``bill(account, point, "113.00", month=4)``."""

    def made(account: Any, point: Any, amount: str, *, month: int = 3) -> Invoice:
        return issue(in_alder, account, point, amount, month=month)

    return made


@pytest.fixture
def bank_account(in_alder: Any) -> BankAccount:
    return BankAccount.objects.create(name="House bank", number=IBAN, currency="CNY", holder="Alder Power")


@pytest.fixture
def chinese_profile() -> FileProfile:
    columns = {
        "booked_on": "交易日期", "credit": "收入金额", "debit": "支出金额", "balance": "余额", "party_name": "对方户名",
        "party_account": "对方账号", "reference": "流水号", "text": ["摘要", "附言"],
    }  # fmt: skip
    return FileProfile.objects.create(name="工商银行", settings={"columns": columns})
