from __future__ import annotations

import sys
from itertools import pairwise
from subprocess import run

import numpy as np
import pandas as pd
import pytest

from forecast import figures

MODELS = ("mlp", "arima", "seasonal_naive", "naive")


def history(*ids: str, length: int = 60) -> pd.DataFrame:
    ds = pd.date_range("2020-01-01", periods=length, freq="MS")
    y = 100 + np.arange(length) + 10 * np.sin(np.arange(length) * np.pi / 6)
    return pd.concat([pd.DataFrame({"unique_id": name, "ds": ds, "y": y}) for name in ids], ignore_index=True)


def forecasts(past: pd.DataFrame, *, horizon: int = 6, models: tuple[str, ...] = MODELS) -> pd.DataFrame:
    ds = pd.date_range(past["ds"].max(), periods=horizon + 1, freq="MS")
    rows = [
        pd.DataFrame(
            {"unique_id": name, "cutoff": ds[0], "ds": ds[1:], "step": np.arange(1, horizon + 1), "model": model,
             "y": 150.0, "y_hat": 150.0 + place}
        )
        for name in past["unique_id"].unique() for place, model in enumerate(models)
    ]  # fmt: skip
    frame = pd.concat(rows, ignore_index=True)
    bands = {"lo-95": -9, "lo-80": -6, "hi-80": 6, "hi-95": 9}
    return frame.assign(**{name: frame["y_hat"] + width for name, width in bands.items()})


def lines(ax) -> dict[str, int]:
    """Count the lines of an axes by colour."""
    colours = [line.get_color() for line in ax.lines]
    return {colour: colours.count(colour) for colour in colours}


def written(figure) -> str:
    return " | ".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))


def test_every_model_has_its_own_colour_dash_and_marker():
    looks = figures.LOOKS.values()

    assert len({look.colour for look in looks}) == len(looks)
    assert len({look.dash for look in looks}) == len(looks)
    assert len({look.marker for look in looks}) == len(looks)


def test_an_unknown_model_is_grey():
    assert figures.look("croston").colour == figures.MUTED


def test_levels_are_those_with_bands_widest_first():
    frame = pd.DataFrame({"lo-80": [1.0, np.nan], "hi-80": [2.0, 3.0], "lo-95": [0.0, 0.0], "hi-95": [3.0, 4.0],
                          "lo-50": [np.nan, 1.0], "hi-50": [1.0, np.nan], "lo-10": [1.0, 1.0]})  # fmt: skip

    assert figures.levels(frame) == ["95", "80"]


def test_the_fan_chart_draws_a_band_for_each_level():
    past = history("a")
    (ax,) = figures.fan_chart(past, forecasts=forecasts(past), model="mlp", runner_up="arima").axes

    assert len(ax.collections) == 2
    assert lines(ax)[figures.look("mlp").colour] == lines(ax)[figures.look("arima").colour] == 1


def test_the_fan_chart_labels_its_lines():
    past = history("a")
    figure = figures.fan_chart(past, forecasts=forecasts(past), model="mlp", runner_up="arima")

    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["history", "mlp", "80% band", "95% band", "arima"]


def test_a_swatch_of_the_legend_is_as_strong_as_its_band_is_painted():
    past = history("a")
    figure = figures.fan_chart(past, forecasts=forecasts(past), model="mlp")
    narrow, wide = figure.legends[0].get_patches()
    painted = figure.axes[0].collections[0].get_alpha()

    assert wide.get_alpha() == pytest.approx(painted)
    assert narrow.get_alpha() == pytest.approx(1 - (1 - painted) ** 2)


def test_a_legend_of_long_names_stays_within_the_picture():
    past, names = history("a"), ("arima(2,1,1)(0,1,1)12", "arima(3,1,2)(1,1,1)12")
    rows = forecasts(past, models=names)
    figure = figures.fan_chart(past, forecasts=rows, model=names[0], runner_up=names[1], uncalibrated=["80", "95"])
    figure.draw_without_rendering()

    assert figure.legends[0].get_window_extent().x1 <= figure.bbox.width


