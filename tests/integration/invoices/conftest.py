"""Each test keeps its documents for itself: keys of invoices come again in a fresh database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    """Let documents be stored in a folder of the test's own."""
    settings.FILES_DIR = tmp_path
