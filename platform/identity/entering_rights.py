"""What somebody of the host may do in a company he entered; what is not named here he may never do."""

from __future__ import annotations

from identity.capabilities import Capability

_C = Capability
READS = frozenset(
    {
        _C.SEE_CUSTOMERS, _C.SEE_READINGS, _C.SEE_TARIFFS, _C.SEE_BILLS, _C.SEE_LEDGER, _C.SEE_PAYMENTS, _C.SEE_ARREARS,
    }
)  # fmt: skip
WRITES = frozenset({_C.IMPORT_READINGS, _C.CHANGE_TARIFFS, _C.RUN_BILLS})
"""With the right to change: work that somebody of the company approves afterwards."""
PERSONAL_WRITES = frozenset({_C.CHANGE_CUSTOMERS})
"""Only for who also sees personal fields: what is shown masked cannot be changed without being spoilt."""


def of(*, write: bool, personal: bool) -> frozenset[Capability]:
    """This will return the capabilities of a visit: reading by default, more only where it was asked for."""
    rights = READS | (WRITES if write else frozenset())
    if personal:
        rights |= {_C.SEE_PERSONAL} | (PERSONAL_WRITES if write else frozenset())
    return rights
