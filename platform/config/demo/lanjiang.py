"""Lanjiang Power: households in Jiangsu, commerce in Jiangxi, industry in Hubei, and roofs that sell their surplus."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from config.demo import lanjiang_work, people, plans, profiles
from config.demo.plans import DialPlan, Pays, PointPlan, RegisterPlan
from config.demo.profiles import Habit
from hosting.operations import NewCompany
from identity.capabilities import Role

HOUSEHOLDS, SHOPS, FACTORIES, ROOFS, READ_BY_HAND = 170, 36, 12, 8, 4
CONSUMPTION = RegisterPlan("E1", "consumption")
FEED_IN = RegisterPlan("B1", "feed_in")
REACTIVE = RegisterPlan("Q1", "reactive", "varh")
ROOF_PANELS = 3.6
SUMMER_AND_WINTER = (1, 2, 7, 8)


def plan(*, domain: str) -> plans.CompanyPlan:
    """Return the whole company; the same on every machine."""
    draw = random.Random("lanjiang")  # noqa: S311 - names and curves, not secrets
    made = [*_households(draw), *_roofs(draw), *_shops(draw), *_factories(draw), *_read_by_hand(draw)]
    points = [_with_work(point) for point in made]
    return plans.CompanyPlan(
        company=_company(domain),
        staff=_staff(),
        products=_products(),
        points=points,
        minutes=15,
        recording_zone="Asia/Shanghai",
        draft=plans.DraftPlan("SHOP-TOU", dt.date(2026, 12, 1), {"flat_price": "0.4260"}),
        bank=lanjiang_work.BANK,
        work=lanjiang_work.WORK,
        entities=lanjiang_work.ENTITIES,
        fiscal=True,
    )


def _with_work(point: PointPlan) -> PointPlan:
    """Return the point with what is odd about its readings, its payments and its sign-in."""
    number = plans.account_number(point)
    email, shows = lanjiang_work.SIGN_INS.get(number, (point.email, point.shows))
    return replace(
        point,
        twists=lanjiang_work.TWISTS.get(number, ()),
        unpaid_from=lanjiang_work.UNPAID_FROM.get(number),
        email=email,
        shows=shows,
        signs_in=point.signs_in or number in lanjiang_work.SIGN_INS,
    )


def _company(domain: str) -> NewCompany:
    return NewCompany(
        code="lanjiang",
        host=f"lanjiang.{domain}",
        names={"zh-hans": "澜江售电", "en": "Lanjiang Power"},
        legal_name="澜江售电有限公司",
        market="cn",
        currency="CNY",
        time_zone="Asia/Shanghai",
        default_language="zh-hans",
        admin_email="admin@lanjiang.example",
        admin_name="周雨桐",
        brand={
            "primary_color": "#0b6e5f",
            "accent_color": "#d9822b",
            "tagline": {"zh-hans": "用电，明明白白", "en": "Power you can follow"},
            "support_phone": "400-820-0110",
            "support_email": "service@lanjiang.example",
            "sender_email": "bills@lanjiang.example",
            "tax_number": "91320100MA00000X0T",
            "address": {"zh-hans": "南京市建邺区江东中路1号", "en": "1 Jiangdong Middle Road, Nanjing"},
        },
    )


def _staff() -> list[tuple[str, str, list[str]]]:
    return [
        ("billing@lanjiang.example", "沈国栋", [Role.BILLING]),
        ("metering@lanjiang.example", "林晓东", [Role.METERING]),
        ("pricing@lanjiang.example", "许文静", [Role.PRICING]),
        ("service@lanjiang.example", "何美玲", [Role.SERVICE]),
        ("cashier@lanjiang.example", "钱小芸", [Role.CASHIER]),
        ("collections@lanjiang.example", "秦守义", [Role.COLLECTIONS]),
        ("finance@lanjiang.example", "余嘉敏", [Role.FINANCE]),
    ]


def _products() -> list[plans.ProductPlan]:
    return [
        plans.ProductPlan(
            "HOME-TIERED", "cn-residential-tiered", {"zh-hans": "居民峰谷阶梯", "en": "Home, peak-valley with tiers"}
        ),
        plans.ProductPlan("SHOP-TOU", "cn-commercial-tou", {"zh-hans": "工商业五时段", "en": "Commerce, five bands"}),
        plans.ProductPlan(
            "PLANT-TWO-PART", "cn-two-part-industrial", {"zh-hans": "两部制工业", "en": "Industry, two-part"}
        ),
        plans.ProductPlan(
            "ROOF-SURPLUS", "cn-solar-surplus", {"zh-hans": "居民光伏余电上网", "en": "Home with solar surplus"}
        ),
    ]


def _households(draw: random.Random) -> Iterator[PointPlan]:
    for n in range(HOUSEHOLDS):
        identifier = f"3201{n + 1:09d}"
        first = n == 0
        use = 6100 if first else draw.randint(1200, 5200)
        habit = Habit("h0", use, SUMMER_AND_WINTER, 1.45)
        large = n % 17 == 5
        yield PointPlan(
            number=f"C{10001 + n}",
            name="陈思远" if first else people.chinese_name(draw),
            kind="household",
            segment="居民",
            identifier=identifier,
            address=people.chinese_address(draw, people.JIANGSU),
            product="HOME-TIERED",
            registers=[CONSUMPTION],
            curves=lambda i=identifier, h=habit: _curve(i, h),  # type: ignore[misc]
            parameters={"extra_household": "1200"} if large else {},
            attributes={"household_size": 6 if large else draw.randint(1, 4)},
            serial=f"DDZY{700000 + n}",
            email="siyuan@lanjiang.example" if first else "",
            phone=f"13{draw.randint(100000000, 999999999)}",
            signs_in=first,
            pays=Pays.LATE if n % 16 == 3 else Pays.IN_TIME,
        )


def _curve(seed: str, habit: Habit) -> plans.Curves:
    return {"E1": profiles.usage(seed=seed, habit=habit, first=plans.FIRST_DAY, days=plans.DAYS)}


def _read_by_hand(draw: random.Random) -> Iterator[PointPlan]:
    """Homes whose meters send nothing: somebody reads peak and valley once a month. One dial is about to run over."""
    for n in range(READ_BY_HAND):
        peak = draw.randint(70, 160)
        shows = 99_200 if n == 2 else draw.randint(8_000, 60_000)
        yield PointPlan(
            number=f"C{10001 + HOUSEHOLDS + n}",
            name=people.chinese_name(draw),
            kind="household",
            segment="居民",
            identifier=f"3203{n + 1:09d}",
            address=people.chinese_address(draw, people.JIANGSU),
            product="HOME-TIERED",
            registers=[],
            curves=dict,
            serial=f"DDS{740000 + n}",
            phone=f"13{draw.randint(100000000, 999999999)}",
            dials=[DialPlan("01", "peak", shows, peak), DialPlan("02", "valley", shows // 2, peak // 2)],
        )


def _roofs(draw: random.Random) -> Iterator[PointPlan]:
    for n in range(ROOFS):
        identifier = f"3202{n + 1:09d}"
        scale = 1.0 if n == 0 else draw.uniform(0.7, 1.6)
        yield PointPlan(
            number=f"C{20001 + n}",
            name="沈若曦" if n == 0 else people.chinese_name(draw),
            kind="household",
            segment="居民光伏",
            identifier=identifier,
            address=people.chinese_address(draw, people.JIANGSU),
            product="ROOF-SURPLUS",
            registers=[CONSUMPTION, FEED_IN],
            curves=lambda s=scale: _roof_curves(s),  # type: ignore[misc]
            attributes={"solar_kw": str(round(scale * ROOF_PANELS * 1.04, 1))},
            serial=f"DDZY{710000 + n}",
            email="ruoxi@lanjiang.example" if n == 0 else "",
            signs_in=n == 0,
        )


def _roof_curves(scale: float) -> plans.Curves:
    consumption, feed_in = profiles.solar_home(
        first=plans.FIRST_DAY, days=plans.DAYS, scale=scale, panels=ROOF_PANELS, season=profiles.HALF_YEAR
    )
    return {"E1": profiles.quarters(consumption), "B1": profiles.quarters(feed_in)}


def _shops(draw: random.Random) -> Iterator[PointPlan]:
    names = draw.sample(people.CHINESE_SHOPS, len(people.CHINESE_SHOPS))
    for n in range(SHOPS):
        identifier = f"3601{n + 1:09d}"
        habit = Habit(f"g{draw.choice((0, 1, 2, 4, 5))}", draw.randint(9000, 160000), (7, 8), 1.3)
        place = ("", "（二店）")[n // len(names)]
        yield PointPlan(
            number=f"B{30001 + n}",
            name=f"{names[n % len(names)]}{place}",
            kind="business",
            segment="工商业",
            identifier=identifier,
            address=people.chinese_address(draw, people.JIANGXI),
            product="SHOP-TOU",
            registers=[CONSUMPTION],
            curves=lambda i=identifier, h=habit: _curve(i, h),  # type: ignore[misc]
            parameters={"flat_price": f"0.{draw.randint(3900, 4400)}", "grid_price": "0.2386"},
            attributes={"voltage": "<1 kV"},
            serial=f"DTZY{720000 + n}",
            email="shop@lanjiang.example" if n == 0 else "",
            signs_in=n == 0,
            pays=Pays.LATE if n % 11 == 4 else Pays.IN_TIME,
        )


def _factories(draw: random.Random) -> Iterator[PointPlan]:
    for n, name in enumerate(people.CHINESE_FACTORIES[:FACTORIES]):
        identifier = f"4201{n + 1:09d}"
        use = draw.randint(900_000, 5_200_000)
        habit = Habit(draw.choice(("g3", "g0", "g1")), use, (), 1.0, 0.08)
        capacity = max(315, math.ceil(profiles.peak_kw(habit=habit) / 50) * 50)
        factor = draw.choice((0.93, 0.91, 0.88, 0.95, 0.86))
        yield PointPlan(
            number=f"B{40001 + n}",
            name=f"{name}有限公司",
            kind="business",
            segment="两部制工业",
            identifier=identifier,
            address=people.chinese_address(draw, people.HUBEI).rsplit("幢", 1)[0] + "幢",
            product="PLANT-TWO-PART",
            registers=[CONSUMPTION, REACTIVE],
            curves=lambda i=identifier, h=habit, f=factor: _factory_curves(i, h, f),  # type: ignore[misc]
            parameters={"flat_price": "0.384470", "capacity": str(capacity)},
            attributes={"capacity_kva": str(capacity), "voltage": "10 kV"},
            serial=f"DSSD{730000 + n}",
            email="plant@lanjiang.example" if n == 0 else "",
            signs_in=n == 0,
        )


def _factory_curves(seed: str, habit: Habit, power_factor: float) -> plans.Curves:
    use = profiles.usage(seed=seed, habit=habit, first=plans.FIRST_DAY, days=plans.DAYS)
    reactive = profiles.whole(use * np.tan(np.arccos(power_factor)))
    return {"E1": use, "Q1": reactive}
