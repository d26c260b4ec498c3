"""What waits at Wattlebird Energy on the last day, and who of its customers does what."""

from __future__ import annotations

import datetime as dt

from config.demo.bank_files import CAMT
from config.demo.plans import NOVEMBER, OCTOBER, BankPlan, Transfer, Work
from config.demo.profiles import Twist

BANK = BankPlan(
    name="Harbour Bank, operating",
    number="062000-12345678",
    bic="HRBKAU2S",
    written=CAMT,
    strangers=(
        Transfer("J NGUYEN", "063111-20001234", "184.20", "electricity"),
        Transfer("Acacia Strata Services", "082057-33124455", "612.75", "units 2 and 5"),
        Transfer("", "", "75.00", "Deposit at branch"),
        Transfer("P KAUR", "733000-51200123", "", "thank you"),
    ),
    fee=("-22.50", "Account keeping fee"),
)
UNPAID_FROM = {
    "A2010": dt.date(2026, 6, 1),
    "A2024": dt.date(2026, 7, 1),
    "A2038": dt.date(2026, 8, 1),
    "A2052": dt.date(2026, 9, 1),
    "A2066": dt.date(2026, 8, 1),
    "A2080": dt.date(2026, 8, 1),
    "A2094": dt.date(2026, 9, 1),
}
SIGN_INS = {
    "A2038": ("overdue@wattlebird.example", "overdue bills"),
    "A2036": ("prepaid@wattlebird.example", "pays ahead"),
}
TWISTS = {
    "A2042": (Twist(dt.date(2026, 10, 13), dt.date(2026, 10, 15), -1),),
    "A2031": (Twist(dt.date(2026, 11, 18), dt.date(2026, 11, 19), 60, (26, 28)),),
    "A2032": (Twist(dt.date(2026, 11, 16), dt.date(2026, 11, 17), -1, (15, 27)),),
    "A2033": (Twist(dt.date(2026, 11, 19), dt.date(2026, 11, 22), -1),),
    "A3006": (Twist(OCTOBER, NOVEMBER, 3.6),),
    "A3010": (Twist(OCTOBER, NOVEMBER, 0.1),),
    "A3012": (Twist(dt.date(2026, 10, 8), dt.date(2026, 10, 10), -1),),
    "A3015": (Twist(OCTOBER, NOVEMBER, 0),),
}
"""Readings that came wrong: missing ones of A2033 never came."""
WORK = Work(
    words={
        "batch": "Direct debit batch",
        "bill": "Bill",
        "desk": "Counter, Harbour Parade",
        "short": "Wrong change, five dollars short",
        "paid_twice": "Paid the same bill twice and asks for it back",
        "payee": "Coastal Yoga",
        "payee_account": "062111-77001234",
        "dispute": "Doubts the September reading; a field check is booked",
        "weak": "Two late payments, new customer",
        "guarantor": "Harbour Bank",
        "waiver": "The bank was late, not the customer",
        "held": "Doubts the October reading; no bill before it is checked",
        "wallet": "card",
        "read_by_hand": "Read at the meter; the modem was offline",
        "wiring": "One phase was without current",
        "empty": "Vacant, confirmed by telephone",
        "usual": "As in the same weeks of last year",
        "table": "glebe-20261120.csv",
        "profile": "Glebe data logger",
        "columns": "NMI;timestamp;energy (kWh)",
    },
    prepaid={"A2036": "420.00", "A2037": "135.00", "A2039": "60.00"},
    promise="A2052",
    instalments="A2066",
    dispute="A2080",
    weak=("A3020", "A3021", "A3022"),
    overpaid="A2045",
    overpaid_by="212.40",
    at_the_desk=("A2071", "A2072", "A2073", "A2074", "A2075"),
    by_transfer=[f"A{2011 + n}" for n in range(20) if n != 13],
    held="A3008",
    add_ons=("A2003", "A2004", "A2005"),
    lots={
        "early": {
            "titles": {"en": "Homes, early", "zh-hans": "家庭一批"},
            "days": 4,
            "rule": {"list_only": True},
            "accounts": [f"A{2041 + n}" for n in range(30)],
        },
        "homes": {"titles": {"en": "Homes", "zh-hans": "家庭二批"}, "days": 11, "rule": {"kinds": ["household"]}},
        "business": {
            "titles": {"en": "Small business", "zh-hans": "小型企业"},
            "days": 24,
            "rule": {"segments": ["Small business"]},
        },
    },
    spike="A2031",
    gap="A2032",
    absent="A2033",
    edited="A3004",
    exchanged="A4001",
    doubted="A4002",
)
ENTITIES = (
    (
        "WB",
        True,
        {
            "legal_name": "Wattlebird Energy Pty Ltd",
            "tax_number": "ABN 51 824 753 556",
            "address": "88 Harbour Parade",
            "postcode": "2000",
            "city": "Sydney",
            "phone": "1300 000 214",
            "email": "hello@wattlebird.example",
            "bank_name": "Harbour Bank",
            "bank_account": "062000-12345678",
        },
    ),
    (
        "WBB",
        False,
        {
            "legal_name": "Wattlebird Business Pty Ltd",
            "tax_number": "ABN 53 004 085 616",
            "address": "88 Harbour Parade",
            "postcode": "2000",
            "city": "Sydney",
        },
    ),
)
