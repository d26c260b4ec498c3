"""Colours: contrast after WCAG, shades that reach it, and bands that everybody can tell apart."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from portal.shared import brand, contrast

TOKENS = Path(brand.__file__).with_name("static_src") / "tokens.css"
GROUNDS = {"light": ("#ffffff", "#f6f7f8", "#eff1f3"), "dark": ("#171b21", "#0f1216", "#1f252d")}
COLORS = ["#" + "".join(p) for p in itertools.product(("00", "55", "aa", "ff"), repeat=3)]

# Machado, Oliveira, Fernandes (2009), severity 1.0, on linear RGB.
BLINDNESS = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


class TestRatio:
    @pytest.mark.parametrize(
        ("one", "other", "expected"),
        [
            ("#000000", "#ffffff", 21.0),
            ("#777777", "#ffffff", 4.48),
            ("#0000ff", "#ffffff", 8.59),
            ("#abcdef", "#abcdef", 1.0),
        ],
    )
    def test_agrees_with_the_published_values(self, one: str, other: str, expected: float) -> None:
        assert round(contrast.ratio(one, other), 2) == expected
        assert contrast.ratio(one, other) == contrast.ratio(other, one)

    def test_refuses_what_is_no_colour(self) -> None:
        with pytest.raises(ValueError, match="red"):
            contrast.ratio("red", "#ffffff")


class TestReach:
    @pytest.mark.parametrize("ground", ["#ffffff", "#eff1f3", "#171b21", "#808080"])
    def test_every_colour_becomes_readable(self, ground: str) -> None:
        assert [c for c in COLORS if contrast.ratio(contrast.reach(c, against=ground), ground) < contrast.TEXT] == []

    def test_leaves_a_readable_colour_alone(self) -> None:
        assert contrast.reach("#0d6b62", against="#ffffff") == "#0d6b62"

    def test_white_text_is_kept_where_it_is_enough(self) -> None:
        assert contrast.ink_on("#c8102e") == "#ffffff"
        assert contrast.ink_on("#f7d117") == "#101418"


class TestBrandCss:
    @pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
    def test_any_two_colours_give_readable_tokens(self, dark: bool) -> None:
        grounds = GROUNDS["dark" if dark else "light"]
        weak = []
        for color in COLORS:
            tokens = {**brand._brand_tokens(color, dark=dark), **brand._accent_tokens(color, dark=dark)}
            pairs = [(tokens["brand-ink"], tokens["brand"]), (tokens["brand-ink"], tokens["brand-strong"])]
            pairs += [(tokens["brand-text"], g) for g in (*grounds, tokens["brand-soft"])]
            pairs += [(tokens["accent-text"], g) for g in (*grounds, tokens["accent-soft"])]
            weak += [(color, *pair) for pair in pairs if contrast.ratio(*pair) < contrast.TEXT]

        assert weak == []

    def test_has_light_dark_and_the_readers_choice(self) -> None:
        css = brand.brand_css(brand.Brand(primary_color="#c8102e", accent_color="#f2a900"))

        assert css.startswith(":root{--brand:#c8102e;")
        assert css.count("--brand-text:") == 3
        assert "@media (prefers-color-scheme: dark){:root:not([data-theme=light])" in css
        assert ":root[data-theme=dark]{" in css

    def test_is_empty_without_colours_and_ignores_what_is_no_colour(self) -> None:
        assert brand.brand_css(brand.Brand()) == ""
        assert brand.brand_css(brand.Brand(primary_color="red;}body{display:none")) == ""

    def test_its_fingerprint_changes_with_the_colours(self) -> None:
        one, same, other = (brand.Brand(primary_color=c).fingerprint for c in ("#c8102e", "#c8102e", "#c8102f"))

        assert one == same
        assert one != other

    def test_weak_colours_are_told(self) -> None:
        assert brand.weaknesses(primary_color="#0d6b62", accent_color="#b5651d") == []
        found = brand.weaknesses(primary_color="#f7d117", accent_color="#eeeeee")

        assert [(w.foreground, w.needed) for w in found] == [("#f7d117", 4.5), ("#eeeeee", 3.0)]


class TestTokens:
    @pytest.mark.parametrize(("scheme", "place"), [("light", 0), ("dark", 1)])
    def test_text_reads_on_every_ground(self, scheme: str, place: int) -> None:
        tokens = _tokens(place)
        texts = ["ink", "muted", "faint", "info-text", "success-text", "warn-text", "danger-text", "brand-text"]

        weak = [(t, g) for t in texts for g in GROUNDS[scheme] if contrast.ratio(tokens[t], g) < contrast.TEXT]
        states = ("info", "success", "warn", "danger")
        weak += [
            (s, "soft") for s in states if contrast.ratio(tokens[f"{s}-text"], tokens[f"{s}-soft"]) < contrast.TEXT
        ]

        assert weak == []

    @pytest.mark.parametrize(("scheme", "place"), [("light", 0), ("dark", 1)])
    def test_bands_stand_out_and_are_told_apart_in_every_colour_blindness(self, scheme: str, place: int) -> None:
        tokens = _tokens(place)
        bands = [tokens[f"band-{name}"] for name in ("tip", "peak", "flat", "valley", "deep")]

        assert [b for b in bands if contrast.ratio(b, GROUNDS[scheme][0]) < contrast.GRAPHIC] == []
        for kind, matrix in BLINDNESS.items():
            seen = [_seen(band, matrix) for band in bands]
            distances = [_distance(a, b) for a, b in itertools.combinations(seen, 2)]
            assert min(distances) > 0.09, kind


def _tokens(place: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in re.findall(r"--([\w-]+): (light-dark\([^;]*\)|#\w+);", TOKENS.read_text("utf-8")):
        colors = re.findall(r"#[0-9a-f]{6}", value)
        found.setdefault(name, colors[min(place, len(colors) - 1)])
    return found


def _seen(color: str, matrix: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    linear = contrast._linear(color)
    seen = tuple(sum(weight * channel for weight, channel in zip(row, linear, strict=True)) for row in matrix)
    return contrast._to_oklab(contrast._hex((seen[0], seen[1], seen[2])))


def _distance(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5
