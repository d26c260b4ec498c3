from django.apps import AppConfig


class ArrearsConfig(AppConfig):
    name = "billing.arrears"
    label = "arrears"
