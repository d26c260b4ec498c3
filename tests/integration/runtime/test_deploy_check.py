"""The settings of production pass every check of deployment, Django's and the libraries'."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys

from harness import databases


class TestProduction:
    def test_has_no_fault_and_no_warning(self):
        own = {
            **os.environ,
            "GRIDHALL_ENV": "production",
            "GRIDHALL_SECRET_KEY": secrets.token_urlsafe(60),
            "DATABASE_URL": "postgresql://gridhall_app@localhost/nowhere",
        }
        words = ["-W", "error::DeprecationWarning:config", "manage.py", "check", "--deploy"]

        done = subprocess.run(
            [sys.executable, *words, "--fail-level", "INFO"],
            cwd=databases.ROOT, env=own, capture_output=True, text=True, check=False,
        )  # fmt: skip

        assert (done.returncode, done.stdout.strip()[:33]) == (0, "System check identified no issues"), done.stderr
        assert done.stderr == ""