def test_the_runner_up_lies_upon_the_line_of_the_model_and_is_thinner():
    past = history("a")
    (ax,) = figures.fan_chart(past, forecasts=forecasts(past), model="mlp", runner_up="arima").axes
    places = {line.get_color(): place for place, line in enumerate(ax.lines)}
    below, above = (ax.lines[places[figures.look(model).colour]] for model in ("mlp", "arima"))

    assert places[figures.look("arima").colour] > places[figures.look("mlp").colour]
    assert above.get_linewidth() < below.get_linewidth()


@pytest.mark.parametrize(
    ("horizon", "season_length", "shown"), [(12, 12, 36), (6, 12, 24), (1, 12, 12), (6, 52, 48), (6, 1, 18)]
)
def test_the_forecast_has_a_good_part_of_the_width(horizon, season_length, shown):
    past = history("a", length=200)
    ahead = forecasts(past, horizon=horizon)
    (ax,) = figures.fan_chart(past, forecasts=ahead, model="mlp", season_length=season_length).axes

    assert len(ax.lines[0].get_xdata()) == shown


def test_labels_do_not_overlap():
    errors = pd.DataFrame({model: [1.0, 1.0 + place / 100] for place, model in enumerate(MODELS)}, index=[1, 2])
    figure = figures.error_by_step(errors, unit="mean absolute error")
    figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in figure.axes[0].texts), key=lambda box: box.y0)

    assert len(boxes) == 4
    assert all(below.y1 <= above.y0 + 1 for below, above in pairwise(boxes))


def test_a_forecast_hangs_on_the_last_known_value():
    past = history("a")
    (ax,) = figures.fan_chart(past, forecasts=forecasts(past, horizon=1), model="mlp").axes
    line = next(line for line in ax.lines if line.get_color() == figures.look("mlp").colour)

    assert line.get_ydata().tolist() == [past["y"].iloc[-1], 150.0]


def test_a_forecast_after_a_gap_stands_alone():
    past = history("a")
    past.loc[past.index[-1], "y"] = np.nan
    (ax,) = figures.fan_chart(past, forecasts=forecasts(past), model="mlp").axes
    line = next(line for line in ax.lines if line.get_color() == figures.look("mlp").colour)

    assert len(line.get_ydata()) == 6


def test_a_series_without_forecast_shows_its_history():
    past = history("a", "b")
    ahead = forecasts(history("a"))
    figure = figures.fan_chart(past, forecasts=ahead, model="mlp")

    assert figures.look("mlp").colour not in lines(figure.axes[1])


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_there_is_one_chart_for_each_series(count):
    past = history(*"abcdef"[:count])

    assert len(figures.fan_chart(past, forecasts=forecasts(past), model="mlp", runner_up="naive").axes) == count
    assert len(figures.whole_history(past, backtest=forecasts(past)).axes) == count
    assert len(figures.backtest_windows(past, backtest=forecasts(past), models=MODELS[:2]).axes) == count


@pytest.mark.parametrize("name", ["$\\frac{$", "_x", "日本語", "🚀", "a\x1b[31m\nb", "x" * 300, "", "100%"])
def test_any_name_can_be_drawn(name):
    past = history(name, "plain")
    figure = figures.fan_chart(past, forecasts=forecasts(past), model="mlp")

    assert figures.to_png(figure).startswith(b"\x89PNG")
    assert len(figure.axes[0].get_title(loc="left")) <= 32


def test_what_the_font_lacks_becomes_a_question_mark():
    past = history("日本 é", "b")
    figure = figures.fan_chart(past, forecasts=forecasts(past), model="mlp")

    assert figure.axes[0].get_title(loc="left") == "?? é"


def test_a_model_whose_name_begins_with_an_underscore_stands_in_the_legend():
    past = history("a", "b")
    figure = figures.fan_chart(past, forecasts=forecasts(past, models=("_x",)), model="_x")

    assert [text.get_text() for text in figure.legends[0].get_texts()][:2] == ["history", "_x"]


