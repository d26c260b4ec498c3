"""The fleet on one page and each company in depth: what is wrong is seen, found again by its address, and mended."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from harness import second_factor, served
from hosting import backup_policy, fleet_queries, models, operations, queries, queue_depths
from hosting.operations import backups, changing, job_running, jobs, offering, subscriptions
from portal.hosting_admin import backup_views
from tenancy import context, queues
from tenancy.models import Domain, Retailer, generate_schema_name
from tenants.customers import operations as customer_operations

AT = dt.datetime(2026, 4, 2, 4, tzinfo=dt.UTC)


@pytest.fixture
def pages(retailers, settings, tmp_path):
    settings.BACKUP_DIR, settings.FILES_DIR = tmp_path / "backups", tmp_path / "files"
    client = Client(HTTP_HOST="operator.localhost", HTTP_ACCEPT_LANGUAGE="en")
    assert second_factor.sign_in(client).status_code == 302
    return client


def backed_up(code="alder"):
    jobs.order_backup(code=code, at=timezone.now())
    job_running.work(now=timezone.now)
    return queries.latest_backup(code=code)


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def many(count):
    """Enter companies into the registry, each with figures, a backup and a fault."""
    now = timezone.now()
    with context.use_public():
        made = Retailer.objects.bulk_create(
            Retailer(
                code=f"co-{n}", schema_name=generate_schema_name(), status="active", names={"en": f"Company {n}"},
                legal_name=f"Company {n} Ltd", market="cn", currency="CNY", time_zone="Asia/Shanghai",
                created_at=now, key_envelope={"company": str(n)},
            )
            for n in range(count)
        )  # fmt: skip
        Domain.objects.bulk_create(Domain(domain=f"co-{each.pk}.test", tenant=each, is_primary=True) for each in made)
        models.CompanyHealth.objects.bulk_create(
            models.CompanyHealth(retailer=each, measured_at=now, figures={"customers": 3}, storage_bytes=10**6)
            for each in made
        )
        models.Backup.objects.bulk_create(
            models.Backup(retailer=each, state="done", made_at=now, name=f"{each.code}.tar") for each in made
        )
        models.Fault.objects.bulk_create(
            models.Fault(retailer=each, day=now.date(), source="x", kind="y", place="z", last_at=now) for each in made
        )
    return made


class TestFleet:
    def test_takes_the_same_queries_for_three_hundred_companies(self, pages):
        many(1)
        pages.get("/")
        with CaptureQueriesContext(connection) as few:
            pages.get("/")
        many_more = [each.pk for each in _renumbered(300)]
        with CaptureQueriesContext(connection) as lots:
            page = pages.get("/")

        assert len(many_more) == 300
        assert len(lots) == len(few) <= 30
        assert "1–25 of 303" in text(page)

    def test_shows_first_what_needs_attention_the_worst_on_top(self, pages):
        with context.use_public():
            Retailer.objects.filter(kind="retailer").update(created_at=timezone.now())
            birch = Retailer.objects.get(code="birch")
            for place in ("a", "b"):
                models.Fault.objects.create(
                    retailer=birch, day=timezone.now().date(), source="x", kind="KeyError", place=place, count=3,
                    last_at=timezone.now(),
                )  # fmt: skip

        shown = text(pages.get("/"))
        attention = shown[shown.index("Needs attention") : shown.index("Queues")]

        assert "6 errors in 24 hours" in attention
        assert attention.index("Birch Energy") < attention.index("Alder Power")

    def test_keeps_its_filters_in_the_address(self, pages):
        backed_up("alder")
        with context.use_public():
            old = timezone.now() - dt.timedelta(days=9)
            Retailer.objects.filter(code="birch").update(created_at=old)

        found = text(pages.get("/?wrong=backup"))
        both = text(pages.get("/?wrong=backup&wrong=errors"))
        table = found[found.index("Clear") :]

        assert "Birch Energy" in table
        assert "Alder Power" not in table
        assert "No company fits" in both
        assert "wrong=backup" in pages.get("/?wrong=backup&sort=-storage").content.decode()

    @pytest.mark.parametrize("word", ["alder", "桤木", "ALDER.localhost", "schema"])
    def test_finds_a_company_by_code_name_host_and_schema(self, pages, word, alder):
        wanted = alder.schema_name if word == "schema" else word

        shown = text(pages.get("/", {"q": wanted}))

        assert "alder · CN" in shown
        assert "birch · AU" not in shown

    @pytest.mark.parametrize("query", ["?wrong=nope", "?sort=nope", "?page=999", "?status=x", "?q=%00" + "x" * 300])
    def test_answers_to_whatever_stands_in_the_address(self, pages, query):
        assert pages.get(f"/{query}").status_code == 200

    def test_tells_money_owed_and_limits(self, pages, alder):
        offering.load_defaults(at=AT)
        subscriptions.subscribe(code="alder", plan="starter", at=AT, collection="manual", trial_days=0)
        with context.use_public():
            found = models.Subscription.objects.get()
            models.Subscription.objects.update(unpaid_since=timezone.now() - dt.timedelta(days=3))
            models.HostingInvoice.objects.create(
                subscription=found, occasion="x", source="manual", state="open", currency="CNY", total=Decimal("1980"),
                made_at=AT,
            )  # fmt: skip
            standing = Retailer.objects.get(code="alder").standing
            standing["usage"] = {"staff": standing["limits"]["staff"]}
            Retailer.objects.filter(code="alder").update(standing=standing)

        [row] = [row for row in fleet_queries.rows(at=timezone.now()) if row.name == "alder"]
        shown = text(pages.get("/?wrong=money&wrong=limits"))

        assert [str(each.amount) for each in row.owed] == ["1980.00"]
        assert "¥1,980.00" in shown
        assert "Bill unpaid for 3 days" in shown
        assert "1 limit near or passed" in shown

    def test_speaks_chinese(self, pages):
        shown = text(pages.get("/", HTTP_ACCEPT_LANGUAGE="zh-hans"))

        assert "需要关注" in shown
        assert "Needs attention" not in shown


def _renumbered(count):
    with context.use_public():
        Retailer.objects.filter(code="co-0").update(code="co-first")
        models.Backup.objects.filter(name="co-0.tar").update(name="first.tar")
    return many(count)


class TestQueues:
    def test_are_shown_with_the_age_of_the_oldest(self, pages, monkeypatch):
        found = [queues.Queue("default", 1200, 400.0), queues.Queue("provision", 0, 0.0)]
        monkeypatch.setattr(queues, "depths", lambda: found)

        shown = text(pages.get("/"))

        assert "default 1,200 waiting the oldest for 6 minutes provision 0 waiting" in shown

    def test_are_read_from_the_broker(self, retailers, monkeypatch):
        from celery import Celery

        with served.broker() as broker:
            app = Celery("measured", broker=broker["CELERY_BROKER_URL"], set_as_current=False)
            app.conf.task_routes = {"x": {"queue": "provision"}}
            monkeypatch.setattr(queues, "current_app", app)
            for _ in range(3):
                app.send_task("x")
            found = {each.name: each.waiting for each in queue_depths.depths()}
            app.pool.force_close_all()

        assert found["provision"] == 3

    def test_that_do_not_answer_are_said_and_the_page_stands(self, pages, monkeypatch):
        from celery import Celery

        away = Celery("away", broker="redis://127.0.0.1:1/0", set_as_current=False)
        monkeypatch.setattr(queues, "current_app", away)

        assert "The broker does not answer" in text(pages.get("/"))


class TestFaults:
    def test_of_a_page_are_counted_for_its_company_without_its_message(self, fresh_db, monkeypatch, alder):
        from tenants.customers import queries as customer_queries

        def broken(*_, **__):
            raise RuntimeError("Mrs Wang of Elm Street")

        monkeypatch.setattr(customer_queries, "customers", broken)
        client = Client(HTTP_HOST="alder.localhost", raise_request_exception=False)
        client.post("/accounts/login/", {"login": "staff@alder.test", "password": "correct horse battery"})
        answers = [client.get("/console/customers/").status_code for _ in range(2)]

        with context.use_public():
            [fault] = models.Fault.objects.all()
        assert answers == [500, 500]
        assert (fault.retailer_id, fault.count, fault.kind, fault.source) == (
            alder.pk, 2, "builtins.RuntimeError", "console:customers",
        )  # fmt: skip
        assert fault.place.startswith("tests/integration/hosting_admin/test_fleet_pages.py:")
        assert "Wang" not in "".join(str(value) for value in vars(fault).values())

    def test_of_a_task_are_counted_for_the_company_it_was_sent_for(self, fresh_db, monkeypatch, birch):
        from hosting import health, tasks

        def broken():
            raise KeyError("Mrs Wang")

        monkeypatch.setitem(health._probes, "broken", broken)
        tasks.measure_health.apply(headers={"retailer": birch.schema_name})

        with context.use_public():
            [fault] = models.Fault.objects.all()
        assert (fault.retailer_id, fault.kind, fault.source) == (
            birch.pk, "builtins.KeyError", "hosting.tasks.measure_health",
        )  # fmt: skip


class TestCompany:
    def test_shows_figures_with_their_days_and_events_by_their_names(self, pages, alder):
        with context.use(alder):
            operations.measure_health(at=timezone.now())
        with context.use_public():
            for days in range(1, 5):
                models.HealthDay.objects.create(
                    retailer_id=alder.pk, day=timezone.now().date() - dt.timedelta(days=days),
                    figures={"customers": 10 - days}, storage_bytes=1000 * days,
                )  # fmt: skip
        offering.load_defaults(at=AT)
        subscriptions.subscribe(code="alder", plan="starter", at=AT, collection="manual")
        backed_up()

        page = pages.get("/companies/alder/")
        shown = text(page)

        assert "Customers, the last days" in page.content.decode()
        assert "Signed up for a plan" in shown
        assert "Backed up" in shown
        assert "0 running, 0 waiting, 0 failed" in shown

    def test_takes_few_queries(self, pages, django_assert_max_num_queries):
        with django_assert_max_num_queries(32):
            pages.get("/companies/alder/")

    def test_history_names_who_did_what_and_every_known_deed(self, pages):
        pages.post("/companies/alder/suspend/", {"reason": "unpaid since March"})

        shown = text(pages.get("/companies/alder/history/"))

        assert "Suspended" in shown
        assert "unpaid since March" in shown
        assert "#" not in shown[shown.index("Suspended") : shown.index("unpaid")], "the person has a name"

    def test_every_deed_of_the_rooms_has_a_title(self):
        from pathlib import Path

        from django.conf import settings

        from portal.hosting_admin import fleet_words

        source = "".join(path.read_text() for path in (Path(settings.BASE_DIR) / "platform/hosting").rglob("*.py"))
        given = set(re.findall(r'(?:companies\.|\b)record\([^)]*?action="([a-z_.]+)"', source, re.DOTALL))
        given |= set(re.findall(r'\b_?(?:note|record|changed)\([\w. ]+, (?:change, )?"([a-z_.]+)"', source))

        assert len(given) > 20
        assert given - set(fleet_words.EVENTS) - {"company.restored"} == set()


class TestChange:
    def test_renames_with_what_stood_before(self, pages, alder):
        done = pages.post(
            "/companies/alder/change/names/",
            {"name_en": "Alder Light", "name_zh": "桤木", "legal_name": "Alder Light Ltd", "reason": "new owner"},
        )

        event = queries.events(code="alder")[0]
        assert done.status_code == 302
        assert context.retailer_by_code(code="alder").names["en"] == "Alder Light"
        assert (event.action, event.details["before"]["names"]["en"]) == ("rename", alder.names["en"])
        assert "Alder Power / " in text(pages.get("/companies/alder/history/"))

    def test_of_market_and_clock_is_refused_once_data_stands(self, pages, alder):
        wanted = {"market": "de", "currency": "EUR", "time_zone": "Europe/Berlin", "reason": "mistaken"}
        first = pages.post("/companies/birch/change/ground/", wanted)
        with context.use(alder):
            customer_operations.create_customer(number="C1", name="Wang")
        second = pages.post("/companies/alder/change/ground/", wanted)

        assert first.status_code == 302
        assert context.retailer_by_code(code="birch").market == "de"
        assert second.status_code == 422
        assert "stay once a company has data" in text(second)
        assert context.retailer_by_code(code="alder").time_zone == "Asia/Shanghai"

    def test_of_the_code_takes_the_archives_along(self, pages):
        made = backed_up()
        wrong = pages.post("/companies/alder/change/code/", {"code": "elm", "typed": "elm", "reason": "merger"})
        stood = context.retailer_by_code(code="alder").code
        done = pages.post("/companies/alder/change/code/", {"code": "elm", "typed": "alder", "reason": "merger"})

        assert (wrong.status_code, stood, done.status_code, done["Location"]) == (422, "alder", 302, "/companies/elm/")
        moved = backups.backup(backup_id=made.pk)
        assert backups.path_of(moved).is_file()
        assert jobs.order_replacement(backup_id=made.pk, typed="elm", reason="x", at=AT).state == "waiting"

    def test_to_a_code_that_another_company_had_is_refused(self, pages):
        changing.change_code(code="alder", new="elm", typed="alder", reason="x", at=AT)

        with pytest.raises(changing.FormerCode):
            changing.change_code(code="birch", new="alder", typed="birch", reason="x", at=AT)


class TestBackups:
    def test_are_made_by_button(self, pages):
        done = pages.post("/companies/alder/backups/make/", {"reason": "before the import"})
        job_running.work(now=timezone.now)
        shown = text(pages.get("/companies/alder/backups/"))

        assert done.status_code == 302
        assert "Whole" in shown
        assert "before the import" in shown

    def test_that_are_busy_are_refused_on_the_page(self, pages):
        pages.post("/companies/alder/backups/make/", {})
        again = pages.post("/companies/alder/backups/make/", {})

        assert again.status_code == 422
        assert "another job of this company is under way" in text(again)

    def test_show_how_far_a_job_is_until_it_ends(self, pages):
        job = jobs.order_backup(code="alder", at=AT)
        waiting = pages.get(f"/jobs/{job.pk}/").content.decode()
        job_running.work(now=timezone.now)
        ended = pages.get(f"/jobs/{job.pk}/").content.decode()

        assert "hx-get" in waiting
        assert "hx-get" not in ended

    def test_are_downloaded_by_a_link_for_one_person_and_a_while(self, pages):
        made = backed_up()
        unsaid = pages.post(f"/backups/{made.pk}/link/", {"reason": ""})
        given = pages.post(f"/backups/{made.pk}/link/", {"reason": "moves to its own host"}).content.decode()
        link = re.search(r'href="(/archives/get/[^"]+)"', given)[1]
        sent = b"".join(pages.get(link).streaming_content)
        stranger = signing.dumps({"kind": "backup", "id": made.pk, "by": 999}, salt=backup_views.SALT)

        assert unsaid.status_code == 422
        assert sent == backups.path_of(made).read_bytes()
        assert pages.get(f"/archives/get/{stranger}/").status_code == 404
        assert pages.get(link[:-4] + "xxx/").status_code == 404
        assert Client(HTTP_HOST="operator.localhost").get(link).status_code == 302
        event = queries.events(code="alder")[0]
        assert (event.action, event.reason) == ("download", "moves to its own host")

    def test_old_links_are_dead(self, pages, monkeypatch):
        made = backed_up()
        given = pages.post(f"/backups/{made.pk}/link/", {"reason": "why"}).content.decode()
        link = re.search(r'href="(/archives/get/[^"]+)"', given)[1]
        monkeypatch.setattr(backup_views, "LINK_LIVES", dt.timedelta(seconds=-1))

        assert pages.get(link).status_code == 404

    @pytest.mark.parametrize("typed", ["", "birch", "ALDER"])
    def test_put_nothing_back_without_the_code_typed(self, pages, typed, alder):
        made = backed_up()

        refused = pages.post(f"/backups/{made.pk}/replace/", {"typed": typed, "reason": "wrong import"})

        assert refused.status_code == 422
        assert "Nothing was done" in text(refused)
        with context.use_public():
            assert models.Job.objects.filter(kind="replace").count() == 0
        assert context.retailer_by_code(code="alder").schema_name == alder.schema_name

    def test_are_ordered_to_be_put_back_copied_and_proven(self, pages):
        made = backed_up()
        answers = [
            pages.post(f"/backups/{made.pk}/replace/", {"typed": "alder", "reason": "wrong import"}).status_code,
            pages.post(f"/backups/{made.pk}/copy/", {"code": "elm", "reason": "look"}).status_code,
        ]

        with context.use_public():
            ordered = list(models.Job.objects.filter(state="waiting").values_list("kind", "reason"))
        assert answers == [302, 422], "one job of a company at a time"
        assert ordered == [("replace", "wrong import")]

    def test_are_arranged_for_one_company(self, pages):
        pages.post("/companies/alder/backups/policy/", {"every_hours": 6, "kept": 40})
        refused = pages.post("/companies/alder/backups/policy/", {"every_hours": 6, "kept": 0})

        [row] = fleet_queries.rows(at=timezone.now(), code="alder")
        assert fleet_queries.policy_of(row) == backup_policy.Policy(dt.timedelta(hours=6), 40, "own")
        assert refused.status_code == 422

    def test_come_from_elsewhere_as_a_file(self, pages, tmp_path):
        made = backed_up()
        with backups.path_of(made).open("rb") as file:
            kept = pages.post("/archives/upload/", {"file": file})
        junk = tmp_path / "junk.tar"
        junk.write_bytes(b"junk")
        with junk.open("rb") as file:
            refused = pages.post("/archives/upload/", {"file": file})
        [name] = [path.name for path in jobs.uploads()]
        done = pages.post("/archives/restore/", {"upload": name, "code": "elm", "reason": "moves here"})
        taken = pages.post("/archives/restore/", {"upload": name, "code": "birch", "reason": "moves here"})

        assert (kept.status_code, refused.status_code, done.status_code, taken.status_code) == (302, 422, 302, 422)
        assert "no archive of a company" in text(refused)
        assert "elm" in text(pages.get("/archives/"))

    def test_of_nobody_are_404(self, pages):
        addresses = ["/backups/999/", "/jobs/999/", "/companies/nobody/backups/", "/companies/nobody/history/"]

        assert [pages.get(address).status_code for address in addresses] == [404] * 4
        assert pages.post("/companies/nobody/backups/make/", {}).status_code == 404
        assert pages.post("/backups/999/replace/", {"typed": "x", "reason": "x"}).status_code == 404

    def test_ask_again_who_is_there_before_a_deed(self, pages, operator):
        with context.use(operator):
            session = pages.session
            session["account_authentication_methods"] = [
                {**each, "at": each["at"] - 3600} for each in session["account_authentication_methods"]
            ]
            session.save()

        asked = pages.post("/companies/alder/backups/make/", {})

        assert (asked.status_code, "reauthenticate" in asked["Location"]) == (302, True)
        with context.use_public():
            assert models.Job.objects.count() == 0
