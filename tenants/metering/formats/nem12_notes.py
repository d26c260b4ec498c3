"""What the rows 300 and 400 of NEM12 say of readings beside their values: quality, method, reason; pure.

Codes and titles: AEMO, Meter Data File Format Specification NEM12 & NEM13, appendices on quality and method flags and
on reason codes (several codes share a title there).
"""

from __future__ import annotations

from collections.abc import Sequence

from kernel.errors import gettext_noop as _
from tenants.metering.formats.base import Note

LONGEST_WORDS = 240


def note_of(fields: Sequence[str], *, at: int, first: int, end: int) -> Note | None:
    """Return what a row says of the slots [first, end), its quality in cell ``at``; None for a plain letter."""
    reason, words = (fields[place] if place < len(fields) else "" for place in (at + 1, at + 2))
    letter, method = fields[at][:1], fields[at][1:]
    reason = str(int(reason)) if reason else ""
    if not (method or reason or words):
        return None
    return Note(first, end, letter, method, reason, words[:LONGEST_WORDS])


def _titles(*groups: tuple[str, tuple[int, ...]]) -> dict[str, str]:
    return {str(code): title for title, codes in groups for code in codes}


METHODS = _titles(
    (_("Check meter"), (11,)),
    (_("Calculated"), (12,)),
    (_("SCADA"), (13,)),
    (_("Like day"), (14,)),
    (_("Average like day"), (15,)),
    (_("Agreed"), (16, 55, 56, 64, 74)),
    (_("Linear interpolation"), (17, 54)),
    (_("Alternate"), (18,)),
    (_("Zero"), (19, 58, 68)),
    (_("Previous year"), (51, 61)),
    (_("Previous read"), (52, 62)),
    (_("Revision"), (53, 66)),
    (_("Customer class"), (57, 63)),
    (_("Average daily load"), (65,)),
    (_("Customer read"), (67,)),
    (_("Recalculation"), (71,)),
    (_("Revised table"), (72,)),
    (_("Revised algorithm"), (73,)),
    (_("Existing table"), (75,)),
)

REASONS = _titles(
    (_("In words"), (0,)),
    (_("Meter or equipment changed"), (1, 5, 9, 72)),
    (_("Extreme weather"), (2, 6, 46, 67)),
    (_("Quarantine"), (3,)),
    (_("Savage dog"), (4,)),
    (_("Meter not found"), (7,)),
    (_("Vacant premises"), (8,)),
    (_("Lock damaged or seized"), (10, 66)),
    (_("In the wrong walk"), (11,)),
    (_("Locked premises"), (12,)),
    (_("Locked gate"), (13,)),
    (_("Locked meter box"), (14,)),
    (_("Access overgrown"), (15, 16)),
    (_("Unsafe equipment or location"), (17, 38, 44)),
    (_("Read below the previous one"), (18,)),
    (_("Wanted by the customer"), (19,)),
    (_("Damaged equipment or panel"), (20, 28, 32, 62)),
    (_("Switched off"), (21,)),
    (_("Seals missing"), (22, 23, 24, 25, 26, 27, 31)),
    (_("Relay faulty or damaged"), (29, 33)),
    (_("Meter stop switch on"), (30,)),
    (_("Meter not in the handheld"), (34,)),
    (_("Time switch faulty, reset required"), (35, 40, 48, 57)),
    (_("Meter high, ladder required"), (36, 37)),
    (_("Reverse energy observed"), (39,)),
    (_("Faulty display or dials"), (41, 42, 55, 59)),
    (_("Power outage"), (43,)),
    (_("Readings failed to validate"), (45,)),
    (_("Access refused"), (47,)),
    (_("Wet paint"), (49,)),
    (_("Wrong tariff"), (50,)),
    (_("Installation demolished"), (51,)),
    (_("Access blocked"), (52,)),
    (_("Insects in the meter box"), (53,)),
    (_("Meter box damaged or faulty"), (54, 56, 61)),
    (_("Supply failure, meter in order"), (58,)),
    (_("Illegal connection or equipment tampered with"), (60, 63)),
    (_("Key required"), (64,)),
    (_("Wrong key provided"), (65,)),
    (_("No consumption"), (68,)),
    (_("Read exceeds the estimate"), (69,)),
    (_("Probe reports tampering"), (70,)),
    (_("Probe read error"), (71,)),
    (_("Low consumption"), (73,)),
    (_("High consumption"), (74,)),
    (_("Read by the customer"), (75,)),
    (_("Communication fault"), (76,)),
    (_("Forecast"), (77,)),
    (_("Null data"), (78,)),
    (_("Power outage alarm"), (79,)),
    (_("Short interval alarm"), (80,)),
    (_("Long interval alarm"), (81,)),
    (_("Checksum error"), (82, 83, 84)),
    (_("Data missing alarm"), (85,)),
    (_("Clock error alarm"), (86,)),
    (_("Reset occurred"), (87,)),
    (_("Watchdog timeout alarm"), (88,)),
    (_("Time reset occurred"), (89,)),
    (_("Test mode"), (90,)),
    (_("Load control"), (91,)),
    (_("Interval added (correction of data)"), (92,)),
    (_("Interval replaced (correction of data)"), (93,)),
    (_("Interval estimated (correction of data)"), (94,)),
    (_("Pulse overflow alarm"), (95,)),
    (_("Data out of limits"), (96,)),
    (_("Excluded data"), (97,)),
    (_("Parity error"), (98,)),
    (_("Energy type (register) changed"), (99,)),
)

LETTERS = {
    "A": _("Actual"),
    "E": _("Estimated"),
    "F": _("Final substitute"),
    "S": _("Substituted"),
    "N": _("Null data"),
    "V": _("Various"),
}
