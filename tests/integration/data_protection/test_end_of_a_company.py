"""A company ends: asked for, waited for, taken back or carried out; its neighbour never notices."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json

import psycopg
import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from billing.payments.models import Payer
from harness import databases, owner_forks, supply
from hosting import (
    certificate_pages,
    certificates,
    closing,
    deletion_mails,
    deletion_queries,
    host_keys,
    models,
    plans,
    session_locks,
)
from hosting.operations import (
    backups,
    companies,
    deleting,
    ending,
    invoicing,
    job_running,
    job_stopping,
    jobs,
    subscriptions,
)
from kernel.errors import Conflict, Invalid, NotFound
from tenancy import context, traces
from tenancy import models as tenancy_models
from tenants.customers import operations as customer_operations
from tenants.customers.models import Customer

AT = dt.datetime(2026, 4, 2, 4, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(days=31)
REASON = "the contract ended"
CEDAR = companies.NewCompany(
    code="cedar", host="cedar.localhost", names={"en": "Cedar Power", "zh-hans": "雪松售电"},
    legal_name="Cedar Power Ltd",
    market="cn", currency="CNY", time_zone="Asia/Shanghai", default_language="en", admin_email="staff@cedar.test",
    admin_name="Ada",
)  # fmt: skip


@pytest.fixture
def folder(settings, tmp_path):
    settings.BACKUP_DIR = tmp_path / "backups"
    settings.FILES_DIR = tmp_path / "files"
    settings.DELETION_DAYS = 30
    return tmp_path


@pytest.fixture
def in_business(fresh_db, birch, folder):
    """Cedar, whose role no other test's database knows, and birch, with the same numbers."""
    companies.register_company(company=CEDAR, at=AT)
    owner_forks.as_owner(lambda: companies.provision_company(
        code="cedar", admin_email="staff@cedar.test", admin_name="Ada", at=AT, admin_password="correct horse battery"
    ))  # fmt: skip
    cedar = context.retailer_by_code(code="cedar")
    mail.outbox.clear()
    for company in (cedar, birch):
        with context.use(company):
            product = supply.product(document="cn-residential-tiered", valid_from=AT.date())
            supply.supply(number="1", product=product, start=AT.date(), parameters={"extra_household": 0})
            known = customer_operations.update_customer(number="C1", name=f"{company.code}-canary")
            Payer.objects.create(provider="stripe", merchant="acct_gone", customer=known, reference="cus_1")
            default_storage.save("letters/first.txt", ContentFile(company.code.encode()))
    return cedar


def asked(**changes):
    facts = {"code": "cedar", "typed": "cedar", "reason": REASON, "meanwhile": "closed", "at": AT, "actor_id": 7}
    return deleting.ask(**{**facts, **changes})


def status(code="cedar"):
    return tenancy_models.Retailer.objects.get(code=code).status


def ended(found, *, at=LATER):
    assert owner_forks.as_owner(lambda: ending.carry_out(deletion_id=found.pk, at=at)) == 0
    return models.Deletion.objects.get(pk=found.pk)


def subscription(company):
    plan = models.Plan.objects.create(code="own")
    version = models.PlanVersion.objects.create(
        plan=plan, number=1, titles={}, made_at=AT,
        terms={"trial_days": 0, "payment_days": 0, "grace_days": 9, "read_only_days": 9, "suspended_days": 900},
    )  # fmt: skip
    return models.Subscription.objects.create(
        retailer=company, version=version, currency="CNY", collection="manual", state="active",
        entered_at=AT, signed_at=AT,
    )  # fmt: skip


def overdue(signed):
    """A bill of the host's is not paid until the doors close."""
    models.HostingInvoice.objects.create(
        subscription=signed, occasion="one", source="manual", state="open", number="1", currency="CNY", total=1,
        lines=[], made_at=AT, issued_at=AT, due_at=AT,
    )  # fmt: skip
    for days in (100, 200, 300):
        state = subscriptions.advance(subscription_id=signed.pk, at=AT + dt.timedelta(days=days))
    assert state == "suspended"


