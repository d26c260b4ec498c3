"""The web program. It refuses to serve as superuser or as owner of the tables."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from tenancy import guard  # noqa: E402 - needs the settings above

guard.refuse_privileged_login()
