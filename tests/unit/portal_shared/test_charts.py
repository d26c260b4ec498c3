"""Charts: round ticks, honest gaps, and a table behind every drawing."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from portal.shared import charts
from portal.shared.charts import axes, curves, figures, svg, tiers, waterfall


class TestNiceTicks:
    @pytest.mark.parametrize(
        ("low", "high", "expected"),
        [
            (0, 17.3, (0, 5, 10, 15, 20)),
            (0, 0.59, (0, 0.2, 0.4, 0.6)),
            (-160, 452, (-200, 0, 200, 400, 600)),
            (0, 100, (0, 25, 50, 75, 100)),
            (0, 0, (0, 0.25, 0.5, 0.75, 1)),
        ],
    )
    def test_enclose_the_data_in_round_steps(self, low: float, high: float, expected: tuple[float, ...]) -> None:
        assert axes.nice_ticks(low, high).values == expected

    def test_labels_have_the_decimals_they_need(self) -> None:
        assert axes.nice_ticks(0, 1.2).labels("¥") == ["¥0.0", "¥0.5", "¥1.0", "¥1.5"]
        assert axes.nice_ticks(0, 0).labels() == ["0.00", "0.25", "0.50", "0.75", "1.00"]


class TestEvenStep:
    @pytest.mark.parametrize(
        ("count", "least", "expected"), [(24, 5, 6), (96, 7, 8), (31, 3, 5), (12, 1, 1), (31, 8, 10)]
    )
    def test_counts_as_people_do(self, count: int, least: int, expected: int) -> None:
        assert axes.even_step(count, least) == expected


class TestStackedBars:
    def chart(self, **more: object) -> charts.StackedBars:
        series = [
            charts.Series("Valley", [Decimal("1.5"), Decimal(2), None], "band-valley"),
            charts.Series("Peak", [Decimal(3), Decimal("0.25"), None], "band-peak"),
        ]
        return charts.StackedBars("Use", ["1", "2", "3"], series, **more)  # type: ignore[arg-type]

    def test_the_table_has_every_value_and_the_sum(self) -> None:
        table = self.chart(places=2).figure().table

        assert table is not None
        assert list(table.heads) == ["", "Peak", "Valley", "kWh"]
        assert table.rows[0] == ("1", ["3.00", "1.50", "4.50"])
        assert table.rows[2] == ("3", ["–", "–", "0.00"])

    def test_is_drawn_in_four_widths_without_inline_style(self) -> None:
        views = self.chart().figure().views

        assert [view.name for view in views] == ["small", "medium", "large", "huge"]
        assert all("style=" not in view.svg and "<script" not in view.svg for view in views)

    def test_nothing_is_drawn_for_a_missing_value(self) -> None:
        drawing = self.chart().figure().views[0].svg

        assert drawing.count("g-band-peak") == 2

    def test_negative_values_hang_below_zero(self) -> None:
        chart = charts.StackedBars("Sold", ["1"], [charts.Series("Sold", [Decimal(-5)])])
        plot = axes.plot_for(svg.SMALL, ["-5"], [], 1)
        scale = plot.scale(axes.nice_ticks(-5, 0))

        drawn = re.search(r'<rect x="[\d.]+" y="([\d.]+)"', chart.figure().views[0].svg)

        assert drawn is not None
        assert abs(float(drawn.group(1)) - scale(0)) < 1

    def test_titles_are_escaped(self) -> None:
        chart = charts.StackedBars('<b>"', ["<i>"], [charts.Series("<u>", [Decimal(1)])])

        assert "<b>" not in chart.figure().views[0].svg
        assert "<i>" not in chart.figure().views[0].svg

    def test_the_overlay_stands_in_the_table_with_its_currency(self) -> None:
        table = self.chart(overlay=charts.Overlay("Cost", [Decimal("1.2"), Decimal("-3"), None], "¥")).figure().table

        assert table is not None
        assert [row[1][-1] for row in table.rows] == ["¥1.20", "-¥3.00", "–"]


class TestCurve:
    def test_runs_split_at_gaps_and_where_the_label_changes(self) -> None:
        values = [Decimal(1), Decimal(2), None, Decimal(3), Decimal(4)]

        runs = list(curves.runs_of(values, ["valley", "valley", "valley", "flat", "peak"]))

        assert runs == [curves.Run(0, 2, "valley"), curves.Run(3, 4, "flat"), curves.Run(4, 5, "peak")]

    def test_a_gap_is_a_dash_in_the_table(self) -> None:
        curve = charts.Curve("Use", ["00:00", "00:15"], [None, Decimal("0.5")], bands=["valley", "peak"])
        table = curve.figure().table

        assert table is not None
        assert table.rows[0] == ("00:00", ["–", "valley"])
        assert table.rows[1] == ("00:15", ["0.500", "peak"])

    def test_the_legend_names_the_bands_in_use_from_dear_to_cheap(self) -> None:
        curve = charts.Curve(
            "Use",
            ["a", "b"],
            [Decimal(1)] * 2,
            bands=["valley", "peak"],
            band_labels={"peak": "Peak", "valley": "Valley"},
        )

        assert [entry.label for entry in curve.figure().legend] == ["Peak", "Valley"]

    @pytest.mark.parametrize("slots", [92, 96, 100])
    def test_days_of_23_24_and_25_hours_fill_the_width(self, slots: int) -> None:
        curve = charts.Curve("Use", [str(n) for n in range(slots)], [Decimal(1)] * slots)

        assert f'data-count="{slots}"' in curve.figure().views[0].svg


class TestWaterfall:
    def test_a_change_starts_where_the_last_step_ended(self) -> None:
        steps = [
            charts.Step("Last", Decimal(100), total=True),
            charts.Step("More", Decimal(30)),
            charts.Step("Less", Decimal(-50)),
            charts.Step("This", Decimal(80), total=True),
        ]

        assert waterfall.spans(steps) == [(0, 100), (100, 130), (130, 80), (0, 80)]

    def test_changes_carry_their_sign(self) -> None:
        steps = [charts.Step("Last", Decimal(100), total=True), charts.Step("More", Decimal(30))]
        table = charts.Waterfall("Why", steps, symbol="¥").figure().table

        assert table is not None
        assert [row[1] for row in table.rows] == [["¥100.00"], ["+¥30.00"]]


class TestTiers:
    STEPS = (
        charts.Tier("1", Decimal(2760)),
        charts.Tier("2", Decimal(4800)),
        charts.Tier("3", None),
    )

    @pytest.mark.parametrize(
        ("used", "expected"),
        [(0, [0, 0, 0]), (2760, [2760, 0, 0]), (3412, [2760, 652, 0]), (6000, [2760, 2040, 1200])],
    )
    def test_use_is_shared_over_the_tiers(self, used: int, expected: list[int]) -> None:
        assert tiers.used_in_tiers(Decimal(used), self.STEPS) == expected

    @pytest.mark.parametrize("used", [0, 2760, 12000])
    def test_is_drawn_within_its_width(self, used: int) -> None:
        for view, size in zip(charts.Tiers("T", Decimal(used), self.STEPS).figure().views, svg.SIZES, strict=True):
            edges = [
                float(x) + float(w) for x, w in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', view.svg)
            ]
            assert max(edges) <= size.width


class TestDonutAndSparkline:
    def test_shares_are_said_in_words(self) -> None:
        figure = charts.Donut("Day", [charts.Share("Peak", 3), charts.Share("Valley", 1)], middle="4").figure()

        assert 'aria-label="Day: 4, Peak 75%, Valley 25%"' in figure.views[0].svg

    def test_one_share_of_everything_is_a_whole_ring(self) -> None:
        figure = charts.Donut("Day", [charts.Share("Peak", 3)], middle="3").figure()

        assert "A92 92 0 1 1" in figure.views[0].svg

    def test_a_sparkline_without_values_is_nothing(self) -> None:
        assert figures.spark([None, None]) == ""
        assert 'role="img"' in figures.spark([1, 2, 3], "rising")
