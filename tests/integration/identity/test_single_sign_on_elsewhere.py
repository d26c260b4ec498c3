"""The same against a sign-in service that others wrote (oidc-provider-mock, on Authlib), in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from django.utils import timezone

from harness import sign_in_cast
from harness.browsers import browser
from harness.served import free_port
from identity import queries, single_sign_on
from identity import single_sign_on_protocol as protocol

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PERSON = {"sub": "ada", "email": "staff@alder.test", "email_verified": True, "name": "Ada"}
READY_SECONDS = 60


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    port = free_port()
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "oidc_provider_mock",
        "--port",
        str(port),
        "--require-nonce",
        "true",
    ]
    process = subprocess.Popen([*command, "--user-claims", json.dumps(PERSON)], stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/.well-known/openid-configuration")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            requests.get(address, timeout=2).raise_for_status()
            return
        except requests.RequestException:
            time.sleep(0.1)
    raise RuntimeError("the sign-in service did not answer in time")


class TestAnotherService:
    def test_lets_staff_in(self, in_alder, issuer, service):
        sign_in_cast.prove(service, "alder.test")
        facts = single_sign_on.Facts(
            issuer=issuer, client_id="gridhall", title="Mock", domains=("alder.test",), enabled=True
        )
        single_sign_on.save(
            facts=facts, client_secret="a secret", description=protocol.describe(issuer=issuer),
            by=queries.user_by_email(email="staff@alder.test"), at=timezone.now(),
        )  # fmt: skip
        client = browser()
        there = client.get("/accounts/sso/start/")["Location"]

        back = requests.post(there, data={"sub": "ada"}, allow_redirects=False, timeout=5)
        parts = urlsplit(back.headers["Location"])
        answer = client.get(f"{parts.path}?{parts.query}")

        assert (answer.status_code, answer["Location"]) == (302, "/console/"), answer.content.decode()
        assert client.get("/console/").status_code == 200