def test_ratios_above_the_limit_stand_at_the_edge_with_their_number():
    board = pd.DataFrame({"model": ["mlp", "seasonal_naive", "naive", "theta"], "skill": [0.4, 0.0, -41.5, np.nan]})
    figure = figures.ratio_dots(board)

    assert "42.50 →" in written(figure)
    assert figure.axes[0].get_xlim()[1] < 4
    assert "theta" not in written(figure)


def test_an_interval_that_goes_on_beyond_the_edge_has_no_cap_there():
    board = pd.DataFrame({"model": ["mlp", "seasonal_naive"], "skill": [0.4, 0.0]})
    near, far = (figures.ratio_dots(board, ends={"mlp": (0.5, high)}).axes[0] for high in (2.0, 9.0))

    assert [line.get_xdata().tolist() for line in (near.lines[1], far.lines[1])] == [[0.5, 2.0], [0.5]]
    assert near.get_xlim()[1] > 2.0


def test_errors_by_step_are_means_over_the_windows():
    frame = pd.DataFrame(
        {"unique_id": "a", "step": [1, 1, 2], "model": "mlp", "y": [0.0, 0.0, 0.0], "y_hat": [1.0, -3.0, 5.0]}
    )

    assert figures.step_errors(frame)["mlp"].tolist() == [2.0, 5.0]


def test_errors_of_several_series_are_measured_by_their_seasonal_naive():
    rows = [(name, 1, model, 0.0, scale * error) for name, scale in (("a", 1.0), ("b", 100.0))
            for model, error in (("mlp", 1.0), ("seasonal_naive", 2.0))]  # fmt: skip
    errors = figures.step_errors(pd.DataFrame(rows, columns=["unique_id", "step", "model", "y", "y_hat"]))

    assert errors.loc[1].to_dict() == {"mlp": 0.5, "seasonal_naive": 1.0}


def test_the_error_axis_begins_at_zero():
    errors = pd.DataFrame({"mlp": [5.0, 6.0], "arima": [5.5, np.nan]}, index=[1, 2])

    assert figures.error_by_step(errors).axes[0].get_ylim()[0] == 0


def test_missing_values_are_marked():
    past = history("a")
    past.loc[10:12, "y"] = np.nan
    (ax,) = figures.whole_history(past, backtest=forecasts(past)).axes

    assert len(next(line for line in ax.lines if line.get_color() == figures.RED).get_xdata()) == 3


def test_whole_numbers_stay_whole_on_the_time_axis():
    past = history("a", length=5).assign(ds=range(5))
    figure = figures.whole_history(past, backtest=forecasts(history("a")).head(0))
    figures.to_png(figure)

    assert all(float(tick) == int(tick) for tick in figure.axes[0].get_xticks())


def training(**columns: object) -> pd.DataFrame:
    step = np.tile(np.arange(1, 51), 2)
    frame = pd.DataFrame({"step": step, "member": np.repeat([0, 1], 50), "train_loss": 1 / step, "val_loss": np.nan,
                          "learning_rate": 0.01})  # fmt: skip
    frame.loc[step % 10 == 0, "val_loss"] = ((step - 30.0) ** 2 + 50)[step % 10 == 0]
    return frame.assign(**columns)


def test_the_best_step_of_each_member_is_marked():
    ax = figures.training_curves(training()).axes[0]

    assert [line.get_xdata().tolist() for line in ax.lines if line.get_marker() == "o"] == [[30], [30]]


@pytest.mark.parametrize(
    "columns",
    [{}, {"val_loss": np.nan}, {"train_loss": 2.0, "val_loss": 2.5}, {"train_loss": [np.inf, 0.0] * 50}],
    ids=["usual", "no validation", "flat", "infinite and zero"],
)
def test_any_training_can_be_drawn(columns):
    assert figures.to_png(figures.training_curves(training(**columns))).startswith(b"\x89PNG")


def test_a_picture_has_at_most_64_colours():
    from io import BytesIO

    from PIL import Image

    past = history("a")
    data = figures.to_png(figures.fan_chart(past, forecasts=forecasts(past), model="mlp"))

    assert len(Image.open(BytesIO(data)).getcolors()) <= 64


