from django.apps import AppConfig


class MeteringConfig(AppConfig):
    name = "tenants.metering"
    label = "metering"
    append_only = ("metering_intervaldayrevision",)
