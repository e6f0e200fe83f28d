from __future__ import annotations

import json
import re
import struct
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from undrawn import leave_undrawn, unpainted_png, unpainted_svg

from forecast import figures, report
from forecast.diagnostics import diagnose
from forecast.errors import FileError
from forecast.report import words
from forecast.report.pictures import pictures_of
from forecast.report.tables import table_from
from forecast.report.view import View
from forecast.runs import load_run

if TYPE_CHECKING:
    from pathlib import Path

MODELS = {"mlp": 0.6, "arima": 0.7, "seasonal_naive": 1.0, "naive": 2.4}
EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=1>',
    "$\\frac{$",
    "_x",
    "[/]",
    "=1+1",
    "\x1b[31mred\x1b[0m",
    "日本語の系列",
    "🚀 launch",
    "x" * 300,
]


def write_run(
    folder: Path,
    *,
    ids: list[str] | tuple[str, ...] = ("airline",),
    models: dict[str, float] = MODELS,
    horizon: int = 12,
    n_windows: int = 6,
    length: int = 144,
    bands: bool = True,
    training: bool = True,
    gaps: int = 0,
    start: str | None = "1949-01-01",
    frequency: tuple[str, str, int] = ("MS", "monthly", 12),
    **info: object,
) -> Path:
    """Write a run folder as `forecast run` does, from made-up series with a trend and a season."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    alias, word, season = frequency
    whole = np.arange(length + horizon)
    ds = whole if start is None else pd.date_range(start, periods=length + horizon, freq=alias)
    level = 110 * np.exp(whole / 100) * (1 + 0.18 * np.sin(2 * np.pi * whole / max(season, 2)))
    values = np.outer(rng.uniform(0.5, 2, len(ids)) if len(ids) > 1 else [1], level)
    values *= 1 + 0.03 * rng.standard_normal(values.shape)

    history = pd.DataFrame(
        {"unique_id": np.repeat(ids, length), "ds": np.tile(ds[:length], len(ids)), "y": values[:, :length].ravel()}
    )
    history.loc[30 : 29 + gaps, "y"] = np.nan
    cutoffs = [length - horizon * (w + 1) - 1 for w in reversed(range(n_windows))]
    backtest = _forecasts(ids, models, ds, values, cutoffs, horizon, bands=bands, rng=rng)
    backtest = backtest.assign(scale=10.0, rms_scale=12.0, before=100.0)
    ahead = _forecasts(ids, models, ds, values, [length - 1], horizon, bands=bands, rng=rng).drop(columns="y")
    board = pd.DataFrame({"model": list(models), "mase": [0.62 * m for m in models.values()]})
    board.insert(0, "rank", range(1, len(board) + 1))
    board.insert(2, "role", ["baseline" if "naive" in m else "candidate" for m in models])
    board = board.assign(smape=board["mase"] * 5, mae=board["mase"] * 40, rmse=board["mase"] * 52)
    board["skill"] = 1 - board["mase"] / 0.62
    board = board.assign(windows=n_windows, points=n_windows * horizon * len(ids), failures=0)
    if not n_windows:
        board[["mase", "smape", "mae", "rmse", "skill"]] = np.nan
    for name, frame in {"history": history, "backtest": backtest, "forecasts": ahead, "leaderboard": board}.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    if training:
        lags = {"kind": "lag", "name": [str(lag) for lag in range(1, 13)]}
        worth = pd.DataFrame(lags | {"importance": np.arange(12.0) ** 2, "standard_error": 9.0, "gradient": 8.0})
        beside = {"kind": "covariate", "name": EVIL[0], "importance": 200.0, "standard_error": 5.0, "gradient": 4.0}
        pd.concat([worth, pd.DataFrame([beside])]).to_csv(folder / "importance.csv", index=False)
        _training(rng).to_csv(folder / "training.csv", index=False)

    first = next(iter(models))
    sentence = f"{first} makes 0.60 times the error of seasonal_naive (p = 0.012, 6 windows): better."
    pair = {"model": first, "against": "seasonal_naive", "word": "better", "ratio": 0.6, "p_value": 0.012}
    pairs = [
        {**pair, "units": n_windows, "unit": "windows"},
        {**pair, "against": "arima", "word": "cannot be told apart", "ratio": 0.93, "p_value": None, "units": 6,
         "unit": "windows"},
    ]  # fmt: skip
    verdict = {"model": first, "sentence": sentence, "pairs": pairs if n_windows else []}
    _dump(folder / "metrics.json", {"schema": 1, "metric": "mase", "models": {}, "verdict": verdict})
    arima = {
        "order": [0, 1, 1],
        "seasonal_order": [0, 1, 1, 12],
        "transform": "log",
        "aicc": -483.4,
        "why": "lowest AICc",
    }
    mlp = {"input_size": 24, "hidden_sizes": [32, 16], "difference": True, "stop": {"step": 310, "why": "patience"}}
    _dump(folder / "choices.json", {"final": {"mlp": mlp, "arima": dict.fromkeys(ids[:2000], arima)}})
    _write_diagnostics(folder, history)
    if bands and n_windows:
        _write_coverage(folder, list(models), horizon, n_windows)
    (folder / "config.toml").write_text('seed = 0\n\n[models.mlp]\nhidden_sizes = "auto"\n', encoding="utf-8")
    data = {"name": "airline.csv", "sha256": "5f1d9c7e" * 8, "rows": len(history), "series": len(ids),
            "frequency": word, "season_length": season, "start": str(ds[0]), "end": str(ds[length - 1]), "gaps": gaps,
            "notes": ['time: column "month"', 'value: column "passengers"', "frequency inferred: monthly"]}  # fmt: skip
    run = {
        "schema": 1, "status": "complete", "version": "0.1.0", "created": "2026-11-23T05:00:00Z", "title": "airline",
        "command": "forecast run airline --seed 0", "seed": 0, "data": data, "horizon": horizon,
        "n_windows": n_windows, "versions": {"python": "3.11.7", "numpy": "2.4.6"},
        "timings": {"total": 8.1, "models": {m: {"fit": 1.2, "predict": 0.01} for m in models}},
        "notices": [], "failures": [],
    }  # fmt: skip
    _dump(folder / "run.json", run | info)
    return folder


def _forecasts(ids, models, ds, values, cutoffs, horizon, *, bands, rng):
    parts = []
    for cutoff in cutoffs:
        future = values[:, cutoff + 1 : cutoff + 1 + horizon]
        spread = 0.02 * np.sqrt(np.arange(1, horizon + 1))
        for model, error in models.items():
            y_hat = future * (1 + 1.5 * error * spread * rng.standard_normal(future.shape))
            part = pd.DataFrame(
                {
                    "unique_id": np.repeat(ids, horizon),
                    "cutoff": ds[cutoff],
                    "ds": np.tile(ds[cutoff + 1 : cutoff + 1 + horizon], len(ids)),
                    "step": np.tile(np.arange(1, horizon + 1), len(ids)),
                    "model": model,
                    "y": future.ravel(),
                    "y_hat": y_hat.ravel(),
                }
            )
            for name, width in {"lo-95": -2, "lo-80": -1.28, "hi-80": 1.28, "hi-95": 2}.items():
                part[name] = (y_hat * (1 + width * spread)).ravel() if bands else np.nan
            parts.append(part)
    empty = ["unique_id", "cutoff", "ds", "step", "model", "y", "y_hat", "lo-95", "lo-80", "hi-80", "hi-95"]
    return pd.concat(parts) if parts else pd.DataFrame(columns=empty)


def _write_coverage(folder: Path, models: list[str], horizon: int, cases: int) -> None:
    """Write that all intervals are calibrated, and that they covered less, and were wider, with every step."""
    known = {"points": cases * horizon, "cases": cases, "mean_width": 9.0, "msis": 3.0, "windows_needed": 0}
    rows = [{"model": m, "interval": n, "coverage": n, "coverage_low": n - 9, "coverage_high": 100} for m in models
            for n in (80, 95)]  # fmt: skip
    pd.DataFrame([row | known for row in rows]).to_csv(folder / "coverage.csv", index=False)
    steps = pd.DataFrame({"by": "step", "place": range(1, horizon + 1)}).merge(pd.DataFrame({"model": models}), "cross")
    for level in (80, 95):
        share = level - 2 * steps["place"]
        found = {"coverage": share, "coverage_low": share - 20, "coverage_high": 100, "cases": cases}
        steps = steps.assign(**{f"{name}-{level}": value for name, value in found.items()})
        steps[f"mean_width-{level}"] = level / 10 + steps["place"]
    steps.to_csv(folder / "scores.csv", index=False)


def _write_diagnostics(folder: Path, history: pd.DataFrame) -> None:
    """Write what ARIMA and ETS left over: noise of one size, and a wave."""
    rng, left, said = np.random.default_rng(1), [], {"arima": {}, "ets": {}}
    for name, own in history.groupby("unique_id", sort=False):
        noise = rng.standard_normal(len(own))
        for model, errors in {"arima": noise, "ets": noise + 3 * np.sin(np.arange(len(own)) / 3)}.items():
            errors[:5] = np.nan
            left.append(own[["unique_id", "ds"]].assign(model=model, residual=errors))
            said[model][name] = diagnose(errors, season_length=12)
    pd.concat(left).to_csv(folder / "residuals.csv", index=False)
    _dump(folder / "diagnostics.json", said)


def _training(rng, members=5, steps=600):
    parts = []
    for member in range(members):
        step = np.arange(1, steps - 40 * member + 1)
        loss = 0.9 * np.exp(-step / 90) + 0.05 + 0.004 * rng.standard_normal(len(step))
        held = np.where(step % 10 == 0, 0.95 * np.exp(-step / 80) + 0.09 + 0.0001 * step, np.nan)
        parts.append(
            pd.DataFrame(
                {
                    "step": step,
                    "member": member,
                    "train_loss": loss,
                    "val_loss": held * (1 + 0.03 * member) + 0.00005 * member * step,
                    "learning_rate": 0.005 * (1 + np.cos(np.pi * step / steps)),
                }
            )
        )
    return pd.concat(parts)


def _dump(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, allow_nan=False), encoding="utf-8")


VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """A page read strictly: what is nested wrongly, or named and not there, is collected in `faults`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open, self.faults, self.text = [], [], []
        self.tags, self.ids, self.links, self.levels, self.sources = [], [], [], [], []
        self.captions = self.tables = 0
        self.feed(html)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self.open]
        inner = [link[1:] for link in self.links if link.startswith("#")]
        self.faults += [f"#{link} leads nowhere" for link in inner if link not in self.ids]
        self.files = [link for link in self.links if not link.startswith("#")]
        if self.tags.count("script") != 1:
            self.faults.append(f"{self.tags.count('script')} scripts")
        self.faults += [f"id {name} twice" for name in set(self.ids) if self.ids.count(name) > 1]
        jumps = pairwise(self.levels)
        self.faults += [f"h{a} is followed by h{b}" for a, b in jumps if b > a + 1]
        if self.captions != self.tables:
            self.faults.append("a table has no caption")

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.faults += [f"{name} on <{tag}>" for name in given if name.startswith("on") or name == "style"]
        self.faults += [f"<{tag}> forbidden"] if tag in {"link", "iframe", "object", "base", "form"} else []
        self.links += [given["href"]] if tag == "a" else []
        self.sources += [given["src"]] if "src" in given else []
        self.tables += tag == "table"
        self.captions += tag == "caption"
        self.levels += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        if tag == "img" and len(given.get("alt") or "") < 20:
            self.faults.append(f"alt too short: {given.get('alt')!r}")
        if tag == "th" and given.get("scope") not in {"row", "col"}:
            self.faults.append("th without scope")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at line {self.getpos()[0]} closes nothing")

    def handle_data(self, data):
        if "style" not in self.open and "script" not in self.open:
            self.text.append(data)

    def reads(self) -> str:
        return " ".join(" ".join(self.text).split())


