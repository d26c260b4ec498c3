"""A company's own host is served once its owner's word, its way and its certificate are proven; it belongs to one."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client, RequestFactory

from harness import name_server
from hosting import dns_proof, host_names, models, own_hosts, plans
from hosting.operations import companies, domains
from kernel.errors import Conflict, Invalid, NotFound
from portal.shared import tls_allowed
from tenancy import context, hosts, name_servers

NOW = dt.datetime.now(dt.UTC)
HOST, DAY = "power.firm.test", dt.timedelta(days=1)


@pytest.fixture
def names(settings):
    """A name server that knows the platform's own names, and a resolver setting that leads to it."""
    with name_server.NameServer() as server:
        settings.DNS_RESOLVER, settings.PLATFORM_DOMAIN = server.address, "localhost"
        settings.DOMAIN_TLS_CHECK = False
        server.records |= {(f"{code}.localhost", "A"): ["127.0.0.1"] for code in ("alder", "birch")}
        yield server


@pytest.fixture
def brought(fresh_db, names, alder, birch):
    """Let a company bring a host: ``brought("alder")``."""

    def bring(code: str = "alder", host: str = HOST) -> models.CompanyHost:
        retailer = {"alder": alder, "birch": birch}[code]
        with context.use(retailer):
            return domains.add(retailer=retailer, host=host, at=NOW)

    return bring


@pytest.fixture
def proven(names):
    """Set the records that a host asks for; ``also`` keeps the words of others."""

    def prove(found: models.CompanyHost, *, also: bool = False) -> None:
        name = dns_proof.text_name(found.host)
        kept = names.records.get((name, "TXT"), []) if also else []
        names.records[name, "TXT"] = [*kept, f'"{dns_proof.text_value(found.token)}"']
        names.records[found.host, "CNAME"] = [f"{found.retailer.code}.localhost."]

    return prove


def fresh(found):
    return models.CompanyHost.objects.get(pk=found.pk)


class TestAdding:
    def test_serves_nothing_yet(self, brought, client):
        found = brought()

        assert found.state == "pending"
        assert hosts.find_retailer(HOST) is None
        assert client.get("/", HTTP_HOST=HOST).status_code == 421
        assert not own_hosts.is_known(HOST, at=NOW)

    def test_refuses_what_cannot_be_a_companys_host(self, brought):
        for host in ("power", "-a.test", "a b.test", "раура.test", "xn--80ak6aa92e.com", "x.localhost", "192.0.2.7"):
            with pytest.raises(Invalid):
                brought(host=host)
        with pytest.raises(Invalid):
            brought()
            brought(host="POWER.firm.test.")

        assert models.CompanyHost.objects.count() == 1

    def test_refuses_a_host_that_is_served(self, brought, proven):
        proven(found := brought())
        domains.check(host_id=found.pk, at=NOW)

        with pytest.raises(companies.HostTaken):
            brought("birch")

    def test_needs_the_plan_that_holds_it(self, brought, alder):
        standing = {"state": "active", "features": ["payments"], "limits": {}, "titles": {"en": "Starter"}}
        type(alder).objects.filter(pk=alder.pk).update(standing=standing)
        alder.standing = standing

        with pytest.raises(plans.FeatureNotInPlan):
            brought()

        assert models.CompanyHost.objects.count() == 0

    def test_of_more_than_a_company_needs_is_refused(self, brought, monkeypatch):
        monkeypatch.setattr(domains, "MOST_HOSTS", 1)
        brought()

        with pytest.raises(Conflict):
            brought(host="other.firm.test")


