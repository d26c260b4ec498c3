"""Traces by OpenTelemetry, where it is installed and GRIDHALL_TRACES asks for them; else nothing is done.

Spans carry what log lines carry: names of pages and tasks, numbers and codes. The instrumentations that others ship
put addresses and statements into spans, and with them people's data; they are not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

HEADER = "traceparent"
_tracer: Any = None
_tasks: dict[str, Any] = {}


def connect() -> None:
    """Make spans from now on; ``settings.TRACES`` is ``otlp`` or ``console``, empty for none."""
    if not settings.TRACES:
        return
    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "gridhall"}))
    provider.add_span_processor(BatchSpanProcessor(_exporter()))
    trace.set_tracer_provider(provider)
    use(provider)


def use(provider: Any) -> None:
    """Let ``provider`` make the spans; None ends it."""
    global _tracer
    _tracer = provider.get_tracer("gridhall") if provider is not None else None


@contextmanager
def request_span(parent: str, method: str) -> Iterator[dict[str, Any]]:
    """Trace a request; what the caller puts into the yielded facts becomes the span's attributes."""
    facts: dict[str, Any] = {}
    if _tracer is None:
        yield facts
        return
    with _tracer.start_as_current_span(method, context=_context(parent), record_exception=False) as span:
        yield facts
        span.update_name(f"{method} {facts.get('route', '')}".strip())
        span.set_attributes(_plain(facts))


def begin_task(task_id: str, name: str, parent: Any) -> None:
    """Begin the span of a task."""
    if _tracer is not None:
        from opentelemetry import context, trace

        span = _tracer.start_span(name, context=_context(str(parent or "")))
        _tasks[task_id] = (span, context.attach(trace.set_span_in_context(span)))


def end_task(task_id: str, facts: dict[str, Any]) -> None:
    """End the span of a task."""
    if task_id in _tasks:
        from opentelemetry import context

        span, token = _tasks.pop(task_id)
        context.detach(token)
        span.set_attributes(_plain(facts))
        span.end()


def inject(headers: dict[str, Any]) -> None:
    """Write the present span into the headers of a message."""
    if _tracer is not None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        TraceContextTextMapPropagator().inject(headers)


def _context(parent: str) -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({HEADER: parent}) if parent else None


def _exporter() -> Any:
    if settings.TRACES == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    return {f"gridhall.{name}": value for name, value in facts.items() if isinstance(value, str | int | float)}
