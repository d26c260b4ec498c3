"""The tables of the metering room."""

from tenants.metering.models.devices import Channel, Meter, MeterPause
from tenants.metering.models.imports import ReadingImport, ReadingImportRow
from tenants.metering.models.readings import IntervalDay, IntervalDayRevision
from tenants.metering.models.registers import QuantityCorrection, Register, RegisterFactor, RegisterRead

__all__ = [
    "Channel",
    "IntervalDay",
    "IntervalDayRevision",
    "Meter",
    "MeterPause",
    "QuantityCorrection",
    "ReadingImport",
    "ReadingImportRow",
    "Register",
    "RegisterFactor",
    "RegisterRead",
]
