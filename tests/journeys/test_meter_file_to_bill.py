"""From a meter file to a bill on the customer's portal: real web program, real worker, real Valkey, two companies.

Birch's home uses half a kilowatt-hour every half hour. April 2026 in Sydney has 30 days and 721 hours, since the clock
goes back on the 5th: 721 kWh, of which 300 in the first block.

    supply 30 × 0.98 = 29.40    usage 300 × 0.29 + 421 × 0.34 = 230.14    GST 10 % of 259.54 = 25.95    total 285.49
"""

from __future__ import annotations

import datetime as dt
import re
import time
import uuid

import pytest
import requests

from harness import served
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import Role
from tenancy import context
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries
from tenants.tariffs import operations as tariff_operations

AT = dt.datetime(2026, 5, 3, tzinfo=dt.UTC)
PASSWORD = "correct horse battery"
NMI = "4102035000"
PATIENCE = 60
SCOPES = [
    "customers:read", "customers:write", "readings:read", "readings:write", "tariffs:read", "tariffs:write",
    "tariffs:publish", "bills:read", "bills:write", "bills:issue", "ledger:read",
]  # fmt: skip


def nem12(days: int = 61, broken: bool = False) -> bytes:
    """Return March and April 2026 of the home; ``broken`` spoils one value of the third day."""
    lines = ["100,NEM12,202605010000,BIRCHMDP,BIRCH", f"200,{NMI},E1,1,E1,N1,LG7001,KWH,30,"]
    for n in range(days):
        day = dt.date(2026, 3, 1) + dt.timedelta(days=n)
        values = ["0.5"] * 48
        if broken and n == 2:
            values[7] = "half"
        lines.append(f"300,{day:%Y%m%d},{','.join(values)},A,,,20260501000000,")
    return "\r\n".join([*lines, "900", ""]).encode()


class Api:
    """The API of one company, spoken to as a program does."""

    def __init__(self, port: int, host: str, secret: str) -> None:
        self.base = f"http://127.0.0.1:{port}/api/v1"
        self.headers = {"Host": host, "Authorization": f"Bearer {secret}", "Accept-Language": "en"}

    def get(self, path: str, **params) -> requests.Response:
        return requests.get(f"{self.base}/{path}", headers=self.headers, params=params, timeout=30)

    def post(self, path: str, body=None, **more) -> requests.Response:
        headers = {**self.headers, "Idempotency-Key": str(uuid.uuid4())}
        return requests.post(f"{self.base}/{path}", headers=headers, json=body, timeout=30, **more)

    def made(self, path: str, body=None, **more) -> dict:
        response = self.post(path, body, **more)
        assert response.status_code in {200, 201, 202}, f"{path}: {response.status_code} {response.text}"
        return response.json() if response.content else {}

    def until(self, path: str, done) -> dict:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = self.get(path).json()
            if done(found):
                return found
            time.sleep(0.1)
        raise AssertionError(f"{path} stays {found}")


@pytest.fixture
def running(fresh_db, alder, birch):
    """Serve both companies with a worker; yields (port, {company: secret of a key})."""
    secrets = {}
    for retailer in (alder, birch):
        with context.use(retailer):
            boss = identity_queries.user_by_email(email=f"staff@{retailer.code}.test")
            _, secrets[retailer.code] = identity_operations.create_key(name="journey", scopes=SCOPES, by=boss, at=AT)
            tariff_operations.change_policy(asks_four_eyes=False)
    with served.broker() as broker, served.worker(fresh_db, **broker), served.web(fresh_db, **broker) as port:
        yield port, secrets


def open_home(api: Api) -> None:
    """Register the customer, account, supply point, product and agreement through the API."""
    api.made("customers", {"number": "W1", "name": "Wilhelmina Birchwood"})
    api.made("accounts", {"number": "A1", "customer": "W1", "currency": "AUD", "opened_on": "2026-03-01"})
    premises = {"address": "3 Banksia St, Glebe", "region": "NSW", "time_zone": "Australia/Sydney"}
    api.made("supply-points", {"identifier": NMI, "premises": premises})
    api.made(f"supply-points/{NMI}/occupancies", {"account": "A1", "on": "2026-03-01"})
    api.made("products", {"code": "BLOCKS", "template": "au-block", "valid_from": "2026-01-01"})
    api.made("products/BLOCKS/versions/1/publish")
    api.made("agreements", {"account": "A1", "supply_point": NMI, "product": "BLOCKS", "start": "2026-03-01"})


def upload(api: Api, content: bytes) -> dict:
    """Give a meter file and wait until the worker is through with it."""
    made = api.made("reading-imports", files={"file": ("meters.csv", content, "text/csv")})
    return api.until(f"reading-imports/{made['id']}", lambda found: found["finished"])


