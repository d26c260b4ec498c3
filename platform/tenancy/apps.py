from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "tenancy"
    label = "tenancy"

    def ready(self) -> None:
        from tenancy import lookups

        lookups.register()
