from django.apps import AppConfig


class HostingConfig(AppConfig):
    name = "hosting"
    label = "hosting"

    def ready(self) -> None:
        """Count faults of pages and tasks by company and place."""
        from celery import signals as celery_signals
        from django.core.signals import got_request_exception

        from hosting import faults

        got_request_exception.connect(faults.on_request, dispatch_uid="hosting.faults")
        celery_signals.task_failure.connect(faults.on_task, weak=False, dispatch_uid="hosting.faults")