def test_the_same_frames_give_the_same_bytes():
    past = history("a", "b")
    first, second = (figures.to_png(figures.whole_history(past, backtest=forecasts(past))) for _ in range(2))

    assert first == second


def test_the_settings_of_the_user_change_nothing():
    import matplotlib as mpl

    past = history("a")
    plain = figures.to_png(figures.whole_history(past, backtest=forecasts(past)))
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black", "lines.linewidth": 9}):
        assert figures.to_png(figures.whole_history(past, backtest=forecasts(past))) == plain
        assert mpl.rcParams["font.size"] == 30


def test_matplotlib_is_loaded_when_a_picture_is_drawn_and_pyplot_never():
    code = (
        "import sys; from forecast import figures, report; assert 'matplotlib' not in sys.modules; "
        "import pandas as pd; figures.to_png(figures.error_by_step(pd.DataFrame({'mlp': [1.0, 2.0]}, index=[1, 2]))); "
        "assert 'matplotlib' in sys.modules; assert 'matplotlib.pyplot' not in sys.modules"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("first", ["0001-01-01", "9970-01-01"])
def test_the_first_and_the_last_years_are_drawn(first):
    times = np.datetime64(first, "us") + np.arange(30) * np.timedelta64(365 * 86_400, "s")
    history = pd.DataFrame({"unique_id": "y", "ds": times, "y": np.arange(30.0)})
    backtest = pd.DataFrame({"unique_id": [], "cutoff": [], "ds": [], "model": [], "y": [], "y_hat": []})

    assert figures.to_png(figures.whole_history(history, backtest=backtest)).startswith(b"\x89PNG")


def left_over(errors: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=len(errors), freq="MS"), "residual": errors})


def test_autocorrelations_outside_of_the_noise_are_red():
    wave = np.sin(np.arange(120) * np.pi / 6)
    noise = np.random.default_rng(0).standard_normal(120)

    together = figures.residual_panels(left_over(wave), model="arima", lags=6).axes[2]
    assert next(line for line in together.lines if line.get_color() == figures.RED).get_xdata().tolist() == [
        1,
        2,
        4,
        5,
        6,
    ]
    together = figures.residual_panels(left_over(noise), model="arima", lags=6).axes[2]
    assert len(next(line for line in together.lines if line.get_color() == figures.RED).get_xdata()) == 0


def test_the_four_panels_hold_every_error_that_is_known():
    errors = np.random.default_rng(0).standard_normal(60)
    errors[:10] = np.nan
    over_time, sizes, _, tails = figures.residual_panels(left_over(errors), model="ets", lags=5).axes

    assert len(over_time.lines[1].get_xdata()) == 60
    assert sum(bar.get_height() for bar in sizes.patches) == 50
    assert tails.lines[1].get_ydata().tolist() == sorted(errors[10:])


def test_a_band_that_is_not_calibrated_is_dashed_and_says_so():
    past = history("a")
    sure, unsure = (
        figures.fan_chart(past, forecasts=forecasts(past), model="mlp", uncalibrated=levels) for levels in ((), ["95"])
    )

    assert len(sure.axes[0].collections) == 2
    assert len(unsure.axes[0].collections) == 1
    assert lines(unsure.axes[0])[figures.look("mlp").colour] == lines(sure.axes[0])[figures.look("mlp").colour] + 2
    assert "95% not calibrated" in written(unsure)
    assert "calibrated" not in written(sure)


def test_coverage_and_width_have_a_line_for_each_level():
    steps = pd.DataFrame({"step": [1, 2, 3]})
    for level in ("80", "95"):
        found = {"coverage": 80.0, "coverage_low": 60.0, "coverage_high": 99.0, "mean_width": [1.0, 2.0, np.nan]}
        steps = steps.assign(**{f"{name}-{level}": value for name, value in found.items()})
    covered, width = figures.coverage_by_step(steps, model="mlp", levels=["95", "80"]).axes

    assert [line.get_ydata()[0] for line in covered.lines] == [95.0, 80.0, 80.0, 80.0]
    assert len(width.lines) == 2