def read(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def rendered(folder: Path, **options: object) -> Page:
    return read(report.render(write_run(folder, **options)).parent)


NOTICES = [{"code": f"W30{i}", "message": f"arima did not converge in window {i}"} for i in range(7)]
FAILURES = [{"model": "arima", "unique_id": None, "cutoff": "1959-12-01", "reason": "did not converge"}]
CASES = {
    "one series": {},
    "warnings and a failed fit": {"notices": NOTICES, "failures": FAILURES},
    "evil names": {"ids": EVIL, "n_windows": 2, "title": EVIL[0], "failures": [FAILURES[0] | {"unique_id": EVIL[1]}]},
    "twelve series": {"ids": [f"store {i}" for i in range(12)], "gaps": 5, "n_windows": 2},
    "two series": {"ids": ["a", "b"], "n_windows": 2},
    "only baselines": {"models": {"seasonal_naive": 1.0, "naive": 2.4}, "training": False},
    "one model": {"models": {"seasonal_naive": 1.0}, "training": False},
    "no bands": {"bands": False},
    "no windows": {"n_windows": 0, "bands": False},
    "whole numbers, one step": {"start": None, "frequency": ("int", "numbered", 1), "horizon": 1},
    "quarterly": {"frequency": ("QS", "quarterly", 4), "horizon": 4},
    "hourly": {"frequency": ("h", "hourly", 24)},
}


PAINTED = {"one series", "evil names"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return the rendered run folder of a case; each is rendered once, and painted where the picture is special."""
    done = {}

    def run(case: str) -> Path:
        if case not in done:
            folder = write_run(tmp_path_factory.mktemp("run"), **CASES[case])
            with pytest.MonkeyPatch.context() as patch:
                if case not in PAINTED:
                    patch.setattr(figures, "to_png", unpainted_png)
                patch.setattr(figures, "to_svg", unpainted_svg)
                done[case] = report.render(folder).parent
        return done[case]

    return run


@pytest.fixture(scope="module")
def one(runs) -> Path:
    return runs("one series")


@pytest.fixture(scope="module")
def page(one) -> Page:
    return read(one)


@pytest.fixture
def unpainted(monkeypatch):
    """Leave out the slow part, the pictures, where a test is about words."""
    leave_undrawn(monkeypatch)


@pytest.mark.parametrize("case", CASES)
def test_the_page_is_sound(runs, case):
    page = read(runs(case))

    assert page.faults == []
    assert page.tags.count("h1") == 1
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)


@pytest.mark.usefixtures("unpainted")
def test_the_path_of_the_page_is_returned(tmp_path):
    assert report.render(write_run(tmp_path)) == tmp_path / "report.html"


def test_the_page_names_no_address_outside(one):
    html = (one / "report.html").read_text(encoding="utf-8")

    assert not re.search(r"https?:|url\(|@import|//[a-z]", re.sub(r"base64,[^\"]*|'sha256-[^']*'", "", html))


def test_the_policy_allows_the_style_and_the_script_of_the_page_and_nothing_else(one):
    from base64 import b64encode
    from hashlib import sha256

    html = (one / "report.html").read_text(encoding="utf-8")

    for tag in ("style", "script"):
        text = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL).group(1)
        assert f"{tag}-src 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in html
    assert "default-src 'none'" in html


@pytest.mark.usefixtures("unpainted")
def test_rendering_again_gives_the_same_bytes(tmp_path):
    folder = write_run(tmp_path)

    def contents():
        return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    report.render(folder)
    first = contents()
    report.render(folder)
    assert contents() == first


@pytest.mark.usefixtures("unpainted")
def test_nothing_but_the_page_and_the_figures_is_written(tmp_path):
    folder = write_run(tmp_path)
    before = set(folder.rglob("*"))
    report.render(folder)

    written = sorted(path.relative_to(folder).as_posix() for path in set(folder.rglob("*")) - before)
    assert written[0] == "figures"
    assert written[-1] == "report.html"
    names = [name.removeprefix("figures/").rpartition(".") for name in written[1:-1]]
    assert {ending for _, _, ending in names} == {"csv", "png", "svg"}
    assert [name for name, _, ending in names if ending == "png"] == [
        "01-forecast",
        "02-leaderboard",
        "03-error-by-step",
        "04-error-by-cutoff",
        "05-backtest",
        "06-windows",
        "08-reliability",
        "09-bands-by-step",
        "10-history",
        "11-seasonal",
        "12-correlation",
        "14-training",
        "15-members",
        "16-importance",
        "17-residuals-arima",
        "18-residuals-ets",
        "19-calendar",
        "20-window-bars",
    ]
    assert len(names) == 3 * 18


@pytest.mark.parametrize("count", [1, 24, 25])
def test_there_are_at_most_twenty_pictures(tmp_path, count):
    assert len(pictures_of(View(load_run(write_run(tmp_path, ids=[f"s{i}" for i in range(count)], n_windows=1))))) <= 20


def test_the_pictures_on_the_page_are_the_files_beside_it(one):
    from base64 import b64decode

    page = read(one)

    embedded = [b64decode(source.split(",")[1]) for source in page.sources]
    assert embedded == [path.read_bytes() for path in sorted((one / "figures").glob("*.png"))]


@pytest.mark.parametrize("case", ["one series", "evil names", "no windows"])
def test_every_file_that_the_page_leads_to_is_there(runs, case):
    folder, page = runs(case), read(runs(case))

    assert len(page.files) == 2 * len(page.sources) > 0
    assert all((folder / file).is_file() for file in page.files)


def test_the_numbers_of_a_picture_are_whole_in_its_file(one, page):
    drawn = pd.read_csv(one / "figures" / "05-backtest.csv")
    backtest = pd.read_csv(one / "backtest.csv")

    assert len(drawn) == 2 * 72
    assert drawn["y"].round(9).isin(backtest["y"].round(9)).all()  # pandas 2 reads the last digit wrong


def test_whole_numbers_are_shown_without_decimals():
    frame = pd.DataFrame({"step": [1.0, np.nan, -12.0], "loss": [1.5, 2.0, np.nan]})

    assert table_from("", frame).rows == [["1", "1.500"], ["\u2013", "2.000"], ["\u221212", "\u2013"]]


def test_pictures_carry_no_metadata(one):
    data, chunks, place = (one / "figures" / "01-forecast.png").read_bytes(), set(), 8
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        chunks.add(kind)
        place += length + 12

    assert chunks <= {b"IHDR", b"PLTE", b"IDAT", b"IEND"}


def test_the_page_of_one_series_is_small(one):
    assert (one / "report.html").stat().st_size < 1_000_000


def test_the_verdict_is_the_first_sentence(page):
    assert "mlp makes 0.60 times the error of seasonal_naive (p = 0.012, 6 windows): better." in page.reads()


@pytest.mark.usefixtures("unpainted")
def test_the_metric_of_the_verdict_is_explained_where_it_stands(tmp_path):
    folder = write_run(tmp_path)
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    metrics["verdict"]["sentence"] = "mlp has nothing to be compared with (MASE 0.58)."
    _dump(folder / "metrics.json", metrics)
    html = report.render(folder).read_text(encoding="utf-8")

    assert re.search(r'with \(<a href="#word-mase" title="mean error, [^"]+">MASE</a> 0\.58\)\.</p>', html)


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize(
    ("forecast", "horizon", "title"),
    [
        ([446.4], 1, "mlp expects 446.4 in 1961\u201101"),
        ([446.4] * 12, 12, "mlp expects 446.4 all through the next 12 months"),
        (
            [*[430, 440] * 5, 435, 450],
            12,
            "Next 12 months by mlp: lowest 430.0 (1961\u201101), highest 450.0 (1961\u201112)",
        ),
    ],
)
def test_the_title_of_the_forecast_says_what_is_expected(tmp_path, forecast, horizon, title):
    folder = write_run(tmp_path, horizon=horizon)
    frame = pd.read_csv(folder / "forecasts.csv")
    frame.loc[frame["model"] == "mlp", "y_hat"] = forecast
    frame.to_csv(folder / "forecasts.csv", index=False)

    assert title in read(report.render(folder).parent).reads()


@pytest.mark.usefixtures("unpainted")
def test_a_verdict_on_another_model_than_the_one_shown_says_so(tmp_path):
    folder = write_run(tmp_path, models={"arima": 0.6, "mlp": 0.7, "seasonal_naive": 1.0})
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    metrics["verdict"]["model"] = "mlp"
    _dump(folder / "metrics.json", metrics)
    said = "Shown is the candidate that erred least in the tests; the sentence above is about mlp."

    assert said in read(report.render(folder).parent).reads()


def test_a_verdict_on_the_model_shown_needs_no_word_about_it(page):
    assert "the sentence above is about" not in page.reads()


@pytest.mark.usefixtures("unpainted")
def test_the_sum_is_set_off_and_explained_beside_its_row(tmp_path):
    folder = write_run(tmp_path)
    frame = pd.read_csv(folder / "forecasts.csv")
    total = frame[frame["model"] == "mlp"].drop(columns=["ds", "step", "cutoff"]).groupby(["unique_id", "model"]).sum()
    total.reset_index().assign(paths=500).to_csv(folder / "sums.csv", index=False)
    html = report.render(folder).read_text(encoding="utf-8")
    (after,) = re.findall(r'class="total">\s*<th scope="row" class="short">all 12</th>(.+?)</p>', html, re.DOTALL)

    assert "is their sum. Its ends are not the sums of the ends above" in after


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize(
    ("cases", "why"),
    [
        (5, "which takes 20 windows. The first window has no intervals, for these are drawn from the errors of"),
        (3, "which takes 20 windows. The first 3 windows have no intervals, for these are drawn from the errors of"),
        (6, "which takes 20 windows.</p>"),
    ],
)
def test_it_is_said_why_fewer_windows_were_covered_than_tested(tmp_path, cases, why):
    folder = write_run(tmp_path)
    coverage = pd.read_csv(folder / "coverage.csv").assign(cases=cases)
    coverage.to_csv(folder / "coverage.csv", index=False)
    html = report.render(folder).read_text(encoding="utf-8")

    assert f"in {cases} windows; the true share may be anywhere from 71 to 100%. The 95% interval" in html
    assert html.count("Too few to judge") == 1
    assert why in html


@pytest.mark.usefixtures("unpainted")
def test_levels_that_begin_in_different_windows_are_not_counted(tmp_path):
    folder = write_run(tmp_path)
    coverage = pd.read_csv(folder / "coverage.csv")
    coverage.assign(cases=[5, 4] * (len(coverage) // 2)).to_csv(folder / "coverage.csv", index=False)

    assert "The first windows have no intervals, for these" in read(report.render(folder).parent).reads()


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize(("target", "said"), [("passengers", " of passengers by"), ("Value", " by"), (None, " by")])
def test_the_title_says_what_is_forecast_where_its_column_does(tmp_path, target, said):
    folder = write_run(tmp_path)
    info = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    _dump(folder / "run.json", info | {"data": info["data"] | {"target": target}})

    assert f"Next 12 months{said} mlp: lowest" in read(report.render(folder).parent).reads()


def test_titles_state_the_findings(page):
    text = page.reads()

    ends = r"lowest [\d.]+ \(1961\u2011\d\d\), highest [\d.]+ \(1961\u2011\d\d\)"
    assert re.search(rf"Next 12 months by mlp: {ends}", text)
    assert "mlp makes 0.60 times the error of seasonal naive" in text
    assert re.search(r"mlp's error grows from [\d.]+ one step ahead to [\d.]+ at step 12", text)
    assert re.search(r"mlp was closer than arima in \d of 6 windows", text)
    assert "144 values from 1949\u201101 to 1960\u201112, none missing" in text
    assert "Validation loss was lowest at step" in text


def test_metric_names_link_to_their_words(page):
    assert {"#word-mase", "#word-smape", "#word-mae", "#word-rmse", "#word-skill"} <= set(page.links)


def test_the_header_says_which_data_and_when(page):
    said = "run complete data airline.csv, SHA-256 5f1d9c7e… made 2026-11-23 05:00 UTC by forecast 0.1.0"
    assert said in page.reads()


def test_choices_and_settings_are_shown(page):
    text = page.reads()

    assert "hidden_sizes (32, 16)" in text
    assert "difference yes" in text
    assert f"airline (0, 1, 1) (0, 1, 1, 12) log {words.MINUS}483.4 lowest AICc" in text
    assert 'hidden_sizes = "auto"' in text


def test_a_missing_p_value_is_said_to_be_missing(page):
    assert "mlp arima cannot be told apart 0.930 \u2013 \u2013 n/a 6 windows" in page.reads()


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize(
    ("cases", "low", "words"),
    [
        (6.0, 50.0, "75% 50\u201379% too few to judge"),
        (60.0, 70.0, "75% 70\u201379% too narrow"),
        (0.0, 0.0, "\u2013"),
    ],
)
def test_the_leaderboard_shows_how_often_the_intervals_covered(tmp_path, cases, low, words):
    folder = write_run(tmp_path)
    board = pd.read_csv(folder / "leaderboard.csv")
    found = {"coverage": 75.0, "coverage_low": low, "coverage_high": 79.0, "cases": cases, "judgement": "x"}
    board = board.assign(**{f"{name}-80": value for name, value in found.items()}, reason="")
    board.to_csv(folder / "leaderboard.csv", index=False)
    page = read(report.render(folder).parent)

    assert page.faults == []
    assert f"0.60 \u2013 {words} 1.20" in page.reads()


@pytest.mark.usefixtures("unpainted")
def test_the_reason_of_a_failure_stands_in_the_leaderboard(tmp_path):
    folder = write_run(tmp_path)
    board = pd.read_csv(folder / "leaderboard.csv").assign(reason=["", "<no luck>", "", ""])
    board.to_csv(folder / "leaderboard.csv", index=False)

    assert "<no luck>" in read(report.render(folder).parent).reads()


def test_at_most_five_warnings_stand_in_the_answer(runs):
    text = read(runs("warnings and a failed fit")).reads()

    assert "complete with warnings" in text
    assert "All 7 warnings" in text
    assert text.count("in window 4") == 2
    assert text.count("in window 5") == 1
    assert "1 fit failed" in text
    assert "all arima 1959-12-01 did not converge" in text


@pytest.mark.usefixtures("unpainted")
def test_another_status_is_shown_as_it_is(tmp_path):
    assert "airline run partial data airline.csv" in rendered(tmp_path, status="partial", notices=NOTICES).reads()


@pytest.mark.parametrize("name", EVIL)
def test_a_name_is_shown_as_text(runs, name):
    clean = "".join(c for c in name if c.isprintable())
    assert (clean if len(clean) <= 60 else clean[:59] + "…") in read(runs("evil names")).reads()


def test_the_full_name_is_kept_in_the_title(runs):
    html = (runs("evil names") / "report.html").read_text(encoding="utf-8")

    assert f'title="{"x" * 300}"' in html


@pytest.mark.usefixtures("unpainted")
def test_control_characters_do_not_reach_the_page(tmp_path):
    command = "forecast run \x1b[31m\x00data\u202e.csv\n  --seed 0"
    html = report.render(write_run(tmp_path, command=command, ids=EVIL)).read_text(encoding="utf-8")

    assert "forecast run [31mdata.csv\n  --seed 0" in html
    assert not set(html) & set("\x00\x1b\u202e")


def test_missing_bands_are_said_to_be_missing(runs):
    text = read(runs("no bands")).reads()

    assert "no band: there are too few test errors to support one" in text
    assert "No 80% and 95% band" in text
    assert "low 95%" not in text


@pytest.mark.usefixtures("unpainted")
def test_one_missing_level_leaves_the_other(tmp_path):
    folder = write_run(tmp_path)
    frame = pd.read_csv(folder / "forecasts.csv").drop(columns=["lo-95", "hi-95"])
    frame.to_csv(folder / "forecasts.csv", index=False)
    text = read(report.render(folder).parent).reads()

    assert "low 95%" not in text
    assert "low 80% forecast high 80%" in text


@pytest.mark.usefixtures("unpainted")
def test_a_level_that_only_some_values_have_is_called_incomplete(tmp_path):
    folder = write_run(tmp_path)
    frame = pd.read_csv(folder / "forecasts.csv")
    frame.loc[frame["step"] > 6, ["lo-95", "hi-95"]] = np.nan
    frame.to_csv(folder / "forecasts.csv", index=False)
    text = read(report.render(folder).parent).reads()

    assert "No 95% band for some or all values" in text
    assert "low 95% low 80% forecast high 80% high 95%" in text


@pytest.mark.usefixtures("unpainted")
def test_without_band_columns_both_usual_levels_are_said_to_be_missing(tmp_path):
    folder = write_run(tmp_path)
    bands = ["lo-95", "lo-80", "hi-80", "hi-95"]
    pd.read_csv(folder / "forecasts.csv").drop(columns=bands).to_csv(folder / "forecasts.csv", index=False)

    assert "No 95% and 80% band" in read(report.render(folder).parent).reads()


@pytest.mark.usefixtures("unpainted")
def test_levels_of_the_user_may_have_decimals(tmp_path):
    folder = write_run(tmp_path)
    frame = pd.read_csv(folder / "forecasts.csv").rename(columns={"lo-95": "lo-97.5", "hi-95": "hi-97.5"})
    frame.to_csv(folder / "forecasts.csv", index=False)

    assert "low 97.5% low 80%" in read(report.render(folder).parent).reads()


@pytest.mark.usefixtures("unpainted")
def test_the_candidate_with_the_least_error_is_shown_even_behind_a_baseline(tmp_path):
    models = {"seasonal_naive": 1.0, "arima": 1.2, "mlp": 1.3, "naive": 2.4}

    assert "Next 12 values by arima" in rendered(tmp_path, models=models).reads()


@pytest.mark.usefixtures("unpainted")
def test_covariates_in_the_history_are_passed_over(tmp_path):
    folder = write_run(tmp_path)
    pd.read_csv(folder / "history.csv").assign(model="x", price="high").to_csv(folder / "history.csv", index=False)

    assert read(report.render(folder).parent).faults == []


def test_without_a_network_the_page_says_why_a_picture_is_missing(runs):
    folder = runs("only baselines")

    assert "No picture here: no network was trained in this run." in read(folder).reads()
    assert not (folder / "figures" / "06-training.png").exists()


def test_a_series_too_short_to_test_is_called_untested(runs):
    text = read(runs("no windows")).reads()

    assert "the forecast is untested" in text
    assert "No picture here: no window was left to test on." in text
    assert "No two models could be compared." in text


@pytest.mark.usefixtures("unpainted")
def test_without_any_forecast_the_page_still_stands(tmp_path):
    folder = write_run(tmp_path)
    pd.read_csv(folder / "forecasts.csv").head(0).to_csv(folder / "forecasts.csv", index=False)
    page = read(report.render(folder).parent)

    assert page.faults == []
    assert "no model could be fitted" in page.reads()


@pytest.mark.usefixtures("unpainted")
def test_a_run_without_choices_or_settings_is_rendered(tmp_path):
    folder = write_run(tmp_path)
    for name in ("choices.json", "config.toml", "training.csv"):
        (folder / name).unlink()
    text = read(report.render(folder).parent).reads()

    assert "No model had anything to choose." in text
    assert "Settings" not in text


@pytest.mark.usefixtures("unpainted")
def test_a_series_of_zeros_has_no_relative_error(tmp_path):
    folder = write_run(tmp_path, ids=["a", "b"])
    frame = pd.read_csv(folder / "backtest.csv").assign(y=0.0, y_hat=0.0)
    frame.to_csv(folder / "backtest.csv", index=False)

    assert "seasonal naive made no error to compare with" in read(report.render(folder).parent).reads()


@pytest.mark.usefixtures("unpainted")
def test_training_without_validation_is_shown(tmp_path):
    folder = write_run(tmp_path)
    pd.read_csv(folder / "training.csv").assign(val_loss=np.nan).to_csv(folder / "training.csv", index=False)

    assert "nothing was held back" in read(report.render(folder).parent).reads()


@pytest.mark.usefixtures("unpainted")
def test_nested_choices_are_laid_flat(tmp_path):
    folder = write_run(tmp_path)
    chosen = {"mlp": {"a": {"b": {"c": None}}, "flag": False, "pair": [{"x": 1.5}]}, "arima": "as given"}
    _dump(folder / "choices.json", {"final": chosen})
    text = read(report.render(folder).parent).reads()

    assert f"a.b.c {words.DASH} flag no pair (x 1.500)" in text
    assert "value as given" in text


@pytest.mark.usefixtures("unpainted")
def test_a_setting_with_a_value_for_each_of_many_series_has_a_row_for_each(tmp_path):
    ids = [f"s{place:02}" for place in range(30)]
    folder = write_run(tmp_path)
    chosen = {"theta": {"seasonal": {name: name == "s07" for name in ids}}}
    _dump(folder / "choices.json", {"final": chosen})

    assert "For seasonal s00 no s01 no" in (text := read(report.render(folder).parent).reads())
    assert "s07 yes s08 no" in text


@pytest.mark.usefixtures("unpainted")
def test_an_id_that_reads_like_a_missing_value_stays_an_id(tmp_path):
    assert "NA 1961-01" in rendered(tmp_path, ids=["NA", "null"]).reads()


def test_times_are_as_short_as_the_frequency_allows(runs):
    assert "1985-Q1" in read(runs("quarterly")).reads()
    assert "1949-01-07 01:00" in read(runs("hourly")).reads()


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    with pytest.MonkeyPatch.context() as patch:
        leave_undrawn(patch)
        return report.render(
            write_run(folder, ids=[f"s{i:04}" for i in range(1100)], length=36, horizon=6, n_windows=1)
        )


def test_a_large_panel_says_how_much_of_it_is_shown(large):
    page = read(large.parent)

    assert page.faults == []
    assert "1,000 of 6,600 rows." in page.reads()
    assert "What mlp expects for 24 of 1,100 series over the next 6 months" in page.reads()
    assert "1,000 of 1,100 rows. All are in choices.json." in page.reads()
    assert "1,000 of 1,100; all in metrics_by_series.csv" in page.reads()


def test_the_page_of_a_large_panel_is_small(large):
    pictures = 1_200_000  # of 20 of them, left unpainted here; benchmarks/report.py measures both
    assert large.stat().st_size + pictures < 3_000_000


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(FileError, match=r"is not a run folder: no run\.json in it") as caught:
        report.render(tmp_path)
    assert caught.value.code == "F104"


@pytest.mark.parametrize(
    ("name", "content"),
    [("metrics.json", "{"), ("backtest.csv", "unique_id,y\na,high\n"), ("config.toml", b"\xff"), ("history.csv", None)],
)
def test_a_broken_file_is_named(tmp_path, name, content):
    path = write_run(tmp_path) / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(FileError, match=re.escape(name)):
        report.render(tmp_path)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([622.04, 41.5], ["622.0", "41.5"]),
        ([0.61349], ["0.613"]),
        ([0.0], ["0.000"]),
        ([-1234567.0], [f"{words.MINUS}1,234,567"]),
        ([1.5e15], ["1.500e+15"]),
        ([float("inf"), 2.0], ["n/a", "2.000"]),
        ([], []),
    ],
)
def test_numbers_show_the_digits_worth_reading(values, expected):
    assert words.column(values) == expected


def test_a_missing_number_is_said_to_be_missing():
    assert words.number(None) == "n/a"


def test_what_the_fits_left_over_is_said_in_titles_and_numbers(page):
    text = page.reads()

    assert "What arima left over: no autocorrelation is left; of one size; normal" in text
    assert re.search(r"What ets left over: autocorrelation is left \(p \S+\)", text)
    assert {"table-numbers-residuals-arima", "table-numbers-residuals-ets", "table-diagnosed"} <= set(page.ids)
    assert "Ljung-Box over 24 lags" in text


@pytest.mark.usefixtures("unpainted")
def test_a_run_whose_fits_left_no_errors_says_so(tmp_path):
    folder = write_run(tmp_path)
    (folder / "residuals.csv").unlink()
    (folder / "diagnostics.json").unlink()
    text = read(report.render(folder).parent).reads()

    assert "No picture here: no fit of arima in this run left errors enough to test." in text
    assert "What the fits left over" not in text


def test_coverage_by_step_is_drawn_and_told(page):
    text = page.reads()

    assert "95% intervals of mlp covered 71 to 93% of the values at each step, in 6 windows, too few to judge" in text
    assert re.search(r"12 71% \(51\S100%\) 21.50 56% \(36\S100%\) 20.00", text)


@pytest.mark.usefixtures("unpainted")
def test_a_band_that_no_errors_speak_for_is_called_not_calibrated(tmp_path):
    folder = write_run(tmp_path)
    coverage = pd.read_csv(folder / "coverage.csv")
    coverage.loc[coverage["interval"] == 95, "windows_needed"] = 3
    coverage.to_csv(folder / "coverage.csv", index=False)
    text = read(report.render(folder).parent).reads()

    assert "low 95%, not calibrated low 80% forecast high 80% high 95%, not calibrated" in text
    assert "is a band that too few errors speak for" in text


@pytest.mark.usefixtures("unpainted")
def test_nothing_is_calibrated_where_nothing_was_tested(tmp_path):
    text = rendered(tmp_path, n_windows=0).reads()

    assert "low 80%, not calibrated" in text
    assert "No picture here: no interval of mlp could be held against what came." in text


def test_the_best_and_the_worst_window_are_named_and_drawn(one, page):
    backtest = pd.read_csv(one / "backtest.csv", parse_dates=["cutoff"])
    own = backtest[backtest["model"] == "mlp"]
    errors = (own["y"] - own["y_hat"]).abs().groupby(own["cutoff"]).mean()
    best, worst = (f"{cutoff:%Y\u2011%m}" for cutoff in (errors.idxmin(), errors.idxmax()))

    assert re.search(rf"mlp erred least after {best}, [\d.]+ on average, and most after {worst}, [\d.]+", page.reads())
    assert "table-numbers-windows" in page.ids


@pytest.mark.usefixtures("unpainted")
def test_six_windows_are_drawn_each_with_its_reason(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(figures, "single_windows", lambda *_, titles, **__: drawn.append(titles))
    rendered(tmp_path, n_windows=9)

    reasons = re.findall(r"\((.*?)\)", " ".join(drawn[0].values()))
    assert sorted(", ".join(reasons).split(", ")) == ["best", "by lot", "by lot", "first", "last", "worst"]
    assert list(drawn[0]) == sorted(drawn[0])


@pytest.mark.usefixtures("unpainted")
def test_the_network_and_arima_are_compared_window_by_window(tmp_path):
    assert re.search(r"mlp erred less than arima in \d of 9 windows", rendered(tmp_path / "a", n_windows=9).reads())
    assert "6 windows are too few to compare them one by one, which takes 8" in rendered(tmp_path / "b").reads()
    naive = {"seasonal_naive": 1.0, "naive": 2.4}
    assert "seasonal_naive erred less than naive in" in rendered(tmp_path / "c", n_windows=9, models=naive).reads()


def test_the_worst_dates_are_those_of_the_largest_errors(one, page):
    backtest = pd.read_csv(one / "backtest.csv", parse_dates=["ds"])
    own = backtest[backtest["model"] == "mlp"]
    worst = own.assign(error=(own["y"] - own["y_hat"]).abs()).nlargest(10, "error")["ds"]

    shown = page.reads().split("The 10 dates at which mlp erred most")[1].split("Error is forecast minus value")[0]
    assert re.findall(r"(?<= )(\d{4}-\d\d) \d{4}-\d\d ", shown) == [f"{ds:%Y-%m}" for ds in worst]


@pytest.mark.usefixtures("unpainted")
def test_a_value_in_no_band_is_said_to_be_so(tmp_path):
    folder = write_run(tmp_path)
    backtest = pd.read_csv(folder / "backtest.csv")
    backtest.loc[(backtest["model"] == "mlp") & (backtest["step"] == 3), "y"] *= 3
    backtest.loc[(backtest["model"] == "mlp") & (backtest["step"] == 4), ["y", "hi-95", "hi-80"]] *= 9
    backtest.loc[(backtest["model"] == "mlp") & (backtest["step"] == 5), "y"] *= 20
    backtest.loc[backtest["step"] == 5, ["lo-95", "lo-80"]] = np.nan
    backtest.to_csv(folder / "backtest.csv", index=False)
    text = read(report.render(folder).parent).reads()

    assert "no, not even 95%" in text
    assert re.search(r"yes, (80|95)%", text)
    assert "none was calibrated" in text


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, r"mlp leaned furthest to one side in month [A-Z][a-z]{2}: [\d.]+ too (high|low) on average"),
        ({"frequency": ("QS", "quarterly", 4), "horizon": 4}, r"one side in quarter \d: "),
        ({"frequency": ("D", "daily", 7)}, r"one side in weekday [A-Z][a-z]{2}: "),
        ({"frequency": ("h", "hourly", 24)}, r"one side in hour \d+: "),
        ({"frequency": ("YS", "yearly", 1), "length": 80, "horizon": 4}, "all tested values lie at one place"),
        ({"ids": ["a", "b"]}, r"% of the mean value too"),
        ({"start": None, "frequency": ("int", "numbered", 1)}, "the times are numbers"),
        ({"n_windows": 0}, "No picture here: nothing was tested."),
    ],
)
def test_errors_have_a_place_in_the_calendar(tmp_path, options, says):
    assert re.search(says, rendered(tmp_path, **options).reads())


@pytest.mark.usefixtures("unpainted")
def test_every_window_is_a_bar_and_a_gap_is_seen(tmp_path):
    folder = write_run(tmp_path)
    assert "no gap between" in (report.render(folder)).read_text(encoding="utf-8")
    backtest = pd.read_csv(folder / "backtest.csv")
    backtest[backtest["step"] > 2].to_csv(folder / "backtest.csv", index=False)

    page = report.render(folder).read_text(encoding="utf-8")
    assert "a gap between" in page
    assert "In all 6 windows models were given what lies before a cutoff" in read(folder).reads()


def test_the_ten_sections_stand_in_their_order(page):
    sections = [
        "answer",
        "leaderboard",
        "stability",
        "bands",
        "data",
        "models",
        "misses",
        "leakage",
        "reproduce",
        "words",
    ]

    assert [name for name in page.ids if name in sections] == sections
    assert page.tags.count("img") <= 20


def test_inputs_that_stand_out_are_named(page):
    assert "The network uses most: <script>alert(1)</script>, lag 12, lag 11" in page.reads()
    assert "table-numbers-importance" in page.ids


@pytest.mark.usefixtures("unpainted")
def test_inputs_within_chance_are_not_named(tmp_path):
    folder = write_run(tmp_path)
    found = pd.read_csv(folder / "importance.csv")
    found[found["kind"] == "lag"].assign(standard_error=999.0).to_csv(folder / "importance.csv", index=False)

    assert "No single input stands out from chance" in read(report.render(folder).parent).reads()


def test_an_older_run_without_stages_says_how_long_it_took(page):
    text = page.reads()

    assert "The whole run took 8.1" in text
    assert "forecast report RUN --verify computes every score again" in text
    assert "git commit" not in text


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize(
    ("workers", "changed", "says"),
    [
        ([], False, ["at git commit 0123456789ab, without changes since.", "It took at most 321 MB of memory."]),
        (
            [98_000_000, 120_000_000],
            True,
            ["with changes that were not committed.", "321 MB of memory, and at most 120 MB in each of 2 workers."],
        ),
    ],
)
def test_machine_code_stages_and_memory_of_a_run_are_shown(tmp_path, workers, changed, says):
    folder = write_run(
        tmp_path,
        code={"commit": "0123456789abcdef", "changed": changed},
        memory={"process": 321_000_000, "workers": workers},
        timings={"total": 9.0, "models": {}, "stages": {"data read and checked": 2.0, "windows": 6.5}},
        facts={"zeros": 3, "negative": 1234},
    )

    text = read(report.render(folder).parent).reads()

    for words_of_it in (*says, "data read and checked 2.0", "windows 6.5", "all but the making of this page 9.0"):
        assert words_of_it in text
    assert "Zeros 3 Values below zero 1,234 Repeated times none Time zone none given" in text


def test_the_leaderboard_numbers_its_models(page):
    assert re.search(r"mlp candidate 1 0\.37.* seasonal_naive baseline 3 0\.62", page.reads())
