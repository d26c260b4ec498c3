from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    label = "config"

    def ready(self) -> None:
        """Let the rooms report what they know to the operator."""
        from config import probes, start_points
        from config.demo import spaces

        probes.register()
        start_points.register()
        spaces.register()