class TestProving:
    def test_with_both_records_it_is_served_and_can_stand_in_links(self, brought, proven, client, alder):
        proven(found := brought())

        state = domains.check(host_id=found.pk, at=NOW)
        domains.make_primary(retailer=alder, host=HOST, at=NOW)

        assert state == "served"
        assert hosts.find_retailer(HOST).code == "alder"
        assert client.get("/accounts/login/", HTTP_HOST=HOST).status_code == 200
        assert hosts.address(alder) == f"http://{HOST}"
        assert own_hosts.given(retailer=alder) == "alder.localhost"

    def test_each_missing_record_is_named(self, brought, names, alder):
        found = brought()
        domains.check(host_id=found.pk, at=NOW)
        nothing = fresh(found).problem
        names.records[dns_proof.text_name(HOST), "TXT"] = [f'"{dns_proof.text_value(found.token)}"']
        domains.check(host_id=found.pk, at=NOW)
        text_only = fresh(found).problem
        names.records[HOST, "A"] = ["192.0.2.7"]
        domains.check(host_id=found.pk, at=NOW)
        elsewhere = fresh(found).problem
        with pytest.raises(domains.NotServedYet):
            domains.make_primary(retailer=alder, host=HOST, at=NOW)

        assert (nothing, text_only, elsewhere) == ("no_text", "no_points", "no_points")
        assert fresh(found).state == "pending"
        assert hosts.find_retailer(HOST) is None

    def test_addresses_that_are_all_ours_serve_where_no_alias_may_stand(self, brought, names):
        found = brought(host="firm.test")
        names.records[dns_proof.text_name("firm.test"), "TXT"] = [f'"{dns_proof.text_value(found.token)}"']
        names.records["firm.test", "A"] = ["127.0.0.1", "192.0.2.7"]
        mixed = domains.check(host_id=found.pk, at=NOW)
        names.records["firm.test", "A"] = ["127.0.0.1"]

        assert (mixed, domains.check(host_id=found.pk, at=NOW)) == ("pending", "served")

    def test_another_companys_word_proves_nothing(self, brought, proven, names):
        mine, theirs = brought("alder"), brought("birch")
        proven(theirs)

        assert domains.check(host_id=mine.pk, at=NOW) == "pending"
        assert domains.check(host_id=theirs.pk, at=NOW) == "served"

    def test_of_two_companies_at_the_same_moment_one_has_it(self, brought, proven, names):
        both = [brought("alder"), brought("birch")]
        for each in both:
            proven(each, also=True)
        names.records[HOST, "CNAME"] = ["alder.localhost."]

        def look(found):
            try:
                return domains.check(host_id=found.pk, at=NOW)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(6) as pool:
            states = list(pool.map(look, both * 3))

        assert "served" in states
        with context.use_public():
            assert models.CompanyHost.objects.filter(host=HOST, state__in=["served", "proven"]).count() == 1
            holder = models.CompanyHost.objects.get(host=HOST, state="served")
        assert hosts.find_retailer(HOST).pk == holder.retailer_id
        other = next(fresh(each) for each in both if each.pk != holder.pk)
        assert (other.state, other.problem) == ("pending", "taken")

    def test_servers_that_are_silent_change_nothing(self, brought, proven, names, monkeypatch):
        monkeypatch.setattr(name_servers, "SECONDS", 0.3)
        proven(found := brought())
        domains.check(host_id=found.pk, at=NOW)
        names.silent = True

        state = domains.check(host_id=found.pk, at=NOW + 30 * DAY)

        assert (state, fresh(found).problem, fresh(found).missing_since) == ("served", "dns_silent", None)


class TestTheCertificate:
    @pytest.fixture
    def authority(self, tmp_path, settings, names):
        settings.DOMAIN_TLS_CHECK = True
        made = name_server.Authority(tmp_path)
        settings.DOMAIN_TLS_CA = str(made.path)
        return made

    def test_is_asked_for_before_the_host_is_served(self, brought, proven, authority, settings):
        proven(found := brought())
        settings.DOMAIN_TLS_PORT = _closed_port()
        without = domains.check(host_id=found.pk, at=NOW), fresh(found).problem
        may_be_got = own_hosts.is_known(HOST, at=NOW)
        reached = hosts.find_retailer(HOST)
        with name_server.secure_server(authority.issue(HOST)) as settings.DOMAIN_TLS_PORT:
            served = domains.check(host_id=found.pk, at=NOW)

        assert without == ("proven", "tls_unreachable")
        assert may_be_got
        assert reached is None
        assert served == "served"
        assert dt.timedelta(days=88) < fresh(found).certificate_until - NOW < dt.timedelta(days=91)

    def test_that_is_wrong_is_named(self, brought, proven, authority, settings, tmp_path):
        proven(found := brought())
        folder = tmp_path / "stranger"
        folder.mkdir()
        wrong = {
            "tls_other_host": authority.issue("other.firm.test"),
            "tls_ending": authority.issue(HOST, days=3),
            "tls_ended": authority.issue(HOST, days=-1),
            "tls_untrusted": name_server.Authority(folder).issue(HOST),
        }
        for problem, certificate in wrong.items():
            with name_server.secure_server(certificate) as settings.DOMAIN_TLS_PORT:
                domains.check(host_id=found.pk, at=NOW)
            assert (fresh(found).state, fresh(found).problem) == ("proven", problem)

        assert hosts.find_retailer(HOST) is None


