"""A picture of the page: what it finds, in a title and in one sentence, its bytes, and the numbers behind it.

The idea: nothing is drawn that cannot also be read; the frame that was drawn is a file beside the picture.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecast import figures
from forecast.report.tables import table_from

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from forecast.report.tables import Table

__all__ = ["Picture"]


@dataclass(frozen=True)
class Picture:
    """A figure of the page: what it finds, the same in one sentence for those who cannot see it, and its bytes.

    `data` is what was drawn, the CSV beside the picture; `numbers` is the table that opens below it.
    """

    title: str
    alt: str
    png: bytes
    svg: bytes
    data: pd.DataFrame
    numbers: Table

    @classmethod
    def of(cls, figure: Figure, *, title: str, alt: str, data: pd.DataFrame, numbers: Table | None = None) -> Picture:
        """Paint a figure, once as pixels and once as lines; without `numbers` the table shows `data`."""
        png = figures.to_png(figure)
        return cls(title, alt, png, figures.to_svg(figure, placed=True), data, numbers or table_from(title, data))

    @property
    def source(self) -> str:
        """The picture as the address of an image."""
        return f"data:image/png;base64,{b64encode(self.png).decode()}"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as the head of the PNG says."""
        return int.from_bytes(self.png[16:20]), int.from_bytes(self.png[20:24])
