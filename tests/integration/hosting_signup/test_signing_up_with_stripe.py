"""From a stranger's form to a paying company and back from its debts: real pages, Stripe's protocol, signed messages.

Time is a clock of the test's own: pages and Stripe read the same one. Each message of Stripe arrives twice and in
another order than it was sent.
"""

from __future__ import annotations

import datetime as dt
import random
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
from django.test import Client
from django.utils import timezone
from integration.hosting_signup.conftest import AT, FORM, token_of

from config.stripe_server import clocks, webhooks
from config.stripe_server.server import PLATFORM_KEY, Server
from hosting import models, plan_queries, plan_tasks, signup_tasks, stripe_client
from tenancy import context

PAYS, FAILS_LATER = "4242424242424242", "4000000000000341"
PASSWORD = "a long enough sentence"
PLAN = "/console/company/plan/"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


class World:
    """The clock, Stripe, its post, and the host's sweeps."""

    def __init__(self, seed: int) -> None:
        self.now = AT
        self.chance = random.Random(seed)
        self.server = Server(clock=lambda: int(self.now.timestamp()))
        self.heard: set[str] = set()

    @property
    def api(self) -> Any:
        return stripe_client.client(key=PLATFORM_KEY).v1

    def pass_to(self, moment: dt.datetime) -> None:
        """Let Stripe do day by day what is due, and then the host what it does every few minutes."""
        while self.now < moment:
            self.now = min(self.now + DAY, moment)
            with self.server.lock:
                clocks.sweep(self.server.desk())
                self.server.store.commit()
        self.settle()

    def settle(self) -> None:
        """Let the post arrive and the sweeps run until nothing moves any more."""
        self.post()
        self.now += dt.timedelta(minutes=1)
        plan_tasks.sweep_billing_messages()
        plan_tasks.sweep_subscriptions()

    def post(self) -> None:
        """Deliver what was not delivered yet, each twice, in any order."""
        new = [each for each in self.server.deliveries() if each.event not in self.heard]
        self.heard |= {each.event for each in new}
        bag = new * 2
        self.chance.shuffle(bag)
        for each in bag:
            assert deliver(each.body, self.secret(each.endpoint)).status_code == 200

    def secret(self, endpoint: str) -> str:
        return str(self.server.store.things[endpoint]["_secret"])


def deliver(body: bytes, secret: str, *, signature: str = "") -> Any:
    """Bring a message to the host's door, signed now."""
    signed = signature or webhooks.signature(body, secret, int(time.time()))
    door = Client(HTTP_HOST="operator.localhost")
    return door.post(
        "/webhooks/stripe/billing/", body, content_type="application/json", headers={"Stripe-Signature": signed}
    )


