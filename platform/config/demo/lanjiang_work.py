"""What waits at Lanjiang Power on the last day, and who of its customers does what."""

from __future__ import annotations

import datetime as dt

from config.demo.bank_files import GBK
from config.demo.plans import NOVEMBER, OCTOBER, BankPlan, Transfer, Work
from config.demo.profiles import Twist

BANK = BankPlan(
    name="工商银行基本户",
    number="4301012209100123456",
    bic="ICBKCNBJJSP",
    written=GBK,
    strangers=(
        Transfer("王秀英", "6217001180012345678", "168.00", "电费"),
        Transfer("南昌市江畔文化传播有限公司", "36050152000012345", "5230.60", "十月电费 江畔咖啡"),
        Transfer("", "", "99.00", "二维码收款"),
        Transfer("李建国", "6228480402561234567", "", "转账"),
        Transfer("江苏华能物业管理有限公司", "32050159480012345", "1280.40", "代缴电费 3201000000077 3201000000078"),
    ),
    fee=("-36.00", "账户服务费"),
)
UNPAID_FROM = {
    "A10040": dt.date(2026, 6, 1),
    "A10056": dt.date(2026, 8, 1),
    "A10072": dt.date(2026, 9, 1),
    "A10088": dt.date(2026, 9, 1),
    "A10104": dt.date(2026, 8, 1),
    "A10120": dt.date(2026, 9, 1),
    "A10136": OCTOBER,
    "A10152": OCTOBER,
    "AB30005": dt.date(2026, 8, 1),
    "AB30016": dt.date(2026, 9, 1),
}
SIGN_INS = {
    "A10072": ("overdue@lanjiang.example", "overdue bills"),
    "A10064": ("prepaid@lanjiang.example", "pays ahead"),
}
TWISTS = {
    "A10024": (Twist(OCTOBER, dt.date(2026, 11, 22), 0),),  # a flat that its people left
    "A10031": (Twist(dt.date(2026, 11, 18), dt.date(2026, 11, 19), 30, (50, 52)),),
    "A10032": (Twist(dt.date(2026, 11, 16), dt.date(2026, 11, 17), -1, (30, 54)),),
    "A10033": (Twist(dt.date(2026, 11, 19), dt.date(2026, 11, 22), -1),),
    "AB40005": (Twist(OCTOBER, NOVEMBER, 0.12),),
    "AB40007": (Twist(dt.date(2026, 10, 13), dt.date(2026, 10, 15), -1),),
    "AB40010": (Twist(dt.date(2026, 10, 20), dt.date(2026, 10, 23), 4, (32, 72)),),
    "AB40011": (Twist(OCTOBER, NOVEMBER, 0),),
}
"""Readings that came wrong: missing ones of A10033 never came."""
_NORTH = [f"A{10101 + n}" for n in range(60)]
WORK = Work(
    words={
        "batch": "批量代扣",
        "bill": "电费账单",
        "desk": "建邺营业厅一号柜",
        "short": "找零差错，少款五元",
        "paid_twice": "同一账单重复汇款，客户申请退款",
        "payee": "客户基本户",
        "payee_account": "36050152000077001",
        "dispute": "客户对九月示数有异议，等待现场核对",
        "weak": "两次逾期，新签客户",
        "guarantor": "中国建设银行南昌分行",
        "waiver": "到账延误非客户原因",
        "held": "客户质疑十月示数，核实前不出账",
        "wallet": "wechat_pay",
        "read_by_hand": "现场抄录示数，终端离线",
        "wiring": "B 相电流回路断开，少计三分之一",
        "empty": "空置房，已电话核实",
        "usual": "与往年同期相符",
        "table": "河西台区-20261120.csv",
        "profile": "河西台区采集系统",
        "columns": "户号;时间;电量(kWh)",
    },
    prepaid={"A10061": "420.00", "A10062": "64.00", "A10063": "30.00", "A10064": "54.00"},
    promise="A10088",
    instalments="A10104",
    dispute="A10120",
    weak=("AB30031", "AB30032", "AB30033"),
    overpaid="AB30030",
    overpaid_by="1880.00",
    at_the_desk=("A10010", "A10011", "A10012", "A10013", "A10014"),
    by_transfer=[f"AB{30002 + n}" for n in range(24) if n not in (3, 14)],
    held="AB40009",
    add_ons=("A10003", "A10005", "A10007"),
    lots={
        "north": {
            "titles": {"en": "Households, early", "zh-hans": "居民一批"},
            "days": 4,
            "rule": {"list_only": True},
            "accounts": _NORTH,
        },
        "south": {"titles": {"en": "Households", "zh-hans": "居民二批"}, "days": 11, "rule": {"kinds": ["household"]}},
        "commerce": {"titles": {"en": "Commerce", "zh-hans": "工商业"}, "days": 11, "rule": {"segments": ["工商业"]}},
        "industry": {
            "titles": {"en": "Two-part industry", "zh-hans": "两部制工业"},
            "days": 24,
            "rule": {"segments": ["两部制工业"]},
        },
    },
    spike="A10031",
    gap="A10032",
    absent="A10033",
    edited="AB30010",
    exchanged="A10171",
    doubted="A10172",
)
ENTITIES = (
    (
        "LJ",
        True,
        {
            "legal_name": "澜江售电有限公司",
            "tax_number": "91320100MA00000X0T",
            "address": "江东中路1号",
            "postcode": "210019",
            "city": "南京",
            "phone": "400-820-0110",
            "email": "service@lanjiang.example",
            "bank_name": "中国工商银行南京建邺支行",
            "bank_account": "4301012209100123456",
        },
    ),
    (
        "LJN",
        False,
        {
            "legal_name": "澜江新能源服务有限公司",
            "tax_number": "91320100MA00000Y1K",
            "address": "江东中路1号2幢",
            "postcode": "210019",
            "city": "南京",
        },
    ),
)