def test_single_windows_share_their_range_and_show_what_came():
    past = history("a")
    rows = pd.concat([forecasts(past[:40]), forecasts(past[:50])])
    titles = {cutoff: str(place) for place, cutoff in enumerate(rows["cutoff"].unique())}
    used = figures.single_windows(past, backtest=rows, models=["mlp", "arima"], titles=titles).axes

    assert used[0].get_ylim() == used[1].get_ylim()
    assert [ax.get_title(loc="left") for ax in used] == ["0", "1"]
    assert len(next(line for line in used[0].lines if line.get_color() == "#1f2328").get_xdata()) == 18


def test_a_panel_without_a_window_is_not_seen():
    past = history("a")
    rows = pd.concat([forecasts(past[:end]) for end in (30, 36, 42, 48)])
    titles = dict.fromkeys(rows["cutoff"].unique(), "x")
    axes = figures.single_windows(past, backtest=rows, models=["mlp"], titles=titles).axes

    assert [ax.get_visible() for ax in axes] == [True] * 4 + [False] * 2


@pytest.mark.parametrize("count", [9, 300])
def test_windows_in_pairs_lie_in_a_square(count):
    rng = np.random.default_rng(0)
    errors = pd.DataFrame(rng.uniform(1, 2, (count, 2)), columns=["mlp", "arima"])
    (ax,) = figures.paired_errors(errors).axes

    assert ax.get_xlim() == ax.get_ylim()
    assert ax.lines[1].get_xdata().tolist() == errors["arima"].tolist()
    assert "mlp better" in written(ax.figure)


def test_tiles_carry_their_numbers_as_long_as_there_is_room():
    few = pd.DataFrame([[1.0, -5.0], [np.nan, 2.0]], index=["2020", "2021"], columns=["Jan", "Feb"])
    text = written(figures.error_tiles(few, labels=("year", "month")))
    many = pd.DataFrame(np.ones((40, 12)))

    assert all(number in text for number in ("+1", "-5", "+2"))
    assert "nan" not in text
    assert "+1" not in written(figures.error_tiles(many, labels=("year", "month")))


def test_bars_of_windows_show_a_gap_where_there_is_one():
    ds = pd.date_range("2020-01-01", periods=20, freq="MS")
    windows = pd.DataFrame({"cutoff": ds[[8, 12]], "before": ds[[8, 12]], "last": ds[[11, 15]]})

    assert "gap" not in [text.get_text() for text in figures.window_bars(windows, begin=ds[0]).legends[0].get_texts()]
    windows["before"] = ds[[9, 13]]
    assert "gap" in [text.get_text() for text in figures.window_bars(windows, begin=ds[0]).legends[0].get_texts()]


@pytest.mark.parametrize("count", [0, 3, 40])
def test_lags_are_upright_bars_and_other_inputs_rows(count):
    found = pd.DataFrame({"kind": ["lag"] * 5 + ["covariate"] * count, "name": [str(i) for i in range(5 + count)]})
    axes = figures.importance_bars(found.assign(importance=2.0, standard_error=1.0)).axes

    assert [len(ax.patches) for ax in axes] == [5, min(count, 20)][: 1 + bool(count)]
    assert axes[0].get_xlabel() == "steps back"


def test_the_axes_of_a_range_test_are_plain_numbers():
    rates = np.logspace(-5, 0, 50)

    figure = figures.learning_rate_curve(rates, 0.2 + (np.log10(rates) + 2) ** 2, proposed=1e-3)

    figure.canvas.draw()
    written = [
        label.get_text() for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis) for label in axis.get_ticklabels()
    ]
    assert all(not text or float(text) > 0 for text in written)
    assert sum(bool(text) for text in written) > 4


def test_a_season_has_a_line_for_each_year_and_their_mean():
    table = pd.DataFrame(np.arange(36.0).reshape(3, 12), index=[2019, 2020, 2021], columns=list("JFMAMJJASOND"))
    (ax,) = figures.seasonal_lines(table, label="month").axes

    assert len(ax.lines) == 4
    np.testing.assert_array_equal(ax.lines[-1].get_ydata(), table.mean())


