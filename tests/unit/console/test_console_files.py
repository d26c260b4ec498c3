"""Tables that people bring and take away."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from kernel.money import Money
from portal.console import csv_files, customer_files


class TestReadRows:
    def test_reads_by_heading_whatever_separates_the_cells(self):
        expected = [{"name": "A, B", "number": "1"}]

        assert customer_files.read_rows(content=b'name,number\n"A, B",1\n') == expected
        assert customer_files.read_rows(content=b"name;number\nA, B;1\n\n\n") == expected
        assert customer_files.read_rows(content=b"\xef\xbb\xbfname\tnumber\r\nA, B\t1\r\n") == expected

    def test_fills_short_rows_and_keeps_the_count_of_rows(self):
        rows = customer_files.read_rows(content=b"a,b\n1\n\n3,4\n")

        assert rows == [{"a": "1", "b": ""}, {"a": "", "b": ""}, {"a": "3", "b": "4"}]

    def test_reads_gb18030(self):
        assert customer_files.read_rows(content="姓名\n王芳\n".encode("gb18030")) == [{"姓名": "王芳"}]

    @pytest.mark.parametrize(
        ("content", "error"),
        [
            (b"", customer_files.NoRows),
            (b"a,b\n", customer_files.NoRows),
            (b"a,a\n1,2\n", customer_files.HeadTwice),
            (b"a\n1,2\n", customer_files.CellsLeftOver),
            (b"a\n\x00\n", customer_files.NotText),
            (b"\xff\xfe\xff\n\xff", customer_files.NotText),
        ],
    )
    def test_refuses_what_is_no_table(self, content, error):
        with pytest.raises(error) as refused:
            customer_files.read_rows(content=content)

        assert refused.value.where == "file"


class TestCsvResponse:
    def test_writes_values_exactly_and_no_formula(self):
        row = [Decimal("1E+3"), dt.date(2026, 3, 1), Money.rounded(Decimal("-2.5"), "CNY"), None, "=1+1", "@x", "-3", 7]

        answer = csv_files.response(name="x", heads=["a"], rows=[row])

        assert answer.content.decode("utf-8-sig") == "a\r\n1000,2026-03-01,-2.50,,'=1+1,'@x,'-3,7\r\n"
        assert answer["Content-Disposition"] == 'attachment; filename="x.csv"'
