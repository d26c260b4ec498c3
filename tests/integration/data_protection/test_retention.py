"""What is older than it is kept goes at night, in batches, with a signed and chained record; what is needed stays."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

import markets
from billing.arrears.models import Hold
from billing.ledger import queries as ledger_queries
from billing.ledger.models import Entry
from harness import owner_forks, portal_cast, supply
from hosting import certificates, host_keys
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity import trail
from identity.models import AuditEvent, SignInAttempt
from kernel.errors import Invalid
from kernel.periods import Period
from tenancy import context, retention
from tenancy import models as tenancy_models
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries
from tenants.customers.models import PersonalAccess
from tenants.metering.models import IntervalDay, IntervalDayRevision
from tenants.notices.models import Message, MessageFile
from tenants.protection import queries, terms
from tenants.protection.models import RetentionRun
from tenants.protection.operations import expiring, holding

TONIGHT = dt.date(2029, 6, 1)
AT = dt.datetime(2029, 6, 1, 1, tzinfo=dt.UTC)
TWO_YEARS_AGO = dt.datetime(2027, 6, 1, tzinfo=dt.UTC)
OLD = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)


@pytest.fixture
def cast(fresh_db, alder, birch, settings, tmp_path):
    """In both companies: readings of January 2025 and March 2029, of a customer under the same keys; a message each."""
    settings.FILES_DIR = tmp_path / "files"
    for company in (alder, birch):
        with context.use(company):
            household = portal_cast.household(number="1", product=portal_cast.tiered_product())
            supply.read(channel=household.channel, period=Period.of_month(2025, 1), each=100)
            supply.read(channel=household.channel, period=Period.of_month(2029, 3), each=100)
            _message("old", OLD)
            _message("new", dt.datetime(2029, 5, 1, tzinfo=dt.UTC))
            SignInAttempt.objects.create(at=OLD, email="x@y.test", address="", outcome="password")
    return alder


def _message(reference, at):
    message = Message.objects.create(
        customer=customer_queries.customer(number="C1"), reference=reference, template="t", channel="mail",
        recipient="a@b.test", language="en", subject="s", body="b", html="", state="sent", created_at=at, sent_at=at,
    )  # fmt: skip
    file = default_storage.save(f"m/{reference}.pdf", ContentFile(b"x"))
    MessageFile.objects.create(message=message, position=0, name="b", content_type="x", file=file, size=1)


def night(company, on=TONIGHT, **more):
    """Both halves of a night: the company's worker's, and the owner's."""
    with context.use(company):
        expiring.run_night(on=on, at=AT, **more)

    def owned():
        with context.use(company):
            expiring.run_night(on=on, at=AT, owner=True, **more)

    assert owner_forks.as_owner(owned) == 0
    with context.use(company):
        return RetentionRun.objects.get(day=on)


def references():
    return list(Message.objects.order_by("reference").values_list("reference", flat=True))


class TestANight:
    @pytest.mark.slow
    def test_removes_what_is_older_and_keeps_the_rest(self, cast, tmp_path):
        run = night(cast)

        with context.use(cast):
            assert [IntervalDay.objects.filter(day__year=year).count() for year in (2025, 2029)] == [31, 31]
            assert (references(), SignInAttempt.objects.count()) == (["new", "old"], 0)
            assert (run.rules["readings"]["rows"], run.rules["attempts"]["rows"]) == (0, 1)

    @pytest.mark.slow
    def test_keeps_for_good_what_neither_plan_nor_company_limits(self, cast):
        with context.use(cast):
            months = terms.months_of(rule=retention.rule("readings"), chosen=None)

        assert (months.months, months.least, months.most) == (None, 36, None)

    def test_enforces_what_the_plan_keeps(self, cast, tmp_path):
        _plan(cast, months=36)
        run = night(context.retailer_by_code(code="alder"))

        with context.use(cast):
            assert [IntervalDay.objects.filter(day__year=year).count() for year in (2025, 2029)] == [0, 31]
            assert references() == ["new"]
            assert not default_storage.exists("m/old.pdf")
            assert default_storage.exists("m/new.pdf")
            assert (run.rules["readings"]["rows"], run.rules["messages"]["rows"]) == (31, 1)

    @pytest.mark.slow
    def test_leaves_the_neighbour_with_the_same_numbers(self, cast, birch):
        _plan(cast, months=36)
        night(context.retailer_by_code(code="alder"))

        with context.use(birch):
            assert (IntervalDay.objects.count(), references()) == (62, ["new", "old"])
            assert not RetentionRun.objects.exists()

    @pytest.mark.slow
    def test_removes_earlier_versions_by_the_owner_alone(self, cast):
        _plan(cast, months=36)
        company = context.retailer_by_code(code="alder")
        with context.use(company):
            channel = IntervalDay.objects.first().channel_id
            supply.read(channel=_channel(channel), period=Period.of_month(2025, 1), each=200)
            IntervalDayRevision.objects.count()
        first = IntervalDayRevision
        with context.use(company):
            before = first.objects.count()
            run = expiring.run_night(on=dt.date(2035, 1, 1), at=AT)
            assert (before, first.objects.count(), run.finished_at) == (31, 31, None)
            assert terms.months_of(rule=retention.rule("revisions"), chosen=None).months == 36

        def owned():
            with context.use(company):
                expiring.run_night(on=dt.date(2035, 1, 1), at=AT, owner=True)

        assert owner_forks.as_owner(owned) == 0
        with context.use(company):
            assert first.objects.count() == 0
            assert RetentionRun.objects.get().finished_at is not None

    @pytest.mark.slow
    def test_twice_is_once(self, cast):
        _plan(cast, months=36)
        company = context.retailer_by_code(code="alder")
        first, again = night(company), night(company)

        assert (first.digest, first.rules) == (again.digest, again.rules)

    @pytest.mark.slow
    def test_goes_on_after_a_death_in_the_middle(self, cast, monkeypatch):
        _plan(cast, months=36)
        company = context.retailer_by_code(code="alder")
        whole = expiring._keep

        def dies_at_the_third(run, rule, entry):
            whole(run, rule, entry)
            if entry["rows"] >= 15:
                owner_forks.dies()

        def cut():
            with context.use(company):
                expiring.run_night(on=TONIGHT, at=AT, limit=5)

        monkeypatch.setattr(expiring, "_keep", dies_at_the_third)
        assert owner_forks.as_owner(cut) == 9
        monkeypatch.undo()
        with context.use(company):
            assert IntervalDay.objects.filter(day__year=2025).count() == 16
            assert RetentionRun.objects.get().finished_at is None

        run = night(company, limit=5)

        assert run.rules["readings"]["rows"] == 31