@pytest.fixture
def world(offered: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(seed=7)
    monkeypatch.setattr(timezone, "now", lambda: made.now)
    with made.server as server:
        settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = server.base, PLATFORM_KEY
        endpoint = made.api.webhook_endpoints.create(
            {"url": "http://operator.localhost/webhooks/stripe/billing/", "enabled_events": ["*"]}
        )
        settings.STRIPE_BILLING_WEBHOOK_SECRET = endpoint.secret
        yield made


@pytest.fixture
def company(world: World, stranger: Client, mailoutbox: list[Any], carried_on: Any) -> Client:
    """Cedar fills in the form, follows the link of the mail, and its administrator chooses a password."""
    assert stranger.post("/signup/", {**FORM, "plan": "starter"})["Location"] == "/signup/sent/"
    signup_tasks.mail_sign_up(models.SignUp.objects.get().pk)
    assert stranger.post(f"/signup/confirm/{token_of(mailoutbox[-1])}/").status_code == 302
    assert carried_on(models.SignUp.objects.get(), at=world.now) == "ready"
    ready = stranger.get("/signup/progress/").content.decode()
    link = re.search(r'href="http://cedar\.localhost([^"]*)"', ready)[1]
    browser = Client(HTTP_HOST="cedar.localhost", HTTP_ACCEPT_LANGUAGE="en")
    form = browser.get(link, follow=True).redirect_chain[-1][0]
    browser.post(form, {"password1": PASSWORD, "password2": PASSWORD})
    return browser


def signed_in() -> Client:
    """Sign the administrator in with a browser that was closed since."""
    browser = Client(HTTP_HOST="cedar.localhost", HTTP_ACCEPT_LANGUAGE="en")
    entered = browser.post("/accounts/login/", {"login": "ada@cedar.test", "password": PASSWORD})
    assert (entered.status_code, entered["Location"]) == (302, "/console/")
    return browser


def shown() -> str:
    answer = signed_in().get(PLAN)
    assert answer.status_code == 200
    return answer.content.decode()


def put_card(number: str) -> None:
    """Go by the button to Stripe's page and leave a card there."""
    there = signed_in().post(f"{PLAN}pay/")
    assert there.status_code == 302
    saved = requests.post(
        there["Location"], data={"act": "card", "number": number, "expiry": "12/34"}, allow_redirects=False, timeout=10
    )
    assert saved.status_code == 303


def pay_by_link(link: str, number: str) -> int:
    """Open a bill's own address and pay it there."""
    form = {"act": "pay", "number": number, "expiry": "12/34"}
    return requests.post(link, data=form, allow_redirects=False, timeout=10).status_code


def state() -> tuple[str, str]:
    found = plan_queries.subscription(code="cedar")
    return found.state, context.retailer_by_code(code="cedar").status


def bills() -> list[tuple[Decimal, str]]:
    return [(each.total, each.state) for each in reversed(plan_queries.company_invoices(code="cedar"))]


class TestFromTheFormToAPayingCompany:
    def test_through_trial_upgrade_debt_and_back(self, world, company, mailoutbox):
        world.settle()
        trial_page = shown()
        assert (state(), "Trial" in trial_page, "Starter" in trial_page) == (("trial", "active"), True, True)
        assert len(world.api.customers.list({}).data) == 1

        put_card(PAYS)
        world.pass_to(AT + 31 * DAY)
        assert state() == ("active", "active")
        assert bills() == [(Decimal("0.00"), "paid"), (Decimal("390.00"), "paid")]
        assert "A$390.00" in shown()

        self.upgrade(world)
        self.fall_behind(world, mailoutbox)
        self.pay_and_go_on(world, mailoutbox)

    def upgrade(self, world):
        """Ten days into the month: what is left of both base prices, to the second."""
        there = world.api.subscriptions.list({}).data[0].to_dict()["items"]["data"][0]
        start, end = there["current_period_start"], there["current_period_end"]
        world.now = dt.datetime.fromtimestamp(start, dt.UTC) + 10 * DAY
        assert signed_in().post(f"{PLAN}change/", {"plan": "growth", "interval": "month"}).status_code == 302
        world.settle()

        left = Decimal(end - int(world.now.timestamp())) / Decimal(end - start)
        cents = [(Decimal(price) * 100 * left).quantize(Decimal(1), rounding="ROUND_HALF_UP") for price in (1350, 390)]
        assert bills()[2:] == [((cents[0] - cents[1]) / 100, "paid")]
        assert "Growth" in shown()
        world.settle()
        assert len(bills()) == 3

    def fall_behind(self, world, mailoutbox):
        """The card stops to pay: grace, read-only, closed doors; each told once, with the way to pay."""
        put_card(FAILS_LATER)
        mailoutbox.clear()
        due = dt.datetime.fromtimestamp(
            world.api.subscriptions.list({}).data[0].to_dict()["items"]["data"][0]["current_period_end"], dt.UTC
        )
        world.pass_to(due + 2 * HOUR)
        world.pass_to(due + 3 * HOUR)
        assert state() == ("past_due", "active")
        assert "A hosting bill is overdue" in shown()
        customers = {"name": "Elm Street", "kind": "household"}
        assert signed_in().post("/console/customers/new/", customers).status_code != 403

        world.pass_to(due + 15 * DAY)
        assert state() == ("read_only", "active")
        refused = signed_in().post("/console/customers/new/", customers)
        assert (refused.status_code, "read-only" in shown()) == (403, True)

        world.pass_to(due + 37 * DAY)
        assert state() == ("suspended", "suspended")
        assert Client(HTTP_HOST="cedar.localhost").get(PLAN).status_code == 503
        world.settle()
        assert [(mail.to, mail.subject) for mail in mailoutbox] == [
            (["ada@cedar.test"], "A hosting bill of Cedar Power is overdue"),
            (["ada@cedar.test"], "Cedar Power is read-only until a hosting bill is paid"),
            (["ada@cedar.test"], "The doors of Cedar Power are closed until a hosting bill is paid"),
        ]

    def pay_and_go_on(self, world, mailoutbox):
        """The bill's own address opens while the doors are closed; a card that fails pays nothing there."""
        links = re.findall(rf"{world.server.base}/invoices/\S+", mailoutbox[-1].body)
        assert len(links) == len([each for each in bills() if each[1] == "open"]) >= 1
        assert pay_by_link(links[0], FAILS_LATER) == 402
        world.settle()
        assert state() == ("suspended", "suspended")

        assert [pay_by_link(each, PAYS) for each in links] == [303] * len(links)
        world.settle()
        assert [each for each in bills() if each[1] == "open"] == [(Decimal("1350.00"), "open")]
        assert state() == ("past_due", "active")
        since = plan_queries.subscription(code="cedar").entered_at

        world.pass_to(world.now + 2 * DAY)
        assert state() == ("past_due", "active")
        assert plan_queries.subscription(code="cedar").entered_at == since
        put_card(PAYS)
        world.pass_to(world.now + 2 * DAY)
        world.pass_to(world.now + 1 * DAY)
        assert state() == ("active", "active")
        assert {each[1] for each in bills()} == {"paid", "void"}
        assert mailoutbox[-1].subject == "Everything works again: Cedar Power"
        assert signed_in().get("/console/").status_code == 200
        running = [each for each in world.api.subscriptions.list({}).data if each.status == "active"]
        assert len(running) == 1
