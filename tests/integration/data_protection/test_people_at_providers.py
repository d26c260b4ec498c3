"""Customers at the payment provider go when a person is erased and a company ends; a silent one is asked again."""

from __future__ import annotations

import datetime as dt

import pytest
import stripe

from billing.payments.models import Payer, ProviderEvent
from billing.payments.providers import choosing, outside
from config.stripe_server.server import PLATFORM_KEY
from harness import programs, stripe_desk
from hosting import certificate_pages, models
from hosting.operations import deleting, ending
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import Role
from tenancy import context
from tenancy.outside import Away, Outcome
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries
from tenants.protection import queries, tasks
from tenants.protection.operations import requests

AT = dt.datetime(2026, 6, 2, 4, tzinfo=dt.UTC)


@pytest.fixture
def desk(settings, tmp_path):
    settings.FILES_DIR, settings.BACKUP_DIR = tmp_path / "files", tmp_path / "backups"
    with stripe_desk.serving(settings) as server:
        yield server


@pytest.fixture
def known(fresh_db, alder, birch, desk):
    """Alder and birch, each with customers C1 and C2 known to Stripe at its own connected account."""
    for company in (alder, birch):
        with context.use(company):
            stripe_desk.connected(at=AT)
            programs.add_customers(company, 2)
            for number in ("C1", "C2"):
                _known(customer_queries.customer(number=number))
            point = customer_queries.supply_point_by_identifier(identifier="NMI1")
            customer_operations.move_out(supply_point=point, on=programs.JUNE)
            customer_operations.close_account(account=customer_queries.account(number="A1"), on=programs.JUNE)
            identity_operations.create_user(
                email="second@alder.test", name="Second", roles=[Role.ADMINISTRATOR], at=AT, password="x1 y2 z3 long"
            )
    return alder


def _known(customer):
    provider = choosing.by_name("stripe")
    reference = provider.person(number=customer.number, name="Ida", email="", key=f"{provider.merchant}-{customer.pk}")
    Payer.objects.create(provider="stripe", merchant=provider.merchant, customer=customer, reference=reference)


def there(company):
    """The customers at Stripe of the company, by number."""
    with context.use(company):
        merchant = choosing.connection(name="stripe").reference
    client = choosing.StripeProvider(key=PLATFORM_KEY, merchant="")._client
    rows = client.v1.customers.list(options={"stripe_account": merchant})
    return sorted(each.metadata["number"] for each in rows.auto_paging_iter())


def staff(email="staff@alder.test"):
    return identity_queries.user_by_email(email=email)


def asked():
    return requests.ask(
        customer=customer_queries.customer(number="C1"), kind="erasure", source="staff", at=AT, by=staff()
    ).pk


def approved(at=AT):
    request = asked()
    requests.check(request_id=request, at=at, by=staff())
    return requests.approve(request_id=request, at=at, by=staff("second@alder.test"))


def told(document):
    return [(each["provider"], each["outcome"]) for each in document["body"]["outside"]]


class TestAPerson:
    def test_is_deleted_at_the_provider_and_the_neighbours_is_not(self, known, birch):
        with context.use(known):
            reference = Payer.objects.get(customer__number="C1").reference
            done = approved()
            assert Payer.objects.get(customer__number="C1").reference.startswith("erased-")

        assert (done.state, told(done.certificate)) == ("done", [("stripe", "removed")])
        assert reference not in str(done.certificate)
        assert (there(known), there(birch)) == (["C2"], ["C1", "C2"])
        assert certificate_pages.draw(document=done.certificate, language="zh-hans").startswith(b"%PDF-")

    def test_waits_while_the_provider_is_away_and_the_sweep_goes_on(self, known, settings, desk):
        base, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"
        with context.use(known):
            waiting = approved()
            assert (waiting.state, waiting.certificate) == ("erasing", None)
            assert str(customer_queries.customer(number="C1").name) != "Ida"
        settings.STRIPE_API_BASE = base
        assert there(known) == ["C1", "C2"]
        with context.use(known):
            tasks.sweep.run()
            done = queries.request(request_id=waiting.pk)

        assert (done.state, told(done.certificate)) == ("done", [("stripe", "removed")])
        assert there(known) == ["C2"]

    @pytest.mark.slow
    def test_is_certified_as_left_there_when_it_never_answers(self, known, settings):
        settings.STRIPE_API_BASE = "http://127.0.0.1:9"
        with context.use(known):
            waiting = approved()
            early = requests.finish(request_id=waiting.pk, at=AT + dt.timedelta(days=13))
            done = requests.finish(request_id=waiting.pk, at=AT + dt.timedelta(days=14))

        assert (early.state, done.state, told(done.certificate)) == ("erasing", "done", [("stripe", "silent")])


