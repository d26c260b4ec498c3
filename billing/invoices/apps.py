from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    name = "billing.invoices"
    label = "invoices"
    append_only = ("invoices_invoice", "invoices_invoiceline", "invoices_issueddraft")