def paid(signed):
    invoicing.pay(invoice_id=models.HostingInvoice.objects.get().pk, at=AT + dt.timedelta(days=301))
    assert subscriptions.advance(subscription_id=signed.pk, at=AT + dt.timedelta(days=301)) == "active"


class TestAsking:
    def test_closes_the_doors_and_waits(self, in_business):
        made = asked()

        assert (made.state, made.due_at, status()) == ("waiting", AT + dt.timedelta(days=30), "suspended")
        assert status("birch") == "active"

    @pytest.mark.slow
    def test_or_leaves_them_open_and_the_space_read_only(self, in_business):
        asked(meanwhile="read_only")

        retailer = context.retailer_by_code(code="cedar")
        with context.use(retailer), pytest.raises(plans.Ending):
            plans.require_writable()
        assert (retailer.status, plans.of(retailer).closing) == ("active", AT + dt.timedelta(days=30))
        assert plans.of(context.retailer_by_code(code="birch")).writable

    @pytest.mark.parametrize(
        ("changes", "refusal", "where"),
        [
            ({"typed": "Alder"}, deleting.CodeMistyped, "typed"),
            ({"reason": "  "}, Invalid, "reason"),
            ({"meanwhile": "open"}, Invalid, "meanwhile"),
            ({"code": "operator", "typed": "operator"}, Conflict, None),
        ],
    )
    def test_refuses_what_was_not_meant(self, in_business, changes, refusal, where):
        with pytest.raises(refusal) as caught:
            asked(**changes)

        assert caught.value.where == where
        assert (models.Deletion.objects.count(), status()) == (0, "active")

    @pytest.mark.slow
    def test_once_is_enough(self, in_business):
        asked()

        with pytest.raises(Conflict):
            asked()

        assert models.Deletion.objects.count() == 1

    @pytest.mark.slow
    def test_waits_as_long_as_the_plan_says(self, in_business):
        plan = models.Plan.objects.create(code="own")
        version = models.PlanVersion.objects.create(
            plan=plan, number=1, titles={}, made_at=AT, terms={"deletion_days": 90}
        )
        models.Subscription.objects.create(
            retailer=in_business, version=version, currency="CNY", collection="free", state="active",
            entered_at=AT, signed_at=AT,
        )  # fmt: skip

        assert asked().due_at == AT + dt.timedelta(days=90)

    def test_offers_a_final_archive_and_tells_both_sides(self, in_business):
        made = asked()
        deleting.begin(deletion_id=made.pk, at=AT)
        deleting.begin(deletion_id=made.pk, at=AT)

        found = deletion_queries.open_one(code="cedar")
        assert deleting.export_file(deletion=found).stat().st_size == found.export.size
        assert {each.to[0] for each in mail.outbox} == {"staff@cedar.test", "staff@operator.test"}
        assert "2026-05-02" in mail.outbox[0].subject + mail.outbox[0].body
        assert models.Backup.objects.count() == 1

    @pytest.mark.slow
    def test_reminds_once_for_each_day_that_is_near(self, in_business):
        made = asked()
        deleting.begin(deletion_id=made.pk, at=AT)
        mail.outbox.clear()

        for days in (15, 16, 16, 23, 27, 29):
            deleting.look_after(at=AT + dt.timedelta(days=days))

        subjects = [each.subject for each in mail.outbox if each.to == ["staff@operator.test"]]
        assert [subject.split()[-2] for subject in subjects] == ["14", "7", "3", "1"]


