"""The tables of the metering room."""

from tenants.metering.models.channel_factors import ChannelFactor
from tenants.metering.models.devices import Channel, Meter, MeterPause
from tenants.metering.models.imports import MappingProfile, ReadingImport, ReadingImportRow
from tenants.metering.models.load import LoadDay, Touched
from tenants.metering.models.readings import IntervalDay, IntervalDayRevision
from tenants.metering.models.registers import QuantityCorrection, Register, RegisterFactor, RegisterRead
from tenants.metering.models.self_reads import SelfRead
from tenants.metering.models.source_notes import SourceNote
from tenants.metering.models.validation import (
    DayProposal,
    Determination,
    FinalPeriod,
    MeterFlag,
    ReadingException,
)

__all__ = [
    "Channel",
    "ChannelFactor",
    "DayProposal",
    "Determination",
    "FinalPeriod",
    "IntervalDay",
    "IntervalDayRevision",
    "LoadDay",
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
    "SelfRead",
    "SourceNote",
    "Touched",
]
