"""Whether a host answers with a certificate that browsers take: its name, a known authority, not about to end."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Sequence

from django.conf import settings

SECONDS = 5.0
LEAST_LEFT = dt.timedelta(days=7)


class TlsProblem(Exception):
    """What is wrong with the certificate: ``unreachable``, ``other_host``, ``untrusted`` or ``ending``."""

    def __init__(self, code: str, until: dt.datetime | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.until = until


def look(*, host: str, addresses: Sequence[str], at: dt.datetime) -> dt.datetime:
    """Connect as a browser does and return until when the certificate is good; raises TlsProblem."""
    context = ssl.create_default_context(cafile=settings.DOMAIN_TLS_CA or None)
    certificate = _certificate(context, host, addresses)
    until = dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), dt.UTC)
    if until - at < LEAST_LEFT:
        raise TlsProblem("ending", until)
    return until


def _certificate(context: ssl.SSLContext, host: str, addresses: Sequence[str]) -> dict[str, object]:
    for address in addresses:
        try:
            with (
                socket.create_connection((address, settings.DOMAIN_TLS_PORT), timeout=SECONDS) as plain,
                context.wrap_socket(plain, server_hostname=host) as secure,
            ):
                return dict(secure.getpeercert() or {})
        except ssl.SSLCertVerificationError as error:
            raise TlsProblem(_why(error)) from error
        except OSError:  # also what breaks off while it is agreed upon
            continue
    raise TlsProblem("unreachable")


def _why(error: ssl.SSLCertVerificationError) -> str:
    text = f"{error.verify_message or ''} {error}".lower()
    if "mismatch" in text or "not valid for" in text:
        return "other_host"
    return "ended" if "expired" in text else "untrusted"
