from django.apps import AppConfig


class AccrualsConfig(AppConfig):
    name = "billing.accruals"
    label = "accruals"