def bill_april(api: Api) -> dict:
    """Run April's bills to their issue; return the run."""
    run = api.made("bill-runs", {"period": {"start": "2026-04-01", "end": "2026-05-01"}, "title": "April"})
    api.until(f"bill-runs/{run['number']}", lambda found: found["state"] == "review")
    api.made(f"bill-runs/{run['number']}/issue", {"billing_date": "2026-05-03"})
    return api.until(f"bill-runs/{run['number']}", lambda found: found["state"] in {"done", "review"})


def portal(port: int, host: str, email: str) -> requests.Session:
    """Sign a customer in as a browser does."""
    session = requests.Session()
    session.headers.update({"Host": host, "Accept-Language": "en"})
    page = session.get(f"http://127.0.0.1:{port}/accounts/login/", timeout=30)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
    cookies = dict(session.cookies.items())
    session.cookies.clear()
    session.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    signed_in = session.post(
        f"http://127.0.0.1:{port}/accounts/login/",
        data={"login": email, "password": PASSWORD, "csrfmiddlewaretoken": token},
        allow_redirects=False,
        timeout=30,
    )
    assert signed_in.status_code == 302, signed_in.text
    session.headers["Cookie"] = f"gridhall_session={signed_in.cookies['gridhall_session']}"
    session.cookies.clear()
    return session


class TestMeterFileToBill:
    def test_a_home_in_sydney_with_a_25_hour_day(self, running, birch):
        port, secrets = running
        api = Api(port, "birch.localhost", secrets["birch"])
        open_home(api)

        imported = upload(api, nem12())
        run = bill_april(api)

        assert (imported["state"], imported["days_accepted"]) == ("done", 61)
        assert (run["state"], run["issued"]) == ("done", 1)
        [invoice] = api.get("invoices").json()["results"]
        assert invoice["gross"] == {"amount": "285.49", "currency": "AUD"}
        lines = {
            line["code"]: line["amount"]["amount"] for line in api.get(f"invoices/{invoice['number']}").json()["lines"]
        }
        assert (lines["supply"], lines["usage"]) == ("29.40", "230.14")

        with context.use(birch):
            user = identity_operations.create_user(
                email="wilhelmina@birch.test", name="Wilhelmina", roles=[Role.CUSTOMER], at=AT, password=PASSWORD
            )
            customer_operations.link_sign_in(customer=customer_queries.customer(number="W1"), user=user)
        person = portal(port, "birch.localhost", "wilhelmina@birch.test")
        home = person.get(f"http://127.0.0.1:{port}/", timeout=30)
        assert "Birch Energy" in home.text
        assert "285.49" in home.text
        bill = person.get(f"http://127.0.0.1:{port}/bills/{invoice['number']}/", timeout=30)
        assert bill.status_code == 200
        assert "285.49" in bill.text
        assert "230.14" in bill.text

        stranger = portal_at_the_other_company(port, person)
        assert stranger == {"/": 302, f"/bills/{invoice['number']}/": 302}

    def test_a_broken_file_leaves_only_its_report_and_a_good_one_counts_once(self, running):
        port, secrets = running
        api = Api(port, "birch.localhost", secrets["birch"])
        open_home(api)

        refused = upload(api, nem12(broken=True))

        assert (refused["state"], refused["days_accepted"]) == ("refused", 0)
        rows = api.get(f"reading-imports/{refused['id']}/rows", outcome="refused").json()["results"]
        assert [(row["row"], row["column"]) for row in rows] == [(5, 10)]
        assert api.get(f"supply-points/{NMI}/channels").json()["results"] == []

        once, again = upload(api, nem12()), upload(api, nem12())

        assert (once["state"], once["days_accepted"], once["days_unchanged"]) == ("done", 61, 0)
        assert (again["state"], again["days_accepted"], again["days_unchanged"]) == ("done", 0, 61)

    @pytest.mark.slow  # the isolation tests try every address with it
    def test_another_companys_key_opens_nothing(self, running):
        port, secrets = running
        open_home(Api(port, "birch.localhost", secrets["birch"]))

        stranger = Api(port, "birch.localhost", secrets["alder"])
        at_home = Api(port, "alder.localhost", secrets["alder"])

        assert stranger.get("customers").status_code == 401
        assert at_home.get("customers").json()["results"] == []
        assert at_home.get("customers/W1").status_code == 404
        assert at_home.get(f"supply-points/{NMI}").status_code == 404


def portal_at_the_other_company(port: int, person: requests.Session) -> dict[str, int]:
    """Return what the other company's host answers to this person's cookie."""
    invoice = "INV00000001"
    headers = {"Host": "alder.localhost", "Cookie": person.headers["Cookie"]}
    return {
        path: requests.get(
            f"http://127.0.0.1:{port}{path}", headers=headers, allow_redirects=False, timeout=30
        ).status_code
        for path in ("/", f"/bills/{invoice}/")
    }
