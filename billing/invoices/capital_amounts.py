"""Amounts of renminbi in capitals (人民币大写), as banks and tax offices read them.

Rules of the People's Bank of China for filling in bills (正确填写票据和结算凭证的基本规定): 整 closes an amount
that ends with 元 or 角, never one with 分; one 零 stands for any run of zeros between digits, and before 分 when
角 is zero.
"""

from __future__ import annotations

from decimal import Decimal

from kernel.money import round_half_up

DIGITS = "零壹贰叁肆伍陆柒捌玖"
LIMIT = Decimal(10) ** 16
_TEN_THOUSAND, _HUNDRED_MILLION = 10**4, 10**8


def in_capitals(amount: Decimal) -> str:
    """Return ``amount`` yuan in capitals: 16409.02 → 人民币壹万陆仟肆佰零玖元零贰分.

    A negative amount starts with 负. Raises ValueError for a fraction of a fen or from 10^16 yuan on.
    """
    if amount != round_half_up(amount, 2) or abs(amount) >= LIMIT:
        raise ValueError(f"{amount} is not an amount in yuan and fen below 10^16.")
    yuan, fen = divmod(int(abs(amount) * 100), 100)
    return "人民币" + ("负" if amount < 0 else "") + _yuan_and_fen(yuan, fen)


def _yuan_and_fen(yuan: int, fen: int) -> str:
    whole = f"{_integer(yuan)}元" if yuan else ""
    tenths, hundredths = divmod(fen, 10)
    if not fen:
        return (whole or "零元") + "整"
    if not hundredths:
        return f"{whole}{DIGITS[tenths]}角整"
    middle = f"{DIGITS[tenths]}角" if tenths else ("零" if yuan else "")
    return f"{whole}{middle}{DIGITS[hundredths]}分"


def _integer(number: int) -> str:
    if number < _TEN_THOUSAND:
        return _below_ten_thousand(number)
    unit, name = (_HUNDRED_MILLION, "亿") if number >= _HUNDRED_MILLION else (_TEN_THOUSAND, "万")
    high, low = divmod(number, unit)
    gap = "零" if 0 < low < unit // 10 else ""
    return f"{_integer(high)}{name}{gap}{_integer(low) if low else ''}"


def _below_ten_thousand(number: int) -> str:
    text, gap = "", False
    for place, name in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
        digit = number // place % 10
        if digit:
            text += ("零" if gap and text else "") + DIGITS[digit] + name
        gap = digit == 0
    return text
