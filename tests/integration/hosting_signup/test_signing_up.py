"""A company asks for a space, proves its address and has it: once, whatever is doubled, killed or lost."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from integration.hosting_signup.conftest import AT, fresh

from hosting import host_names, models, plans, signup_queries
from hosting.operations import companies, sign_up_steps, signing_up
from identity import queries as identity_queries
from kernel.errors import Conflict, Invalid, NotFound
from tenancy import context, hosts
from tenancy import models as tenancy_models

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)

REFUSED = [
    ({"code": "www"}, host_names.NameReserved, "code"),
    ({"code": "operator"}, host_names.NameReserved, "code"),
    ({"code": "admin"}, host_names.NameReserved, "code"),
    ({"code": "аlder"}, Invalid, "code"),  # Cyrillic а
    ({"code": "xn--lder-4be"}, Invalid, "code"),
    ({"code": "a1der"}, host_names.NameAlike, "code"),
    ({"code": "alder"}, companies.CodeTaken, "code"),
    ({"code": "cedar."}, Invalid, "code"),
    ({"code": "-cedar"}, Invalid, "code"),
    ({"code": "ce.dar"}, Invalid, "code"),
    ({"code": "c" * 41}, Invalid, "code"),
    ({"names": {"en": " ", "zh-hans": ""}}, Invalid, "name_en"),
    ({"legal_name": ""}, Invalid, "legal_name"),
    ({"place": "au/Tokyo"}, Invalid, "place"),
    ({"place": "mars/Olympus"}, Invalid, "place"),
    ({"default_language": "fr"}, Invalid, "default_language"),
    ({"admin_email": "ada"}, Invalid, "admin_email"),
    ({"admin_email": "ada@cedar.test\nBcc: all@cedar.test"}, Invalid, "admin_email"),
    ({"admin_name": ""}, Invalid, "admin_name"),
    ({"plan": ""}, Invalid, "plan"),
    ({"plan": "golden"}, NotFound, "plan"),
    ({"interval": "week"}, Invalid, "interval"),
    ({"accepted": False}, Invalid, "accepted"),
    ({"demo": "moon"}, NotFound, "demo"),
]


def companies_standing() -> list[str]:
    with context.use_public():
        return sorted(tenancy_models.Retailer.objects.values_list("code", flat=True))


def steps(sign_up: models.SignUp) -> list[tuple[str, str]]:
    return [(each.name, each.state) for each in signup_queries.progress(sign_up_id=sign_up.pk).steps]


class TestAsking:
    def test_makes_nothing_but_a_note_until_the_address_is_proven(self, asked, mailoutbox):
        made, token = asked()

        assert companies_standing() == ["alder", "birch", "operator"]
        assert fresh(made).state == "waiting"
        assert token not in str(models.SignUp.objects.values().get())
        assert [(mail.to, mail.subject) for mail in mailoutbox] == [
            (["ada@cedar.test"], "Confirm the sign-up of Cedar Power")
        ]
        assert "http://operator.localhost/signup/confirm/" in mailoutbox[0].body

    def test_refuses_at_the_field_what_cannot_be(self, offered, wish):
        for changes, error, where in REFUSED:
            with pytest.raises(error) as refusal:
                signing_up.ask(wish=wish(**changes), sender="", at=AT)
            assert refusal.value.where == where, changes

        assert models.SignUp.objects.count() == 0

    def test_from_one_sender_is_limited_and_from_others_goes_on(self, offered, wish, settings):
        settings.SIGN_UPS_PER_SENDER = 2
        for n in range(2):
            signing_up.ask(wish=wish(code=f"cedar-{n}x"), sender="198.51.100.7", at=AT)

        with pytest.raises(signing_up.TooManySignUps):
            signing_up.ask(wish=wish(), sender="198.51.100.7", at=AT)
        signing_up.ask(wish=wish(), sender="198.51.100.8", at=AT)
        signing_up.ask(wish=wish(), sender="198.51.100.7", at=AT + 2 * HOUR)

        assert models.SignUp.objects.count() == 4

    def test_one_address_is_mailed_so_often_a_day_and_nobody_is_told(self, offered, wish, mailoutbox):
        made = [signing_up.ask(wish=wish(), sender=str(n), at=AT) for n in range(5)]

        sent = [signing_up.mail_link(sign_up_id=each.pk, at=AT) for each in made]

        assert sent == [True, True, True, False, False]
        assert len(mailoutbox) == 3
        assert [fresh(each).admin_email for each in made[3:]] == ["", ""]

    def test_is_mailed_once_however_often_it_is_ordered(self, asked, mailoutbox):
        made, _ = asked()

        again = signing_up.mail_link(sign_up_id=made.pk, at=AT + HOUR)

        assert (again, len(mailoutbox)) == (False, 1)


class TestConfirming:
    def test_registers_the_company_with_the_place_it_named(self, confirmed):
        made = confirmed()

        retailer = context.retailer_by_code(code="cedar")
        assert (made.state, retailer.status) == ("working", "provisioning")
        assert (retailer.market, retailer.region, retailer.currency, retailer.time_zone) == (
            "au", "NSW", "AUD", "Australia/Sydney",
        )  # fmt: skip
        assert hosts.address(retailer) == "http://cedar.localhost"

    def test_works_once(self, asked):
        _, token = asked()
        signing_up.confirm(token=token, at=AT)

        with pytest.raises(signing_up.LinkUsed):
            signing_up.confirm(token=token, at=AT)
        with pytest.raises(signing_up.LinkUsed):
            signing_up.opened(token=token, at=AT)

        assert companies_standing() == ["alder", "birch", "cedar", "operator"]

    def test_ends_after_a_day_and_makes_nothing(self, asked):
        made, token = asked()

        with pytest.raises(signing_up.LinkExpired):
            signing_up.confirm(token=token, at=AT + DAY)
        signing_up.expire(at=AT + DAY + HOUR)

        assert companies_standing() == ["alder", "birch", "operator"]
        assert (fresh(made).state, fresh(made).admin_email, fresh(made).admin_name) == ("expired", "", "")

    def test_refuses_what_was_not_sent(self, asked):
        _, token = asked()

        for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), token.split(".")[0], "x", "a.b"):
            with pytest.raises(signing_up.LinkUnknown):
                signing_up.confirm(token=wrong, at=AT)

    def test_of_two_that_want_one_name_gives_it_to_the_first_proven(self, asked):
        _, first = asked(admin_email="ada@first.test")
        later, second = asked(admin_email="bob@second.test")

        signing_up.confirm(token=first, at=AT)
        lost = signing_up.confirm(token=second, at=AT)

        assert lost.state == "name_taken"
        with pytest.raises(companies.CodeTaken):
            signing_up.choose_name(sign_up_id=later.pk, code="cedar", at=AT)
        assert signing_up.choose_name(sign_up_id=later.pk, code="fir-tree", at=AT).state == "working"
        assert companies_standing() == ["alder", "birch", "cedar", "fir-tree", "operator"]

    def test_of_two_at_the_same_moment_one_has_the_name(self, fresh_db, asked):
        tokens = [asked(admin_email=f"a{n}@firm.test")[1] for n in range(4)]

        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(_confirm_alone, tokens))

        assert sorted(made) == ["name_taken", "name_taken", "name_taken", "working"]
        assert companies_standing() == ["alder", "birch", "cedar", "operator"]

    def test_the_same_link_at_the_same_moment_works_once(self, fresh_db, asked):
        _, token = asked()

        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(_confirm_alone, [token] * 4))

        assert sorted(made) == ["used", "used", "used", "working"]
        assert companies_standing() == ["alder", "birch", "cedar", "operator"]

    def test_names_that_look_alike_are_not_given_at_the_same_moment_either(self, fresh_db, asked):
        tokens = [asked(code=code, admin_email=f"{code}@firm.test")[1] for code in ("cellar", "ce11ar")]

        with ThreadPoolExecutor(2) as pool:
            made = list(pool.map(_confirm_alone, tokens))

        assert sorted(made) == ["name_taken", "working"]


def _confirm_alone(token: str) -> str:
    try:
        return str(signing_up.confirm(token=token, at=AT).state)
    except signing_up.LinkUsed:
        return "used"
    finally:
        connections.close_all()


class TestCarryingOn:
    def test_makes_the_space_the_trial_and_the_administrator(self, confirmed, carried_on, mailoutbox):
        made = confirmed()

        state = carried_on(made)

        assert state == "ready"
        assert steps(made) == [
            ("register", "done"), ("space", "done"), ("subscription", "done"), ("administrator", "done"),
            ("ready", "done"),
        ]  # fmt: skip
        retailer = context.retailer_by_code(code="cedar")
        with context.use(retailer):
            assert [(each.email, each.roles) for each in identity_queries.staff()] == [
                ("ada@cedar.test", ["administrator"])
            ]
        standing = plans.of(retailer)
        assert (standing.state, standing.allows("api"), standing.allows("sso")) == ("trial", True, False)
        assert mailoutbox[-1].to == ["ada@cedar.test"]
        assert "http://cedar.localhost/accounts/" in mailoutbox[-1].body

    def test_twice_makes_one_of_everything(self, confirmed, carried_on):
        made = confirmed()

        states = [carried_on(made), carried_on(made)]

        assert states == ["ready", "ready"]
        with context.use(context.retailer_by_code(code="cedar")):
            assert identity_queries.staff().count() == 1
        with context.use_public():
            assert models.Subscription.objects.filter(retailer__code="cedar").count() == 1

    def test_cut_at_any_step_the_sweep_ends_with_exactly_one_company(self, confirmed, carried_on, monkeypatch):
        names = ("space", "subscription", "administrator", "ready")
        for place, (cut, when) in enumerate((name, when) for name in names for when in ("before", "after")):
            code = f"cedar-{'abcdefgh'[place]}"
            made = confirmed(code=code, admin_email=f"ada@{code}.test")
            whole = sign_up_steps._TAKEN[cut]

            def dies(found, clock, whole=whole, when=when):
                if when == "after":
                    whole(found, clock)
                raise SystemExit

            with monkeypatch.context() as patched:
                patched.setitem(sign_up_steps._TAKEN, cut, dies)
                with pytest.raises(SystemExit):
                    carried_on(made)
            left = dict(steps(made))[cut]
            due = sign_up_steps.to_carry_on(at=AT + HOUR)
            state = carried_on(made, at=AT + HOUR)

            assert (left, due, state) == ("running", [made.pk], "ready"), (cut, when)
            assert companies_standing().count(code) == 1
            with context.use(context.retailer_by_code(code=code)):
                assert [each.email for each in identity_queries.staff()] == [f"ada@{code}.test"]
            with context.use_public():
                assert models.Subscription.objects.filter(retailer__code=code).count() == 1

    def test_a_step_that_fails_is_noted_and_tried_again_later_and_in_the_end_waits_for_a_person(
        self, confirmed, carried_on, monkeypatch
    ):
        made = confirmed()

        def fails(found, clock):
            raise OSError("the mail server rests")

        monkeypatch.setitem(sign_up_steps._TAKEN, "administrator", fails)
        now, tried = AT + HOUR, 0
        while sign_up_steps.to_carry_on(at=now):
            assert carried_on(made, at=now) in ("working", "failed")
            assert sign_up_steps.to_carry_on(at=now) == []
            now, tried = now + HOUR, tried + 1

        assert tried == sign_up_steps.MOST_TRIES
        assert (fresh(made).state, fresh(made).error) == ("failed", "the mail server rests")
        monkeypatch.undo()
        signing_up.retry(sign_up_id=made.pk, at=now)
        assert carried_on(made, at=now) == "ready"

    def test_two_workers_at_once_make_one_company(self, confirmed, owner):
        made = confirmed()

        def work(_):
            try:
                return sign_up_steps.carry_on(sign_up_id=made.pk, clock=lambda: AT)
            finally:
                connections.close_all()

        with owner(), ThreadPoolExecutor(3) as pool:
            states = list(pool.map(work, range(3)))

        assert "ready" in states
        assert set(states) <= {"ready", "busy"}
        with context.use(context.retailer_by_code(code="cedar")):
            assert identity_queries.staff().count() == 1


class TestRefusing:
    def test_takes_down_what_stands_and_frees_the_name(self, confirmed, carried_on, owner, monkeypatch):
        made = confirmed()

        def fails(found, clock):
            raise OSError("away")

        with monkeypatch.context() as patched:
            patched.setitem(sign_up_steps._TAKEN, "administrator", fails)
            carried_on(made)
        schema = context.retailer_by_code(code="cedar").schema_name
        signing_up.refuse(sign_up_id=made.pk, reason="a joke", at=AT, actor_id=1)
        waiting = signup_queries.to_release()
        with owner():
            released = sign_up_steps.release(sign_up_id=made.pk)
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT to_regnamespace(%s), to_regrole(%s)", [schema, schema])
                left = cursor.fetchone()

        assert (waiting, released, left) == ([made.pk], True, (None, None))
        assert companies_standing() == ["alder", "birch", "operator"]
        assert (fresh(made).state, fresh(made).admin_email, fresh(made).released) == ("refused", "", True)
        signing_up.check_name("cedar")

    def test_does_not_touch_a_company_that_is_at_work(self, confirmed, carried_on):
        made = confirmed()
        carried_on(made)

        with pytest.raises(Conflict):
            signing_up.refuse(sign_up_id=made.pk, reason="late", at=AT, actor_id=1)

        assert context.retailer_by_code(code="cedar").status == "active"

    def test_stops_a_worker_that_is_on_the_way(self, confirmed, carried_on, monkeypatch):
        made = confirmed()
        whole = sign_up_steps._TAKEN["space"]

        def refused_meanwhile(found, clock):
            signing_up.refuse(sign_up_id=made.pk, reason="a joke", at=AT, actor_id=1)
            return whole(found, clock)

        monkeypatch.setitem(sign_up_steps._TAKEN, "space", refused_meanwhile)
        state = carried_on(made)

        assert state == "refused"
        assert dict(steps(made))["administrator"] == "waiting"
