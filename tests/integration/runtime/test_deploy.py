"""What production runs beside the program is tried: the compose file, the image, the proxy, the rules of alerts."""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from config import metrics
from config.fleet_metrics import PARTS
from harness import served

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent


def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {**os.environ, **environment}
    return subprocess.run([str(word) for word in words], cwd=ROOT, env=own, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def parts() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, list[tuple[str, dict[str, str]]]]]:
    """The real proxy with our file, certificates of its own making, and a program behind it that we watch."""
    folder, plain, secure = tmp_path_factory.mktemp("caddy"), served.free_port(), served.free_port()
    file = folder / "Caddyfile"
    file.write_text((ROOT / "deploy/Caddyfile").read_text().replace(":2080", f":{served.free_port()}"))
    options = f"local_certs\nskip_install_trust\nadmin off\nhttp_port {plain}\nhttps_port {secure}"
    with answering() as (port, seen):
        own = {
            **os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder),
            "GRIDHALL_WEB": f"127.0.0.1:{port}", "GRIDHALL_ACME_EMAIL": "a@gridhall.example",
            "GRIDHALL_CADDY_OPTIONS": options,
        }  # fmt: skip
        words = [str(BIN / "caddy"), "run", "--adapter", "caddyfile", "--config", str(file)]
        process = subprocess.Popen(words, env=own, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        for line in process.stderr:
            if "serving initial configuration" in line:
                break
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield secure, seen
        process.terminate()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)


class TestComposeFile:
    def test_is_of_the_published_schema(self) -> None:
        done = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")

        assert done.returncode == 0, done.stdout

    def test_the_schema_finds_a_fault(self, tmp_path: Path) -> None:
        wrong = (ROOT / "docker-compose.yml").read_text().replace("stop_grace_period:", "stop_grace_perlod:")
        (tmp_path / "compose.yml").write_text(wrong)

        assert run(
            BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", tmp_path / "compose.yml"
        ).returncode

    def test_only_the_proxy_is_reached_from_outside(self, parts: dict[str, Any]) -> None:
        assert [name for name, service in parts["services"].items() if "ports" in service] == ["proxy"]
        assert parts["networks"]["inside"] == {"internal": True}
        for name in ("postgres", "valkey"):
            assert parts["services"][name]["networks"] == ["inside"]

    def test_every_program_restarts_has_limits_and_no_rights(self, parts: dict[str, Any]) -> None:
        for name, service in parts["services"].items():
            assert service["deploy"]["resources"]["limits"]["memory"], name
            assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
            if service["image"] == "gridhall":
                assert service["cap_drop"] == ["ALL"]
                assert service["read_only"] is True

    def test_every_secret_comes_from_the_file_of_secrets(self, parts: dict[str, Any]) -> None:
        wanted = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
        given = {line.partition("=")[0] for line in (ROOT / "deploy/secrets.example").read_text().splitlines()}

        assert wanted - given == set()
        assert run("git", "check-ignore", "deploy/secrets.env").returncode == 0


class TestImage:
    def test_has_no_fault_that_hadolint_knows(self) -> None:
        done = run(BIN / "hadolint", "Dockerfile")

        assert (done.returncode, done.stdout) == (0, "")

    def test_runs_as_nobody_in_particular_and_is_watched(self) -> None:
        lines = (ROOT / "Dockerfile").read_text()

        assert lines.count("\nFROM ") == 2
        assert re.findall(r"^USER (\S+)$", lines, re.MULTILINE) == ["10001"]
        assert 'CMD ["python", "deploy/probe.py", "http://127.0.0.1:8000/-/ready"]' in lines

    @pytest.mark.parametrize(("status", "expected"), [(200, 0), (503, 1)])
    def test_its_probe_tells_by_its_end(self, status: int, expected: int) -> None:
        with answering(status) as (port, _):
            assert run(sys.executable, "deploy/probe.py", f"http://127.0.0.1:{port}/-/ready").returncode == expected

    def test_its_probe_fails_where_nobody_answers(self) -> None:
        assert run(sys.executable, "deploy/probe.py", f"http://127.0.0.1:{served.free_port()}/").returncode == 1


