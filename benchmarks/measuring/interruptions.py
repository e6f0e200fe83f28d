"""Small runs that are killed, that fill the disk, or whose data are cut off; and what has to be true of them then.

The idea: whatever happens, there is nothing, a whole run, or a partial one that goes on to the very bytes of a run that
nothing happened to. The n-th fault depends on the seed and n alone, but for the moment at which a signal arrives.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

CHILD = """
import json, resource, sys
import forecast
from forecast import pipeline
from forecast.engine import workers
import forecast.models.theta, statsmodels.tsa.api
chosen = json.loads(sys.argv[1])
limit, page, shared = (chosen.pop(name) for name in ("limit", "page", "shared"))
if not page:
    pipeline.report.render = lambda folder, **_: None
if shared:
    workers.WORTH = workers.AT_LEAST = -1.0


class Steps:
    def say(self, line):
        pass

    def progress(self, done, total, what):
        print("step", flush=True)


print("begun", flush=True)
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    forecast.run(**chosen, listener=Steps())
except forecast.ForecastError as error:
    print(error.code, flush=True)
    sys.exit(error.exit_code)
"""
"""A run in a process of its own: without its page, with workers from the start, with a limit to the size of files."""
KINDS = ("kill", "kill", "kill", "full", "cut")
MOST_KILLS = 4
OF_TIME = ("run.json", "report.html", "run.log", "command.txt")
"""What says how long a run took, or where it went."""


@dataclass(frozen=True)
class Interruption:
    """What was done to a run, what it came to, and what is wrong with that."""

    n: int
    kind: str
    came_to: str
    broken: str = ""


class Case:
    """A run that nothing happened to, against which those are held to which something did.

    Parameters
    ----------
    folder : Path
        An empty folder.
    page : bool
        Whether the page is made, which takes most of the time of a small run.
    shared : bool
        Whether worker processes do the fits.
    """

    def __init__(self, folder: Path, *, page: bool = False, shared: bool = False) -> None:
        self.folder, self.page, self.shared = folder, page, shared
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.data = folder / "panel.csv"
        rows = [f"s{s},{i},{10 * s + i % 4 + 0.1 * i}" for s in range(3) for i in range(1, 41)]
        self.data.write_text("unique_id,ds,y\n" + "\n".join(rows) + "\n", encoding="utf-8")
        _, said = self._run({"data": str(self.data), "out": str(folder / "whole")})
        self.steps = len(said)
        self.whole = contents(folder / "whole")

    def check(self, n: int, seed: int, kind: str | None = None) -> Interruption:
        """Do the `n`-th thing to a run, or this `kind` of it, go on until it is whole, and say what came of it."""
        rng = np.random.default_rng([seed, n])
        kind = str(rng.choice(KINDS)) if kind is None else kind
        place = self.folder / f"case{n}"
        place.mkdir()
        came_to, broken = getattr(self, f"_{kind}")(place, rng)
        time.sleep(0.0 if not self.shared else 1.0)  # a worker looks every half second whether it is alone
        left = sorted(path.name for path in self.temporary.iterdir() if path.name.startswith("forecast-"))
        shutil.rmtree(place)
        return Interruption(n, kind, came_to, broken or (f"temporary files left: {left}" if left else ""))

    def _kill(self, place: Path, rng: np.random.Generator) -> tuple[str, str]:
        asked, times = {"data": str(self.data), "out": str(place / "run")}, 0
        for _ in range(int(rng.integers(1, MOST_KILLS))):
            times += 1
            self._run(asked, kill=(int(rng.integers(self.steps + 1)), float(rng.exponential(0.05))))
            broken = self._state(place)
            if broken:
                return f"killed {times} times", broken
            if (place / "run").exists():
                return "whole before it was killed", self._differs(place / "run")
            asked = self._next(place, asked)
        return f"killed {times} times", self._finished(place, asked)

    def _full(self, place: Path, rng: np.random.Generator) -> tuple[str, str]:
        asked = {"data": str(self.data), "out": str(place / "run")}
        code, said = self._run(asked, limit=int(10 ** rng.uniform(1.0, 4.5)))
        broken = self._state(place)
        if broken or (place / "run").exists():
            return "room enough", broken or self._differs(place / "run")
        if (code, said[-1:]) != (5, ["F105"]):
            return "full", f"a full disk ended in exit {code}, {said[-1:]}"
        return "full", self._finished(place, self._next(place, asked))

    def _cut(self, place: Path, rng: np.random.Generator) -> tuple[str, str]:
        data = self.data.read_bytes()
        path = place / "cut.csv"
        path.write_bytes(data[: int(rng.integers(len(data)))])
        code, said = self._run({"data": str(path), "out": str(place / "run")})
        whole = (place / "run" / "run.json").is_file()
        fine = (code == 0) == whole and code in (0, 2, 3, 4) and not (place / "run.partial").exists()
        return f"exit {code}", "" if fine else f"cut data ended in exit {code}, {said[-1:]}"

    def _next(self, place: Path, asked: dict[str, str]) -> dict[str, str]:
        """Return how to go on: where nothing was begun, from the start."""
        partial = place / "run.partial"
        begun = (partial / "run.json").is_file() and (partial / "run").is_dir()
        return {"resume": str(partial)} if begun else {"data": str(self.data), "out": str(place / "run")}

    def _finished(self, place: Path, asked: dict[str, str]) -> str:
        code, said = self._run(asked)
        if code:
            return f"going on ended in exit {code}, {said[-1:]}"
        left = sorted(path.name for path in place.iterdir())
        return self._differs(place / "run") if left == ["run"] else f"{left} is left"

    def _state(self, place: Path) -> str:
        """Return what is there that should not be: nothing, a whole run and a partial one may."""
        names = {path.name for path in place.iterdir()}
        if (place / "run").exists():
            return self._differs(place / "run")
        return f"{sorted(names)} is left" if names - {"run.partial"} else ""

    def _differs(self, folder: Path) -> str:
        found = contents(folder)
        names = sorted(name for name in {*found, *self.whole} if found.get(name) != self.whole.get(name))
        return f"{', '.join(names)} differ from the unbroken run" if names else ""

    def _run(
        self, asked: dict[str, str], *, kill: tuple[int, float] | None = None, limit: int | None = None
    ) -> tuple[int, list[str]]:
        """Run in a process of its own; return how it ended and what it said. `kill`: so many steps and seconds on."""
        chosen: dict[str, Any] = {"limit": limit, "page": self.page, "shared": self.shared, "jobs": 2, **asked}
        if "data" in asked:
            chosen |= {"models": ["theta"], "n_windows": 3, "horizon": 2}
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", CHILD, json.dumps(chosen)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=_environment(self.temporary),
        )
        with process:
            said = []
            if kill is not None and process.stdout:
                said = [process.stdout.readline() for _ in range(kill[0])]
                time.sleep(kill[1])
                process.kill()
            said += process.communicate()[0].splitlines()
        return process.returncode, [line.strip() for line in said if line.strip()]


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file of a run but what says how long it took."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in OF_TIME
    }


def _environment(temporary: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
