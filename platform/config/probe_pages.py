"""``/-/health``, ``/-/ready`` and ``/-/metrics``: for machines that watch, on any host name; nothing of a company.

Asked from a network of ``settings.PROBE_NETWORKS``, or with ``Authorization: Bearer`` and the token of the settings.
What came through a proxy has the proxy's address and so needs the token. To everybody else the pages do not exist.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
from collections.abc import Mapping

from django.conf import settings

from config import fleet_metrics, metrics, readiness

HEALTH, READY, METRICS = "/-/health", "/-/ready", "/-/metrics"
PATHS = {HEALTH, READY, METRICS}
JSON = "application/json"
Answer = tuple[int, str, bytes]
NOWHERE: Answer = (404, "text/plain", b"")


def answer(*, path: str, sender: str, headers: Mapping[str, str], healthy: bool = True) -> Answer:
    """Return status, content type and body; ``headers`` by their names in small letters."""
    if not _may_ask(sender, headers):
        return NOWHERE
    if path == HEALTH:
        return (200 if healthy else 503, JSON, json.dumps({"alive": healthy}).encode())
    if path == READY:
        return _ready()
    if path == METRICS:
        return (200, metrics.CONTENT_TYPE_LATEST, metrics.exposition(fleet_metrics.FleetCollector()))
    return NOWHERE


def _ready() -> Answer:
    found = readiness.checks()
    ready = all(state == readiness.WORKS for state in found.values())
    return (200 if ready else 503, JSON, json.dumps({"ready": ready, "checks": found}).encode())


def _may_ask(sender: str, headers: Mapping[str, str]) -> bool:
    given = headers.get("authorization", "")
    if settings.PROBE_TOKEN and hmac.compare_digest(given.encode(), f"Bearer {settings.PROBE_TOKEN}".encode()):
        return True
    forwarded = any(name in headers for name in ("x-forwarded-for", "forwarded", "x-forwarded-host", "via"))
    return not forwarded and _within(sender)


def _within(sender: str) -> bool:
    try:
        address = ipaddress.ip_address(sender)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ipaddress.ip_network(network) for network in settings.PROBE_NETWORKS)
