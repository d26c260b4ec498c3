from django.apps import AppConfig


class ChargesConfig(AppConfig):
    name = "billing.charges"
    label = "charges"
