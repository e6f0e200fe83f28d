"""What all pictures share: one look per model, a sheet to draw on, labels, legends, and the way to a file.

The idea: no state. A `Figure` is built and handed back, pyplot is never touched, and `to_png` and `to_svg` turn it into
the same bytes every time.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    End = tuple[float, str, str]
    """A label at the right end of a line: its height, its text, its colour."""

__all__ = [
    "HIGH",
    "INK",
    "LOOKS",
    "LOW",
    "MUTED",
    "RED",
    "STYLE",
    "WIDE",
    "Look",
    "drawable",
    "label_ends",
    "legend",
    "line",
    "lines",
    "look",
    "new_figure",
    "short",
    "small_multiples",
    "styled",
    "time_axis",
    "to_png",
    "to_svg",
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
LOW, HIGH = "#0072B2", "#D55E00"
"""Of forecasts that are too low, and too high."""
WIDE, COLOURS = 9.6, 64
LETTERS, HANDLE = 14, 8
"""Letters of a legend that an inch holds, and how many of them the line beside a label takes."""
STYLE = Path(__file__).parents[1] / "templates" / "figures.mplstyle"
"""The style of the house, for `matplotlib.rc_file`."""

_P = ParamSpec("_P")
_R = TypeVar("_R")


def styled(draw: Callable[_P, _R]) -> Callable[_P, _R]:
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


@styled
def to_png(figure: Figure) -> bytes:
    """Return `figure` as a PNG of 64 colours without metadata: the same figure gives the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()  # once; savefig would draw twice
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    few = image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, format="PNG", optimize=True)
    return out.getvalue()


@styled
def to_svg(figure: Figure, *, placed: bool = False) -> bytes:
    """Return `figure` as an SVG without date, its letters as paths: the same figure gives the same bytes.

    `placed` says that it was painted before, so that everything has found its place already.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    if not placed:
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    out, dpi = io.StringIO(), figure.dpi
    canvas: Any = FigureCanvasSVG(figure)
    with mpl.rc_context({"svg.hashsalt": "forecast", "svg.fonttype": "path"}):
        canvas.print_svg(out, metadata={"Date": None, "Creator": None})
    figure.dpi = dpi
    return out.getvalue().encode()


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, whose parts make room for each other."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def small_multiples(ids: Sequence[str], *, single: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    """Return a figure of size `single` for one series, or small multiples titled by id for several."""
    if len(ids) == 1:
        figure = new_figure(*single)
        return figure, [figure.add_subplot()]
    columns = 2 if len(ids) in (2, 4) else 3 if len(ids) <= 9 else 4
    rows = -(-len(ids) // columns)
    figure = new_figure(WIDE, 0.5 + (2.0 if columns < 4 else 1.7) * rows)
    if columns > 3:  # so many charts have places of fixed size: making room for each other takes seconds
        figure.set_layout_engine(None)
        height = float(figure.get_figheight())
        top, bottom = 1 - 0.65 / height, 0.3 / height
        figure.subplots_adjust(left=0.065, right=0.99, top=top, bottom=bottom, wspace=0.3, hspace=0.55)
    axes = [figure.add_subplot(rows, columns, place + 1, title=drawable(name)) for place, name in enumerate(ids)]
    return figure, axes


def label_ends(ax: Axes, ends: Sequence[End]) -> None:
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
            drawable(text), (1, place), (5, 0), xycoords="axes fraction", textcoords="offset points", va="center",
            color=colour, weight="normal" if colour == MUTED else "bold", annotation_clip=False,
        )  # fmt: skip


def line(label: str, colour: str, dash: Any = "-", marker: str = "") -> Artist:
    """Return a line for a legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, linestyle=dash, marker=marker, label=label)


def lines(models: Sequence[str]) -> list[Artist]:
    """Return the lines of some models for a legend."""
    return [line(drawable(model), look(model).colour, look(model).dash) for model in models]


def time_axis(ax: Axes, times: pd.Series[Any]) -> None:
    """Let the horizontal axis hold times, within what matplotlib has dates for; few of them where it is short."""
    ax.margins(x=0.01)
    place = ax.get_subplotspec()
    narrow = place is not None and place.get_gridspec().ncols > 2
    if times.dtype.kind == "i":
        ax.locator_params("x", integer=True, nbins=4 if narrow else "auto")
        return
    if narrow:
        dates: Any = import_module("matplotlib.dates")  # which has no types
        locator = dates.AutoDateLocator(minticks=2, maxticks=5)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, show_offset=False))
    # Days since 1970 of the first and the last day that matplotlib has a date for; a margin may reach beyond them.
    low, high = ax.get_xlim()
    first, last = (int(np.datetime64(day).astype(np.int64)) for day in ("0001-01-01", "9999-12-31"))
    if low < first or high > last:
        ax.set_xlim(max(low, first), min(high, last))


def legend(figure: Figure, handles: Sequence[Artist]) -> None:
    """Put a legend above the figure, in two lines where one would be too long."""
    labels = [str(handle.get_label()) for handle in handles]  # given by hand: a label that begins with _ would vanish
    wide = sum(len(label) + HANDLE for label in labels) > LETTERS * figure.get_figwidth()
    columns = -(-len(handles) // 2) if wide else len(handles)
    figure.legend(handles, labels, loc="outside upper left", ncols=columns)


def short(value: float, _: float) -> str:
    """Return a number as it stands beside an axis."""
    return f"{value:.3g}"


def drawable(name: str) -> str:
    """Return a name as it can be drawn: at most 32 characters, and none that the font does not have."""
    from matplotlib.font_manager import findfont, get_font

    known = get_font(findfont("DejaVu Sans"))
    text = "".join(c if known.get_char_index(ord(c)) else "?" for c in name if c.isprintable())
    return text if len(text) <= 32 else text[:31] + "…"