class TestAnEntry:
    def test_deleted_twice_is_gone_the_second_time(self, known):
        with context.use(known):
            [entry] = outside.of_person(_subject())

            assert [outside.remove(entry), outside.remove(entry)] == [Outcome.REMOVED, Outcome.GONE]

    def test_of_another_account_is_refused_when_no_key_opens_it(self, known):
        with context.use(known):
            [entry] = outside.of_person(_subject())

            assert outside.remove({**entry, "at": "acct_unknown"}) == Outcome.REFUSED
        assert there(known) == ["C1", "C2"]

    def test_of_an_account_of_its_own_is_opened_by_its_own_key(self, known):
        client = stripe.StripeClient(stripe_desk.OWN_KEY, base_addresses={"api": _base()})
        made = client.v1.customers.create({"name": "Ida"})
        with context.use(known):
            choosing.connection(name="stripe").delete()
            found = _own_keys()
            entry = {"key": 1, "provider": "stripe", "at": found.reference, "reference": made.id}

            assert outside.remove(entry) == Outcome.REMOVED
            assert outside.remove({**entry, "at": "acct_1"}) == Outcome.REFUSED
        assert client.v1.customers.retrieve(made.id).deleted

    def test_a_message_about_a_detached_card_keeps_nothing_of_it(self, known):
        with context.use(known):
            event = ProviderEvent.objects.create(
                provider="stripe", event="evt_1", kind="payment_method.detached", subject="pm_1", received_at=AT,
                body={"_topic": "forgotten", "data": {"object": {"billing_details": {"name": "Ida"}}}},
            )  # fmt: skip
            worked = stripe_desk.operations.work_off(event_id=event.pk, at=AT)

        assert (worked.state, worked.body) == ("ignored", {"_topic": "forgotten"})


def _subject():
    from tenants.customers import personal_data

    return personal_data.subject_of(customer=customer_queries.customer(number="C1"))


def _own_keys():
    return stripe_desk.operations.use_own_keys(secret_key=stripe_desk.OWN_KEY, at=AT)


def _base():
    from django.conf import settings

    return settings.STRIPE_API_BASE


class TestACompany:
    """The step by itself: that the owner's process takes it stands in the tests of a company's end."""

    def step(self, found, at=AT):
        with context.use_public():
            return ending._people(models.Deletion.objects.select_related("retailer").get(pk=found.pk), at)

    @pytest.fixture
    def ending_company(self, known):
        found = deleting.ask(code="alder", typed="alder", reason="x", meanwhile="read_only", at=AT, actor_id=1)
        models.Deletion.objects.filter(pk=found.pk).update(started_at=AT)
        return found

    def test_takes_its_customers_along_and_leaves_the_neighbours(self, ending_company, known, birch):
        assert self.step(ending_company)["counts"] == {"removed": 2}
        assert (there(known), there(birch)) == ([], ["C1", "C2"])

    def test_goes_on_where_a_try_ended(self, ending_company, known, monkeypatch):
        monkeypatch.setattr(ending, "PEOPLE_AT_ONCE", 1)
        for left in (["C2"], []):
            with pytest.raises(ending.StillRemoving):
                self.step(ending_company)
            assert there(known) == left

        assert self.step(ending_company)["counts"] == {"removed": 2}

    @pytest.mark.slow
    def test_waits_for_a_silent_provider_and_says_in_the_end_what_was_left(self, ending_company, settings):
        settings.STRIPE_API_BASE = "http://127.0.0.1:9"
        with pytest.raises(Away):
            self.step(ending_company)

        done = self.step(ending_company, at=AT + dt.timedelta(days=14))

        assert done["counts"] == {"silent": 2}
        assert [each["outcome"] for each in done["left"]] == ["silent", "silent"]
