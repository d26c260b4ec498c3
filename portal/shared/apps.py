from django.apps import AppConfig


class SharedConfig(AppConfig):
    name = "portal.shared"
    label = "portal_shared"
