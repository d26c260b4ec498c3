"""Wattlebird Energy: homes and small businesses in Sydney, half hours in market time, bills in local time."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import replace

from config.demo import people, plans, profiles, wattlebird_work
from config.demo.plans import DialPlan, Pays, PointPlan, RegisterPlan
from config.demo.profiles import Habit
from hosting.operations import NewCompany
from identity.capabilities import Role

HOMES, BUSINESSES, ROOFS, BASIC_METERS = 100, 24, 16, 4
MARKET_ZONE = "Etc/GMT-10"
CONSUMPTION = RegisterPlan("E1", "consumption")
FEED_IN = RegisterPlan("B1", "feed_in")
COLD_AND_HOT = (1, 2, 6, 7)
EXAMPLE_FILES = (
    "meters/nem12/Example_NEM12_actual_interval.csv",
    "meters/nem12/NEM12#Scenario06#ETSAMDP#NEMMCO.zip",
    "meters/nem12/NEM12#SCENARIO205032701#ENERGEXM#NEMMCO.zip",
)
EXAMPLE_POINTS = ("VABD000163", "NEM1206111", "NEM1202024")


def plan(*, domain: str) -> plans.CompanyPlan:
    """Return the whole company; the same on every machine."""
    draw = random.Random("wattlebird")  # noqa: S311 - names and curves, not secrets
    made = [*_roofs(draw), *_homes(draw), *_businesses(draw), *_old_meters(draw), *_basic_meters(draw)]
    points = [_with_work(point) for point in made]
    return plans.CompanyPlan(
        company=_company(domain),
        staff=_staff(),
        products=_products(),
        points=points,
        minutes=30,
        recording_zone=MARKET_ZONE,
        draft=plans.DraftPlan("WEEKDAY-PEAK", dt.date(2026, 12, 1), {"peak_price": "0.56", "off_peak_price": "0.19"}),
        bank=wattlebird_work.BANK,
        work=wattlebird_work.WORK,
        entities=wattlebird_work.ENTITIES,
        files=EXAMPLE_FILES,
    )


def _with_work(point: PointPlan) -> PointPlan:
    """Return the point with what is odd about its readings, its payments and its sign-in."""
    number = plans.account_number(point)
    email, shows = wattlebird_work.SIGN_INS.get(number, (point.email, point.shows))
    return replace(
        point,
        twists=wattlebird_work.TWISTS.get(number, ()),
        unpaid_from=wattlebird_work.UNPAID_FROM.get(number),
        email=email,
        shows=shows,
        signs_in=point.signs_in or number in wattlebird_work.SIGN_INS,
    )


def _company(domain: str) -> NewCompany:
    return NewCompany(
        code="wattlebird",
        host=f"wattlebird.{domain}",
        names={"en": "Wattlebird Energy", "zh-hans": "垂蜜鸟能源"},
        legal_name="Wattlebird Energy Pty Ltd",
        market="au",
        region="NSW",
        currency="AUD",
        time_zone="Australia/Sydney",
        default_language="en",
        languages=["en", "zh-hans"],
        admin_email="admin@wattlebird.example",
        admin_name="Grace Murphy",
        brand={
            "primary_color": "#9a3b26",
            "accent_color": "#e8a013",
            "tagline": {"en": "Energy with its feet on the ground", "zh-hans": "踏实的能源"},
            "support_phone": "1300 000 214",
            "support_email": "hello@wattlebird.example",
            "sender_email": "bills@wattlebird.example",
            "tax_number": "ABN 51 824 753 556",
            "address": {"en": "88 Harbour Parade, Sydney NSW 2000", "zh-hans": "悉尼海港大道88号"},
        },
    )


def _staff() -> list[tuple[str, str, list[str]]]:
    return [
        ("billing@wattlebird.example", "Hugo Clarke", [Role.BILLING]),
        ("metering@wattlebird.example", "Priya Kaur", [Role.METERING]),
        ("pricing@wattlebird.example", "Zoe Nguyen", [Role.PRICING]),
        ("service@wattlebird.example", "Max Ryan", [Role.SERVICE]),
        ("cashier@wattlebird.example", "Ivy Papadopoulos", [Role.CASHIER]),
        ("collections@wattlebird.example", "Arjun Singh", [Role.COLLECTIONS]),
        ("finance@wattlebird.example", "Harper Wood", [Role.FINANCE]),
    ]


def _products() -> list[plans.ProductPlan]:
    return [
        plans.ProductPlan("WEEKDAY-PEAK", "au-weekday-peak", {"en": "Weekday peak", "zh-hans": "工作日高峰分时"}),
        plans.ProductPlan("BLOCKS", "au-block", {"en": "Two blocks", "zh-hans": "两档"}),
        plans.ProductPlan("SOLAR-HOME", "au-single-rate-solar", {"en": "Solar home", "zh-hans": "光伏家庭"}),
    ]


def _roofs(draw: random.Random) -> Iterator[PointPlan]:
    """The first is the real home; its readings come as a NEM12 file, like those of every Australian meter."""
    for n in range(ROOFS):
        identifier = f"410200{n + 1:04d}"
        scale, panels = (1.0, 1.0) if n == 0 else (draw.uniform(0.5, 1.2), draw.choice((2.0, 3.5, 5.0)))
        yield PointPlan(
            number=f"W{1001 + n}",
            name="Matilda Evans" if n == 0 else people.english_name(draw),
            kind="household",
            segment="Solar",
            identifier=identifier,
            address=people.english_address(draw),
            product="SOLAR-HOME",
            registers=[CONSUMPTION, FEED_IN],
            curves=lambda s=scale, p=panels: _roof_curves(s, p),  # type: ignore[misc]
            parameters={"feed_in_price": "0.05"},
            attributes={"solar_kw": str(round(scale * panels * 1.04, 1))},
            serial=f"LG{500100 + n}",
            email="matilda@wattlebird.example" if n == 0 else "",
            signs_in=n == 0,
            file=(lambda i=identifier: _nem12(i)) if n == 0 else None,  # type: ignore[misc]
        )


def _roof_curves(scale: float, panels: float) -> plans.Curves:
    consumption, feed_in = profiles.solar_home(first=plans.FIRST_DAY, days=plans.DAYS, scale=scale, panels=panels)
    return {"E1": consumption, "B1": feed_in}


def _homes(draw: random.Random) -> Iterator[PointPlan]:
    for n in range(HOMES):
        identifier = f"410300{n + 1:04d}"
        blocks = n % 5 == 3
        habit = Habit("h0", draw.randint(2200, 8200), COLD_AND_HOT, 1.35, 0.2, southern=True)
        yield PointPlan(
            number=f"W{2001 + n}",
            name="Minh Nguyen" if n == 0 else people.english_name(draw),
            kind="household",
            segment="Home",
            identifier=identifier,
            address=people.english_address(draw),
            product="BLOCKS" if blocks else "WEEKDAY-PEAK",
            registers=[CONSUMPTION],
            curves=lambda i=identifier, h=habit: _home_curve(i, h),  # type: ignore[misc]
            serial=f"LG{510100 + n}",
            email="minh@wattlebird.example" if n == 0 else "",
            phone=f"04{draw.randint(10000000, 99999999)}",
            signs_in=n == 0,
            pays=Pays.LATE if n % 14 == 5 else Pays.IN_TIME,
        )


def _home_curve(seed: str, habit: Habit) -> plans.Curves:
    quarter_hours = profiles.usage(seed=seed, habit=habit, first=plans.FIRST_DAY, days=plans.DAYS)
    return {"E1": profiles.half_hours(quarter_hours)}


def _basic_meters(draw: random.Random) -> Iterator[PointPlan]:
    """Basic meters that are read by hand once a month; one dial is about to run over."""
    for n in range(BASIC_METERS):
        yield PointPlan(
            number=f"W{4001 + n}",
            name=people.english_name(draw),
            kind="household",
            segment="Home",
            identifier=f"410500{n + 1:04d}",
            address=people.english_address(draw),
            product="BLOCKS",
            registers=[],
            curves=dict,
            serial=f"B{60100 + n}",
            phone=f"04{draw.randint(10000000, 99999999)}",
            dials=[DialPlan("11", "", 98_700 if n == 2 else draw.randint(8_000, 60_000), draw.randint(240, 520))],
        )


def _businesses(draw: random.Random) -> Iterator[PointPlan]:
    for n in range(BUSINESSES):
        identifier = f"410400{n + 1:04d}"
        habit = Habit(f"g{draw.choice((0, 1, 2, 3, 4))}", draw.randint(9000, 120000), (1, 2), 1.2, southern=True)
        name = people.ENGLISH_SHOPS[n % len(people.ENGLISH_SHOPS)]
        yield PointPlan(
            number=f"W{3001 + n}",
            name=name if n < len(people.ENGLISH_SHOPS) else f"{name} (Kings Cross)",
            kind="business",
            segment="Small business",
            identifier=identifier,
            address=people.english_address(draw),
            product="WEEKDAY-PEAK",
            registers=[CONSUMPTION],
            curves=lambda i=identifier, h=habit: _home_curve(i, h),  # type: ignore[misc]
            parameters={"peak_price": "0.46", "shoulder_price": "0.27", "off_peak_price": "0.19"},
            serial=f"LG{520100 + n}",
            email="bakery@wattlebird.example" if n == 0 else "",
            signs_in=n == 0,
        )


def _old_meters(draw: random.Random) -> Iterator[PointPlan]:
    """Supply points of the example files; they moved out long ago and get no bills."""
    for n, identifier in enumerate(EXAMPLE_POINTS):
        yield PointPlan(
            number=f"W{9001 + n}",
            name=people.english_name(draw),
            kind="household",
            segment="Archive",
            identifier=identifier,
            address=people.english_address(draw),
            product="",
            registers=[],
            curves=dict,
        )


def _nem12(identifier: str) -> tuple[str, bytes]:
    """Return the real home's readings as the NEM12 file its meter data provider would send."""
    curves = _roof_curves(1.0, 1.0)
    lines = ["100,NEM12,202611220000,WATTLEMDP,WATTLEBIRD"]
    for register, days in curves.items():
        lines.append(f"200,{identifier},E1B1,1,{register},N1,LG500100,KWH,30,")
        for n, values in enumerate(days):
            day = (plans.FIRST_DAY + dt.timedelta(days=n)).strftime("%Y%m%d")
            numbers = ",".join(f"{value // 1000}.{value % 1000:03d}" for value in values)
            lines.append(f"300,{day},{numbers},A,,,20261122000000,")
    return f"NEM12-{identifier}.csv", "\r\n".join([*lines, "900", ""]).encode()
