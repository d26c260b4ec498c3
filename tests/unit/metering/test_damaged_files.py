"""Real files, damaged at random: the answer is days and refusals, never another error."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.metering.formats import base, detect

FILES = Path(__file__).resolve().parents[3] / "examples" / "meters"
COLUMNS = ("户号,日期,数据类型,单位,合计," + ",".join(f"P{n}" for n in range(1, 97)) + "\n").encode(
    "gb18030"
) + b"".join(f"33{n:08d},2026-01-{n:02d},E1,kWh,96,".encode() + b",".join([b"1"] * 96) + b"\n" for n in range(1, 9))
WHOLE = {
    "nem12": (FILES / "nem12/Example_NEM12_actual_interval.csv").read_bytes(),
    "nem12 zipped": (FILES / "nem12/NEM12#Scenario06#ETSAMDP#NEMMCO.zip").read_bytes(),
    "greenbutton": (FILES / "greenbutton/TestGBDataHourlyNineDaysBinnedDaily.xml").read_bytes(),
    "columns": COLUMNS,
}
PIECES = [
    b"",
    b",",
    b"\n",
    b'"',
    b"\0",
    b"-",
    b"1e8",
    b"\xff",
    "½".encode(),
    b"900",
    b"300,",
    b"<",
    b"</entry>",
    b"9" * 40,
]
WOUNDS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(PIECES) | st.binary(max_size=4)),
    min_size=1,
    max_size=6,
)


def wounded(content, wounds):
    for place, length, piece in wounds:
        at = int(place * len(content))
        content = content[:at] + piece + content[at + length :]
    return content


UNFILLED = re.compile(r"\{[a-z_]+\}")
"""A place of a sentence that got no value; a brace of the damaged file itself may be quoted."""


class TestDamagedFiles:
    @pytest.mark.parametrize("name", WHOLE)
    @settings(max_examples=60, deadline=None)
    @given(wounds=WOUNDS)
    def test_are_read_or_refused_with_a_sentence(self, name, wounds):
        source = io.BytesIO(wounded(WHOLE[name], wounds))

        try:
            items = list(detect.read(source=source, options=base.ReadOptions(zone="Asia/Shanghai")).items)
        except base.FileRefused as refused:
            items = [refused.refusal]

        for item in items:
            if isinstance(item, base.Refusal):
                assert UNFILLED.search(item.sentence) is None
            else:
                assert item.values.min() >= 0
                assert item.values.size == item.quality.size == 24 * 60 // item.minutes
