"""A task carries its retailer and refuses to run without one."""

from __future__ import annotations

import pytest
from celery import shared_task

from tenancy import context, tasks

seen: list[str] = []


@tasks.tenant_task(name="tests.note_schema")
def note_schema() -> None:
    seen.append(context.current_schema())


@tasks.platform_task(name="tests.note_platform")
def note_platform() -> None:
    seen.append(context.current_schema())


@pytest.mark.django_db
class TestRetailerTask:
    def test_runs_for_the_retailer_in_its_header(self, alder):
        seen.clear()

        note_schema.apply(headers={"retailer": alder.schema_name}).get()

        assert seen == ["t_alder0000000"]

    def test_is_not_sent_without_a_retailer(self):
        with pytest.raises(tasks.TaskWithoutRetailer):
            note_schema.delay()

    def test_refuses_to_run_without_its_header(self):
        seen.clear()

        with pytest.raises(tasks.TaskWithoutRetailer):
            note_schema.apply().get()

        assert seen == []

    def test_refuses_an_unknown_retailer(self, alder):
        seen.clear()

        with pytest.raises(context.UnknownRetailer):
            note_schema.apply(headers={"retailer": "t_nobody000000"}).get()

        assert seen == []

    def test_carries_the_present_retailer_when_sent(self, in_alder):
        with note_schema.app.connection_for_write() as broker:
            note_schema.apply_async(connection=broker)
            message = broker.SimpleQueue("default").get(timeout=1)

        assert message.headers["retailer"] == "t_alder0000000"
        message.ack()


@pytest.mark.django_db
class TestOtherTasks:
    def test_a_platform_task_runs_for_nobody(self, in_alder):
        seen.clear()

        note_platform.apply().get()

        assert seen == ["public"]

    def test_a_task_without_a_place_does_not_run(self):
        @shared_task(name="tests.unplaced")
        def unplaced() -> None:
            seen.append("ran")

        seen.clear()
        with pytest.raises(tasks.TaskWithoutRetailer):
            unplaced.apply().get()

        assert seen == []
