"""The settings with one app more, of which no company has the tables yet."""

from __future__ import annotations

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS, TENANT_APPS

TENANT_APPS = [*TENANT_APPS, "harness.extra_app"]
INSTALLED_APPS = [*INSTALLED_APPS, "harness.extra_app"]
