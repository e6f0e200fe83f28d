"""Figures of others on the test parts, each with its source: what there is to beat.

The idea: "published" figures are their authors', "measured" ones were computed with the named library on these very
files by these protocols.
"""

from __future__ import annotations

M3_COLUMNS = ("yearly smape", "quarterly smape", "monthly smape", "other smape", "total smape", "seconds")
FIGURES: dict[str, list[dict[str, str | float]]] = {
    "m3": [
        {"model": name, "source": source, **dict(zip(M3_COLUMNS, values, strict=False))}
        for name, source, values in [
            (
                "NHITS + AutoETS + AutoTheta",
                "neuralforecast 3.3, statsforecast 2.1.1, measured",
                (15.78, 8.92, 13.43, 4.47, 12.60, 819.0),
            ),
            ("AutoETS + AutoTheta", "statsforecast 2.1.1, measured", (16.04, 9.15, 13.91, 4.47, 13.00, 130.0)),
            ("Theta of 2000", "archived forecasts of the competition, recomputed", (16.97, 8.96, 13.89, 4.41, 13.05)),
            ("AutoETS", "statsforecast 2.1.1, measured", (16.19, 9.45, 14.16, 4.35, 13.23, 112.0)),
            ("NHITS", "neuralforecast 3.3, 1000 steps, measured", (17.50, 9.84, 13.88, 4.91, 13.26, 689.0)),
            ("NBEATS", "neuralforecast 3.3, 1000 steps, measured", (16.54, 9.00, 14.32, 4.72, 13.32, 232.0)),
            ("MLP", "neuralforecast 3.3, 1000 steps, measured", (18.60, 10.28, 14.52, 4.37, 13.87, 308.0)),
            ("B-J automatic", "archived forecasts of the competition, recomputed", (17.73, 10.26, 14.80, 5.06, 14.00)),
            ("Auto-ANN", "archived forecasts of the competition, recomputed", (18.57, 10.20, 15.03, 4.80, 14.23)),
            ("nnetar", "R forecast 8.20, measured", (20.48, 11.92, 16.50, 5.76, 15.76, 79.0)),
        ]
    ]
    + [
        {"model": "N-BEATS, 180 networks", "source": "Oreshkin et al. 2020, table 1", "total smape": 12.37},
        {"model": "EXP", "source": "Spiliotis et al. 2019", "total smape": 12.71},
        {"model": "DOTM", "source": "Fiorucci et al. 2016", "total smape": 12.90},
    ],
    "nn3": [
        {"model": "Wildi, winner of 2007", "source": "Crone et al. 2011", "monthly smape": 14.84},
        {
            "model": "AutoETS + AutoARIMA + AutoTheta",
            "source": "statsforecast 2.1.1, measured",
            "monthly smape": 14.95,
            "s a series": 0.73,
        },
        {"model": "AutoETS", "source": "statsforecast 2.1.1, measured", "monthly smape": 15.48, "s a series": 0.06},
        {"model": "AutoTheta", "source": "statsforecast 2.1.1, measured", "monthly smape": 15.53, "s a series": 0.01},
        {"model": "AutoARIMA", "source": "statsforecast 2.1.1, measured", "monthly smape": 15.70, "s a series": 0.66},
        {"model": "MLP", "source": "neuralforecast 3.3, measured", "monthly smape": 16.74, "s a series": 0.90},
        {"model": "nnetar", "source": "R forecast 8.20, measured", "monthly smape": 17.36},
        {"model": "seasonal naive", "source": "statsforecast 2.1.1, measured", "monthly smape": 18.46},
        {"model": "NHITS", "source": "neuralforecast 3.3, measured", "monthly smape": 19.06, "s a series": 1.90},
    ],
    "etth1": [
        {"model": "ridge, look-back 512", "source": "closed form, measured", "96 mse": 0.365, "720 mse": 0.428},
        {"model": "PatchTST/64", "source": "as published", "96 mse": 0.370, "720 mse": 0.447},
        {"model": "TiDE", "source": "as published", "96 mse": 0.375, "720 mse": 0.454},
        {"model": "NLinear, look-back 336", "source": "as published", "96 mse": 0.374, "720 mse": 0.440},
        {"model": "NLinear, look-back 336", "source": "measured", "96 mse": 0.374, "720 mse": 0.437},
        {"model": "DLinear, look-back 336", "source": "as published", "96 mse": 0.375, "720 mse": 0.472},
        {"model": "DLinear, look-back 336", "source": "measured", "96 mse": 0.374, "720 mse": 0.522},
    ],
}


def figures(name: str) -> list[dict[str, str | float]]:
    """Return the figures for a set, or the part of one: the same whether series are forecast together or alone."""
    found = FIGURES.get(name.split("_")[0], [])
    part = name.removesuffix("_single").partition("_")[2]
    kept = (
        {column: value for column, value in row.items() if " " not in column or column.split()[0] in (part, "s")}
        if part
        else row
        for row in found
    )
    return [row for row in kept if any(" " in column for column in row)]
