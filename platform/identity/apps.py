from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "identity"
    append_only = ("identity_auditevent", "identity_auditseal")
    label = "identity"

    def ready(self) -> None:
        from identity import receivers, resealing  # noqa: F401