@pytest.mark.slow
class TestTakingBack:
    def test_opens_the_doors_as_they_were(self, in_business):
        asked()

        deleting.revoke(code="cedar", reason="a mistake", at=AT + dt.timedelta(days=3), actor_id=7)

        assert (models.Deletion.objects.get().state, status()) == ("revoked", "active")
        assert asked(at=AT + dt.timedelta(days=4)).state == "waiting", "it can be asked for again"

    def test_leaves_doors_shut_whose_bill_fell_due_meanwhile(self, in_business):
        signed = subscription(in_business)
        asked()
        overdue(signed)

        deleting.revoke(code="cedar", reason="a mistake", at=AT + dt.timedelta(days=3))
        shut = status()
        paid(signed)

        assert (shut, status()) == ("suspended", "active"), "who pays opens them"

    def test_opens_what_was_shut_for_a_bill_and_paid_meanwhile(self, in_business):
        signed = subscription(in_business)
        overdue(signed)
        asked()
        paid(signed)
        while_it_waits = status()

        deleting.revoke(code="cedar", reason="a mistake", at=AT + dt.timedelta(days=3))

        assert (while_it_waits, status()) == ("suspended", "active")

    def test_comes_before_the_host_opens_the_doors(self, in_business):
        asked()

        with pytest.raises(Conflict):
            companies.resume_company(code="cedar", reason="they called", at=AT)

        assert status() == "suspended"
        assert not models.FleetEvent.objects.filter(action="resume").exists()

    def test_leaves_doors_shut_that_the_host_shut_before(self, in_business):
        companies.suspend_company(code="cedar", reason="asked", at=AT)
        asked()

        deleting.revoke(code="cedar", reason="a mistake", at=AT)

        assert status() == "suspended"

    def test_lets_a_read_only_space_be_written_again(self, in_business):
        asked(meanwhile="read_only")

        deleting.revoke(code="cedar", reason="a mistake", at=AT, by_company=True)

        assert plans.of(context.retailer_by_code(code="cedar")) == plans.Standing()
        assert closing.present(retailer_id=in_business.pk) == {}

    def test_is_over_once_it_is_carried_out(self, in_business):
        ended(asked())

        with pytest.raises(Conflict):
            deleting.revoke(code="cedar", reason="too late", at=LATER)
        with pytest.raises(NotFound):
            deleting.revoke(code="birch", reason="never asked", at=LATER)


