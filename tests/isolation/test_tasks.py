"""Every task and command of a company, with another's ids, without its header, with a header nobody knows."""

from __future__ import annotations

import inspect
import uuid
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command, get_commands, load_command_class
from isolation import asking, canaries, tally

from config.celery import app
from tenancy import context, tasks

HERE, THERE = 3, 5
LEFT_OUT = {
    "protection.expire_as_owner": "the owner's process drops tables; its own tests run it as such",
    "metering.make_partitions": "the owner's process makes tables; its own tests run it as such",
}
"""Tasks that are not run here, and why."""
TEXTS = {
    "email": "siyuan@lanjiang.example",
    "address": "127.0.0.1",
    "language": "en",
    "code": "c05",
    "day": "2026-11-01",
    "complete": True,
    "number": "C1",
}
"""Arguments of tasks that are no numbers."""
OF_COMPANIES = {
    "verify_ledger": ["c03"], "verify_audit": ["c03"], "close_books": ["c03"], "rerate_invoices": ["--retailer", "c03"],
    "reset_second_factor": ["c03", "administrator@fleet.test"], "backup_company": ["c03"],
    "bill_run": ["--retailer", "c03", "--month", "2026-10"],
    "import_readings": ["/dev/null", "--retailer", "c03"],
}  # fmt: skip
"""Commands that work for one company, with what they are told."""
OTHER_COMMANDS = {
    "drill_backup", "restore_company", "provision_company", "seed_demo", "demo_addresses", "demo_payments", "rate",
    "build_css", "messages", "fleet", "rotate_company_key", "rewrap_keys", "delete_company", "verify_certificate",
}  # fmt: skip
"""Commands of the whole deployment or of the owner, tried in their own tests."""


def company_tasks() -> list[Any]:
    """Every task of the product that works for a company; what the harness of the tests adds is left out."""
    app.loader.import_default_modules()
    ours = (task for task in app.tasks.values() if not task.name.startswith("harness."))
    found = [task for task in ours if isinstance(task, tasks.RetailerTask)]
    return sorted((task for task in found if task.name not in LEFT_OUT), key=lambda task: task.name)


def arguments(task: Any) -> dict[str, Any]:
    """Fill a task's arguments with records of the other company; refuses what it does not know how to fill."""
    told = {}
    for name, parameter in inspect.signature(task.run).parameters.items():
        number = str(parameter.annotation) in ("int", "<class 'int'>") or name.endswith("_id")
        assert number or name in TEXTS, f"{task.name}: say in TEXTS of tests/isolation/test_tasks.py what “{name}” is"
        told[name] = canaries.digits(THERE) if number else TEXTS[name]
    return told


def run(task: Any, told: dict[str, Any], headers: dict[str, str]) -> Any:
    """Run a task as a worker does with a message that carries these headers."""
    task.push_request(args=(), kwargs=told, headers=headers, id=str(uuid.uuid4()), **headers)
    try:
        return task(**told)
    finally:
        task.pop_request()


@pytest.fixture
def sent(whole_fleet):
    """Whatever a task sends on is kept, not run: (task, whose header it carries)."""
    found: list[tuple[str, Any]] = []

    def keep(sender: str = "", headers: Any = None, **_: Any) -> None:
        found.append((sender, (headers or {}).get(tasks.HEADER)))

    app.conf.task_always_eager = False
    before_task_publish.connect(keep)
    yield found
    before_task_publish.disconnect(keep)


