from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "billing.ledger"
    label = "ledger"
    append_only = ("ledger_entry", "ledger_posting", "ledger_seal", "ledger_closedday")
