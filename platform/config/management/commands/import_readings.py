"""``manage.py import_readings --retailer CODE_OR_HOST FILE``: import a meter file and print what became of each row."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kernel.errors import GridhallError
from tenancy import context, hosts
from tenants.metering import operations, queries


class Command(BaseCommand):
    help = "Import a NEM12, Green Button or day-per-row file; any refused row refuses the file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--retailer", required=True, help="the company's code or one of its hosts")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
        parser.add_argument("--zone", default="", help="the zone the days are recorded in, such as Asia/Shanghai")
        parser.add_argument(
            "--unit", default="", help="the unit of a day-per-row file that does not name it: kWh, kW …"
        )
        parser.add_argument("--supply-point", default="", help="the supply point of a file that holds one only")
        parser.add_argument("--profile", default="", help="the mapping profile that says what the columns are")

    def handle(self, *args: Any, file: Path, retailer: str, **options: Any) -> None:
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        try:
            found = self._import(file, retailer, options)
        except GridhallError as error:
            raise CommandError(str(error)) from error
        if found.state == found.State.REFUSED:
            raise CommandError("The file was refused; nothing of it was kept.")

    def _import(self, file: Path, retailer: str, options: dict[str, Any]) -> Any:
        with context.use(_retailer(retailer)), file.open("rb") as stream:
            found = operations.import_file(
                file=stream,
                file_name=file.name,
                source="command",
                at=timezone.now(),
                zone=options["zone"],
                unit=options["unit"],
                identifier=options["supply_point"],
                dry_run=options["dry_run"],
                profile=options["profile"],
            )
            for row in queries.import_report(import_id=found.pk).iterator():
                self.stdout.write(_line(row))
        self.stdout.write(
            f"{found.get_state_display()}: {found.days_accepted} new, {found.days_corrected} corrected,"
            f" {found.days_unchanged} unchanged, {found.days_outdated} outdated, {found.rows_refused} refused"
        )
        return found


def _line(row: Any) -> str:
    place = f"row {row.row}" if row.row is not None else "file"
    if row.column is not None:
        place += f", column {row.column}"
    said = queries.refusal_sentence(row=row) or f"{row.identifier} {row.register_code} {row.day}: {row.total}"
    gaps = f", {row.missing} slots missing" if row.missing else ""
    return f"{place}: {row.get_outcome_display()}: {said}{gaps}"


def _retailer(name: str) -> Any:
    return hosts.find_retailer(name) or context.retailer_by_code(code=name)
