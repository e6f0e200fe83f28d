"""The page of a run: one self-contained report.html and its pictures, from the files of the run folder.

The idea: nothing is computed that the files do not say and nothing else is read, so the same folder gives the same
bytes; Python finds the numbers and the sentences, the templates place them, and every text is escaped on its way out.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.defaults import BASELINES
from forecast.report.fits import diagnosed_table
from forecast.report.misses import worst_table
from forecast.report.picture import Picture
from forecast.report.pictures import PICTURES
from forecast.report.tables import tables
from forecast.report.view import View
from forecast.report.words import BEST, number, plain
from forecast.runs import load_run

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render"]


def render(folder: Path) -> Path:
    """Write ``report.html`` and ``figures/*.png`` into a run folder, from its files alone.

    Parameters
    ----------
    folder : Path
        A whole run folder (DESIGN.md, section 3).

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
    view = View(load_run(folder))
    (folder / "figures").mkdir(exist_ok=True)
    pictures = {name: draw(view) for name, draw in PICTURES.items()}
    for place, (name, picture) in enumerate(pictures.items(), start=1):
        if isinstance(picture, Picture):
            (folder / "figures" / f"{place:02}-{name}.png").write_bytes(picture.png)
    environment = _environment()
    css = environment.get_template("report.css").render()
    page = environment.get_template("report.html").render(
        view=view,
        run=view.run,
        info=view.info,
        pictures=pictures,
        tables=tables(view) | {"diagnosed": diagnosed_table(view), "worst": worst_table(view)},
        words=BEST,
        baselines=BASELINES,
        seconds=number(view.info["timings"]["total"]),
        style_hash=b64encode(sha256(css.encode()).digest()).decode(),
    )
    path = folder / "report.html"
    path.write_bytes(page.encode())
    return path


def _environment() -> Environment:
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
