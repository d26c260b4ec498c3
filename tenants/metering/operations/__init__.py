"""Writes of readings: by file, or day by day for whoever brings them already understood."""

from tenants.metering.operations.importing import confirm_import, import_file, run_import, sweep_imports, upload_file
from tenants.metering.operations.installing import NewMeter, Register, install_meters
from tenants.metering.operations.storing import DayReadings, Stored, store_interval_days

__all__ = [
    "DayReadings",
    "NewMeter",
    "Register",
    "Stored",
    "confirm_import",
    "import_file",
    "install_meters",
    "run_import",
    "store_interval_days",
    "sweep_imports",
    "upload_file",
]
