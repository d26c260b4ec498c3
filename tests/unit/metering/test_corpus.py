"""Files as other sources write them: right sums and qualities, or the row, the column and the reason of the refusal."""

from __future__ import annotations

import io

import pytest

from harness import meter_files
from harness.meter_files import cases
from tenants.metering.formats import base, detect

READ = [case for case in meter_files.ALL if not case.by_import]


def items_of(case):
    """What the reader says of a file to a company that has the supply points of the case."""

    def zone_of(names):
        if not case.points.intersection(names):
            raise base.UnknownSupplyPoint(names[0])
        return case.zone

    options = base.ReadOptions(zone_of=zone_of, **case.options)
    found = []
    try:
        found.extend(detect.read(source=io.BytesIO(case.content), options=options).items)
    except base.FileRefused as refused:
        found.append(refused.refusal)
    return found


class TestFilesOfOtherSources:
    @pytest.mark.parametrize("case", [case for case in READ if case.days], ids=lambda case: case.name)
    def test_are_read_to_the_unit_with_their_qualities(self, case):
        days, refused = cases.as_found(items_of(case))

        assert refused == ()
        assert days == dict(case.days)

    @pytest.mark.parametrize("case", [case for case in READ if case.refused], ids=lambda case: case.name)
    def test_that_are_broken_are_refused_in_their_place(self, case):
        found = items_of(case)

        _, refused = cases.as_found(found)
        assert refused == case.refused
        assert all("{" not in item.sentence for item in found if isinstance(item, base.Refusal))

    def test_have_names_of_their_own(self):
        names = [case.name for case in meter_files.ALL]

        assert len(set(names)) == len(names)
