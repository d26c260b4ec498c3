"""Writes of readings: by file, or day by day for whoever brings them already understood."""

from tenants.metering.operations.batch_readings import BatchReading
from tenants.metering.operations.batches import BatchRow, OtherContent, store_batch
from tenants.metering.operations.channel_factors import add_channel, change_channel_factor, require_fitting
from tenants.metering.operations.correcting import decide_correction, request_correction, withdraw_correction
from tenants.metering.operations.exchanging import (
    change_multiplier,
    exchange_meter,
    reinstall_meter,
    remove_meter,
    resume,
    suspend,
)
from tenants.metering.operations.importing import (
    confirm_import,
    continue_import,
    import_file,
    run_import,
    sweep_imports,
    upload_file,
)
from tenants.metering.operations.installing import Dial, NewMeter, Register, install_meter, install_meters
from tenants.metering.operations.partitions import make_partitions
from tenants.metering.operations.presence import present
from tenants.metering.operations.profiles import forget_profile, rename_profile, suggestion_for, tell_columns
from tenants.metering.operations.register_reads import (
    NewRead,
    Outcome,
    believe_read,
    estimate_reads,
    store_each,
    store_reads,
    withdraw_read,
)
from tenants.metering.operations.storing import DayReadings, Stored, store_interval_days
from tenants.metering.operations.taking_back import order_taking_back

__all__ = [
    "BatchReading",
    "BatchRow",
    "DayReadings",
    "Dial",
    "NewMeter",
    "NewRead",
    "OtherContent",
    "Outcome",
    "Register",
    "Stored",
    "add_channel",
    "believe_read",
    "change_channel_factor",
    "change_multiplier",
    "confirm_import",
    "continue_import",
    "decide_correction",
    "estimate_reads",
    "exchange_meter",
    "forget_profile",
    "import_file",
    "install_meter",
    "install_meters",
    "make_partitions",
    "order_taking_back",
    "present",
    "reinstall_meter",
    "remove_meter",
    "rename_profile",
    "request_correction",
    "require_fitting",
    "resume",
    "run_import",
    "store_batch",
    "store_each",
    "store_interval_days",
    "store_reads",
    "suggestion_for",
    "suspend",
    "sweep_imports",
    "tell_columns",
    "upload_file",
    "withdraw_correction",
    "withdraw_read",
]
