from django.apps import AppConfig


class HostingConfig(AppConfig):
    name = "hosting"
    label = "hosting"

    def ready(self) -> None:
        """Count faults of pages and tasks, and stamp messages with the time they are sent."""
        from celery import signals as celery_signals
        from django.core.signals import got_request_exception

        from hosting import faults, queue_depths

        got_request_exception.connect(faults.on_request, dispatch_uid="hosting.faults")
        celery_signals.task_failure.connect(faults.on_task, weak=False, dispatch_uid="hosting.faults")
        celery_signals.before_task_publish.connect(queue_depths.stamp, weak=False, dispatch_uid="hosting.stamp")
