"""``manage.py messages``: collects, checks and compiles the translations of every room."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.shared import catalogues

CATALOGUE = Path("locale") / "zh_Hans" / "LC_MESSAGES" / "django.po"


class Command(BaseCommand):
    help = "Collects the texts of each app into its Chinese catalogue; --check tells what is missing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("roots", nargs="*", help="folders to work on, e.g. portal/console (default: all)")
        parser.add_argument("--check", action="store_true", help="change nothing; fail when a text has no translation")
        parser.add_argument("--compile", action="store_true", help="only write .mo files from what is translated")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = [Path(root).resolve() for root in options["roots"]]
        roots = [root for root in code_roots() if not chosen or root in chosen]
        if options["check"]:
            return self._check(roots)
        if not options["compile"]:
            self._collect(roots)
        return self._compile(roots)

    def _collect(self, roots: list[Path]) -> None:
        known = catalogues.translations(root / CATALOGUE for root in code_roots())
        for root in roots:
            texts, path = catalogues.collect(root), root / CATALOGUE
            if not texts and not path.exists():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            catalogue = catalogues.merge(path, texts, known)
            catalogue.save(str(path))
            left = len(catalogue.untranslated_entries())
            self.stdout.write(f"{_short(path)}: {len(texts)} texts, {left} untranslated")

    def _check(self, roots: list[Path]) -> None:
        faults = [
            f"{_short(root / CATALOGUE)}: {fault}"
            for root in roots
            for fault in catalogues.faults(root / CATALOGUE, catalogues.collect(root))
        ]
        if faults:
            raise CommandError("\n".join(["Texts without a translation:", *faults]))
        self.stdout.write("Every text is translated.")

    def _compile(self, roots: list[Path]) -> None:
        paths = [root / CATALOGUE for root in roots if (root / CATALOGUE).exists()]
        for path in paths:
            catalogues.compile_catalogue(path)
        self.stdout.write(f"Compiled {len(paths)} catalogues.")


def code_roots() -> list[Path]:
    """Return the folders that have a catalogue of their own: the project's apps, and the parents of LOCALE_PATHS."""
    base = Path(settings.BASE_DIR).resolve()
    own = [Path(config.path).resolve() for config in apps.get_app_configs()]
    extra = [Path(path).resolve().parent for path in settings.LOCALE_PATHS]
    inside = [root for root in [*own, *extra] if root.is_relative_to(base) and ".venv" not in root.parts]
    return list(dict.fromkeys(inside))


def _short(path: Path) -> str:
    return path.relative_to(Path(settings.BASE_DIR).resolve()).as_posix()
