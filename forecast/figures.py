"""Every picture of the report and the notebooks, as a function from frames to a matplotlib Figure.

The idea: one look per model everywhere, one idea per picture, and no state: a `Figure` is built and handed back, pyplot
is never touched, and `to_png` turns it into the same bytes every time.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    End = tuple[float, str, str]
    """A label at the right end of a line: its height, its text, its colour."""

__all__ = [
    "LOOKS",
    "Look",
    "backtest_windows",
    "error_by_step",
    "fan_chart",
    "learning_rate_curve",
    "levels",
    "look",
    "ratio_dots",
    "step_errors",
    "to_png",
    "training_curves",
    "whole_history",
]


@dataclass(frozen=True)
class Look:
    """How one model is drawn in every picture: a colour, a dash and a marker."""

    colour: str
    dash: str | tuple[int, tuple[int, ...]] = "-"
    marker: str = "o"


LOOKS = {
    "mlp": Look("#0072B2", "-", "o"),
    "arima": Look("#D55E00", "--", "s"),
    "ets": Look("#8A6100", (0, (6, 2)), "v"),
    "theta": Look("#5B3F95", (0, (3, 1, 1, 1)), "P"),
    "linear": Look("#3A7CA5", (0, (1, 1)), "h"),
    "seasonal_naive": Look("#009E73", "-.", "^"),
    "naive": Look("#CC79A7", ":", "D"),
}
INK, MUTED, RED = "#1f2328", "#57606a", "#b00020"
WIDE, COLOURS = 9.6, 64
STYLE = Path(__file__).with_name("templates") / "figures.mplstyle"

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _styled(draw: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let `draw` run under the style of the house, whatever the user's matplotlibrc says."""

    @wraps(draw)
    def styled(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        import matplotlib as mpl

        with mpl.rc_context(fname=STYLE):
            return draw(*args, **kwargs)

    return styled


def look(model: str) -> Look:
    """Return how `model` is drawn; a model without a look of its own is grey.

    Examples
    --------
    >>> look("mlp").colour
    '#0072B2'
    """
    return LOOKS.get(model, Look(MUTED))


def levels(frame: pd.DataFrame) -> list[str]:
    """Return the levels (``"95"``, ``"80"``) for which a forecast frame holds bands, widest first."""
    known = [c[3:] for c in frame.columns if c.startswith("lo-") and f"hi-{c[3:]}" in frame.columns]
    held = [n for n in known if frame[[f"lo-{n}", f"hi-{n}"]].notna().all(axis=1).any()]
    return sorted(held, key=float, reverse=True)


def step_errors(backtest: pd.DataFrame) -> pd.DataFrame:
    """Return the mean absolute error of each model at each step of the horizon, [steps, models].

    With several series, each error is first divided by the mean error of seasonal naive on the same series, so that
    no series counts for more because its numbers are larger.
    """
    scored = backtest.assign(error=(backtest["y"] - backtest["y_hat"]).abs())
    if len(scored["unique_id"].unique()) > 1:
        scale = scored[scored["model"] == "seasonal_naive"].groupby("unique_id")["error"].mean()
        scored["error"] /= scored["unique_id"].map(scale[scale > 0])
    return scored.pivot_table(index="step", columns="model", values="error", aggfunc="mean")


@_styled
def fan_chart(
    history: pd.DataFrame, *, forecasts: pd.DataFrame, model: str, runner_up: str | None = None, season_length: int = 1
) -> Figure:
    """Draw the end of the history and what `model` expects next, with its bands; the runner-up is a thin line.

    Parameters
    ----------
    history : DataFrame
        Series frame of the series to draw: one, or a handful as small multiples.
    forecasts : DataFrame
        Forecast frame; bands are drawn for the levels it holds.
    model, runner_up : str
        The model with the bands, and the one shown beside it.
    season_length : int
        Of the history, three seasons or four horizons are shown, whichever is longer, and never less than 24 values.
    """
    ids = list(dict.fromkeys(history["unique_id"]))
    figure, axes = _panels(ids, single=(7.2, 4.0))
    shown = max(24, 3 * season_length, 4 * int(forecasts["step"].max()))
    for ax, name in zip(axes, ids, strict=True):
        past = history[history["unique_id"] == name].tail(shown)
        ahead = forecasts[forecasts["unique_id"] == name]
        ax.plot(past["ds"], past["y"], color=INK, linewidth=1.2)
        ends = []
        if runner_up is not None:
            ends += _thread(ax, past, ahead[ahead["model"] == runner_up], model=runner_up, width=1.0)
        ends += _fan(ax, past, ahead[ahead["model"] == model], model=model)
        ax.axvline(past["ds"].iloc[-1], color=MUTED, linestyle=(0, (4, 3)), linewidth=0.9)
        _time_axis(ax, history["ds"])
        if len(ids) == 1:
            _label_ends(ax, ends)
    if len(ids) > 1:
        _legend(figure, [_line("history", INK), *_lines([model, *([runner_up] if runner_up else [])])])
    return figure


def _fan(ax: Axes, past: pd.DataFrame, rows: pd.DataFrame, *, model: str) -> list[End]:
    """Draw the bands of `model` from the last value on, then its line; return the labels of their ends."""
    ends = []
    for level in levels(rows):
        band = rows[["ds", f"lo-{level}", f"hi-{level}"]].dropna()
        x, low = _from_last(past, band["ds"], band[f"lo-{level}"])
        _, high = _from_last(past, band["ds"], band[f"hi-{level}"])
        ax.fill_between(x, low, high, color=look(model).colour, alpha=0.17, linewidth=0)
        ends.append((float(high[-1]), f"{level}%", MUTED))
    return ends + _thread(ax, past, rows, model=model, width=1.9)


def _thread(ax: Axes, past: pd.DataFrame, rows: pd.DataFrame, *, model: str, width: float) -> list[End]:
    """Draw one forecast from the last value on; return the label of its end, or nothing where there is no forecast."""
    if rows.empty:
        return []
    x, y = _from_last(past, rows["ds"], rows["y_hat"])
    ax.plot(x, y, color=look(model).colour, linestyle=look(model).dash, linewidth=width)
    return [(float(y[-1]), model, look(model).colour)]


@_styled
def ratio_dots(leaderboard: pd.DataFrame, *, limit: float = 3.0) -> Figure:
    """Draw the error of each model as a share of seasonal naive's, with a line at 1; left of it is better.

    Ratios above `limit` stand at the edge, with their number beside them.
    """
    ratios = 1 - leaderboard.set_index("model")["skill"].dropna()
    edge = min(limit, max(1.25, float(ratios.max())))
    figure = _figure(5.4, 1.0 + 0.5 * len(ratios))
    ax = figure.add_subplot()
    ax.axvline(1, color=INK, linewidth=1)
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    for row, (model, ratio) in enumerate(ratios.items()):
        style, x = look(str(model)), min(float(ratio), edge)
        ax.hlines(row, min(x, 1), max(x, 1), color=style.colour, linewidth=2, alpha=0.45)
        ax.plot(x, row, color=style.colour, marker=style.marker, markersize=8)
        beyond = " →" if ratio > edge else ""
        text = f"{ratio:.2f}{beyond}"
        ax.annotate(text, (x, row), (0, 8), textcoords="offset points", ha="center", weight="bold", bbox=behind)
    ax.set_xlim(0, edge * 1.08)
    ax.set_ylim(len(ratios) - 0.5, -0.7)
    ax.set_yticks(range(len(ratios)), [_plain(str(model)) for model in ratios.index], color=INK)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    ax.set_xlabel("error as a share of seasonal naive's (below 1 is better)")
    return figure


@_styled
def error_by_step(errors: pd.DataFrame, *, unit: str = "mean absolute error") -> Figure:
    """Draw how the error of each model grows with the step ahead; `errors` is what `step_errors` returns."""
    from matplotlib.ticker import MaxNLocator

    figure = _figure(WIDE, 3.3)
    ax = figure.add_subplot()
    ends = []
    for model in errors.columns:
        style, known = look(model), errors[model].dropna()
        ax.plot(
            known.index,
            known,
            color=style.colour,
            linestyle=style.dash,
            marker=style.marker,
            markevery=max(1, len(known) // 24),
        )
        ends.append((float(known.iloc[-1]), model, style.colour))
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_locator(MaxNLocator(12, integer=True, min_n_ticks=1))
    ax.set_xlabel("steps ahead")
    ax.set_ylabel(unit)
    ax.margins(x=0.02)
    _label_ends(ax, ends)
    return figure


@_styled
def backtest_windows(history: pd.DataFrame, *, backtest: pd.DataFrame, models: Sequence[str]) -> Figure:
    """Draw what happened over the tested span and what `models` had forecast from each cutoff."""
    ids = list(dict.fromkeys(history["unique_id"]))
    figure, axes = _panels(ids, single=(WIDE, 3.6))
    for ax, name in zip(axes, ids, strict=True):
        rows = backtest[(backtest["unique_id"] == name) & backtest["model"].isin(models)]
        actual = history[history["unique_id"] == name].reset_index(drop=True)
        cutoffs = rows["cutoff"].drop_duplicates()
        first = int((actual["ds"] < cutoffs.min()).sum()) if len(cutoffs) else 0
        context = max(2, (len(actual) - first) // 6)
        ax.plot(actual["ds"][max(0, first - context) :], actual["y"][max(0, first - context) :], color=INK)
        for cutoff, window in rows.groupby("cutoff"):
            past = actual[actual["ds"] <= cutoff]
            for model in reversed(models):
                _thread(ax, past, window[window["model"] == model], model=model, width=1.5)
            ax.axvline(cutoff, color=MUTED, linestyle=(0, (1, 3)), linewidth=0.8)
        _time_axis(ax, history["ds"])
    _legend(figure, [_line("actual", INK), *_lines(models), _line("cutoffs", MUTED, (0, (1, 3)))])
    return figure


@_styled
def whole_history(history: pd.DataFrame, *, backtest: pd.DataFrame) -> Figure:
    """Draw every value there is: the part before the first cutoff, the tested part, and where values are missing."""
    from matplotlib.patches import Patch

    ids = list(dict.fromkeys(history["unique_id"]))
    figure, axes = _panels(ids, single=(WIDE, 3.2))
    for ax, name in zip(axes, ids, strict=True):
        series, tested = history[history["unique_id"] == name], backtest[backtest["unique_id"] == name]
        begin, end = series["ds"].iloc[0], series["ds"].iloc[-1]
        first = tested["cutoff"].min() if len(tested) else end
        ax.axvspan(begin, first, color="#0072B2", alpha=0.06, linewidth=0)
        if len(tested):
            ax.axvspan(first, tested["ds"].max(), color="#E69F00", alpha=0.17, linewidth=0)
        ax.plot(series["ds"], series["y"], color=INK, linewidth=1.2 if len(series) < 1_000 else 0.7)
        gaps = series["ds"][series["y"].isna()]
        ax.plot(gaps, np.full(len(gaps), 0.03), "|", color=RED, markersize=9, transform=ax.get_xaxis_transform())
        _time_axis(ax, history["ds"])
    handles: list[Artist] = [Patch(color="#0072B2", alpha=0.12, label="training only")]
    handles += [Patch(color="#E69F00", alpha=0.3, label="test windows")] if len(backtest) else []
    handles += [_line("missing value", RED, "", "|")] if history["y"].isna().any() else []
    _legend(figure, handles)
    return figure


@_styled
def training_curves(training: pd.DataFrame) -> Figure:
    """Draw the loss of each network of the ensemble while it learned, and below it the learning rate.

    A dot marks the lowest validation loss of each member.
    """
    from matplotlib.ticker import LogLocator, MaxNLocator

    figure, blue = _figure(WIDE, 3.9), look("mlp").colour
    ax, below = figure.subplots(2, height_ratios=(4, 1), sharex=True)
    losses = training[["train_loss", "val_loss"]]
    losses = losses.where(np.isfinite(losses) & (losses > 0))
    for _, rows in training.assign(**losses).groupby("member"):
        ax.plot(rows["step"], rows["train_loss"], color=MUTED, linewidth=0.9, alpha=0.55)
        checked = rows.dropna(subset="val_loss")
        ax.plot(checked["step"], checked["val_loss"], color=blue, linewidth=1.3)
        best = checked.nsmallest(1, "val_loss")
        ax.plot(best["step"], best["val_loss"], color=blue, marker="o", markersize=6, markeredgecolor="white", zorder=4)
    low, high = float(np.nanmin(losses)), float(np.nanmax(losses))
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(MaxNLocator(5) if high < 10 * low else LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(_g)
    ax.yaxis.set_minor_formatter(lambda *_: "")
    ax.set_ylabel("loss (log)")
    last = losses.ffill().iloc[-1]
    _label_ends(ax, [(float(last["train_loss"]), "training", MUTED), (float(last["val_loss"]), "validation", blue)])
    rate = training.drop_duplicates("step").sort_values("step")
    below.plot(rate["step"], rate["learning_rate"], color=INK, linewidth=1.1)
    below.set_ylim(0, float(rate["learning_rate"].max()) * 1.2)
    below.set_yticks([0, float(rate["learning_rate"].max())])
    below.yaxis.set_major_formatter(_g)
    below.set_ylabel("learning\nrate")
    below.set_xlabel("training step")
    return figure


@_styled
def learning_rate_curve(rates: NDArray[Any], losses: NDArray[Any], *, proposed: float) -> Figure:
    """Draw the loss of a learning-rate range test over the rate, with a line at the proposed one."""
    figure, blue = _figure(WIDE, 3.3), look("mlp").colour
    ax = figure.add_subplot()
    ax.plot(rates, losses, color=blue)
    ax.axvline(proposed, color=MUTED, linestyle=(0, (4, 3)))
    ax.annotate(f"{proposed:.2g}", (proposed, 1), (4, -4), xycoords=("data", "axes fraction"),
                textcoords="offset points", va="top", color=MUTED)  # fmt: skip
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(_g)
    ax.yaxis.set_minor_formatter(lambda *_: "")
    ax.set_xlabel("learning rate")
    ax.set_ylabel("loss (log)")
    return figure


@_styled
def to_png(figure: Figure) -> bytes:
    """Return `figure` as a PNG of 64 colours without metadata: the same figure gives the same bytes."""
    from PIL import Image

    raw = io.BytesIO()
    figure.savefig(raw, format="rgba")
    size = int(figure.bbox.width), int(figure.bbox.height)
    image = Image.frombytes("RGBA", size, raw.getvalue()).convert("RGB")
    few = image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, format="PNG", optimize=True)
    return out.getvalue()


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _panels(ids: Sequence[str], *, single: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    """Return a figure of size `single` for one series, or small multiples titled by id for several."""
    if len(ids) == 1:
        figure = _figure(*single)
        return figure, [figure.add_subplot()]
    columns = 2 if len(ids) in (2, 4) else 3
    rows = -(-len(ids) // columns)
    figure = _figure(WIDE, 0.5 + 2.0 * rows)
    axes = [figure.add_subplot(rows, columns, place + 1, title=_plain(name)) for place, name in enumerate(ids)]
    return figure, axes


def _from_last(
    past: pd.DataFrame, times: pd.Series[Any], values: pd.Series[float]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Put the last known value before a forecast, so that it hangs on the history and one step is a line too."""
    last = past.tail(1).dropna(subset="y")
    return np.r_[last["ds"].to_numpy(), times.to_numpy()], np.r_[last["y"].to_numpy(), values.to_numpy()]


def _label_ends(ax: Axes, ends: Sequence[End]) -> None:
    """Write each label to the right of the axes at its height, pushed apart where two would overlap."""
    ax.autoscale_view()
    to_share = (ax.transScale + ax.transLimits).transform
    known = sorted((float(to_share((ax.get_xlim()[0], y))[1]), text, colour) for y, text, colour in ends if y == y)
    gap = 0.19 / (ax.figure.bbox.height / ax.figure.dpi - 0.6)  # a line of type, as a share of the axes
    places = [share for share, _, _ in known]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + gap)
    for i in reversed(range(len(places))):
        places[i] = min(places[i], 1 - gap * (len(places) - 1 - i))
    for place, (_, text, colour) in zip(places, known, strict=True):
        ax.annotate(
            _plain(text), (1, place), (5, 0), xycoords="axes fraction", textcoords="offset points", va="center",
            color=colour, weight="normal" if colour == MUTED else "bold", annotation_clip=False,
        )  # fmt: skip


def _line(label: str, colour: str, dash: Any = "-", marker: str = "") -> Artist:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, linestyle=dash, marker=marker, label=label)


def _lines(models: Sequence[str]) -> list[Artist]:
    return [_line(_plain(model), look(model).colour, look(model).dash) for model in models]


def _time_axis(ax: Axes, times: pd.Series[Any]) -> None:
    ax.margins(x=0.01)
    if times.dtype.kind == "i":
        ax.locator_params("x", integer=True)
        return
    # Days since 1970 of the first and the last day that matplotlib has a date for; a margin may reach beyond them.
    low, high = ax.get_xlim()
    first, last = (int(np.datetime64(day).astype(np.int64)) for day in ("0001-01-01", "9999-12-31"))
    if low < first or high > last:
        ax.set_xlim(max(low, first), min(high, last))


def _legend(figure: Figure, handles: Sequence[Artist]) -> None:
    labels = [str(handle.get_label()) for handle in handles]  # given by hand: a label that begins with _ would vanish
    figure.legend(handles, labels, loc="outside upper left", ncols=len(handles))


def _g(value: float, _: float) -> str:
    return f"{value:.3g}"


def _plain(name: str) -> str:
    """Return a name as it can be drawn: at most 32 characters, and none that the font does not have."""
    from matplotlib.font_manager import findfont, get_font

    known = get_font(findfont("DejaVu Sans"))
    text = "".join(c if known.get_char_index(ord(c)) else "?" for c in name if c.isprintable())
    return text if len(text) <= 32 else text[:31] + "…"