def test_partial_autocorrelations_are_those_of_the_yule_walker_equations():
    r = figures.autocorrelations(np.random.default_rng(0).normal(size=200).cumsum(), 6)
    slow = []
    for k in range(1, 7):
        R = np.array([[1.0 if i == j else r[abs(i - j) - 1] for j in range(k)] for i in range(k)])
        slow.append(np.linalg.solve(R, r[:k])[-1])

    np.testing.assert_allclose(figures.partial_autocorrelations(r), slow, atol=1e-10)


def test_whole_seasons_stand_out_among_autocorrelations():
    figure = figures.correlograms(np.sin(np.arange(60) * np.pi / 6), lags=24, season_length=12)
    colour = figures.look("arima").colour

    assert [line.get_xdata().tolist() for line in figure.axes[0].lines if line.get_color() == colour] == [[12, 24]]


def test_coverage_is_drawn_over_what_was_promised():
    found = pd.DataFrame({"model": ["mlp"] * 2, "interval": [80.0, 95.0], "coverage": [70.0, 96.0],
                          "coverage_low": [50.0, 80.0], "coverage_high": [85.0, 99.0]})  # fmt: skip
    (ax,) = figures.reliability(found, models=["mlp"]).axes

    assert [line.get_ydata().tolist() for line in ax.lines if line.get_marker() == "o"] == [[70.0, 96.0]]


def test_every_layer_of_a_network_says_its_size_and_weights():
    layers = [{"name": "inputs", "size": 24, "weights": 0}, {"name": "hidden 1", "size": 1032, "weights": 800},
              {"name": "outputs", "size": 12, "weights": 396}]  # fmt: skip
    text = written(figures.architecture(layers, skip=300, blocks=2)).split(" | ")

    assert {"24", "1,032", "12", "800", "396", "inputs", "outputs"} <= set(text)
    assert any("300" in part for part in text)
    assert any("2 such blocks" in part for part in text)


def test_ratios_of_many_series_rise_to_all_of_them():
    ratios = pd.DataFrame({"mlp": [0.1, 0.5, 1.5, 9.0, np.nan]})
    (ax,) = figures.ratio_curve(ratios, reference="seasonal naive").axes
    x, share = ax.lines[0].get_data()

    assert x.tolist() == [0.2, 0.5, 1.5, 5.0]
    assert share.tolist() == [25.0, 50.0, 75.0, 100.0]
    assert "50%" in written(ax.figure)


def test_a_series_without_error_is_left_out_where_axes_are_logarithmic():
    errors = pd.DataFrame({"mlp": [1.0, 2.0, 0.0], "seasonal_naive": [2.0, 1.0, 1.0]})
    (ax,) = figures.scatter_of_series(errors).axes

    assert len(ax.lines[-1].get_xdata()) == 2


def test_the_same_figure_gives_the_same_svg():
    errors = pd.DataFrame({"mlp": [1.0, 2.0]}, index=[1, 2])
    first, second = (figures.to_svg(figures.error_by_step(errors)) for _ in range(2))

    assert first == second
    assert b"<dc:date>" not in first
    assert first.startswith(b"<?xml")


def test_dots_behind_the_errors_are_single_windows():
    errors = pd.DataFrame({"mlp": [1.0, 2.0]}, index=[1, 2])
    dots = pd.DataFrame([[0.5, 1.5], [1.5, 2.5]], index=[1, 2])
    (ax,) = figures.error_by_step(errors, dots=dots).axes

    assert sum(line.get_linestyle() == "None" for line in ax.lines) == 2


def test_the_bar_beside_the_map_of_errors_shows_the_colours_that_are_drawn():
    table = pd.DataFrame([[0.5, 0.8], [0.9, 1.2]], columns=[1, 2], index=["small", "large"])
    figure = figures.error_map(table, labels=("group", "step"), unit="ratio")
    bar = figure.axes[1]

    assert bar.get_ylim() == (0.5, 1.2)
    assert [text.get_text() for text in bar.get_yticklabels()] == ["0.5", "1", "1.2"]
