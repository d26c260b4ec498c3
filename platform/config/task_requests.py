"""Counts tasks in a worker's main process, which hears of each end, also when the process at work was killed."""

from __future__ import annotations

from typing import Any

from billiard.exceptions import WorkerLostError
from celery.exceptions import Retry
from celery.worker.request import Request

from config import metrics


class CountedRequest(Request):
    """A message under way."""

    def on_success(self, failed__retval__runtime: Any, **kwargs: Any) -> Any:
        failed, _, runtime = failed__retval__runtime
        if not failed:
            self._count("succeeded", runtime)
        return super().on_success(failed__retval__runtime, **kwargs)

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> Any:
        fault = exc_info.exception
        if isinstance(fault, Retry):
            self._count("retried")
        else:
            self._count("lost" if isinstance(fault, WorkerLostError) else "failed")
        return super().on_failure(exc_info, send_failed_event=send_failed_event, return_ok=return_ok)

    def on_timeout(self, soft: bool, timeout: float) -> Any:
        if not soft:
            self._count("timed_out")
        return super().on_timeout(soft, timeout)

    def _count(self, outcome: str, seconds: float | None = None) -> None:
        company = str((self.request_dict or {}).get("retailer") or "-")
        metrics.count_task(task=self.name, outcome=outcome, company=company, seconds=seconds)
