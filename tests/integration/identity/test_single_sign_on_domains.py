"""The company's service is believed about a mail domain once the DNS shows that the domain is the company's."""

from __future__ import annotations

import datetime as dt

import pytest

from harness import sign_in_service
from harness.browsers import browser, signed_in
from harness.sign_in_cast import BOSS, facts, limit, prove, refused, set_up, through
from identity import models, queries, single_sign_on, single_sign_on_domains, trail
from identity import single_sign_on_protocol as protocol
from kernel.errors import Invalid
from tenancy import context

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
PAGE = "/console/company/sign-in-service/"


def saved(service, **changes):
    """Set the service up without proving anything."""
    return single_sign_on.save(
        facts=facts(service, **changes), client_secret=sign_in_service.SECRET,
        description=protocol.describe(issuer=service.issuer), by=queries.user_by_email(email=BOSS), at=AT,
    )  # fmt: skip


def domain(name="alder.test"):
    return models.SingleSignOnDomain.objects.get(domain=name)


def write(service, text, name="alder.test"):
    service.names.records[f"_gridhall.{name}", "TXT"] = [f'"{text}"']


def look(at, name="alder.test"):
    return single_sign_on_domains.check(domain_id=domain(name).pk, at=at)


class TestProof:
    def test_is_asked_for_before_anybody_comes_in(self, in_alder, service):
        saved(service)

        said = refused(through()[1])

        assert "has not proven yet that your mail domain is its own" in said
        assert models.SingleSignOnLink.objects.count() == 0
        kind, name, value = single_sign_on_domains.record(found=domain())
        service.names.records[name, kind] = [f'"{value}"']
        look(AT)
        assert through()[1].status_code == 302
        assert [each.details for each in trail.find(action="sso.domain_proven")] == [{"domain": "alder.test"}]

    def test_is_the_companys_own_word_at_the_right_name(self, in_alder, service):
        saved(service)
        token = domain().token
        for wrong in (
            "gridhall-verification=",
            f"gridhall-verification={token}x",
            token,
            "gridhall-verification=" + "0" * 40,
        ):
            write(service, wrong)
            assert look(AT).problem == "absent", wrong
        service.names.records["alder.test", "TXT"] = [f'"gridhall-verification={token}"']
        service.names.records["_gridhall.sub.alder.test", "TXT"] = [f'"gridhall-verification={token}"']

        assert look(AT).proven_at is None
        write(service, f"gridhall-verification={token}")
        assert look(AT).proven_at == AT

    def test_of_one_company_is_none_of_anothers(self, in_alder, service, birch):
        set_up(service)
        with context.use(birch):
            single_sign_on_domains.keep(domains=["alder.test"], at=AT)
            assert look(AT).proven_at is None
            assert single_sign_on_domains.proven() == set()

    def test_covers_no_domain_below_and_none_beside(self, in_alder, service):
        set_up(service, domains=("alder.test",))
        saved(service, domains=("alder.test", "sub.alder.test"), makes_people=True, default_roles=("service",))
        service.person |= {"sub": "s-9", "email": "new@sub.alder.test"}

        refused(through()[1])
        prove(service, "sub.alder.test")
        assert through()[1].status_code == 302

    def test_outlives_a_saving_and_not_a_removal(self, in_alder, service):
        set_up(service)
        before = domain().token
        saved(service, domains=("alder.test", "elm.test"))
        kept = (domain().token, domain().proven_at is not None, domain("elm.test").proven_at)
        saved(service, domains=("elm.test",))
        saved(service, domains=("alder.test",))

        assert kept == (before, True, None)
        assert (domain().proven_at, domain().token == before) == (None, False)

    def test_is_needed_before_staff_must_use_the_service(self, in_alder, service):
        boss = queries.user_by_email(email=BOSS)

        with pytest.raises(Invalid) as refusal:
            saved(service, required=True, exceptions=(boss.pk,))
        assert refusal.value.where == "required"
        assert single_sign_on.present() is None


class TestLosing:
    def test_a_record_that_is_gone_counts_for_a_week(self, in_alder, service):
        saved(service)
        write(service, f"gridhall-verification={domain().token}")
        look(AT)
        service.names.records.clear()

        seen = [look(AT + n * DAY).proven_at is not None for n in (1, 7, 8)]

        assert seen == [True, True, False]
        assert [each.details for each in trail.find(action="sso.domain_lost")] == [{"domain": "alder.test"}]
        refused(through()[1])

    def test_a_silent_name_server_proves_and_loses_nothing(self, in_alder, service):
        saved(service)
        write(service, f"gridhall-verification={domain().token}")
        look(AT)
        service.names.silent = True

        found = look(AT + 30 * DAY)

        assert (found.proven_at, found.missing_since, found.problem) == (AT, None, "silent")

    def test_what_comes_back_in_time_stays(self, in_alder, service):
        saved(service)
        write(service, f"gridhall-verification={domain().token}")
        look(AT)
        service.names.records.clear()
        look(AT + DAY)
        write(service, f"gridhall-verification={domain().token}")

        assert look(AT + 5 * DAY).missing_since is None
        service.names.records.clear()
        look(AT + 9 * DAY)
        assert domain().proven_at == AT


class TestDue:
    def test_new_ones_often_proven_ones_daily(self, in_alder, service):
        saved(service)
        minute = dt.timedelta(minutes=1)
        single_sign_on_domains.sweep(at=AT)
        first = [single_sign_on_domains.due(at=AT + n * minute) == [domain().pk] for n in (4, 5)]
        late = single_sign_on_domains.due(at=AT + 40 * DAY)
        write(service, f"gridhall-verification={domain().token}")
        single_sign_on_domains.sweep(at=AT + 5 * minute)
        proven = [single_sign_on_domains.due(at=AT + 5 * minute + each) for each in (DAY - minute, DAY)]

        assert first == [False, True]
        assert late == []
        assert proven == [[], [domain().pk]]


class TestThePage:
    def test_shows_the_record_and_looks_for_it(self, in_alder, service):
        saved(service)
        client = signed_in()
        shown = client.get(PAGE).content.decode()
        check = f"{PAGE}domains/{domain().pk}/check/"
        missing = client.post(check, follow=True).content.decode()
        write(service, f"gridhall-verification={domain().token}")
        seen = client.post(check, follow=True).content.decode()

        assert "_gridhall.alder.test" in shown
        assert f"gridhall-verification={domain().token}" in shown
        assert "/accounts/sso/logout/" in shown
        assert "The record is not seen yet" in missing
        assert "alder.test is proven to be yours" in seen
        assert domain().proven_at is not None

    def test_is_for_administrators_of_that_company(self, in_alder, service, birch):
        saved(service)
        check = f"{PAGE}domains/{domain().pk}/check/"
        write(service, f"gridhall-verification={domain().token}")

        assert signed_in("metering@alder.test").post(check).status_code == 403
        assert browser().post(check).status_code == 302
        assert signed_in().post(f"{PAGE}domains/{domain().pk + 9}/check/").status_code == 404
        assert domain().proven_at is None

    def test_asks_the_plan(self, in_alder, service):
        saved(service)
        write(service, f"gridhall-verification={domain().token}")
        limit(features=())

        page = signed_in().post(f"{PAGE}domains/{domain().pk}/check/", follow=True).content.decode()

        assert "Your plan does not include this" in page
        assert domain().proven_at is None
