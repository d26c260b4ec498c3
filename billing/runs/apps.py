from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "billing.runs"
    label = "runs"