class answering:
    """A server that stands for the program: it allows certificates for one host alone, and notes what it is asked."""

    ALLOWED = "power.localhost"

    def __init__(self, status: int = 200) -> None:
        seen: list[tuple[str, dict[str, str]]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                refused = "tls-allowed" in self.path and f"domain={answering.ALLOWED}" not in self.path
                self.send_response(404 if refused else status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server, self.seen = ThreadingHTTPServer(("127.0.0.1", 0), Handler), seen

    def __enter__(self) -> tuple[int, list[tuple[str, dict[str, str]]]]:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.server_address[1], self.seen

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.skipif(not (BIN / "caddy").exists(), reason="the proxy's program is not made for this system")
class TestProxy:
    def ask(self, port: int, host: str, path: str = "/", **headers: str) -> int:
        import http.client
        import socket

        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", port), 10) as plain:
            with context.wrap_socket(plain, server_hostname=host) as secure:
                connection = http.client.HTTPConnection(host)
                connection.sock = secure
                connection.request("GET", path, headers={"Host": host, **headers})
                return connection.getresponse().status

    def test_serves_a_companys_host_with_a_certificate_and_asks_first(self, proxy: Any) -> None:
        port, seen = proxy

        status = self.ask(port, answering.ALLOWED, "/page", **{"X-Forwarded-For": "6.6.6.6", "X-Request-ID": "made-up"})

        path, headers = seen[-1]
        assert (status, path) == (200, "/page")
        assert any(asked.startswith("/-/tls-allowed?domain=power.localhost") for asked, _ in seen)
        assert headers["host"] == answering.ALLOWED
        assert headers["x-forwarded-proto"] == "https"
        assert headers["x-forwarded-for"] == "127.0.0.1"
        assert re.fullmatch(r"[0-9a-f-]{36}", headers["x-request-id"])

    def test_gets_no_certificate_for_a_host_nobody_has(self, proxy: Any) -> None:
        port, seen = proxy
        before = len(seen)

        with pytest.raises((ssl.SSLError, OSError)):
            self.ask(port, "stranger.localhost")

        assert all("tls-allowed" in path for path, _ in seen[before:])

    @pytest.mark.parametrize("path", ["/-/metrics", "/-/ready", "/-/health", "/-/tls-allowed?domain=power.localhost"])
    def test_lets_nobody_at_the_probes(self, proxy: Any, path: str) -> None:
        port, seen = proxy
        before = len(seen)

        assert self.ask(port, answering.ALLOWED, path) == 404
        assert [asked for asked, _ in seen[before:] if "domain=" not in asked] == []


class TestAlerts:
    def test_are_understood(self, rules: list[dict[str, Any]]) -> None:
        for rule in rules:
            promql_parser.parse(rule["expr"])
            assert rule["labels"]["severity"] in {"page", "ticket"}
            assert rule["annotations"]["summary"]

    @pytest.mark.django_db
    def test_speak_of_metrics_that_there_are(self, rules: list[dict[str, Any]]) -> None:
        from django.utils import timezone

        metrics.count_task(task="x", outcome="succeeded", company="-", seconds=1)
        metrics.count_request(route="x", method="GET", status=200, seconds=1, company="-")
        own = metrics.exposition().decode()
        known = set(re.findall(r"^(gridhall_\w+)", own, re.MULTILINE)) | {"up", "gridhall_unknown"}
        known |= {family.name for part in PARTS.values() for family in part(timezone.now())}

        wanted = {name for rule in rules for name in re.findall(r"\b(?:gridhall_\w+|up)\b", rule["expr"])}
        assert wanted - known == set()
        assert len(wanted) > 10

    def test_an_unknown_metric_would_be_seen(self, rules: list[dict[str, Any]]) -> None:
        assert json.dumps(rules).count("gridhall_") >= 15
