"""Tasks carry their retailer in a header and refuse to run without one."""

from __future__ import annotations

from typing import Any

from celery import Task, shared_task

from tenancy import context
from tenancy.database.base import PUBLIC

HEADER = "retailer"
COUNTED = "config.task_requests:CountedRequest"
"""The worker's main process counts what becomes of each task."""


class TaskWithoutRetailer(RuntimeError):
    """A retailer's task was sent or received without its retailer."""


class UnplacedTask(Task):
    """The default: a task that is neither a retailer's nor the platform's does not run."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise TaskWithoutRetailer(f"{self.name} is neither a tenant_task nor a platform_task.")


class RetailerTask(Task):
    """Sent with the schema of the present retailer; run inside it."""

    abstract = True
    Request = COUNTED

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:  # type: ignore[override]
        schema = context.current_schema()
        if schema == PUBLIC:
            raise TaskWithoutRetailer(f"{self.name} was sent without a retailer.")
        options["headers"] = {**(options.get("headers") or {}), HEADER: schema}
        return super().apply_async(args, kwargs, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        schema = self._received_schema()
        if not schema or schema == PUBLIC:
            raise TaskWithoutRetailer(f"{self.name} was received without a retailer.")
        if schema == context.current_schema():
            return self.run(*args, **kwargs)
        with context.use(context.retailer_by_schema(schema_name=schema)):
            return self.run(*args, **kwargs)

    def _received_schema(self) -> str | None:
        headers = getattr(self.request, "headers", None) or {}
        return headers.get(HEADER) or getattr(self.request, HEADER, None)


class PlatformTask(Task):
    """Runs on the registry, for no retailer."""

    abstract = True
    Request = COUNTED

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with context.use_public():
            return self.run(*args, **kwargs)


def tenant_task(function: Any = None, **options: Any) -> Any:
    """Declare a task of one retailer: ``@tenant_task`` or ``@tenant_task(max_retries=3)``."""
    decorate = shared_task(base=RetailerTask, **options)
    return decorate(function) if function else decorate


def platform_task(function: Any = None, **options: Any) -> Any:
    """Declare a task of the platform itself."""
    decorate = shared_task(base=PlatformTask, **options)
    return decorate(function) if function else decorate


def send_for_each(task: Any, retailers: list[Any]) -> int:
    """Send ``task`` once for each retailer, in their order; return how many were sent."""
    for retailer in retailers:
        with context.use(retailer):
            task.delay()
    return len(retailers)


@tenant_task(name="tenancy.reseal")
def reseal() -> None:
    """Seal what an older key of the company sealed with the newest, a part at a time."""
    from tenancy import resealing

    if resealing.reseal_some():
        reseal.delay()


@platform_task(name="tenancy.reseal_everywhere")
def reseal_everywhere() -> None:
    """Send it for each company; those with one key only look through the secrets that their rooms keep."""
    from tenancy import queries

    send_for_each(reseal, queries.active_retailers())
