"""Writes of readings: by file, or day by day for whoever brings them already understood."""

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
from tenants.metering.operations.register_reads import (
    NewRead,
    Outcome,
    believe_read,
    estimate_reads,
    store_reads,
    withdraw_read,
)
from tenants.metering.operations.storing import DayReadings, Stored, store_interval_days

__all__ = [
    "DayReadings",
    "Dial",
    "NewMeter",
    "NewRead",
    "Outcome",
    "Register",
    "Stored",
    "believe_read",
    "change_multiplier",
    "confirm_import",
    "continue_import",
    "decide_correction",
    "estimate_reads",
    "exchange_meter",
    "import_file",
    "install_meter",
    "install_meters",
    "make_partitions",
    "reinstall_meter",
    "remove_meter",
    "request_correction",
    "resume",
    "run_import",
    "store_interval_days",
    "store_reads",
    "suspend",
    "sweep_imports",
    "upload_file",
    "withdraw_correction",
    "withdraw_read",
]
