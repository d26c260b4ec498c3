"""Every sentence a reader can refuse with, by its stable code. Doors translate the sentence, programs read the code."""

from __future__ import annotations

from kernel.errors import gettext_noop as _

SENTENCES: dict[str, str] = {
    # the file as a whole
    "empty_file": _("The file is empty."),
    "too_large": _("The file is larger than {limit} bytes once unpacked."),
    "bad_archive": _("The archive is damaged or cut off: {detail}"),
    "archive_encrypted": _("The archive is protected by a password; unpack it first."),
    "archive_of_many": _("The archive holds {count} files; put one meter file in an archive."),
    "archive_in_archive": _("The archive holds another archive; unpack it first."),
    "not_text": _("The file is not text: it holds bytes that no meter file has."),
    "unknown_encoding": _("The text encoding is not recognised; UTF-8, UTF-16 and GB18030 are."),
    "line_too_long": _("The line is longer than {limit} characters."),
    "unknown_format": _("The format is not recognised; NEM12, Green Button XML and day-per-row CSV are."),
    "broken_quotes": _("The quotation marks of this row do not match."),
    # cells
    "not_a_number": _("“{text}” is not a number."),
    "negative": _("{text} is negative; a reading of this register cannot be."),
    "too_big": _("{text} is larger than a channel can hold."),
    "not_a_date": _("“{text}” is not a date between 1990 and 2100."),
    "ambiguous_date": _("“{text}” can be read as two dates; write the year first."),
    "not_an_instant": _("“{text}” is not a date and time between 1990 and 2100."),
    "day_twice": _("This day of this register already stands in row {other}."),
    "values_missing": _("The row has {found} values; {expected} are expected."),
    "no_identifier": _("The supply point is not named."),
    # NEM12
    "nem_header_missing": _("The file does not start with a 100 row."),
    "nem_header": _("The 100 row needs a version, a time of creation and its two participants."),
    "nem_version": _("Version “{version}” is not NEM12."),
    "nem13": _("NEM13 files hold register reads, which are not accepted here; ask for interval data (NEM12)."),
    "nem_end_missing": _("The file does not end with a 900 row; it may be cut off."),
    "nem_after_end": _("There are rows after the 900 row; only a new 100 row may follow."),
    "nem_indicator": _("“{indicator}” is not a row type of NEM12."),
    "nem_order": _("A {indicator} row cannot stand here."),
    "nem_fields": _("A {indicator} row has {expected} fields; this one has {found}."),
    "nem_fields_left_over": _("A {indicator} row has {expected} fields; field {place} should be empty."),
    "nem_no_days": _("The 200 row of row {row_200} is followed by no day."),
    "nmi": _("“{nmi}” is not an NMI: ten letters and digits, or eleven with the check digit."),
    "nmi_check_digit": _("The check digit of NMI “{nmi}” is wrong; it should be {expected}."),
    "nmi_suffix": _("“{suffix}” is not an NMI suffix that is accepted here."),
    "unit": _("Unit “{unit}” is not accepted here."),
    "unit_of_suffix": _("Unit “{unit}” does not fit the suffix “{suffix}”."),
    "interval_length": _("An interval of “{minutes}” minutes is not accepted; 5, 15 and 30 are."),
    "quality": _("“{quality}” is not a quality flag."),
    "quality_not_here": _("Quality “{quality}” cannot stand here."),
    "empty_reading": _("The reading is empty but its quality is not N."),
    "events_missing": _("The 400 rows of a day cover intervals 1 to {expected}; these end at {found}."),
    "event_quality": _("Quality {quality} is not that of the day; a day of several has quality V."),
    "reason_code": _("“{text}” is not a reason code; it is a number of up to three digits."),
    "event_range": _("Intervals {start} to {end} do not follow on; the next one is {expected} of {last}."),
    # Green Button
    "xml_broken": _("The XML is not well formed: {detail}"),
    "xml_forbidden": _("The XML declares a document type or entities, which is not accepted."),
    "xml_not_green_button": _("The XML holds no Green Button usage data."),
    "xml_token_too_long": _("A single piece of the XML is longer than {limit} bytes."),
    "xml_too_deep": _("The XML is nested too deeply."),
    "too_many_readings": _("The file holds more than {limit} readings; split it."),
    "no_readings": _("The file holds no interval readings."),
    "no_reading_type": _("It is not said what these readings measure: no reading type belongs to them."),
    "no_usage_point": _("These readings belong to no usage point."),
    "many_usage_points": _("The file holds {count} usage points; a supply point can be given for one only."),
    "commodity": _("Commodity {commodity} is not electricity."),
    "accumulation": _("Readings that accumulate (behaviour {behaviour}) are not accepted; interval data is."),
    "flow_direction": _("Flow direction {direction} is not accepted; 1 (delivered) and 19 (received) are."),
    "uom": _("Unit of measure {uom} is not accepted."),
    "multiplier": _("The power of ten “{multiplier}” is not accepted."),
    "interval_seconds": _("Intervals of {seconds} seconds are not accepted; 5, 15, 30 and 60 minutes are."),
    "interval_differs": _("The reading lasts {found} seconds; its type says {expected}."),
    "element_missing": _("The reading has no {element}."),
    "element_number": _("“{text}” is not a whole number ({element})."),
    "off_grid": _("The reading starts at {start}, which is no interval border of its day."),
    "outside_block": _("The reading lies outside its block."),
    "reading_twice": _("Two readings at {start} differ: {first} and {second}."),
    "zone_unknown": _("It is not said in which time zone the days are; give the zone."),
    "zone_differs": _("The file's local time is not that of “{zone}”."),
    "zone_name": _("“{zone}” is not a time zone."),
    # one day in a row
    "columns_header": _("No header row names a supply point, a date and 24, 48, 96 or 288 intervals."),
    "columns_count": _("The header has {count} interval columns; 24, 48, 96 or 288 are expected."),
    "columns_order": _("Interval column “{label}” does not follow on “{previous}”."),
    "columns_twice": _("Two columns are named “{label}”."),
    "columns_register": _("“{text}” is not a register that is known here."),
    "columns_quality": _("“{text}” is not a quality that is known here."),
    "columns_short": _("The row has {found} cells; the header has {expected}."),
    "columns_long": _("The row has {found} cells; the header has {expected}."),
    "columns_clock_forward": _("At {label} the clock jumps ahead on this day; the cell must be empty."),
    "columns_clock_back": _("This day has {expected} intervals; {found} columns cannot hold them."),
    "columns_left_over": _("This day has {expected} intervals; the cell must be empty."),
    "columns_total": _("The values sum to {found}; the row says {expected}."),
    "columns_multiplier": _("The multiplier is {text}; give the readings already multiplied."),
    "identifier_damaged": _("“{text}” was shortened by a spreadsheet; the number of the supply point is lost."),
    "columns_power": _("“{text}” is a power, but the unit is {unit}; give the unit of power."),
    "decimal_marks": _("“{text}” has another decimal mark than the numbers before it."),
    "one_supply_point": _(
        "The row names “{text}”, an earlier one “{other}”; a supply point can be given for one only."
    ),
    "ambiguous_number": _("“{text}” can be read as two numbers; leave thousands unmarked."),
    # a reading in a row
    "long_twice": _("This interval of this register already stands in the file, in the day that row {other} begins."),
    "long_unsorted": _("Too many days stand open at once; sort the file by supply point and time, or split it."),
    "long_clock_forward": _("“{text}” is a time that the clock jumps over on this day."),
    "mapping_needed": _("It is not said what the columns of this file are; say it on the page of the import."),
    # what is not over yet
    "reading_in_future": _(
        "The interval from {start} to {end} has not ended: it is {given} there ({zone}). Correct the day, or leave the "
        "interval out until it has ended."
    ),
    "read_in_future": _(
        "The register cannot have been read on {day}: it is {given} there ({zone}). Correct the day of the read."
    ),
    "interval_day": _(
        "{day} is not a whole number of intervals of {minutes} minutes in {zone}; give it in shorter intervals."
    ),
    # spreadsheets
    "spreadsheet": _("This is a spreadsheet of the old kind (.xls, .ods); save it as XLSX or CSV first."),
    "spreadsheet_damaged": _("The spreadsheet is damaged: {detail}"),
    "spreadsheet_sheets": _("{count} sheets of the workbook have cells; leave the one with the readings."),
    "spreadsheet_large": _("The spreadsheet is larger than {limit} bytes once unpacked; give it as CSV."),
    # register reads
    "nem13_direction": _("Direction “{text}” is neither E nor I."),
    "nem13_register": _("The register is not named."),
    "nem13_order": _("The current read of “{text}” is not later than the previous one."),
    "read_kind": _("“{text}” is nothing that a register counts."),
    "read_twice": _("Row {other} has another read of this register on this day."),
    "read_no_register": _("There is no register “{register}” there; name its meter, or install it first."),
    "read_unit": _("The register counts {kept}; the row says {found}. Give the read in the register's own unit."),
    "text_long": _("“{text}…” is longer than {longest} characters."),
    "read_no_meter": _("The meter of register “{register}” does not hang there on {day}."),
    "read_refused": _("{reason}"),
    "read_backward": _("{read} is below the read before and was set aside for a decision."),
    "read_implausible": _("{read} is too far ahead of the read before and was set aside for a decision."),
    "read_suspended_use": _("{read} shows use while supply was suspended and was set aside for a decision."),
    "read_quantity": _("The file says {said}; the register went {counted}. The register is believed."),
    # what the company knows
    "unknown_supply_point": _("There is no supply point “{identifier}”."),
    "unknown_register": _("“{identifier}” has no register {register}."),
    "channel_differs": _(
        "Register {register} of “{identifier}” is kept in {kept}; the file has {found}. A register keeps its form."
    ),
    "volume_register": _(
        "Register {register} of “{identifier}” is not known, and a volume does not say whether it is gas, heat or "
        "water; add the channel at the supply point first."
    ),
    "worker_died": _("Reading this file has failed {times} times; it was given up. Split it or tell the operator."),
    "already_refused": _("More rows were refused; the first {limit} are listed."),
}
