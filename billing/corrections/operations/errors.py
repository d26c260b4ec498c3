"""What a correction can be refused for."""

from __future__ import annotations

from kernel.errors import Conflict, Invalid, gettext_noop


class WrongCorrectionState(Conflict):
    """The correction is not where this step starts."""

    code = "correction_wrong_state"
    template = gettext_noop("The correction of bill {number} is in state “{state}”; this cannot be done now.")


class BillsChanged(Conflict):
    """What was approved is not what would be issued."""

    code = "correction_changed"
    template = gettext_noop("The correction of bill {number} comes out otherwise by now; look at it again.")


class CannotRate(Conflict):
    """A bill of the chain cannot be rated."""

    code = "correction_cannot_rate"
    template = gettext_noop("A bill of this correction cannot be rated: {why}")


class SamePerson(Conflict):
    """Above an amount two people decide."""

    code = "correction_same_person"
    template = gettext_noop("You approved the correction of bill {number} yourself; another person seconds it.")


class PersonNeeded(Conflict):
    """A program decides only within the policy."""

    code = "correction_needs_person"
    template = gettext_noop("A person decides about the correction of bill {number}.")


class ReasonNeeded(Invalid):
    """A bill that stays wrong stays so for a reason."""

    code = "correction_reason_needed"
    template = gettext_noop("Say why the bill stays as it is.")


class AccountHeld(Conflict):
    """Held accounts get no bills, corrected ones neither."""

    code = "correction_account_held"
    template = gettext_noop("Account {account} is held: {note} Lift that first.")
