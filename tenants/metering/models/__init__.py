"""The tables of the metering room."""

from tenants.metering.models.devices import Channel, Meter
from tenants.metering.models.imports import ReadingImport, ReadingImportRow
from tenants.metering.models.readings import IntervalDay, IntervalDayRevision

__all__ = ["Channel", "IntervalDay", "IntervalDayRevision", "Meter", "ReadingImport", "ReadingImportRow"]