@pytest.mark.slow
class TestWhatIsNeeded:
    @pytest.mark.parametrize("reason", ["legal hold", "dispute", "unpaid bill"])
    def test_stays(self, cast, reason):
        _plan(cast, months=36)
        company = context.retailer_by_code(code="alder")
        with context.use(company):
            _need(reason)

        night(company)

        with context.use(company):
            assert IntervalDay.objects.filter(day__year=2025).count() == 31
            assert references() == ["new", "old"]

    def test_goes_once_the_hold_is_lifted(self, cast):
        _plan(cast, months=36)
        company = context.retailer_by_code(code="alder")
        with context.use(company):
            _need("legal hold")
            found = customer_queries.customer(number="C1")
            holding.lift(customer=found, at=AT, by=_staff())

        night(company)

        with context.use(company):
            assert references() == ["new"]

    def test_the_books_stay_and_their_chain_holds(self, cast):
        _plan(cast, months=36)
        company = context.retailer_by_code(code="alder")
        with context.use(company):
            portal_cast.bill(Period.of_month(2025, 1), issued=dt.date(2025, 2, 3))
            entries = Entry.objects.count()

        night(company)

        with context.use(company):
            assert (Entry.objects.count(), ledger_queries.verify_chain().faults) == (entries, ())
            assert all("rows" not in run.rules.get("ledger", {}) for run in RetentionRun.objects.all())


class TestTheRecordOfAccesses:
    def test_ends_after_two_years_and_the_trail_never_does(self, fresh_db, alder):
        with context.use(alder):
            _events()
            alone, held = (customer_operations.create_customer(number=each, name=each) for each in ("C1", "C2"))
            holding.place(customer=held, reason="court", at=OLD, by=_staff())
            kept = _access(TWO_YEARS_AGO, [alone.pk])
            older = TWO_YEARS_AGO - dt.timedelta(seconds=1)
            _access(older, [alone.pk])
            of_court, of_many = _access(older, [alone.pk, held.pk]), _access(older, [], everybody=True)
        run = night(alder)

        with context.use(alder):
            assert set(PersonalAccess.objects.values_list("pk", flat=True)) == {kept, of_court, of_many}
            assert (run.rules["accesses"]["rows"], run.rules["accesses"]["before"]) == (1, "2027-06-01")
            assert run.certificate["body"]["rules"]["accesses"]["rows"] == 1
            assert trail.verify().intact
            assert AuditEvent.objects.filter(action="test.old").count() == 3
            holding.lift(customer=held, at=AT, by=_staff())
        assert "audit" not in run.rules
        night(alder, on=TONIGHT + dt.timedelta(days=1))

        with context.use(alder):
            assert list(PersonalAccess.objects.values_list("pk", flat=True)) == []

    def test_is_kept_as_long_as_the_market_asks(self, fresh_db, alder):
        with context.use(alder):
            months = terms.months_of(rule=retention.rule("accesses"), chosen=None)
            with pytest.raises(Invalid):
                expiring.choose(rule="accesses", months=5, at=AT, by=_staff())
            with pytest.raises(Invalid):
                expiring.choose(rule="audit", months=60, at=AT, by=_staff())

        assert (months.months, months.least) == (24, 6)


