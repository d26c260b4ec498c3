from django.apps import AppConfig


class ExtraConfig(AppConfig):
    name = "harness.extra_app"
    label = "extra"
    default_auto_field = "django.db.models.BigAutoField"
