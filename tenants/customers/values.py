"""What a customer's particulars may look like; pure."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kernel.errors import Invalid, gettext_noop

NUMBER = re.compile(r"[\w][\w\-./]{0,31}", re.ASCII)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
PHONE = re.compile(r"[+\d][\d\s().-]{2,38}\d")
KINDS = ("household", "business")


class NumberMalformed(Invalid):
    """A number that cannot be printed on a bill or typed into a search box."""

    code = "number_malformed"
    template = gettext_noop("“{value}” is not a number: use up to 32 letters, digits, “-”, “.” or “/”.")


class EmailMalformed(Invalid):
    """Not an address mail can be sent to."""

    code = "email_malformed"
    template = gettext_noop("“{value}” is not an e-mail address.")


class PhoneMalformed(Invalid):
    """Not a telephone number."""

    code = "phone_malformed"
    template = gettext_noop("“{value}” is not a telephone number.")


class UnknownTimeZone(Invalid):
    """A clock nobody knows."""

    code = "time_zone_unknown"
    template = gettext_noop("“{value}” is not a time zone such as Asia/Shanghai.")


class UnknownKind(Invalid):
    """Neither a household nor a business."""

    code = "kind_unknown"
    template = gettext_noop("“{value}” is not a kind of customer: household or business.")


class Missing(Invalid):
    """A value one cannot do without."""

    code = "value_missing"
    template = gettext_noop("A value is needed here.")


def number(value: str, *, where: str) -> str:
    """This will return the trimmed number; raises NumberMalformed."""
    text = required(value, where=where)
    if not NUMBER.fullmatch(text):
        raise NumberMalformed(value=text, where=where)
    return text


def required(value: str, *, where: str) -> str:
    """This will return the trimmed text; raises Missing when nothing is left."""
    text = value.strip()
    if not text:
        raise Missing(where=where)
    return text


def email(value: str, *, where: str) -> str:
    """This will return the trimmed address, empty when none was given; raises EmailMalformed."""
    text = value.strip()
    if text and not EMAIL.fullmatch(text):
        raise EmailMalformed(value=text, where=where)
    return text


def phone(value: str, *, where: str) -> str:
    """This will return the trimmed telephone number, empty when none was given; raises PhoneMalformed."""
    text = value.strip()
    if text and not PHONE.fullmatch(text):
        raise PhoneMalformed(value=text, where=where)
    return text


def kind(value: str, *, where: str) -> str:
    """This will return the kind of customer; raises UnknownKind."""
    if value not in KINDS:
        raise UnknownKind(value=value, where=where)
    return value


def time_zone(value: str, *, where: str) -> str:
    """This will return the name of a time zone that exists; raises UnknownTimeZone."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownTimeZone(value=value, where=where) from None
    return value
