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
        from config import error_reports, metrics, task_circumstances, tracing
        from tenancy import faults, heartbeats

        assert task_circumstances and heartbeats  # their tasks and signals are known from now on
        faults.register(metrics.count_fault)
        error_reports.connect()
        tracing.connect()
