"""The words that day-per-row files use, in English and Chinese, for units, registers and qualities."""

from __future__ import annotations

import re

from tenants.metering.formats.base import Kind, Quality, Unit

UNITS: dict[str, tuple[Unit, int]] = {
    "wh": (Unit.WATT_HOUR, 1),
    "gwh": (Unit.WATT_HOUR, 1_000_000_000),
    "kwh": (Unit.WATT_HOUR, 1000),
    "mwh": (Unit.WATT_HOUR, 1_000_000),
    "varh": (Unit.VAR_HOUR, 1),
    "kvarh": (Unit.VAR_HOUR, 1000),
    "mvarh": (Unit.VAR_HOUR, 1_000_000),
    "w": (Unit.WATT, 1),
    "kw": (Unit.WATT, 1000),
    "mw": (Unit.WATT, 1_000_000),
    "var": (Unit.VAR, 1),
    "kvar": (Unit.VAR, 1000),
    "千瓦时": (Unit.WATT_HOUR, 1000),
    "度": (Unit.WATT_HOUR, 1000),
    "万千瓦时": (Unit.WATT_HOUR, 10_000_000),
    "万kwh": (Unit.WATT_HOUR, 10_000_000),
    "万度": (Unit.WATT_HOUR, 10_000_000),
    "兆瓦时": (Unit.WATT_HOUR, 1_000_000),
    "千瓦": (Unit.WATT, 1000),
    "兆瓦": (Unit.WATT, 1_000_000),
    "千乏时": (Unit.VAR_HOUR, 1000),
    "千乏": (Unit.VAR, 1000),
    "l": (Unit.LITRE, 1),
    "升": (Unit.LITRE, 1),
    "m3": (Unit.LITRE, 1000),
    "m³": (Unit.LITRE, 1000),
    "cbm": (Unit.LITRE, 1000),
    "立方米": (Unit.LITRE, 1000),
    "方": (Unit.LITRE, 1000),
}
ENERGY_OF_POWER = {Unit.WATT: Unit.WATT_HOUR, Unit.VAR: Unit.VAR_HOUR}

_DOTS = re.compile(r"[·•∙⋅・]|(?<=[wr])[.*\- ](?=h\b)")
_LATIN = re.compile(r"(?<![a-z])(?:万(?=kwh))?(?:[gmk]?wh|[mk]w|[mk]?varh|k?var)(?![a-z])")
_VOLUME = re.compile(r"m³|立方米|(?<=[(\[（])m3(?=[)\]）])")
_CHINESE = re.compile(r"万千瓦时|千瓦时|兆瓦时|千瓦|兆瓦|千乏时|千乏|万度")
_POWER = re.compile(r"[^\s,;]{0,8}功率(?!因[数素])")


def unit_of(text: str) -> tuple[Unit, int] | None:
    """Return the unit a text names and how many of ours it holds: kWh, kW·h, 千瓦时; None when it names none."""
    return UNITS.get(_DOTS.sub("", text.strip().lower()))


def known_unit(text: str, *, volumes: bool) -> tuple[Unit, int] | None:
    """Return the unit as ``unit_of`` does; one of volume only where ``volumes`` are known."""
    known = unit_of(text)
    return None if known is not None and known[0] is Unit.LITRE and not volumes else known


def units_in(text: str) -> set[str]:
    """Return the units a title or header mentions, in small letters."""
    plain = _DOTS.sub("", text.lower())
    return set(_LATIN.findall(plain)) | set(_CHINESE.findall(plain)) | set(_VOLUME.findall(plain))


def power_in(text: str) -> str:
    """Return the words for power in a title or header, or nothing; a power factor is none."""
    match = _POWER.search(text)
    return match[0] if match else ""


def is_power(text: str) -> bool:
    """Tell whether the unit of that name is one of power."""
    known = unit_of(text)
    return known is not None and known[0] in ENERGY_OF_POWER


def _all(words: str, code: str, kind: Kind) -> dict[str, tuple[str, Kind]]:
    return dict.fromkeys(words.split(), (code, kind))


REGISTERS: dict[str, tuple[str, Kind]] = {
    **_all("consumption import delivered use usage load active 有功 用电 用电量 下网 下网电量", "E1", Kind.CONSUMPTION),
    **_all("正向有功 正向有功总 正向有功电量 正向有功电能 正向有功功率 有功功率", "E1", Kind.CONSUMPTION),
    **_all("1.8.0 1-0:1.8.0 1-1:1.8.0 1.29.0 1-0:1.29.0 1-1:1.29.0", "E1", Kind.CONSUMPTION),
    **_all("export feedin feed-in received 上网 上网电量", "B1", Kind.FEED_IN),
    **_all("反向有功 反向有功总 反向有功电量 反向有功电能 反向有功功率", "B1", Kind.FEED_IN),
    **_all("2.8.0 1-0:2.8.0 1-1:2.8.0 2.29.0 1-0:2.29.0 1-1:2.29.0", "B1", Kind.FEED_IN),
    **_all("a+ +a p+ +p gridimport activeimport importactive consumptionkwh importkwh", "E1", Kind.CONSUMPTION),
    **_all("a- -a p- -p gridexport activeexport exportactive exportkwh generationexport", "B1", Kind.FEED_IN),
    **_all("r+ +r q+ +q reactiveimport", "Q1", Kind.REACTIVE),
    **_all("r- -r q- -q reactiveexport", "K1", Kind.REACTIVE),
    **_all("generation production 发电 发电量", "G1", Kind.GENERATION),
    **_all("reactive 无功 正向无功 正向无功总 正向无功电量 无功功率 3.8.0 1-0:3.8.0 1-1:3.8.0", "Q1", Kind.REACTIVE),
    **_all("反向无功 反向无功总 反向无功电量 4.8.0 1-0:4.8.0 1-1:4.8.0", "K1", Kind.REACTIVE),
}
"""What a file calls a register, and the register code and kind it is kept under."""

CODE = re.compile(r"[A-Z][0-9A-Z]", re.ASCII)
KIND_OF_LETTER = {
    **dict.fromkeys("DE", Kind.CONSUMPTION),
    **dict.fromkeys("AB", Kind.FEED_IN),
    "G": Kind.GENERATION,
    **dict.fromkeys("JKPQ", Kind.REACTIVE),
}
QUALITIES: dict[str, Quality] = {
    **dict.fromkeys(["", "a", "ok", "actual", "valid", "measured", "0", "正常", "实测", "有效"], Quality.ACTUAL),
    **dict.fromkeys(["f", "final"], Quality.FINAL),
    **dict.fromkeys(["s", "substituted", "修正", "替代"], Quality.SUBSTITUTED),
    **dict.fromkeys(["e", "estimated", "估算", "拟合", "估计"], Quality.ESTIMATED),
    **dict.fromkeys(["q", "questionable", "可疑", "异常"], Quality.QUESTIONABLE),
}


def register_of(text: str) -> tuple[str, Kind] | None:
    """Return the register that a word or code names, and its kind; None when it names none."""
    if known := REGISTERS.get(re.sub(r"[\s_()（）]", "", text.lower())):
        return known
    code = text.upper()
    return (code, KIND_OF_LETTER[code[0]]) if CODE.fullmatch(code) and code[0] in KIND_OF_LETTER else None
