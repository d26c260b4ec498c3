"""``make screenshots``: the pages of the README, taken in Chromium from the demo companies into docs/screenshots."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT), str(ROOT / "platform")]

from playwright.sync_api import Browser, Page, sync_playwright

from harness import databases, served

FOLDER = ROOT / "docs" / "screenshots"
PASSWORD = "Gridhall-demo-2026"
PHONE, DESK = (360, 780), (1440, 900)


@dataclass(frozen=True)
class Shot:
    """One picture: whose host, who signs in, which page (or a link to follow), how large, language, theme."""

    name: str
    host: str
    email: str
    path: str
    size: tuple[int, int]
    language: str = "en"
    theme: str = "light"
    follow: str = ""


ROW = "main tbody a"
CASES = "/console/arrears/cases/"
GAPS = "/console/readings/queue/?code=missing"
STUDIO = "/console/tariffs/WEEKDAY-PEAK/-/2/studio/"
SHOTS = [
    Shot("portal-home-phone-zh", "lanjiang", "siyuan@lanjiang.example", "/", PHONE, "zh-hans"),
    Shot("portal-home-desk-en", "wattlebird", "matilda@wattlebird.example", "/", DESK),
    Shot("portal-bill-desk-zh", "lanjiang", "shop@lanjiang.example", "/bills/", DESK, "zh-hans", follow=ROW),
    Shot("portal-bill-phone-en", "wattlebird", "minh@wattlebird.example", "/bills/", PHONE, follow=ROW),
    Shot("portal-usage-phone-dark-en", "wattlebird", "matilda@wattlebird.example", "/usage/", PHONE, "en", "dark"),
    Shot("portal-overdue-phone-zh", "lanjiang", "overdue@lanjiang.example", "/open/", PHONE, "zh-hans"),
    Shot("console-home-en", "wattlebird", "admin@wattlebird.example", "/console/", DESK),
    Shot("console-run-en", "wattlebird", "billing@wattlebird.example", "/console/runs/", DESK, follow=ROW),
    Shot("console-reading-day-en", "wattlebird", "metering@wattlebird.example", GAPS, DESK, follow=ROW),
    Shot("console-bank-zh", "lanjiang", "finance@lanjiang.example", "/console/bank/queue/", DESK, "zh-hans"),
    Shot("console-case-zh", "lanjiang", "collections@lanjiang.example", CASES, DESK, "zh-hans", follow=ROW),
    Shot("console-studio-en", "wattlebird", "pricing@wattlebird.example", STUDIO, DESK),
    Shot("hosting-fleet-en", "operator", "operator@gridhall.example", "/", DESK),
]


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = [shot for shot in SHOTS if not sys.argv[1:] or any(word in shot.name for word in sys.argv[1:])]
    with served.web(databases.demo()) as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        for shot in wanted:
            take(browser, port, shot)
            print(shot.name)
        browser.close()


def take(browser: Browser, port: int, shot: Shot) -> None:
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=shot.language,
        color_scheme=shot.theme,
        device_scale_factor=1,
    )
    host = f"http://{shot.host}.gridhall.localhost:{port}"
    context.add_cookies([{"name": "gridhall_language", "value": shot.language, "url": host}])
    page = context.new_page()
    sign_in(page, host, shot.email)
    page.goto(host + shot.path)
    if shot.follow:
        page.locator(shot.follow).first.click()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{shot.name}.png")
    context.close()


def sign_in(page: Page, host: str, email: str) -> None:
    page.goto(f"{host}/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_load_state()


def chromium() -> str:
    """Return Debian's Chromium, or none for Playwright's own."""
    return shutil.which("chromium") or shutil.which("google-chrome") or ""


if __name__ == "__main__":
    main()
