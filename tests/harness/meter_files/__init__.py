"""Meter files as other sources write them, each with the days it holds or the places it must be refused for.

What is expected is worked out here from the formats' own specifications, never by our readers.
"""

from harness.meter_files import columns, columns_refused, greenbutton, nem12
from harness.meter_files.cases import Case, Day

ALL: tuple[Case, ...] = (*nem12.CASES, *greenbutton.CASES, *columns.CASES, *columns_refused.CASES)

__all__ = ["ALL", "Case", "Day"]
