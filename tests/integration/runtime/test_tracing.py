"""Traces: a request and the tasks it sends are one trace, with the facts of the log line and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from config import task_circumstances, tracing
from tenancy import tasks

MAIL = "li.canary@example.com"


@tasks.tenant_task(name="tests.traced")
def traced(mail: str) -> None:
    pass


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(provider)
    yield exporter
    tracing.use(None)


@pytest.mark.django_db
class TestSpans:
    def test_of_a_request_name_the_page_and_no_person(self, spans: InMemorySpanExporter) -> None:
        Client().get("/accounts/login/", {"next": MAIL}, HTTP_HOST="alder.localhost", HTTP_USER_AGENT=MAIL)

        (span,) = spans.get_finished_spans()
        facts = dict(span.attributes or {})
        assert span.name == "GET account_login"
        assert facts["gridhall.company"] == "alder"
        assert facts["gridhall.status"] == 200
        assert MAIL not in span.to_json()

    def test_of_a_task_go_on_with_the_requests(self, spans: InMemorySpanExporter, alder: Any) -> None:
        headers: dict[str, Any] = {"retailer": alder.schema_name}
        with tracing.request_span("", "POST"):
            task_circumstances.carry(headers=headers)

        traced.apply(args=[MAIL], headers=headers)

        request, task = spans.get_finished_spans()
        assert task.name == "tests.traced"
        assert task.context.trace_id == request.context.trace_id
        assert MAIL not in json.dumps([request.to_json(), task.to_json()])

    def test_without_the_setting_there_are_none(self, alder: Any) -> None:
        headers: dict[str, Any] = {}
        with tracing.request_span("", "GET") as facts:
            tracing.inject(headers)

        assert (facts, headers) == ({}, {})
