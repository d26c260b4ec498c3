from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ProtectionConfig(AppConfig):
    name = "tenants.protection"
    label = "protection"

    def ready(self) -> None:
        """Let every room say what it holds of people and how long it keeps its records."""
        autodiscover_modules("personal_data", "expiry")
        from hosting import erasures
        from tenants.protection import certificate_words  # noqa: F401
        from tenants.protection.operations import requests

        erasures.register(requests.repeat)
