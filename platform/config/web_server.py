"""Settings of gunicorn: processes that share their figures, and logs in the program's own form.

``gunicorn --config python:config.web_server``. The access log is off: config.request_middleware writes a line for each
request. Where it is switched on (``--access-logfile -``), it carries no address, path or name.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from typing import Any

from gunicorn import glogging

from tenancy import logs

JSON = os.environ.get("GRIDHALL_LOG_FORMAT", "json" if os.environ.get("GRIDHALL_ENV") == "production" else "line")


class Logger(glogging.Logger):
    """Gunicorn's logger in the program's form."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        if JSON == "json":
            for handler in (*self.error_log.handlers, *self.access_log.handlers):
                handler.setFormatter(logs.JsonFormatter())

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        if not (self.cfg.accesslog or self.cfg.logconfig or self.cfg.syslog):
            return
        status = resp.status.split(None, 1)[0] if isinstance(resp.status, str) else resp.status
        number = next((value for name, value in resp.headers if name.lower() == "x-request-id"), "")
        facts = {
            "method": environ.get("REQUEST_METHOD", ""),
            "status": int(status),
            "bytes": getattr(resp, "sent", 0) or 0,
            "ms": round(request_time.total_seconds() * 1000, 1),
            "request_id": number,
        }
        words = " ".join(f"{name}={value}" for name, value in facts.items())
        self.access_log.info("access" if JSON == "json" else words, extra={"facts": facts})


logger_class = Logger
_folder = ""


def on_starting(server: Any) -> None:
    """Make the folder in which the processes share their figures."""
    global _folder
    _folder = tempfile.mkdtemp(prefix="gridhall-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _folder
    logging.getLogger(__name__).debug("figures are shared in a folder of this run")


def child_exit(server: Any, worker: Any) -> None:
    """Forget the gauges of a process that is gone; its counts stay."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    """Remove the folder."""
    shutil.rmtree(_folder, ignore_errors=True)
