from django.apps import AppConfig


class TariffsConfig(AppConfig):
    name = "tenants.tariffs"
    label = "tariffs"
