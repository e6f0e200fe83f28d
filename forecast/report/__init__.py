"""The page of a run: one self-contained report.html and its pictures, from the files of the run folder.

The idea: nothing is computed that the files do not say and nothing else is read, so the same folder gives the same
bytes; Python finds the numbers and the sentences, the templates place them, and every text is escaped on its way out.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.clock import Clock
from forecast.defaults import BASELINES
from forecast.report.blocks import arima_blocks, network_table
from forecast.report.board import board_table
from forecast.report.choices import choices_tables
from forecast.report.drawn import drawn_values
from forecast.report.fits import diagnosed_table
from forecast.report.misses import worst_table
from forecast.report.pace import painted
from forecast.report.panels import panel_table, rows_of_series
from forecast.report.picture import Picture
from forecast.report.tables import tables
from forecast.report.view import View
from forecast.report.words import BEST, IN_SHORT, number, plain
from forecast.runs import load_run
from forecast.storage.files import no_formulas, write_csv

if TYPE_CHECKING:
    from jinja2 import Environment

    from forecast.runs import Run

__all__ = ["render", "write"]


def render(folder: Path, *, clock: Clock | None = None) -> Path:
    """Write ``report.html`` and its pictures into a run folder, from its files alone.

    Beside each picture in ``figures/`` stand the same as an SVG and the numbers that were drawn as a CSV.

    Parameters
    ----------
    folder : Path
        A whole run folder (DESIGN.md, section 3).
    clock : Clock, optional
        Of a run that must end in time: pictures for which there is none are left out.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    FileError
        If the folder is no run folder, or one of its files is missing or cannot be read.
    """
    folder = Path(folder)
    run = load_run(folder)
    separate, interactive = run.info.get("assets") == "separate", bool(run.info.get("interactive"))
    page, figures = folder / "report.html", folder / "figures"
    return write(run, page, figures, separate=separate, interactive=interactive, clock=clock)


def write(
    run: Run,
    page: Path,
    figures: Path,
    *,
    shared: bool = False,
    separate: bool = False,
    interactive: bool = False,
    clock: Clock | None = None,
) -> Path:
    """Write the page of a run and its pictures to the places given.

    Parameters
    ----------
    run : Run
        What is shown.
    page, figures : Path
        The page, and the folder of its pictures, beside it or below.
    shared : bool
        Leave out the numbers of the data, on the page and beside it: figures and scores stay.
    separate : bool
        Leave style, script and pictures in files of their own, for places that allow nothing within a page.
    interactive : bool
        Let the reader zoom and read off values in the first picture; never where the page is `shared`.
    clock : Clock, optional
        As for `render`.
    """
    page.parent.mkdir(exist_ok=True, parents=True)
    view = View(run, shared=shared)
    pictures = painted(view, clock or Clock())
    links = {name: f"{place:02}-{name}" for place, name in enumerate(pictures, start=1)}
    figures.mkdir(exist_ok=True, parents=True)
    for name, picture in pictures.items():
        if isinstance(picture, Picture):
            (figures / f"{links[name]}.png").write_bytes(picture.png)
            (figures / f"{links[name]}.svg").write_bytes(picture.svg)
            if not shared:
                table = no_formulas(picture.data) if view.info.get("excel_safe") else picture.data
                write_csv(table, figures / f"{links[name]}.csv")
    environment = _environment()
    answer = isinstance(pictures["forecast"], Picture)  # which a budget may have left out
    drawn = drawn_values(view) if interactive and answer and not shared else None
    assets = ["report", *(["interactive"] if drawn else [])]
    texts = {f"{name}.{kind}": _text(environment, f"{name}.{kind}") for name in assets for kind in ("css", "js")}
    for name, text in texts.items() if separate else ():
        (page.parent / name).write_bytes(text.encode())
    html = environment.get_template("report.html").render(
        view=view,
        run=run,
        info=view.info,
        pictures=pictures,
        links={name: f"{figures.relative_to(page.parent).as_posix()}/{link}" for name, link in links.items()},
        separate=separate,
        assets=assets,
        drawn=drawn,
        hashes={name: _hash(text) for name, text in texts.items()},
        **_shown(view),
    )
    page.write_bytes(html.encode())
    return page


def _shown(view: View) -> dict[str, Any]:
    """Return what the templates place beside the pictures."""
    return {
        "tables": tables(view)
        | {
            "diagnosed": diagnosed_table(view),
            "worst": worst_table(view),
            "panel": panel_table(view),
            "leaderboard": board_table(view),
            "network": network_table(view),
            "choices": choices_tables(view),
        },
        "arimas": arima_blocks(view),
        "series": rows_of_series(view) if len(view.ids) > 1 else None,
        "words": BEST,
        "in_short": IN_SHORT,
        "baselines": BASELINES,
        "seconds": number(view.info["timings"]["total"]),
    }


def _text(environment: Environment, name: str) -> str:
    return environment.get_template(name).render()


def _hash(text: str) -> str:
    """Return what a policy calls a style or a script by."""
    return b64encode(sha256(text.encode()).digest()).decode()


@cache
def _environment() -> Environment:
    """Return what holds the templates, which are compiled once."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def cleaned(value: Any) -> Any:
        """Clean every text on its way into the page; what the templates wrote themselves is markup already."""
        return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    return Environment(
        loader=PackageLoader("forecast", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=cleaned,
        trim_blocks=True,
        lstrip_blocks=True,
    )
