"""Changes of prepaid accounts: taking part, and the assessment that warns, stops and resumes."""

from billing.prepayment.operations.assessing import Assessed, assess
from billing.prepayment.operations.enrolling import AlreadyPrepaid, NotPrepaid, change, end, enrol

__all__ = ["AlreadyPrepaid", "Assessed", "NotPrepaid", "assess", "change", "end", "enrol"]
