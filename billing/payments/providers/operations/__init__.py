"""Changes: connecting, paying, saving, collecting by authority, and following what the provider says."""

from billing.payments.providers.operations.authorising import (
    AuthorityText,
    give_authority,
    revoke_authority,
    text_of,
)
from billing.payments.providers.operations.collecting import collect_bill, due_bills, low_balances, top_up
from billing.payments.providers.operations.connecting import (
    choose_methods,
    connect,
    describe_transfer,
    refresh,
    switch,
    use_own_keys,
)
from billing.payments.providers.operations.following import follow, follow_all_back, follow_page, follow_subject
from billing.payments.providers.operations.hearing import hear, hear_connected, work_off
from billing.payments.providers.operations.paying import begin_payment, begin_saving, forget_method
from billing.payments.providers.operations.settling_payouts import book_payout

__all__ = [
    "AuthorityText",
    "begin_payment",
    "begin_saving",
    "book_payout",
    "choose_methods",
    "collect_bill",
    "connect",
    "describe_transfer",
    "due_bills",
    "follow",
    "follow_all_back",
    "follow_page",
    "follow_subject",
    "forget_method",
    "give_authority",
    "hear",
    "hear_connected",
    "low_balances",
    "refresh",
    "revoke_authority",
    "switch",
    "text_of",
    "top_up",
    "use_own_keys",
    "work_off",
]
