from django.apps import AppConfig


class PrepaymentConfig(AppConfig):
    name = "billing.prepayment"
    label = "prepayment"
    append_only = ("prepayment_prepaymentevent",)