class TestCarryingOut:
    @pytest.mark.slow
    def test_is_refused_before_its_day_and_after_it_was_taken_back(self, in_business):
        found = asked()
        with pytest.raises(Conflict):
            ending.carry_out(deletion_id=found.pk, at=found.due_at - dt.timedelta(seconds=1))
        deleting.revoke(code="cedar", reason="a mistake", at=AT)
        with pytest.raises(Conflict):
            ending.carry_out(deletion_id=found.pk, at=LATER)

        with context.use(in_business):
            assert Customer.objects.get().name == "cedar-canary"

    def test_leaves_nothing_but_what_the_certificate_names(self, fresh_db, in_business, folder):
        schema = in_business.schema_name
        found = asked()
        deleting.begin(deletion_id=found.pk, at=AT)
        backups.back_up(code="cedar", at=AT + dt.timedelta(days=1))

        done = ended(found)

        body = done.certificate["body"]
        rows = {each["name"]: each["rows"] for each in body["removed"]["tables"]}
        assert (done.state, rows["customers_customer"], rows["invoices_invoice"]) == ("done", 1, 0)
        assert (body["removed"]["files"][0]["count"], len(body["removed"]["archives"])) == (1, 4)
        assert (body["asked"]["by"], body["asked"]["reason"], body["asked"]["person"]) == ("host", REASON, 7)
        assert body["removed"]["at_providers"]["left"] == [
            {"at": "acct_gone", "reference": "cus_1", "outcome": "refused"}
        ], "no key of the company opens that account"
        left = {(each.where, each.name) for each in traces.find(words=[schema, "cedar-canary", "cedar.localhost"])}
        assert left == {("registry", "tenancy_retailer"), ("registry", "hosting_deletion")}
        assert not (folder / "files" / schema).exists()
        assert list((folder / "backups").rglob("*")) == []
        with psycopg.connect(databases.server().owner_url(fresh_db)) as owner:
            held = "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = %s),"
            held += " (SELECT count(*) FROM pg_roles WHERE rolname = %s)"
            assert owner.execute(held, [schema, schema]).fetchone() == (0, 0)

    @pytest.mark.slow
    def test_keeps_a_row_without_names_and_its_code(self, in_business):
        ended(asked())

        row = tenancy_models.Retailer.objects.get(code="cedar")
        assert (row.status, row.names, row.legal_name, row.domains.count()) == ("deleted", {}, "", 0)
        assert "keys" not in row.key_envelope
        assert not tenancy_models.Brand.objects.filter(retailer=row).exists()
        assert set(models.FleetEvent.objects.filter(retailer=row).values_list("reason", flat=True)) == {""}
        with pytest.raises(companies.CodeTaken):
            companies.register_company(company=dataclasses.replace(CEDAR, host="new.localhost"), at=LATER)

    @pytest.mark.slow
    def test_leaves_the_neighbour_as_it_was(self, in_business, birch, folder):
        before = backups.back_up(code="birch", at=AT)

        ended(asked())

        with context.use(birch):
            assert Customer.objects.get().name == "birch-canary"
            assert default_storage.open("letters/first.txt").read() == b"birch"
        assert (folder / "backups" / "birch" / before.name).is_file()
        assert status("birch") == "active"

    @pytest.mark.slow
    def test_keeps_archives_as_long_as_the_host_says(self, in_business, folder, settings):
        settings.ARCHIVES_AFTER_DELETION_DAYS = 35
        found = asked()
        deleting.begin(deletion_id=found.pk, at=AT)

        def tried(at):
            def work():
                with pytest.raises(ending.NotYet):
                    ending.carry_out(deletion_id=found.pk, at=at)

            return owner_forks.as_owner(work)

        assert tried(LATER) == 0
        assert models.Deletion.objects.get().step == "key"
        assert list((folder / "backups" / "cedar").iterdir())
        assert ended(found, at=LATER + dt.timedelta(days=35)).state == "done"
        assert list((folder / "backups").rglob("*")) == []

    @pytest.mark.slow
    def test_certifies_nothing_while_something_stands(self, fresh_db, in_business):
        found = asked()
        with psycopg.connect(databases.server().owner_url(fresh_db), autocommit=True) as owner:
            owner.execute(
                "CREATE FUNCTION public.leftover() RETURNS int LANGUAGE sql "
                f"AS 'SELECT 1 /* {in_business.schema_name} */'"
            )

            def refused():
                with pytest.raises(ending.TracesLeft):
                    ending.carry_out(deletion_id=found.pk, at=LATER)

            assert owner_forks.as_owner(refused) == 0
            assert models.Deletion.objects.get().certificate is None
            assert "function" in models.Deletion.objects.get().error
            owner.execute("DROP FUNCTION public.leftover()")

        assert ended(found).state == "done"

    @pytest.mark.slow
    def test_goes_on_from_wherever_it_was_killed(self, in_business, monkeypatch):
        found = asked()
        deleting.begin(deletion_id=found.pk, at=AT)
        names = [name for name, _ in ending.STEPS]

        for name in names:
            for moment in ("before", "after"):
                killed = [(each, _killed(step, moment) if each == name else step) for each, step in ending.STEPS]
                monkeypatch.setattr(ending, "STEPS", tuple(killed))
                signal = owner_forks.as_owner(lambda: ending.carry_out(deletion_id=found.pk, at=LATER))
                monkeypatch.undo()
                over = models.Deletion.objects.get(pk=found.pk).state == "done"
                assert signal == 9
                assert over == (name == "certificate" and moment == "after")

        done = ended(found)
        body = done.certificate["body"]
        assert {each["name"]: each["rows"] for each in body["removed"]["tables"]}["customers_customer"] == 1
        assert (body["removed"]["files"][0]["count"], len(body["removed"]["archives"])) == (1, 2)
        assert [each["email"] for each in done.recipients] == ["staff@cedar.test", "staff@operator.test"]


