"""Sentences from below are plain where they are kept, and written the reader's way where a person reads them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import translation

from billing.runs import reasons
from kernel import sentences
from kernel.errors import Conflict, Invalid
from kernel.money import Money
from portal.shared import sentence_values

TEMPLATE = "{first} to {last}: {total} for {energy_kwh} kWh of {identifier}"
PLAIN = {
    "first": "2026-10-01", "last": dt.date(2026, 10, 31), "total": Money(Decimal("-1234.50"), "AUD"),
    "energy_kwh": "5333.28", "identifier": "2026-10-01",
}  # fmt: skip


class TestForPrograms:
    def test_values_stand_as_they_are(self) -> None:
        assert sentences.fill(TEMPLATE, PLAIN) == "2026-10-01 to 2026-10-31: -1234.50 AUD for 5333.28 kWh of 2026-10-01"


class TestForPeople:
    @pytest.mark.parametrize(
        ("language", "said"),
        [
            ("en", "1 Oct 2026 to 31 Oct 2026: -A$1,234.50 for 5,333.28 kWh of 2026-10-01"),
            ("zh-hans", "2026年10月1日 to 2026年10月31日: -A$1,234.50 for 5,333.28 kWh of 2026-10-01"),
        ],
    )
    def test_values_are_written_as_their_language_does(self, language: str, said: str) -> None:
        with translation.override(language), sentence_values.written_for_people():
            assert sentences.fill(TEMPLATE, PLAIN) == said

    def test_an_amount_that_was_stored_is_money_again(self) -> None:
        params = {"total": "31.00 CNY", "limit": "30.5 CNY"}
        with translation.override("en"), sentence_values.written_for_people():
            said = sentences.fill("{total} above {limit}, {note}", reasons.Text(params))

        assert said == "¥31.00 above ¥30.50, –"

    @pytest.mark.parametrize("given", ["2026-13-01", "12.5 kW", "1.2.3 AUD", "12 USDX", "2026-1-1", "", "nan AUD"])
    def test_what_only_looks_like_a_value_stays(self, given: str) -> None:
        with translation.override("en"), sentence_values.written_for_people():
            assert sentences.fill("{said}", {"said": given}) == given

    def test_what_somebody_typed_is_repeated_as_typed(self) -> None:
        refusal = Invalid(reason="“{value}” lies before {day}.", value="2026-10-01", day="2026-11-01")
        with translation.override("en"), sentence_values.written_for_people():
            assert refusal.say() == "“2026-10-01” lies before 1 Nov 2026."
        assert str(refusal) == "“2026-10-01” lies before 2026-11-01."

    def test_the_writer_is_given_back(self) -> None:
        with sentence_values.written_for_people():
            pass
        assert Conflict(reason="{day}", day="2026-11-01").say().endswith("2026-11-01")
