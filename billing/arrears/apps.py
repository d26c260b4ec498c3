from django.apps import AppConfig


class ArrearsConfig(AppConfig):
    name = "billing.arrears"
    label = "arrears"
    append_only = ("arrears_caseevent", "arrears_latefee", "arrears_depositmovement", "arrears_writeoffrecovery")
