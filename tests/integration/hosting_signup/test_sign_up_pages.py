"""The pages of signing up: open to strangers, the same for every address; the rest of the host stays closed."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from integration.hosting_signup.conftest import FORM, fresh, token_of

from harness import second_factor
from hosting import models, signup_tasks
from hosting.operations import signing_up

CONFIRM, PROGRESS = "/signup/confirm/{}/", "/signup/progress/"


def plain(page: str) -> str:
    """Return a page without what differs by chance: tokens of forms."""
    return re.sub(r'(name="csrfmiddlewaretoken" value=|"X-CSRFToken": )"[^"]*"', "", page)


@pytest.fixture
def mailed(offered, stranger, mailoutbox):
    """Fill in the form and return the token that came by mail."""

    def ask(**changes):
        answer = stranger.post("/signup/", {**FORM, **changes})
        assert (answer.status_code, answer["Location"]) == (302, "/signup/sent/"), answer.content.decode()
        signup_tasks.mail_sign_up(models.SignUp.objects.order_by("-id").first().pk)
        return token_of(mailoutbox[-1])

    return ask


class TestStrangers:
    def test_see_the_plans_with_prices_and_nothing_else_of_the_host(self, offered, stranger):
        page = stranger.get("/signup/?currency=AUD").content.decode()
        closed = [stranger.get(path) for path in ("/", "/sign-ups/", "/sign-ups/1/", "/plans/", "/companies/new/")]

        assert "A$390.00 a month and A$0.12 for each supply point" in page
        assert "Your own domain" in page
        assert {each.status_code for each in closed} == {302}
        assert all(each["Location"].startswith("/accounts/login/") for each in closed)

    def test_find_no_such_page_at_a_company(self, offered, stranger):
        answers = [stranger.get(path, HTTP_HOST="alder.localhost") for path in ("/signup/", "/signup/sent/", PROGRESS)]

        assert {each.status_code for each in answers} == {404}

    def test_find_it_closed_where_the_host_enters_companies_itself(self, offered, stranger, settings):
        settings.SIGN_UP_OPEN = False

        assert stranger.get("/signup/").status_code == 404
        assert stranger.post("/signup/", FORM).status_code == 404
        assert models.SignUp.objects.count() == 0

    def test_read_at_the_field_what_is_refused(self, offered, stranger):
        answer = stranger.post("/signup/", {**FORM, "code": "www", "accepted": ""})
        taken = stranger.post("/signup/", {**FORM, "code": "alder"})

        assert (answer.status_code, taken.status_code) == (422, 422)
        assert 'name="accepted"' in answer.content.decode()
        assert "A company stands under the code “alder” already" in taken.content.decode()
        assert models.SignUp.objects.count() == 0

    def test_get_the_same_answer_in_the_same_steps_for_every_address(self, fresh_db, offered, stranger):
        addresses = ("ada@first.test", "staff@alder.test", "staff@operator.test", "ada@first.test", "no@nowhere.test")
        answers, questions = [], []
        for n, address in enumerate(addresses):
            form = {**FORM, "code": f"cedar-{'abcde'[n]}", "admin_email": address}
            with CaptureQueriesContext(connection) as asked:
                answer = stranger.post("/signup/", form)
            answers.append((answer.status_code, answer["Location"]))
            questions.append([each["sql"].split("WHERE")[0].split("VALUES")[0] for each in asked])

        assert set(answers) == {(302, "/signup/sent/")}
        assert questions[1:] == [questions[1]] * (len(addresses) - 1)
        assert len({plain(stranger.get("/signup/sent/").content.decode()) for _ in addresses}) == 1

    def test_who_try_without_end_wait(self, offered, stranger):
        answers = [stranger.post("/signup/", {**FORM, "code": "www"}).status_code for _ in range(22)]

        assert answers[:20] == [422] * 20
        assert answers[20:] == [429, 429]


class TestTheLink:
    def test_is_not_used_up_by_programs_that_look_into_mails(self, mailed, stranger):
        token = mailed()

        looked = [stranger.get(CONFIRM.format(token)) for _ in range(3)]

        assert [each.status_code for each in looked] == [200, 200, 200]
        assert models.SignUp.objects.get().state == "waiting"

    def test_leads_on_once_and_a_second_click_to_the_same_place(self, mailed, stranger, client):
        token = mailed()

        first = stranger.post(CONFIRM.format(token))
        second = stranger.post(CONFIRM.format(token))
        elsewhere = client.post(CONFIRM.format(token), HTTP_HOST="operator.localhost")

        assert (first.status_code, first["Location"]) == (302, PROGRESS)
        assert (second.status_code, second["Location"]) == (302, PROGRESS)
        assert elsewhere.status_code == 410
        assert client.get(PROGRESS, HTTP_HOST="operator.localhost").status_code == 404

    def test_that_is_wrong_says_so(self, mailed, stranger):
        token = mailed()

        answer = stranger.get(CONFIRM.format(token[:-2] + "zz"))

        assert answer.status_code == 410
        assert "This link is not one of ours" in answer.content.decode()


class TestProgress:
    def test_shows_the_steps_and_in_the_end_the_way_in(self, mailed, stranger, carried_on):
        stranger.post(CONFIRM.format(mailed()))
        made = models.SignUp.objects.get()

        under_way = stranger.get(PROGRESS).content.decode()
        part = stranger.get(PROGRESS, HTTP_HX_REQUEST="true").content.decode()
        carried_on(made)
        turned = stranger.get(PROGRESS, HTTP_HX_REQUEST="true")
        ready = stranger.get(PROGRESS).content.decode()

        assert "Space made" in under_way
        assert '<meta http-equiv="refresh"' in under_way
        assert "<html" not in part
        assert turned.headers["HX-Refresh"] == "true"
        link = re.search(r'href="(http://cedar\.localhost[^"]*)"', ready)[1]
        opened = stranger.get(link.removeprefix("http://cedar.localhost"), HTTP_HOST="cedar.localhost", follow=True)
        assert 'name="password1"' in opened.content.decode()

    def test_does_not_give_the_way_in_to_anybody_else(self, mailed, stranger, carried_on, client):
        stranger.post(CONFIRM.format(mailed()))
        carried_on(models.SignUp.objects.get())
        client.cookies["gridhall_sign_up"] = "1:x:y"

        assert client.get(PROGRESS, HTTP_HOST="operator.localhost").status_code == 404

    def test_lets_another_name_be_chosen(self, mailed, stranger):
        token = mailed()
        signing_up.confirm(token=mailed(admin_email="bob@firm.test"), at=models.SignUp.objects.first().created_at)
        stranger.post(CONFIRM.format(token))

        shown = stranger.get(PROGRESS).content.decode()
        refused = stranger.post("/signup/name/", {"code": "cedar"})
        taken = stranger.post("/signup/name/", {"code": "fir-tree"})

        assert "Somebody else took the name" in shown
        assert refused.status_code == 422
        assert taken.status_code == 302
        assert models.SignUp.objects.get(code="fir-tree").state == "working"


class TestTheOperator:
    @pytest.fixture
    def pages(self, offered, client):
        client.defaults |= {"HTTP_HOST": "operator.localhost", "HTTP_ACCEPT_LANGUAGE": "en"}
        assert second_factor.sign_in(client).status_code == 302
        return client

    def test_sees_each_sign_up_and_refuses_one(self, pages, asked):
        made, _ = asked()

        listed = pages.get("/sign-ups/").content.decode()
        one = pages.get(f"/sign-ups/{made.pk}/").content.decode()
        unsaid = pages.post(f"/sign-ups/{made.pk}/refuse/", {"reason": ""})
        refused = pages.post(f"/sign-ups/{made.pk}/refuse/", {"reason": "a joke"})

        assert "Cedar Power" in listed
        assert "ada@cedar.test" in one
        assert (unsaid.status_code, refused.status_code) == (422, 302)
        assert (fresh(made).state, fresh(made).admin_email) == ("refused", "")
        assert pages.get("/sign-ups/999/").status_code == 404

    def test_takes_the_same_questions_for_any_number_of_them(self, pages, wish, django_assert_max_num_queries):
        from integration.hosting_signup.conftest import AT

        for n in range(12):
            signing_up.ask(wish=wish(code=f"cedar-{'abcdefghijkl'[n]}"), sender=str(n), at=AT)

        with django_assert_max_num_queries(16):
            pages.get("/sign-ups/")

    def test_sends_what_stopped_on_its_way_again(self, pages, confirmed):
        made = confirmed()
        models.SignUp.objects.filter(pk=made.pk).update(state="failed", tries=12)

        pages.post(f"/sign-ups/{made.pk}/retry/")

        assert (fresh(made).state, fresh(made).tries) == ("working", 0)
