"""What the room refuses about payments."""

from __future__ import annotations

from kernel.errors import GridhallError, gettext_noop


class PaymentDiffers(GridhallError):
    """A reference was used before for another payment."""

    code = "payment_differs"
    template = gettext_noop(
        "Reference “{reference}” of {source} stands for a payment of other content ({field} differs). "
        "Nothing was booked; give the payment its own reference."
    )


class NoAmount(GridhallError):
    """Money that is moved is more than nothing."""

    code = "payment_amount"
    template = gettext_noop("The amount must be greater than zero.")

    def __init__(self) -> None:
        super().__init__(where="amount")


class OtherCurrency(GridhallError):
    """An account is paid in its own currency."""

    code = "payment_currency"
    template = gettext_noop("Account {account} is kept in {currency}, the payment is in {given}.")


class UnknownMethod(GridhallError):
    """The way of paying is not known."""

    code = "payment_method"
    template = gettext_noop("“{method}” is no way of paying. Known are: {known}.")


class NoReference(GridhallError):
    """Without a reference nobody could tell a second payment from the same sent twice."""

    code = "payment_reference"
    template = gettext_noop("A payment needs a source and a reference of at most {longest} characters.")


class OthersInvoice(GridhallError):
    """A payment settles bills of its own account."""

    code = "payment_invoice"
    template = gettext_noop("Bill {invoice} does not belong to account {account}.")


class NotEnoughCredit(GridhallError):
    """More was asked for than the account has in credit."""

    code = "credit_too_small"
    template = gettext_noop("The account has {available} {currency} in credit; {asked} was asked for.")
