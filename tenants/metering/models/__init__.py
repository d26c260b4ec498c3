"""The tables of the metering room."""

from tenants.metering.models.devices import Channel, Meter, MeterPause
from tenants.metering.models.imports import MappingProfile, ReadingImport, ReadingImportRow
from tenants.metering.models.readings import IntervalDay, IntervalDayRevision
from tenants.metering.models.registers import QuantityCorrection, Register, RegisterFactor, RegisterRead
from tenants.metering.models.validation import (
    DayProposal,
    Determination,
    FinalPeriod,
    MeterFlag,
    ReadingException,
)

__all__ = [
    "Channel",
    "DayProposal",
    "Determination",
    "FinalPeriod",
    "IntervalDay",
    "IntervalDayRevision",
    "MappingProfile",
    "Meter",
    "MeterFlag",
    "MeterPause",
    "QuantityCorrection",
    "ReadingException",
    "ReadingImport",
    "ReadingImportRow",
    "Register",
    "RegisterFactor",
    "RegisterRead",
]
