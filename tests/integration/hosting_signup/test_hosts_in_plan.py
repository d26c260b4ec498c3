"""A company changes to a plan without own hosts: it is told, served for a while, stopped, and served again later."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from harness import name_server
from hosting import dns_proof, models, own_hosts, plans
from hosting.operations import domains, hosts_in_plan, offering, subscriptions
from portal.shared import tls_allowed
from tenancy import context, hosts

AT = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
HOST, DAY = "power.firm.test", dt.timedelta(days=1)
PAGE = "/console/company/domains/"


@pytest.fixture
def served(fresh_db, settings, alder):
    """Alder on the plan Growth, with a host of its own that stands in its links."""
    offering.load_defaults(at=AT)
    subscriptions.subscribe(code="alder", plan="growth", collection="manual", trial_days=0, at=AT)
    with name_server.NameServer() as server:
        settings.DNS_RESOLVER, settings.PLATFORM_DOMAIN = server.address, "localhost"
        settings.DOMAIN_TLS_CHECK = False
        server.records["alder.localhost", "A"] = ["127.0.0.1"]
        company = context.retailer_by_code(code="alder")
        with context.use(company):
            found = domains.add(retailer=company, host=HOST, at=AT)
        server.records[dns_proof.text_name(HOST), "TXT"] = [f'"{dns_proof.text_value(found.token)}"']
        server.records[HOST, "CNAME"] = ["alder.localhost."]
        assert domains.check(host_id=found.pk, at=AT) == "served"
        domains.make_primary(retailer=alder, host=HOST, at=AT)
        yield found


def change(plan, at):
    subscriptions.change_plan(code="alder", plan=plan, at=at)


def sweep(*moments):
    for at in moments:
        hosts_in_plan.keep_to_plans(at=at)


def fresh():
    return models.CompanyHost.objects.get(host=HOST)


def certificate(at, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: at)
    return tls_allowed.tls_allowed(RequestFactory().get(tls_allowed.PATH, {"domain": HOST})).status_code


def page(language="en"):
    client = Client(HTTP_HOST="alder.localhost", HTTP_ACCEPT_LANGUAGE=language)
    client.post("/accounts/login/", {"login": "staff@alder.test", "password": "correct horse battery"})
    return client.get(PAGE).content.decode()


class TestAPlanWithoutOwnHosts:
    def test_tells_first_serves_for_a_while_and_then_stops(self, served, mailoutbox, client, alder, monkeypatch):
        change("starter", AT + DAY)
        sweep(AT + DAY, AT + 2 * DAY, AT + 30 * DAY)
        during = (fresh().state, client.get("/accounts/login/", HTTP_HOST=HOST).status_code)
        allowed = certificate(AT + 30 * DAY, monkeypatch)
        sweep(AT + 31 * DAY)

        assert during == ("served", 200)
        assert [(mail.to, mail.subject) for mail in mailoutbox] == [
            (["staff@alder.test"], "您的自有域名将停止服务：桤木售电"),
        ]
        assert HOST in mailoutbox[0].body
        assert "alder.localhost" in mailoutbox[0].body
        assert fresh().state == "stopped"
        assert client.get("/accounts/login/", HTTP_HOST=HOST).status_code == 421
        assert client.get("/accounts/login/", HTTP_HOST="alder.localhost").status_code == 200
        assert hosts.address(alder) == "http://alder.localhost"
        assert (allowed, certificate(AT + 31 * DAY, monkeypatch)) == (200, 404)
        actions = list(models.FleetEvent.objects.filter(action="stop_host").values_list("details", flat=True))
        assert actions == [{"host": HOST}]

    def test_gives_no_certificate_once_the_time_is_over_though_no_sweep_ran(self, served, monkeypatch):
        change("starter", AT)
        sweep(AT)

        assert certificate(AT + 29 * DAY, monkeypatch) == 200
        assert certificate(AT + 30 * DAY, monkeypatch) == 404

    def test_does_not_stop_what_nobody_could_be_told_of(self, served, settings, mailoutbox):
        change("starter", AT)
        settings.EMAIL_BACKEND = "integration.hosting_signup.test_hosts_in_plan.Resting"
        sweep(AT, AT + 40 * DAY)
        waiting = fresh()
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        sweep(AT + 41 * DAY, AT + 70 * DAY)
        told = fresh()
        sweep(AT + 71 * DAY)

        assert (waiting.state, waiting.told_at) == ("served", None)
        assert (told.state, told.told_at) == ("served", AT + 41 * DAY)
        assert (fresh().state, len(mailoutbox)) == ("stopped", 1)

    def test_lets_nothing_new_be_proven(self, served, alder):
        company = context.retailer_by_code(code="alder")
        with context.use(company):
            second = domains.add(retailer=company, host="second.firm.test", at=AT)
        change("starter", AT)

        state = domains.check(host_id=second.pk, at=AT)
        sweep(AT)
        with context.use(context.retailer_by_code(code="alder")), pytest.raises(plans.FeatureNotInPlan):
            domains.add(retailer=company, host="third.firm.test", at=AT)
        with pytest.raises(plans.FeatureNotInPlan):
            domains.make_primary(retailer=context.retailer_by_code(code="alder"), host=HOST, at=AT)

        assert state == "pending"
        assert models.CompanyHost.objects.get(pk=second.pk).state == "stopped"
        assert fresh().state == "served"

    def test_says_on_the_page_until_when_and_how_to_go_on(self, served):
        change("starter", AT)
        sweep(AT)
        english, chinese = page(), page("zh-hans")
        sweep(AT + 30 * DAY)
        stopped = page()

        assert "it is served until" in english
        assert "/console/company/plan/" in english
        assert "套餐" in chinese
        assert "It is not served, because your plan does not hold it" in stopped
        assert f"{PAGE}{served.pk}/check/" not in stopped


class TestTheFeatureBack:
    def test_in_time_changes_nothing_and_a_later_loss_begins_anew(self, served, mailoutbox):
        change("starter", AT)
        sweep(AT)
        change("growth", AT + 20 * DAY)
        sweep(AT + 20 * DAY, AT + 40 * DAY)
        back = fresh()
        change("starter", AT + 50 * DAY)
        sweep(AT + 50 * DAY, AT + 79 * DAY)

        assert (back.state, back.outside_plan_since, back.told_at) == ("served", None, None)
        assert (fresh().state, len(mailoutbox)) == ("served", 2)

    def test_after_the_stop_it_is_proven_anew_by_itself(self, served, client):
        change("starter", AT)
        sweep(AT, AT + 30 * DAY)
        change("enterprise", AT + 100 * DAY)
        sweep(AT + 100 * DAY)
        waiting, due = fresh().state, own_hosts.due(at=AT + 100 * DAY)

        assert (waiting, due) == ("pending", [served.pk])
        assert domains.check(host_id=served.pk, at=AT + 100 * DAY) == "served"
        assert client.get("/accounts/login/", HTTP_HOST=HOST).status_code == 200


class Resting:
    """A mail server that does not answer."""

    def __init__(self, *args, **kwargs):
        pass

    def send_messages(self, messages):
        raise OSError("the mail server rests")