def _killed(step, moment):
    def dying(found, at):
        if moment == "before":
            owner_forks.dies()
        step(found, at)
        owner_forks.dies()

    return dying


class TestCertificate:
    @pytest.mark.slow
    def test_is_mailed_to_who_was_told_and_their_addresses_are_forgotten(self, in_business):
        done = ended(asked())
        mail.outbox.clear()

        sent = deletion_mails.send_certificate(deletion_id=done.pk)
        again = deletion_mails.send_certificate(deletion_id=done.pk)

        assert (sent, again, [each.to for each in mail.outbox]) == (
            2,
            0,
            [["staff@cedar.test"], ["staff@operator.test"]],
        )
        assert [kind for _, _, kind in mail.outbox[0].attachments] == ["application/json", "application/pdf"]
        assert models.Deletion.objects.get().recipients == []

    def test_can_be_checked_by_anybody_as_json_and_as_pdf(self, in_business, tmp_path):
        done = ended(asked())
        files = {
            "c.json": certificates.as_file(done.certificate),
            "en.pdf": certificate_pages.draw(document=done.certificate, language="en"),
            "zh.pdf": certificate_pages.draw(document=done.certificate, language="zh-hans"),
        }

        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
            out = io.StringIO()
            call_command("verify_certificate", str(tmp_path / name), stdout=out)
            assert "genuine, gridhall-company-deleted cedar-" in out.getvalue()

    @pytest.mark.slow
    def test_a_changed_word_or_a_strange_key_is_found_out(self, in_business, tmp_path):
        done = ended(asked())
        changed = json.loads(json.dumps(done.certificate))
        changed["body"]["removed"]["rows"] += 1
        (tmp_path / "changed.json").write_bytes(certificates.as_file(changed))
        (tmp_path / "good.json").write_bytes(certificates.as_file(done.certificate))
        (tmp_path / "none.json").write_text("{}")

        for name, key, said in (
            ("changed.json", None, "not what was signed"),
            ("good.json", "00" * 32, "not what was signed"),
            ("none.json", None, "is no certificate"),
        ):
            with pytest.raises(CommandError, match=said):
                call_command("verify_certificate", str(tmp_path / name), key=key)

    def test_is_signed_by_one_key_that_is_stored_sealed(self, fresh_db):
        first, again = certificates.signer(), certificates.signer()

        row = models.HostKey.objects.get()
        assert (first.public, host_keys.known()) == (again.public, [first.public])
        assert first._private.private_bytes_raw() not in bytes(row.sealed)


@pytest.mark.slow
class TestJobsAtTheEnd:
    def test_that_nobody_works_on_are_ended(self, in_business):
        ordered = jobs.order_backup(code="cedar", at=AT)

        assert job_stopping.stop_all(retailer_id=in_business.pk, at=AT)

        left = models.Job.objects.get(pk=ordered.pk)
        assert (left.state, left.error_code) == ("failed", job_running.Stopped.code)
        assert jobs.order_backup(code="cedar", at=AT).state == "waiting", "the company is free again"

    def test_under_way_hold_the_end_up_until_they_stop(self, in_business):
        ordered = jobs.order_backup(code="cedar", at=AT)
        made = asked()
        with psycopg.connect(databases.server().owner_url(context.connection.settings_dict["NAME"])) as other:
            other.execute("SELECT pg_advisory_lock(%s, %s)", [session_locks.JOB, ordered.pk])

            with pytest.raises(ending.JobsUnderWay):
                ending.carry_out(deletion_id=made.pk, at=LATER)
            waits = models.Deletion.objects.get(pk=made.pk)
            with pytest.raises(Conflict):
                jobs.order_backup(code="cedar", at=LATER)

        assert (waits.state, waits.step, models.Job.objects.get().stop_asked) == ("running", "", True)
        assert ended(made).state == "done"
