"""Changes of payments."""

from billing.payments.operations.agents import add_agent, import_agent_statement
from billing.payments.operations.allocating import settle_accounts
from billing.payments.operations.booking import LineRefused, Part, book_line, park, undo_booking
from billing.payments.operations.cash import (
    CashRefused,
    DeskTaken,
    add_desk,
    approve_difference,
    bring_to_bank,
    count_again,
    count_out,
    open_session,
    pay_refund,
    take_back,
    take_payment,
)
from billing.payments.operations.errors import (
    NoAmount,
    NoReference,
    NotEnoughCredit,
    OtherCurrency,
    OthersInvoice,
    PaymentDiffers,
    UnknownMethod,
)
from billing.payments.operations.importing import import_statement
from billing.payments.operations.matching_lines import MATCHED_AT_ONCE, match_lines
from billing.payments.operations.paying_out import content_of, order_refunds
from billing.payments.operations.receiving import day_of, receive
from billing.payments.operations.receiving_many import Collected, receive_many
from billing.payments.operations.refunding import (
    RefundRefused,
    SamePerson,
    approve_refund,
    confirm_paid,
    fail_refund,
    mark_sent,
    reject_refund,
    request_refund,
    transfer_credit,
)
from billing.payments.operations.registering import add_bank_account
from billing.payments.operations.taking_back import reverse

__all__ = [
    "MATCHED_AT_ONCE",
    "CashRefused",
    "Collected",
    "DeskTaken",
    "LineRefused",
    "NoAmount",
    "NoReference",
    "NotEnoughCredit",
    "OtherCurrency",
    "OthersInvoice",
    "Part",
    "PaymentDiffers",
    "RefundRefused",
    "SamePerson",
    "UnknownMethod",
    "add_agent",
    "add_bank_account",
    "add_desk",
    "approve_difference",
    "approve_refund",
    "book_line",
    "bring_to_bank",
    "confirm_paid",
    "content_of",
    "count_again",
    "count_out",
    "day_of",
    "fail_refund",
    "import_agent_statement",
    "import_statement",
    "mark_sent",
    "match_lines",
    "open_session",
    "order_refunds",
    "park",
    "pay_refund",
    "receive",
    "receive_many",
    "reject_refund",
    "request_refund",
    "reverse",
    "settle_accounts",
    "take_back",
    "take_payment",
    "transfer_credit",
    "undo_booking",
]
