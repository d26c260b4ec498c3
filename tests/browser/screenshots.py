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


SHOTS = [
    Shot("portal-home-phone-zh", "lanjiang", "siyuan@lanjiang.example", "/", PHONE, "zh-hans"),
    Shot("portal-home-desk-en", "wattlebird", "matilda@wattlebird.example", "/", DESK),
    Shot("portal-home-desk-dark-zh", "lanjiang", "siyuan@lanjiang.example", "/", DESK, "zh-hans", "dark"),
    Shot(
        "portal-bill-desk-zh",
        "lanjiang",
        "plant@lanjiang.example",
        "/bills/",
        DESK,
        "zh-hans",
        follow="main tbody a",
    ),
    Shot(
        "portal-bill-phone-en",
        "wattlebird",
        "minh@wattlebird.example",
        "/bills/",
        PHONE,
        follow="main tbody a",
    ),
    Shot("portal-usage-desk-zh", "lanjiang", "shop@lanjiang.example", "/usage/", DESK, "zh-hans"),
    Shot("portal-usage-phone-dark-en", "wattlebird", "matilda@wattlebird.example", "/usage/", PHONE, "en", "dark"),
    Shot("console-home-en", "wattlebird", "admin@wattlebird.example", "/console/", DESK),
    Shot("console-home-dark-zh", "lanjiang", "admin@lanjiang.example", "/console/", DESK, "zh-hans", "dark"),
    Shot("console-customers-zh", "lanjiang", "admin@lanjiang.example", "/console/customers/", DESK, "zh-hans"),
    Shot("console-run-en", "wattlebird", "admin@wattlebird.example", "/console/runs/", DESK, follow="main tbody a"),
    Shot(
        "console-tariff-zh",
        "lanjiang",
        "admin@lanjiang.example",
        "/console/tariffs/",
        DESK,
        "zh-hans",
        follow="main tbody a",
    ),
    Shot(
        "console-studio-en",
        "wattlebird",
        "pricing@wattlebird.example",
        "/console/tariffs/WEEKDAY-PEAK/-/2/studio/",
        DESK,
    ),
    Shot("console-phone-zh", "lanjiang", "admin@lanjiang.example", "/console/runs/", PHONE, "zh-hans"),
    Shot("hosting-fleet-en", "operator", "operator@gridhall.example", "/", DESK),
    Shot(
        "hosting-company-dark-zh",
        "operator",
        "operator@gridhall.example",
        "/companies/lanjiang/",
        DESK,
        "zh-hans",
        "dark",
    ),
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
