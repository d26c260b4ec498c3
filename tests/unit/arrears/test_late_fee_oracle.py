"""Late fees against an oracle that counts day by day in fractions, from the text of the rules alone."""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing.arrears import late_fee_policies, late_fees
from billing.arrears.late_fees import Debt, OpenFrom
from markets import packs

ONE = dt.timedelta(days=1)
BASE_RATES = [  # Deutsche Bundesbank, § 247 BGB
    (dt.date(2023, 1, 1), "0.0162"), (dt.date(2023, 7, 1), "0.0312"), (dt.date(2024, 1, 1), "0.0362"),
    (dt.date(2024, 7, 1), "0.0337"), (dt.date(2025, 1, 1), "0.0227"), (dt.date(2025, 7, 1), "0.0127"),
]  # fmt: skip


def rounded(exact: Fraction) -> Decimal:
    """Half up to the cent, from the exact fraction."""
    cents, rest = divmod(exact * 100, 1)
    return Decimal(int(cents) + (rest >= Fraction(1, 2))).scaleb(-2)


def open_at_night(billed: dt.date, amount: Decimal, changes: list[tuple[dt.date, Decimal]], day: dt.date) -> Fraction:
    """What is open when ``day`` ends."""
    left = amount if day >= billed else Decimal(0)
    for when, after in changes:
        if when <= day:
            left = after
    return Fraction(left)


def days_of_delay(due: dt.date, until: dt.date) -> list[dt.date]:
    return [due + number * ONE for number in range(1, max((until - due).days, 1))]


def china(kind, due, billed, amount, changes, until) -> Decimal:
    """1 ‰ a day for households; others 2 ‰ in the year of the due date and 3 ‰ after it; at least one yuan.

    The day of payment is a day of delay: what was open when the day before ended counts.
    """
    total = Fraction(0)
    for day in days_of_delay(due, until):
        rate = Fraction(1, 1000)
        if kind == "business":
            rate = Fraction(2, 1000) if day.year == due.year else Fraction(3, 1000)
        total += open_at_night(billed, amount, changes, day - ONE) * rate
    return max(rounded(total), Decimal("1.00")) if total else Decimal("0.00")


def germany(kind, due, billed, amount, changes, until) -> Decimal:
    """Base rate plus 5 or 9 points a year of 365 or 366 days; businesses pay 40 once for each debt (§ 288 BGB)."""
    total, late = Fraction(0), False
    for day in days_of_delay(due, until):
        left = open_at_night(billed, amount, changes, day - ONE)
        base = Fraction([rate for since, rate in BASE_RATES if since <= day][-1])
        year = 366 if calendar.isleap(day.year) else 365
        total += left * (base + Fraction(5 if kind == "household" else 9, 100)) / year
        late = late or left > 0
    return rounded(total + (40 if kind == "business" and late else 0))


RULES = {("cn", "household"): china, ("cn", "business"): china, ("de", "household"): germany,
         ("de", "business"): germany}  # fmt: skip
AMOUNTS = st.integers(0, 500_000).map(lambda cents: Decimal(cents).scaleb(-2))


@st.composite
def histories(draw):
    """A bill due some days before or after a turn of the year (leap years too), with payments and bounces."""
    due = dt.date(draw(st.sampled_from([2023, 2024, 2025])), 12, 31) + draw(st.integers(-40, 70)) * ONE
    billed = due - 15 * ONE
    steps = sorted(draw(st.lists(st.integers(0, 420), max_size=4, unique=True)))
    return due, billed, draw(AMOUNTS), [(billed + number * ONE, draw(AMOUNTS)) for number in steps]


class TestAgainstTheOracle:
    @pytest.mark.parametrize(("market", "kind"), RULES)
    @given(case=histories(), days=st.integers(0, 450))
    @example(  # paid in time, bounced after the due date, never paid again
        case=(dt.date(2025, 3, 14), dt.date(2025, 2, 27), Decimal("1000.00"),
              [(dt.date(2025, 3, 10), Decimal(0)), (dt.date(2025, 3, 20), Decimal("1000.00"))]), days=30,
    )  # fmt: skip
    @example(case=(dt.date(2024, 2, 20), dt.date(2024, 2, 5), Decimal("999.99"), []), days=20)
    @settings(max_examples=60, deadline=None)
    def test_every_history_costs_what_the_days_say(self, market, kind, case, days):
        due, billed, amount, changes = case
        until = due + days * ONE
        rule = late_fee_policies.of_kind(packs.pack(market).policies["late_fee"], kind)
        owed = Debt(due, [OpenFrom(billed, amount), *(OpenFrom(day, left) for day, left in changes)])

        found = late_fees.of_debt(debt=owed, until=until, policy=rule, places=2)

        assert found.total == RULES[market, kind](kind, due, billed, amount, changes, until)


class TestABounceAfterTheDueDate:
    """Paid in time, the payment comes back days after the due date: the days go on from there."""

    PAID, BACK, DUE = dt.date(2026, 3, 10), dt.date(2026, 3, 20), dt.date(2026, 3, 14)

    def debt(self, amount="1000.00"):
        history = [
            OpenFrom(dt.date(2026, 2, 27), Decimal(amount)), OpenFrom(self.PAID, Decimal(0)),
            OpenFrom(self.BACK, Decimal(amount)),
        ]  # fmt: skip
        return Debt(self.DUE, history)

    def fee(self, market, kind, until, amount="1000.00"):
        rule = late_fee_policies.of_kind(packs.pack(market).policies["late_fee"], kind)
        return late_fees.of_debt(debt=self.debt(amount), until=until, policy=rule, places=2).total

    def test_in_china_each_day_from_the_next_costs(self):
        assert self.fee("cn", "business", dt.date(2026, 3, 31)) == Decimal("20.00")

    def test_in_australia_the_fixed_fee_is_due_once(self):
        assert self.fee("au", "household", dt.date(2026, 6, 1)) == Decimal("15.00")
        assert self.fee("au", "household", dt.date(2026, 6, 1), "49.99") == 0

    def test_in_the_states_the_months_begin_then(self):
        assert self.fee("us", "household", dt.date(2026, 3, 30)) == Decimal("15.00")
        assert self.fee("us", "household", dt.date(2026, 4, 25)) == Decimal("30.00")

    def test_before_it_came_back_nothing_is_due(self):
        assert self.fee("cn", "business", dt.date(2026, 3, 20)) == 0
