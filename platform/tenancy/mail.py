"""The way out for mail. From a demo space nothing leaves: its mail is written to files beside the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.filebased import EmailBackend as FileBackend

from tenancy.database import connection

FOLDER = "demo"


class Backend(BaseEmailBackend):
    """Hands mail to ``MAIL_BACKEND``, or to files when the company worked for is a demo."""

    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self._kwargs = kwargs

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        if not getattr(connection.tenant, "is_demo", False):
            way_out = get_connection(settings.MAIL_BACKEND, fail_silently=self.fail_silently, **self._kwargs)
            return int(way_out.send_messages(email_messages) or 0)
        folder = Path(settings.EMAIL_FILE_PATH) / FOLDER
        return int(FileBackend(file_path=str(folder)).send_messages(list(email_messages)) or 0)
