"""What a run leaves beside its results: what it was asked for, what was checked, changed, cut short and saved.

The idea: one file after the other, run.json last, for it tells of all others; the page is made from these files.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from forecast.account import AUDIT, SEED, budget_account, budget_notices, came_to, described, failure_notices
from forecast.audit import require_no_leak
from forecast.changes import changes
from forecast.chunks import doer
from forecast.errors import ModelError
from forecast.evidence import checked
from forecast.gates import refuse_warnings
from forecast.machine import peak_memory
from forecast.ready import factories_of
from forecast.report.pace import rest_seconds
from forecast.scoring import metric_of
from forecast.storage.files import guard_names, write_csv, write_json
from forecast.totals import Totals
from forecast.verbs import inspection
from forecast.verbs.saved import FOLDER, write_models
from forecast.verbs.spread import other_seeds, spread_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from forecast.clock import Clock
    from forecast.engine import Workers
    from forecast.ready import Ready
    from forecast.results import Results
    from forecast.storage.journal import Journal
    from forecast.storage.request import Request

__all__ = ["WINDOWS", "Record"]

WINDOWS, CHECKS = "windows, last fits, forecasts", "checks against leakage, saved models, files"
"""What the stages after reading are called; only the page comes after them."""
AUDITED = 6
"""How often an audit makes the windows again."""


@dataclass(frozen=True)
class Record:
    """A run whose models are done, and the folder for what is to be told of it.

    Parameters
    ----------
    request : Request
        What it was asked for.
    source : path, DataFrame or name
        The data.
    ready : Ready
        The same, read and found fit.
    results : Results
        What was found out.
    workers : Workers
        Who did the work, and does what is left of it.
    journal : Journal
        Told what happens.
    folder : Path
        Where to.
    clock : Clock
        What time there is left for it.
    """

    request: Request
    source: str | Path | pd.DataFrame
    ready: Ready
    results: Results
    workers: Workers
    journal: Journal
    folder: Path
    clock: Clock

    def write(self, *, started: float, stages: Mapping[str, float]) -> dict[str, Any]:
        """Write everything, and return what run.json says.

        The run `started` then, and has taken these seconds for its earlier `stages`.

        Raises
        ------
        DataError, ModelError
            By the letter of the first warning, under `strict`; M106, when the audit finds a leak.
        """
        settings, results, begun = self.request.settings, self.results, perf_counter()
        checking = self._check()
        budget = budget_account(
            settings,
            results,
            planned=self.ready.split.n_windows,
            cut=self.workers.cut,
            without_totals=bool(settings.forecast.totals) and not self._add_totals(),
        )
        write_models(results, self.ready.loaded, self.folder / FOLDER)
        self._tell_what_was_asked()
        if settings.strict:
            refuse_warnings([*results.notices(), *budget_notices(budget), *failure_notices(results.leaderboard)])
        seeds = {"seeds": self._add_seeds()} if settings.seeds > 1 else {}
        if self.request.audit:
            self._audit(AUDITED * stages[WINDOWS])
        if budget is not None:
            budget["left_out"] = dict(+self.clock.left_out)
        if settings.strict:
            refuse_warnings(budget_notices(budget))
        info = described(self.ready, settings, results) | {"command": self.request.command, "budget": budget}
        info["notices"] += [vars(notice) for notice in budget_notices(budget)]
        info |= seeds
        info["timings"] = {
            "models": results.final.timings,
            "checks": checking,
            "stages": {**stages, CHECKS: perf_counter() - begun},
            "total": perf_counter() - started,
        }
        info["memory"] = peak_memory(self.workers.processes)
        for failure in info["failures"]:
            self.journal.note(f"{failure['model']} failed: {failure['reason']}")
        info |= {"assets": self.request.assets, "interactive": self.request.interactive}
        if self.request.excel_safe:
            info["excel_safe"] = True
            guard_names(self.folder)
        write_json(info, self.folder / "run.json")
        return info

    def close(self, info: dict[str, Any]) -> dict[str, Any] | None:
        """Write how the run ended, and return the account of its budget: None where there was none."""
        if info["budget"] is None:
            return None
        budget: dict[str, Any] = info["budget"] | {"left_out": dict(+self.clock.left_out), "used": self.clock.used}
        write_json(info | {"budget": budget}, self.folder / "run.json")
        return budget

    def _check(self) -> dict[str, float]:
        """Write what speaks against leakage and what models saw in the place of gaps; return the seconds it took."""
        checks, seconds = checked(self.source, self.request.settings, self.ready, self.results, self.clock)
        write_json({"checks": checks}, self.folder / "checks.json")
        if len(changed := changes(self.ready.panel, self.request.settings)):
            write_csv(changed, self.folder / "changes.csv")
        return seconds

    def _tell_what_was_asked(self) -> None:
        """Write the data as they were understood, the settings and the command that make the run again."""
        settings = self.request.settings
        write_csv(self.ready.loaded.frame, self.folder / "history.csv")
        text = settings.to_toml({"data.transform": came_to(self.ready.checkup, settings.data.transform)})
        for name, words in {"config.toml": text, "command.txt": self.request.command + "\n"}.items():
            (self.folder / name).write_text(words, encoding="utf-8", newline="\n")

    def _add_totals(self) -> bool:
        """Write what the models forecast of sums of the series; False where a budget left no time for it."""
        ready, settings, results = self.ready, self.request.settings, self.results
        factories = factories_of(settings)
        done, total = itertools.count(), (len(ready.split.blocks) + 1) * len(factories)
        try:
            Totals(
                ready.panel,
                settings.forecast.totals,
                factories,
                backtested=results.backtest,
                forecasts=results.forecasts,
                split=ready.split,
                do=doer(self.workers, lambda task: self.journal.progress(next(done), total, f"totals: {task.model}")),
            ).write(self.folder)
        except ModelError:
            if settings.seconds is None:
                raise
            return False
        return True

    def _add_seeds(self) -> list[dict[str, Any]]:
        """Write how the networks do with other seeds, say how far these lie apart, and return that."""
        results = self.results
        seeds = other_seeds(self.ready, self.request.settings, results.leaderboard, self.workers, self.journal)
        write_csv(seeds, self.folder / "seeds.csv")
        spread = spread_of(seeds, metric_of(results.quantile, results.metric))
        if self.clock.budget is not None:
            done = min((one["seeds"] for one in spread), default=self.request.settings.seeds)
            self.clock.left_out[SEED] += self.request.settings.seeds - done
            spread = [one for one in spread if one["seeds"] > 1]
        for one in spread:
            between = f"{one['metric']} {one['min']:.3f} to {one['max']:.3f}, standard deviation {one['sd']:.3f}"
            self.journal.say(f"{one['model']} with {one['seeds']} seeds: {between}")
        return spread

    def _audit(self, seconds: float) -> None:
        """Prove for every window that no model looks ahead, and write the proofs, where there is time for it.

        One that is cut short proves nothing, so it is made whole, which takes about so many seconds, or not at all.
        """
        rest = rest_seconds(self.ready.panel.n_series, len(self.results.backtest))
        if seconds + self.clock.pace * rest > self.clock.left:
            self.clock.left_out[AUDIT] += 1
            return
        given = {name: value for name, value in self.request.flags.items() if name != "config"}
        config, jobs, engine = self.request.config, self.workers.count, self.workers.engine  # not its deadline
        proofs = inspection.audit(self.source, config=config, jobs=jobs, engine=engine, listener=self.journal, **given)
        write_json({"schema": 1, "checks": [vars(proof) for proof in proofs]}, self.folder / "audit.json")
        require_no_leak(proofs)
