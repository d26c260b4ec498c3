"""A plan says how often a company is backed up and how much is kept; the schedule and the keeping job obey it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import settings as project
from django.test import Client

from harness import second_factor
from hosting import backup_policy, fleet_queries, models, plan_queries, plans
from hosting.operations import backups, keeping, offering, subscriptions
from kernel.errors import Invalid
from tenancy import context

AT = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def policy(code="alder"):
    return fleet_queries.backups_of(code=code)


def archives(code, *ages):
    """Enter archives of the clock, made so long before AT, each with its file."""
    folder = backups.folder_of(code=code)
    folder.mkdir(parents=True, exist_ok=True)
    for age in ages:
        row = backups.begin(code=code, at=AT - age, scheduled=True)
        models.Backup.objects.filter(pk=row.pk).update(state="done")
        (folder / row.name).write_bytes(b"archive")


def kept(code="alder"):
    folder = backups.folder_of(code=code)
    rows = models.Backup.objects.filter(retailer__code=code, removed_at__isnull=True)
    assert {each.name for each in rows} == {path.name for path in folder.iterdir()}
    return sorted(AT - each.made_at for each in rows)


def ordered():
    return sorted(models.Job.objects.filter(kind="backup").values_list("retailer__code", flat=True))


@pytest.fixture
def folder(settings, tmp_path):
    settings.BACKUP_DIR = str(tmp_path)
    return tmp_path


def signed(code, plan):
    subscriptions.subscribe(code=code, plan=plan, collection="manual", trial_days=0, at=AT)


class TestTheNumbers:
    def test_are_those_of_the_plan_else_the_hosts_and_the_operators_word_comes_first(self, offered, folder):
        usual = policy()
        signed("alder", "growth")
        promised = policy()
        keeping.set_policy(code="alder", every_hours=48, kept=3, at=AT)
        own = policy()
        keeping.set_policy(code="alder", every_hours=12, kept=30, at=AT)

        assert usual == backup_policy.Policy(project.BACKUP_EVERY, project.BACKUPS_KEPT, "host")
        assert promised == backup_policy.Policy(12 * HOUR, 30, "plan")
        assert own == backup_policy.Policy(48 * HOUR, 3, "own")
        assert policy() == promised
        assert models.BackupPolicy.objects.count() == 0
        assert policy("birch") == usual

    def test_that_nobody_can_promise_are_refused(self, offered):
        version = plan_queries.offer(code="starter").version
        content = {name: getattr(version, name) for name in offering.FIELDS}
        for wrong in ({"backup_hours": 745}, {"backup_hours": 0}, {"backups_kept": 1001}, {"backups_kept": 1.5}):
            with pytest.raises(Invalid) as refusal:
                offering.save_plan(code="starter", content={**content, "limits": {**version.limits, **wrong}}, at=AT)
            assert refusal.value.where == next(iter(wrong))

        assert plan_queries.offer(code="starter").version.number == 1


class TestTheSchedule:
    def test_obeys_each_companys_plan(self, offered, folder):
        signed("alder", "enterprise")
        signed("birch", "starter")
        archives("alder", 7 * HOUR)
        archives("birch", 7 * HOUR)

        first = keeping.order_due(at=AT)
        due = ordered()
        models.Job.objects.update(state="done", finished_at=AT)
        subscriptions.change_plan(code="alder", plan="starter", at=AT)

        assert (first, due) == (1, ["alder"])
        assert keeping.order_due(at=AT) == 0

    def test_a_plan_with_rarer_backups_is_late_later(self, offered, folder):
        signed("alder", "starter")
        archives("alder", 40 * HOUR)
        models.Backup.objects.filter(retailer__code="alder").update(made_at=AT - 40 * HOUR)
        before = keeping.late(at=AT)
        version = plan_queries.offer(code="starter").version
        content = {name: getattr(version, name) for name in offering.FIELDS}
        offering.save_plan(code="starter", content={**content, "limits": {**version.limits, "backup_hours": 48}}, at=AT)
        kept_terms = keeping.late(at=AT)
        subscriptions.change_plan(code="alder", plan="growth", at=AT)
        subscriptions.change_plan(code="alder", plan="starter", at=AT)

        assert "alder" in before
        assert "alder" in kept_terms, "what was signed holds until the plan is changed"
        assert "alder" not in keeping.late(at=AT)


class TestTheKeepingJob:
    def test_keeps_as_many_as_the_plan_says(self, offered, folder):
        version = plan_queries.offer(code="growth").version
        content = {name: getattr(version, name) for name in offering.FIELDS}
        offering.save_plan(code="growth", content={**content, "limits": {"backups_kept": 2}}, at=AT)
        signed("alder", "growth")
        archives("alder", *(n * DAY for n in range(5)))
        archives("birch", *(n * DAY for n in range(5)))

        removed = keeping.prune(at=AT)

        assert removed == 3
        assert kept("alder") == [0 * DAY, 1 * DAY]
        assert len(kept("birch")) == 5
        assert keeping.prune(at=AT) == 0


class TestThePages:
    def test_of_the_plan_take_the_numbers_and_the_companys_show_them(self, offered, folder):
        operator = Client(HTTP_HOST="operator.localhost", HTTP_ACCEPT_LANGUAGE="en")
        assert second_factor.sign_in(operator).status_code == 302
        data = {k: v for k, v in operator.get("/plans/starter/").context["form"].initial.items() if v is not None}
        wrong = operator.post("/plans/starter/", data | {"backup_hours": 1000})
        operator.post("/plans/starter/", data | {"backup_hours": 36, "backups_kept": 9, "retention_months": 90})
        signed("alder", "starter")

        shown = {}
        for language in ("en", "zh-hans"):
            browser = Client(HTTP_HOST="alder.localhost", HTTP_ACCEPT_LANGUAGE=language)
            browser.post("/accounts/login/", {"login": "staff@alder.test", "password": "correct horse battery"})
            shown[language] = browser.get("/console/company/plan/").content.decode()
        company = operator.get("/companies/alder/").content.decode()
        arranged = operator.get("/companies/alder/backups/").content.decode()

        assert wrong.status_code == 422
        assert plans.of(context.retailer_by_code(code="alder")).limits["backups_kept"] == 9
        assert "One every 36 hours, the last 9 are kept" in shown["en"]
        assert "Months that readings are kept" in shown["en"]
        assert "每 36 小时备份一次，保留最近 9 份" in shown["zh-hans"]
        assert "One every 36 hours, the last 9 are kept" in company
        assert "As the company&#x27;s plan promises" in arranged
