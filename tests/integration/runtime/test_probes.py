"""Health, readiness and metrics: for machines that watch, and for nobody else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from config import probe_pages, readiness
from hosting import models as hosting_models
from tenancy import heartbeats
from tenancy.fleet import schemas

INSIDE = {"REMOTE_ADDR": "127.0.0.1"}
OUTSIDE = {"REMOTE_ADDR": "203.0.113.9"}


def ask(path: str, host: str = "10.1.2.3:8000", **extra: str) -> Any:
    return Client().get(path, HTTP_HOST=host, **{**INSIDE, **extra})


def value(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is missing"
    return float(found[1])


@pytest.mark.django_db
class TestDoor:
    @pytest.mark.parametrize("path", sorted(probe_pages.PATHS))
    @pytest.mark.parametrize("host", ["10.1.2.3:8000", "alder.localhost", "nobody.example"])
    def test_is_open_inside_on_any_host(self, path: str, host: str) -> None:
        assert ask(path, host).status_code == 200

    @pytest.mark.parametrize("path", sorted(probe_pages.PATHS))
    def test_is_not_there_outside(self, path: str) -> None:
        assert ask(path, **OUTSIDE).status_code == 404

    @pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA"])
    def test_is_not_there_for_what_a_proxy_passed_on(self, header: str) -> None:
        assert ask(probe_pages.METRICS, **{header: "127.0.0.1"}).status_code == 404

    def test_opens_with_the_token(self, settings: Any) -> None:
        settings.PROBE_TOKEN = "a-token"

        right = ask(probe_pages.METRICS, HTTP_AUTHORIZATION="Bearer a-token", **OUTSIDE)
        wrong = ask(probe_pages.METRICS, HTTP_AUTHORIZATION="Bearer a-tokem", **OUTSIDE)

        assert (right.status_code, wrong.status_code) == (200, 404)

    def test_an_empty_token_opens_nothing(self, settings: Any) -> None:
        settings.PROBE_TOKEN = ""

        assert ask(probe_pages.METRICS, HTTP_AUTHORIZATION="Bearer ", **OUTSIDE).status_code == 404

    def test_takes_no_other_method(self) -> None:
        assert Client().post(probe_pages.HEALTH, **INSIDE).status_code == 405

    def test_is_not_turned_to_https(self, settings: Any) -> None:
        settings.SECURE_SSL_REDIRECT = True

        assert ask(probe_pages.HEALTH).status_code == 200


@pytest.mark.django_db
class TestReadiness:
    def test_names_each_thing(self) -> None:
        told = ask(probe_pages.READY).json()

        assert told == {"ready": True, "checks": dict.fromkeys(readiness.CHECKS, "ok")}

    def test_names_what_is_missing_without_its_address(self, settings: Any, tmp_path: Any) -> None:
        (tmp_path / "file").write_text("")
        settings.FILES_DIR = tmp_path / "file" / "secret-place"

        answer = ask(probe_pages.READY)

        assert answer.status_code == 503
        assert answer.json()["checks"]["files"] == "NotADirectoryError"
        assert b"secret-place" not in answer.content

    def test_a_database_behind_the_program_is_not_ready(self, monkeypatch: Any) -> None:
        known = schemas.known_migrations()
        monkeypatch.setattr(schemas, "known_migrations", lambda: known | {("tenancy", "9999_of_the_next_release")})

        assert ask(probe_pages.READY).json()["checks"]["template"] == "NotTheProgramsTables"

    def test_a_database_ahead_of_the_program_is_ready(self, monkeypatch: Any) -> None:
        known = schemas.known_migrations()
        monkeypatch.setattr(schemas, "known_migrations", lambda: known - {("tenancy", "0006_fleet_runs")})

        assert ask(probe_pages.READY).json()["ready"] is True


@pytest.mark.django_db
class TestMetrics:
    def test_count_requests_by_name_of_the_page(self) -> None:
        text = ask(probe_pages.METRICS).content.decode()
        before = re.search(r'gridhall_requests_total\{method="GET",route="account_login",status="200"\} (\S+)', text)

        Client().get("/accounts/login/?next=/who-am-i", HTTP_HOST="alder.localhost")

        text = ask(probe_pages.METRICS).content.decode()
        after = value(text, 'gridhall_requests_total{method="GET",route="account_login",status="200"}')
        assert after == float(before[1] if before else 0) + 1
        assert "who-am-i" not in text

    def test_stay_few_whatever_is_asked_for(self) -> None:
        for number in range(30):
            Client().generic("BREW", f"/no-such-page-{number}", HTTP_HOST="alder.localhost")

        text = ask(probe_pages.METRICS).content.decode()
        unmatched = [
            line for line in text.splitlines() if 'route="-"' in line and line.startswith("gridhall_requests_total")
        ]
        assert "no-such-page" not in text
        assert len({line.rsplit(" ", 1)[0] for line in unmatched if 'method="other"' in line}) == 1

    def test_tell_the_fleet_without_naming_a_company(self, alder: Any) -> None:
        heartbeats.heartbeat.apply()
        hosting_models.CompanyHealth.objects.create(
            retailer=alder, measured_at=alder.created_at, figures={"ledger_unbalanced": 1, "imports_waiting": 3}
        )

        text = ask(probe_pages.METRICS).content.decode()

        assert value(text, 'gridhall_companies{status="active"}') == 2
        assert value(text, 'gridhall_migrations{state="done"}') == 3
        assert value(text, "gridhall_template_current") == 1
        assert value(text, "gridhall_ledger_unbalanced") == 1
        assert value(text, "gridhall_imports_waiting") == 3
        assert value(text, "gridhall_companies_without_backup") == 2
        assert value(text, 'gridhall_queue_waiting{queue="default"}') >= 0
        assert value(text, "gridhall_database_connections") >= 1
        assert value(text, "gridhall_beat_age_seconds") < 60
        assert value(text, 'gridhall_unknown{part="queues"}') == 0
        assert not re.search("alder|birch|t_alder", text)

    def test_go_on_without_a_part(self, monkeypatch: Any) -> None:
        def broken(at: Any) -> Any:
            raise OSError("nobody answers")

        monkeypatch.setitem(probe_pages.fleet_metrics.PARTS, "queues", broken)

        text = ask(probe_pages.METRICS).content.decode()

        assert value(text, 'gridhall_unknown{part="queues"}') == 1
        assert value(text, 'gridhall_companies{status="active"}') == 2


class TestTexts:
    def test_hold_no_setting(self, settings: Any) -> None:
        told = json.dumps({name: check.__doc__ for name, check in readiness.CHECKS.items()})

        assert settings.SECRET_KEY not in told
