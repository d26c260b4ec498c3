from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "identity"
    append_only = ("identity_auditevent",)
    label = "identity"