def _access(at, customers, **more):
    made = PersonalAccess(at=at, actor_name="x", door="console", page="p", customers=customers, fields=["f"], **more)
    made.save(force_insert=True)
    return made.pk


def _events():
    for number in range(3):
        identity_operations.record(
            action="test.old", subject=f"thing {number}", at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        )
    trail.seal()


@pytest.mark.slow
class TestTheRecord:
    def test_is_signed_and_chained(self, cast):
        with context.use(cast):
            for days in range(3):
                on = TONIGHT + dt.timedelta(days=days)
                expiring.run_night(on=on, at=AT)
        for days in range(3):
            on = TONIGHT + dt.timedelta(days=days)

            def owned(on=on):
                with context.use(cast):
                    expiring.run_night(on=on, at=AT, owner=True)

            assert owner_forks.as_owner(owned) == 0

        with context.use(cast):
            runs = list(RetentionRun.objects.order_by("day"))
            assert [run.previous for run in runs] == [expiring.GENESIS, runs[0].digest, runs[1].digest]
            keys = host_keys.known()
            assert certificates.verify(document=runs[1].certificate, keys=keys) == runs[1].digest
            assert expiring.verify() == 0
            runs[1].delete()
            assert expiring.verify() == runs[2].pk, "a night taken out is found"


@pytest.mark.slow
class TestChoosing:
    def test_between_law_and_plan(self, cast):
        _plan(cast, months=84)
        with context.use(context.retailer_by_code(code="alder")):
            chosen = expiring.choose(rule="messages", months=48, at=AT, by=_staff())

            assert (chosen.months, chosen.least, chosen.most) == (48, 36, 84)

    @pytest.mark.parametrize(("rule", "months"), [("messages", 35), ("messages", 85), ("ledger", 400), ("none", 5)])
    def test_nothing_beyond(self, cast, rule, months):
        _plan(cast, months=84)
        with context.use(context.retailer_by_code(code="alder")):
            with pytest.raises(Invalid):
                expiring.choose(rule=rule, months=months, at=AT, by=_staff())

            assert terms.chosen() == {}

    def test_the_law_wins_over_a_plan_that_keeps_less(self, cast):
        _plan(cast, months=12)
        with context.use(context.retailer_by_code(code="alder")):
            months = terms.months_of(rule=retention.rule("readings"), chosen=None)

        assert (months.months, months.least) == (36, 36)

    def test_the_page_counts_what_would_go(self, cast):
        _plan(cast, months=36)
        company = context.retailer_by_code(code="alder")
        with context.use(company):
            kept = {row.rule.name: row for row in queries.kept(on=TONIGHT, policies=markets.pack("cn").policies)}

        assert (kept["readings"].would_go, kept["messages"].would_go, kept["ledger"].would_go) == (31, 1, None)
        assert "79号" in kept["ledger"].source


class TestTheCalendar:
    @pytest.mark.parametrize(
        ("on", "months", "first"),
        [
            ("2029-06-01", 36, "2026-06-01"),
            ("2029-03-31", 1, "2029-02-28"),
            ("2028-03-31", 1, "2028-02-29"),
            ("2029-01-15", 13, "2027-12-15"),
            ("2029-12-31", 12, "2028-12-31"),
        ],
    )
    def test_counts_back_months(self, on, months, first):
        assert retention.first_kept_day(months=months, on=dt.date.fromisoformat(on)) == dt.date.fromisoformat(first)


@pytest.mark.parametrize("market", markets.codes())
@pytest.mark.parametrize(
    ("policy", "least"), [("books", 36), ("vouchers", 36), ("letters", 36), ("metering", 36), ("accesses", 6)]
)
def test_each_market_says_how_long_and_by_what_law(market, policy, least):
    found = markets.pack(market).policies["retention"][policy]

    assert found["months"] >= least
    assert found["source"]


def _plan(company, *, months):
    standing = {"state": "active", "features": [], "limits": {"retention_months": months}}
    tenancy_models.Retailer.objects.filter(pk=company.pk).update(standing=standing)


def _staff():
    return identity_queries.user_by_email(email="staff@alder.test")


def _channel(key):
    from tenants.metering.models import Channel

    return Channel.objects.get(pk=key)


def _need(reason):
    if reason == "legal hold":
        holding.place(customer=customer_queries.customer(number="C1"), reason="court", at=AT, by=_staff())
    elif reason == "dispute":
        account = customer_queries.account(number="A1")
        Hold.objects.create(account=account, kind="disputed", since=OLD.date(), note="x", at=AT)
    else:
        portal_cast.bill(Period.of_month(2025, 1), issued=dt.date(2025, 2, 3))
