from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from harness import name_server, sign_in_cast, sign_in_service


@pytest.fixture(scope="module")
def sign_in_server() -> Iterator[sign_in_service.Service]:
    with sign_in_service.running() as service:
        yield service


@pytest.fixture(scope="module")
def mail_names() -> Iterator[name_server.NameServer]:
    with name_server.NameServer() as server:
        yield server


@pytest.fixture
def service(
    sign_in_server: sign_in_service.Service, mail_names: name_server.NameServer, settings: Any
) -> sign_in_service.Service:
    """A sign-in service that says the truth until it is told otherwise; ``names`` answers for the DNS."""
    settings.SSO_PRIVATE_ADDRESSES, settings.DNS_RESOLVER = True, mail_names.address
    sign_in_server.__init__(sign_in_server.issuer)  # type: ignore[misc]
    mail_names.records.clear()
    mail_names.silent = False
    sign_in_server.names = mail_names
    return sign_in_server


@pytest.fixture
def ready(in_alder: Any, service: sign_in_service.Service) -> sign_in_service.Service:
    """Alder has set the service up and proven its mail domain."""
    sign_in_cast.set_up(service)
    return service
