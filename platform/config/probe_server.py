"""The probes of workers and beat: they serve no pages, so a thread answers at GRIDHALL_PROBE_ADDRESS."""

from __future__ import annotations

import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.conf import settings
from django.db import connections

from config import probe_pages

log = logging.getLogger(__name__)
SILENT_SECONDS = 90.0
"""So long without a sign of its main loop, and a program is not well."""


class Pulse:
    """When the program's main loop last came round."""

    def __init__(self) -> None:
        self._at = time.monotonic()

    def beat(self, **_: Any) -> None:
        self._at = time.monotonic()

    def healthy(self) -> bool:
        return time.monotonic() - self._at < SILENT_SECONDS


PULSE = Pulse()


class Handler(BaseHTTPRequestHandler):
    """Answers probes and nothing else."""

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        sender, path = str(self.client_address[0]), self.path.partition("?")[0]
        try:
            status, kind, body = probe_pages.answer(path=path, sender=sender, headers=headers, healthy=PULSE.healthy())
        finally:
            connections.close_all()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Probes are not logged."""


def start() -> ThreadingHTTPServer | None:
    """Answer at the address of the settings, such as 0.0.0.0:9100, in a thread; None when there is none."""
    if not settings.PROBE_ADDRESS:
        return None
    host, _, port = settings.PROBE_ADDRESS.rpartition(":")
    server = ThreadingHTTPServer((host, int(port)), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
    return server
