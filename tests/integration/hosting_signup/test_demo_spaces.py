"""A demo space: closed while its data are made, then open to who asked; nothing leaves it, and it ends by itself."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time

import pytest
from django.core import mail
from django.core.mail import EmailMessage, get_connection
from django.test import Client
from integration.hosting_signup.conftest import AT, fresh

from config.demo import seeding, spaces
from harness import databases
from hosting import models, operations, signup_queries
from hosting.operations import demo_spaces, inventory, sign_up_steps, signing_up
from identity import operations as identity_operations
from identity import queries as identity_queries
from kernel.errors import Conflict, Invalid
from tenancy import context
from tenancy import models as tenancy_models
from tenants.customers import queries as customer_queries
from tenants.notices import providers

DAY = dt.timedelta(days=1)
STAMPED = ("django_migrations",)
"""Tables whose rows bear the moment at which the space was made."""


@pytest.fixture
def demo(confirmed):
    """A demo whose address is proven."""
    return confirmed(demo="wattlebird", plan="")


def status(code="cedar"):
    return context.retailer_by_code(code=code).status


def steps(sign_up):
    return {each.name: each.state for each in signup_queries.progress(sign_up_id=sign_up.pk).steps}


def put_something_in(at=AT):
    """What a worker leaves behind that was killed on the way."""
    with context.use(context.retailer_by_code(code="cedar")):
        identity_operations.create_user(email="half@way.example", name="Half", roles=["billing"], at=at)


def schema():
    return context.retailer_by_code(code="cedar").schema_name


def traces(owner):
    """Everything that stands of the space: each table with the digest of its rows, the files, the public rows."""
    with owner(), context.use_public():
        retailer = tenancy_models.Retailer.objects.get(code="cedar")
        tables = {
            (each["name"], each["rows"], each["sha256"] if each["name"] not in STAMPED else "")
            for each in inventory.tables(schema_name=retailer.schema_name)
        }
        public = {
            name: getattr(models, name).objects.filter(retailer=retailer).count()
            for name in ("Usage", "ApiCalls", "ErasedPerson", "Job", "Backup", "Subscription", "CompanyHost")
        }
    return tables, inventory.files(schema_name=retailer.schema_name), public


def die_after(stage, sign_up, monkeypatch, owner):
    """Fill the space until the stage is done, die there, and return what stands then."""
    whole = spaces._say

    def dies(key, count, total, line):
        whole(key, count, total, line)
        if count[0] > stage:
            raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(spaces, "_say", dies)
        with pytest.raises(SystemExit):
            spaces.fill(sign_up_id=sign_up.pk)
    assert _seed(sign_up).done == stage + 1
    return traces(owner)


class TestMaking:
    def test_keeps_the_doors_shut_until_the_data_are_whole(self, demo, carried_on, stranger):
        first = carried_on(demo)
        shut = stranger.get("/", HTTP_HOST="cedar.localhost").status_code
        waits = sign_up_steps.waits_for_data(sign_up_id=demo.pk)
        sign_up_steps.said(sign_up_id=demo.pk, done=15, total=15, at=AT)
        sign_up_steps.seeded(sign_up_id=demo.pk, at=AT)
        second = carried_on(demo)

        assert (first, shut, waits) == ("working", 503, True)
        assert second == "ready"
        assert status() == "active"
        assert context.retailer_by_code(code="cedar").demo_until == demo.verified_at + 14 * DAY
        assert mail.outbox[-1].subject == "Your demo space Cedar Power is ready"

    def test_that_was_cut_begins_again_from_an_empty_space(self, demo, carried_on, owner):
        carried_on(demo)
        sign_up_steps.said(sign_up_id=demo.pk, done=7, total=15, at=AT)
        put_something_in()
        due = sign_up_steps.to_carry_on(at=AT + DAY)
        state = carried_on(demo, at=AT + DAY)

        with context.use(context.retailer_by_code(code="cedar")):
            left = list(identity_queries.staff())
        assert (due, state, left) == ([demo.pk], "working", [])
        assert status() == "suspended"
        assert sign_up_steps.waits_for_data(sign_up_id=demo.pk)

    @pytest.mark.parametrize(
        "stages",
        [
            (1, 2, 3),
            pytest.param((4, 5, 6, 7, 8, seeding.STAGES), marks=pytest.mark.slow, id="readings and bills"),
        ],
        ids=str,
    )
    def test_killed_after_a_stage_leaves_nothing_to_the_next_try(
        self, demo, carried_on, owner, settings, tmp_path, monkeypatch, stages
    ):
        settings.FILES_DIR = tmp_path
        carried_on(demo)
        pristine = traces(owner)

        for n, stage in enumerate(stages, start=1):
            left = die_after(stage, demo, monkeypatch, owner)
            settings.FILES_DIR.joinpath(schema(), "raw").mkdir(parents=True)
            settings.FILES_DIR.joinpath(schema(), "raw", "half.csv").write_text("cut")
            carried_on(demo, at=AT + n * DAY)

            assert left != pristine, stage
            assert traces(owner) == pristine, stage
            assert (_seed(demo).done, sign_up_steps.waits_for_data(sign_up_id=demo.pk)) == (0, True)

    def test_is_not_emptied_while_somebody_makes_the_data(self, demo, carried_on, fresh_db):
        carried_on(demo)
        sign_up_steps.said(sign_up_id=demo.pk, done=7, total=15, at=AT)
        put_something_in()
        key = (sign_up_steps.AT_SEED, demo.pk)
        with databases.server().connect(database=fresh_db) as other:
            other.execute("SELECT pg_advisory_lock(%s, %s)", key)
            state = carried_on(demo, at=AT + DAY)

        with context.use(context.retailer_by_code(code="cedar")):
            assert identity_queries.staff().count() == 1
        assert state == "working"

    def test_fills_nothing_that_does_not_wait_for_it(self, demo, confirmed, carried_on):
        earnest = confirmed(code="fir-tree", admin_email="bob@firm.test")
        carried_on(earnest)

        assert spaces.fill(sign_up_id=earnest.pk) is False
        assert spaces.fill(sign_up_id=demo.pk) is False

    @pytest.mark.slow
    def test_with_the_real_data_killed_on_the_way_and_begun_again(self, demo, carried_on, fresh_db):
        carried_on(demo)
        command = [sys.executable, "manage.py", "seed_demo", "--space", str(demo.pk)]
        own = {**databases.environment(fresh_db), "CELERY_BROKER_URL": "memory://localhost/"}
        process = subprocess.Popen(command, cwd=databases.ROOT, env=own)
        while _seed(demo).done < 3:
            assert process.poll() is None
            time.sleep(0.2)
        process.kill()
        process.wait()

        cut = carried_on(demo, at=AT + DAY)
        again = subprocess.run(command, cwd=databases.ROOT, env=own, check=False)
        state = carried_on(demo, at=AT + 2 * DAY)

        assert (cut, again.returncode, state) == ("working", 0, "ready")
        retailer = context.retailer_by_code(code="cedar")
        with context.use(retailer):
            assert seeding.is_filled()
            assert customer_queries.customers().count() > 100
            assert identity_queries.user_by_email(email="ada@cedar.test").roles == ["administrator"]
        client = Client(HTTP_HOST="cedar.localhost")
        given = {"login": "billing@wattlebird.example", "password": demo_spaces.password_of(retailer)}
        assert client.post("/accounts/login/", given).status_code == 302


def _seed(sign_up):
    with context.use_public():
        return models.SignUpStep.objects.get(sign_up=sign_up, name="seed")


class TestTheWall:
    def test_lets_no_mail_out_of_a_demo_and_all_of_others(self, fresh_db, alder, birch, settings, tmp_path):
        settings.EMAIL_FILE_PATH = str(tmp_path)
        settings.MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        type(alder).objects.filter(pk=alder.pk).update(demo_until=AT)

        for code in ("alder", "birch"):
            with context.use(context.retailer_by_code(code=code)):
                way_out = get_connection("tenancy.mail.Backend")
                EmailMessage(f"of {code}", "text", "a@x.test", ["b@y.test"], connection=way_out).send()

        assert [each.subject for each in mail.outbox] == ["of birch"]
        [kept] = (tmp_path / "demo").iterdir()
        assert "of alder" in kept.read_text()

    def test_lets_no_text_message_out_either(self, fresh_db, alder, birch, settings):
        settings.NOTICE_PROVIDERS = {**settings.NOTICE_PROVIDERS, "sms": "tenants.notices.providers.MailProvider"}
        type(alder).objects.filter(pk=alder.pk).update(demo_until=AT)

        kinds = {}
        for code in ("alder", "birch"):
            with context.use(context.retailer_by_code(code=code)):
                kinds[code] = type(providers.provider_of(channel="sms")).__name__

        assert kinds == {"alder": "FileProvider", "birch": "MailProvider"}

    def test_marks_every_page(self, fresh_db, alder):
        client = Client(HTTP_HOST="alder.localhost", HTTP_ACCEPT_LANGUAGE="en")
        before = client.get("/accounts/login/").content.decode()
        type(alder).objects.filter(pk=alder.pk).update(demo_until=AT + 4000 * DAY)
        login = client.get("/accounts/login/").content.decode()
        client.post("/accounts/login/", {"login": "staff@alder.test", "password": "correct horse battery"})
        console = client.get("/console/").content.decode()

        assert "data-demo" not in before
        assert "Everything here is made up" in login
        assert "Everything here is made up" in console


class TestTheEnd:
    def test_closes_the_doors_and_takes_everything_down_in_the_end(self, demo, carried_on, owner):
        carried_on(demo)
        sign_up_steps.seeded(sign_up_id=demo.pk, at=AT)
        carried_on(demo)
        retailer = context.retailer_by_code(code="cedar")
        end = retailer.demo_until

        early = demo_spaces.end_over(at=end - DAY)
        ended = demo_spaces.end_over(at=end)
        kept = demo_spaces.to_take_down(at=end + 29 * DAY)
        due = demo_spaces.to_take_down(at=end + 31 * DAY)
        with owner():
            assert demo_spaces.take_down(retailer_id=retailer.pk, at=end + 29 * DAY) is False
            assert demo_spaces.take_down(retailer_id=retailer.pk, at=end + 31 * DAY) is True

        assert (early, ended, kept, due) == (0, 1, [], [retailer.pk])
        with pytest.raises(context.UnknownRetailer):
            context.retailer_by_code(code="cedar")
        assert fresh(demo).state == "ready"

    def test_never_takes_a_company_in_earnest_down(self, fresh_db, alder, owner):
        rows = tenancy_models.Retailer.objects
        rows.filter(pk=alder.pk).update(status="suspended")

        with owner():
            assert demo_spaces.take_down(retailer_id=alder.pk, at=AT + 4000 * DAY) is False

        assert status("alder") == "suspended"

    def test_can_be_put_off(self, fresh_db, alder, birch):
        type(alder).objects.filter(pk=alder.pk).update(demo_until=AT)

        until = demo_spaces.prolong(code="alder", days=5, at=AT)
        with pytest.raises(Conflict):
            demo_spaces.prolong(code="birch", days=5, at=AT)
        with pytest.raises(Invalid):
            demo_spaces.prolong(code="alder", days=4000, at=AT)

        assert context.retailer_by_code(code="alder").demo_until == until == AT + 5 * DAY


class TestTheOperator:
    def test_enters_a_demo_where_its_data_play(self, offered):
        company = operations.NewCompany(
            code="cedar", host="cedar.localhost", names={"en": "Cedar", "zh-hans": "雪松"}, legal_name="Cedar",
            market="cn", currency="CNY", time_zone="Asia/Shanghai", default_language="en",
            admin_email="ada@cedar.test", admin_name="Ada",
        )  # fmt: skip

        made = signing_up.enter(company=company, at=AT, actor_id=1, plan="growth", demo="wattlebird")

        retailer = context.retailer_by_code(code="cedar")
        assert (retailer.market, retailer.region, retailer.currency) == ("au", "NSW", "AUD")
        assert (made.plan, retailer.is_demo) == ("", True)
