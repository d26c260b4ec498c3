#!/usr/bin/env python
"""Django's command line, with `platform/` as a second source root."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent

if __name__ == "__main__":
    sys.path[:0] = [path for path in (str(ROOT), str(ROOT / "platform")) if path not in sys.path]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except Exception as fault:
        from django.apps import apps

        if apps.ready:
            from config import error_reports

            error_reports.on_command(fault, name=sys.argv[1] if len(sys.argv) > 1 else "")
        raise