def _closed_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class TestLosing:
    def test_what_is_missing_is_served_for_a_week_and_then_no_more(self, brought, proven, names, alder):
        proven(found := brought())
        domains.check(host_id=found.pk, at=NOW)
        domains.make_primary(retailer=alder, host=HOST, at=NOW)
        del names.records[HOST, "CNAME"]

        states = [domains.check(host_id=found.pk, at=NOW + n * DAY) for n in (1, 7, 8)]

        assert states == ["served", "served", "lost"]
        assert hosts.find_retailer(HOST) is None
        assert hosts.address(alder) == "http://alder.localhost"

    def test_what_comes_back_in_time_stays(self, brought, proven, names):
        proven(found := brought())
        domains.check(host_id=found.pk, at=NOW)
        alias = names.records.pop((HOST, "CNAME"))
        domains.check(host_id=found.pk, at=NOW + DAY)
        names.records[HOST, "CNAME"] = alias
        domains.check(host_id=found.pk, at=NOW + 2 * DAY)

        assert domains.check(host_id=found.pk, at=NOW + 20 * DAY) == "served"

    def test_removed_another_company_may_prove_it(self, brought, proven, alder):
        proven(found := brought())
        domains.check(host_id=found.pk, at=NOW)

        domains.remove(retailer=alder, host_id=found.pk, at=NOW)
        proven(theirs := brought("birch"))

        assert hosts.find_retailer(HOST) is None
        assert domains.check(host_id=theirs.pk, at=NOW) == "served"
        assert domains.check(host_id=found.pk, at=NOW) == "removed"

    def test_nobody_takes_anothers(self, brought, birch):
        found = brought()

        with pytest.raises(NotFound):
            domains.remove(retailer=birch, host_id=found.pk, at=NOW)

        assert fresh(found).state == "pending"


class TestDue:
    def test_new_hosts_are_looked_at_often_served_ones_daily(self, brought, proven):
        found = brought()
        first = own_hosts.due(at=NOW)
        domains.check(host_id=found.pk, at=NOW)
        soon = [own_hosts.due(at=NOW + dt.timedelta(minutes=n)) for n in (1, 6)]
        proven(found)
        domains.check(host_id=found.pk, at=NOW)
        served = [own_hosts.due(at=NOW + dt.timedelta(hours=n)) for n in (6, 25)]

        assert first == [found.pk]
        assert soon == [[], [found.pk]]
        assert served == [[], [found.pk]]


class TestTheProxysQuestion:
    def test_is_answered_for_hosts_of_companies_alone(self, brought, proven):
        def ask(domain):
            return tls_allowed.tls_allowed(RequestFactory().get(tls_allowed.PATH, {"domain": domain})).status_code

        proven(found := brought())
        before = ask(HOST)
        domains.check(host_id=found.pk, at=NOW)

        assert before == 404
        assert [ask(name) for name in (HOST, "alder.localhost", "ALDER.localhost.", "operator.localhost")] == [200] * 4
        assert [ask(name) for name in ("cedar.localhost", "", "x" * 300, "a/b", "evil.test")] == [404] * 5


class TestThePage:
    @pytest.fixture
    def pages(self, fresh_db, names):
        client = Client(HTTP_HOST="alder.localhost", HTTP_ACCEPT_LANGUAGE="en")
        client.post("/accounts/login/", {"login": "staff@alder.test", "password": "correct horse battery"})
        return client

    def test_shows_the_records_and_serves_the_host_in_the_end(self, pages, proven, birch):
        refused = pages.post("/console/company/domains/add/", {"host": "www"})
        added = pages.post("/console/company/domains/add/", {"host": HOST})
        found = models.CompanyHost.objects.get()
        shown = pages.get("/console/company/domains/").content.decode()
        proven(models.CompanyHost.objects.select_related("retailer").get())
        pages.post(f"/console/company/domains/{found.pk}/check/")
        pages.post("/console/company/domains/primary/", {"host": HOST})
        chosen = hosts.find_retailer(HOST)
        pages.post(f"/console/company/domains/{found.pk}/remove/")

        assert (refused.status_code, added.status_code) == (422, 302)
        assert f"_gridhall.{HOST}" in shown
        assert dns_proof.text_value(found.token) in shown
        assert chosen.code == "alder"
        assert fresh(found).state == "removed"

    def test_of_another_company_is_not_there(self, pages, brought):
        found = brought("birch")

        answers = [
            pages.post(f"/console/company/domains/{found.pk}/{deed}/").status_code for deed in ("check", "remove")
        ]

        assert answers == [404, 404]
        assert HOST not in pages.get("/console/company/domains/").content.decode()

    def test_says_what_to_do_when_the_plan_does_not_hold_it(self, pages, alder):
        standing = {"state": "active", "features": [], "limits": {}, "titles": {"en": "Starter"}}
        type(alder).objects.filter(pk=alder.pk).update(standing=standing)

        shown = pages.get("/console/company/domains/").content.decode()

        assert "Your plan does not hold hosts of your own" in shown
        assert "/console/company/plan/" in shown


class TestNames:
    def test_that_look_alike_have_one_skeleton(self):
        assert host_names.skeleton("a1der") == host_names.skeleton("alder")
        assert host_names.skeleton("rnoon") == host_names.skeleton("moon")
        assert host_names.skeleton("sun-power") == host_names.skeleton("sunpower")
        assert host_names.skeleton("alder") != host_names.skeleton("elder")
