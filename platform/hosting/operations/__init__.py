"""What the operator does to companies: register, provision, suspend and resume; back up, restore, move."""

from hosting.operations.backups import BackupMissing, back_up, drill
from hosting.operations.companies import (
    CODE_PATTERN,
    HOST_PATTERN,
    LANGUAGES,
    CodeTaken,
    HostTaken,
    NewCompany,
    change_brand,
    measure_health,
    provision_company,
    record,
    register_company,
    require_waiting,
    resume_company,
    suspend_company,
)
from hosting.operations.restoring import NotACompany, NotTheCompany, replace_from_backup, restore_company

__all__ = [
    "CODE_PATTERN",
    "HOST_PATTERN",
    "LANGUAGES",
    "BackupMissing",
    "CodeTaken",
    "HostTaken",
    "NewCompany",
    "NotACompany",
    "NotTheCompany",
    "back_up",
    "change_brand",
    "drill",
    "measure_health",
    "provision_company",
    "record",
    "register_company",
    "replace_from_backup",
    "require_waiting",
    "restore_company",
    "resume_company",
    "suspend_company",
]
