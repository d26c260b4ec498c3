"""The console in a real browser with a real worker: from a meter file to issued bills, readable by everybody."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from harness import databases, readability, served

pytestmark = [pytest.mark.browser]

PASSWORD = "correct horse battery"
DESK = 1440
SHOTS = os.environ.get("GRIDHALL_SHOTS")
PAGES = {
    "home": "",
    "customers": "customers/",
    "customer": "customers/C3200771278/",
    "account": "customers/-/accounts/A3200771278/",
    "new customer": "customers/-/new/",
    "another place": "customers/-/accounts/A3200771278/-/add-supply-point/",
    "billing address": "customers/-/accounts/A3200771278/-/edit/",
    "close account": "customers/-/accounts/A3200771278/-/close/",
    "move in": "customers/-/supply-points/P3200771278/-/move-in/",
    "move out": "customers/-/supply-points/P3200771278/-/move-out/",
    "change product": "customers/-/supply-points/P3200771278/-/change-product/",
    "supply point": "customers/-/supply-points/P3200771278/?month=2026-03",
    "intervals": "customers/-/supply-points/P8800100/?day=2026-03-06",
    "import customers": "customers/-/import/",
    "refused file": "imports/2/",
    "new import": "imports/new/",
    "product": "tariffs/cn-residential-tiered/",
    "version": "tariffs/cn-two-part-industrial/-/1/",
    "draft": "tariffs/shop-2026/-/1/edit/",
    "runs": "runs/",
    "run": "runs/2/",
    "invoice": "invoices/20260000000050/",
    "ledger": "ledger/",
    "entry": "ledger/entries/50/",
    "brand": "company/brand/",
    "staff": "company/staff/",
    "new key": "company/keys/new/",
    "audit": "company/audit/",
}


@dataclass(frozen=True, slots=True)
class Console:
    """A running company with its worker."""

    port: int

    def url(self, path: str = "") -> str:
        return f"http://alder.localhost:{self.port}/console/{path}"


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    name = databases.clone(f"gridhall_{os.getpid()}_{uuid.uuid4().hex[:8]}")
    with ExitStack() as running:
        running.callback(databases.drop, name)
        own = databases.environment(name)
        own["PYTHONPATH"] += os.pathsep + str(databases.ROOT / "tests")
        subprocess.run([sys.executable, "tests/browser/seed_console.py"], cwd=databases.ROOT, env=own, check=True)
        keys = running.enter_context(served.broker())
        running.enter_context(served.worker(name, **keys))
        yield Console(running.enter_context(served.web(name, **keys)))


@pytest.fixture(scope="module")
def session(console: Console, chromium: Any) -> Any:
    """The cookies of the signed-in administrator."""
    context = chromium.new_context(locale="en")
    page = context.new_page()
    page.goto(console.url())
    page.fill("[name=login]", "staff@alder.test")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Waits for you").wait_for()
    state = context.storage_state()
    context.close()
    return state


def page_of(chromium: Any, session: Any, *, width: int = DESK, scheme: str = "light", **options: Any) -> Any:
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        storage_state=session,
        reduced_motion="reduce",
        **{"locale": "en", **options},
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def meter_file(identifier: str, days: range, each: str) -> str:
    times = [f"{n // 4:02}:{n % 4 * 15:02}" for n in range(96)]
    rows = [",".join([identifier, f"2026-03-{day:02}", *[each] * 96]) for day in days]
    return "\n".join([",".join(["supply_point", "date", *times]), *rows])


class TestEverybodyCanReadIt:
    @pytest.mark.parametrize("name", PAGES)
    def test_axe_finds_nothing_at_aa_and_the_policy_refuses_nothing(
        self, console: Console, views: list[Any], name: str
    ) -> None:
        picture = f"{SHOTS}/{name.replace(' ', '-')}" if SHOTS else None

        assert readability.in_both_languages(views, console.url(PAGES[name]), picture=picture) == []


class TestByKeyboard:
    def test_anything_is_found_from_anywhere(self, console: Console, chromium: Any, session: Any) -> None:
        page = page_of(chromium, session)
        page.goto(console.url("runs/"))

        page.keyboard.press("/")
        page.get_by_role("combobox", name="Search or jump to…").wait_for()
        page.keyboard.type("Chen Yu")
        page.get_by_role("option", name="Chen Yulan C3200771278").wait_for()
        page.keyboard.press("Enter")
        page.wait_for_url("**/console/customers/C3200771278/")

        page.context.close()


class TestFromAFileToBills:
    def test_a_month_is_imported_rated_looked_through_and_issued(
        self, console: Console, chromium: Any, session: Any
    ) -> None:
        page = page_of(chromium, session)
        self.store_what_is_missing(console, page)
        self.rate_march(console, page)
        self.release_the_odd_one(page)

        page.get_by_role("button", name="Issue the bills").click()
        page.fill("[name=billing_date]", "2026-04-05")
        page.get_by_role("button", name="Issue them").click()
        page.get_by_text("Done", exact=True).first.wait_for()

        stats = [text.replace("\n", " ") for text in page.locator(".g-stat").all_inner_texts()]
        assert stats[:4] == ["Bills 25", "Rated 25", "For review 0", "Issued 25"]
        page.locator("tbody tr", has_text="Zhou Tao").get_by_role("link").last.click()
        page.get_by_text("5 Apr 2026").first.wait_for()
        page.context.close()

    def store_what_is_missing(self, console: Console, page: Any) -> None:
        file = meter_file("P3200771389", range(20, 32), "0.12")
        page.goto(console.url("imports/new/"))
        page.set_input_files("input[type=file]", {"name": "march.csv", "mimeType": "text/csv", "buffer": file.encode()})
        page.get_by_text("What the file does not say itself").click()
        page.select_option("[name=unit]", "kWh")
        page.get_by_role("button", name="Check the file").click()
        page.get_by_role("button", name="Store the readings").click()
        page.get_by_text("12 days were taken").wait_for()

    def rate_march(self, console: Console, page: Any) -> None:
        page.goto(console.url("runs/new/"))
        page.fill("[name=month]", "2026-03")
        page.get_by_role("button", name="Start the run").click()
        page.get_by_text("1 bill waits for a person.", exact=True).wait_for()

    def release_the_odd_one(self, page: Any) -> None:
        run = page.url
        page.get_by_role("link", name="Parked: 1").click()
        page.get_by_role("link", name="A3200771278").click()
        page.get_by_text("usual for so many days are").wait_for()
        page.get_by_role("button", name="Release").click()
        page.get_by_text("The bill is released").wait_for()
        page.goto(run)
        page.get_by_text("Ready to issue").first.wait_for()


class TestWithoutScript:
    def test_a_file_is_still_checked(self, console: Console, chromium: Any, session: Any) -> None:
        page = page_of(chromium, session, java_script_enabled=False)
        page.goto(console.url("imports/new/"))
        page.set_input_files(
            "input[type=file]", {"name": "april.csv", "mimeType": "text/csv", "buffer": b"nothing a meter would say"}
        )

        page.get_by_role("button", name="Check the file").click()

        page.get_by_text("The file was refused: 1 row is wrong").wait_for()
        page.context.close()