@pytest.mark.slow
class TestTasks:
    def test_with_ids_of_another_company_touch_nothing_of_it(self, whole_fleet, sent):
        fleet, leaks = whole_fleet, []
        with asking.counted() as written:
            for task in company_tasks():
                asking.WATCH.drain()
                with asking.undone():
                    _quietly(task, arguments(task), {tasks.HEADER: fleet.schema(HERE)})
                said = [str(value) for value in arguments(task).values()]
                found = canaries.foreign("\n".join(asking.WATCH.drain()), own=HERE, said=said)
                leaks += [f"{task.name}: {each}" for each in found]

        tally.add(attacks=len(company_tasks()), what="all tasks")
        assert leaks == []
        assert {schema for schema, _ in written} <= {fleet.schema(HERE), "public"}
        assert {schema for _, schema in sent} <= {fleet.schema(HERE), None}

    @pytest.mark.parametrize("header", [{}, *({tasks.HEADER: name} for name in ("", "t_nobody000000", "public"))])
    def test_without_a_company_that_is_known_do_not_run(self, whole_fleet, header):
        ran = []
        for task in company_tasks():
            context.connection.set_schema_to_public()
            try:
                run(task, arguments(task), header)
                ran.append(task.name)
            except (tasks.TaskWithoutRetailer, context.UnknownRetailer):
                pass

        assert ran == []


@pytest.mark.slow
class TestCommands:
    def test_are_all_known(self):
        own = {name for name, room in get_commands().items() if _is_ours(room)}

        unknown = own - set(OF_COMPANIES) - OTHER_COMMANDS
        assert {name for name in unknown if _takes_a_company(name)} == set(), (
            "add the command to OF_COMPANIES (or to OTHER_COMMANDS) in tests/isolation/test_tasks.py"
        )

    @pytest.mark.parametrize("name", sorted(OF_COMPANIES))
    def test_of_one_company_print_nothing_of_another(self, whole_fleet, name, capsys):
        asking.WATCH.drain()
        with asking.counted() as written, asking.undone():
            context.connection.set_schema_to_public()
            try:
                call_command(name, *OF_COMPANIES[name])
            except (CommandError, SystemExit) as refusal:
                asking.WATCH.lines.append(str(refusal))
        told = "\n".join([*capsys.readouterr(), *asking.WATCH.drain()])

        assert canaries.foreign(told, own=HERE) == set()
        assert {schema for schema, _ in written} <= {whole_fleet.schema(HERE), "public"}


@pytest.mark.slow
class TestFiles:
    def test_of_another_company_have_no_path(self, whole_fleet):
        other = whole_fleet.schema(THERE)
        theirs = [path for path in (whole_fleet.files / other).rglob("*") if path.is_file()]
        opened = []
        with context.use(whole_fleet.company(HERE)):
            for path in theirs:
                inside = path.relative_to(whole_fleet.files / other).as_posix()
                for name in (f"../{other}/{inside}", f"/{path}", f"x/../../{other}/{inside}", f"{other}/{inside}"):
                    if _content(name) is not None:
                        opened.append(name)
            alike = [_content(_inside(path, whole_fleet, other)) or b"" for path in theirs]
            same_name = [found for content in alike if (found := canaries.foreign(content, own=HERE))]

        assert theirs
        assert opened == []
        assert same_name == []

    def test_are_written_into_no_other_companys_folder(self, whole_fleet):
        other = whole_fleet.schema(THERE)
        with context.use(whole_fleet.company(HERE)):
            for name in (f"../{other}/planted.txt", f"/{whole_fleet.files}/{other}/planted.txt"):
                with pytest.raises(Exception):  # noqa: B017 - each storage refuses by an error of its own
                    default_storage.save(name, ContentFile(b"planted"))

        assert not (whole_fleet.files / other / "planted.txt").exists()


def _inside(path: Any, fleet: Any, schema: str) -> str:
    return str(path.relative_to(fleet.files / schema).as_posix())


def _content(name: str) -> bytes | None:
    try:
        with default_storage.open(name) as file:
            return bytes(file.read())
    except Exception:
        return None


def _quietly(task: Any, told: dict[str, Any], headers: dict[str, str]) -> None:
    try:
        run(task, told, headers)
    except Exception as error:
        asking.WATCH.lines.append(f"{type(error).__name__}: {error}")


def _is_ours(room: Any) -> bool:
    name = room if isinstance(room, str) else type(room).__module__
    return name.partition(".")[0] in {"config", "portal", "tenancy", "identity", "hosting", "tenants", "billing"}


def _takes_a_company(name: str) -> bool:
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    told = {action.dest for action in parser._actions}
    return bool(told & {"code", "retailer", "company", "schema", "tenant"}) and name not in OTHER_COMMANDS
