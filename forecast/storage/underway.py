"""A run under way: everything in ``<name>.partial`` until it is whole, and kept there when it is interrupted.

The idea: a folder with its final name is always complete. What a run was asked for and the outcomes of its tasks stand
in the partial folder from the start, so that `resume` needs nothing else and does nothing twice.
"""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecast.errors import FileError
from forecast.runs import refuse_existing
from forecast.storage.files import FULL, require_writable, write_json
from forecast.storage.locks import Taken, locked
from forecast.storage.outcomes import Outcomes
from forecast.storage.request import SUFFIX, Request, goes_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["UnderWay", "refuse_begun", "under_way"]


@dataclass(frozen=True)
class UnderWay:
    """The folder to write the files of a run to, and what has been done already."""

    aside: Path
    outcomes: Outcomes


@contextmanager
def under_way(folder: Path, request: Request, *, resume: bool = False) -> Iterator[UnderWay]:
    """Give a folder to write to that becomes `folder` when the block ends well.

    When it ends with an error, it is taken away; but where outcomes were kept and the block was interrupted or the
    system could not write, they stay in the partial folder.

    Raises
    ------
    FileError
        F103, when `folder` exists, or another run is writing it, or was interrupted; F104, when it may not be replaced
        or written; F105, when the disk is full.
    KeyboardInterrupt
        Saying where the run was, and where its outcomes are.
    """
    refuse_existing(folder, overwrite=request.overwrite)
    partial = _partial(folder)
    with _taken(partial, request, resume=resume):
        way = UnderWay(partial / "run", Outcomes(partial / "tasks"))
        try:
            yield way
            put_in_place(way.aside, folder, partial)
        except KeyboardInterrupt as error:
            if not _kept(partial, way, request, "interrupted"):
                raise
            what = f"interrupted in {way.outcomes.place}; finished scores kept in {partial}"
            raise KeyboardInterrupt(f"{what}\n  try:   forecast run --resume {partial}") from error
        except FileError:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        except OSError as error:
            kept = _kept(partial, way, request, "failed")
            if not kept and error.errno not in FULL:
                raise
            raise _stopped(error, folder, partial, kept=kept) from error
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


def refuse_begun(folder: Path, *, overwrite: bool) -> None:
    """Check, before any work, that a new run may be put in a folder: no other is under way or was interrupted there.

    Raises
    ------
    FileError
        F103 or F104, as `under_way` would after the data were read.
    """
    refuse_existing(folder, overwrite=overwrite)
    require_writable(folder, flag="--out")
    partial = _partial(folder)
    if not goes_on(partial):
        return
    try:
        with locked(partial / "lock"):
            _refuse_interrupted(partial, overwrite=overwrite)
    except Taken as error:
        raise _being_written(partial, error) from error
    except FileError:
        raise
    except OSError as error:
        raise _stopped(error, partial, partial, kept=False) from error


def _partial(folder: Path) -> Path:
    return folder.with_name(folder.name + SUFFIX)


def _refuse_interrupted(partial: Path, *, overwrite: bool) -> None:
    if goes_on(partial) and not overwrite:
        what = f"{partial} exists: a run was interrupted there"
        hint = f"forecast run --resume {partial} to go on, or --overwrite to begin anew"
        raise FileError("F103", what, hint=hint)


def _being_written(partial: Path, process: Taken) -> FileError:
    return FileError(
        "F103", f"another run (process {process}) is writing {partial}", hint="another --out, or wait for it"
    )


@contextmanager
def _taken(partial: Path, request: Request, *, resume: bool) -> Iterator[None]:
    """Hold the partial folder, with what a run begins with in it."""
    with ExitStack() as stack:
        try:
            partial.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(partial / "lock"))
            _begin(partial, request, resume=resume)
        except Taken as error:
            raise _being_written(partial, error) from error
        except FileError:
            raise
        except OSError as error:
            if not goes_on(partial):
                shutil.rmtree(partial, ignore_errors=True)
            raise _stopped(error, partial, partial, kept=False) from error
        yield
    if os.name == "nt" and not goes_on(partial):  # there an open file, such as the lock, cannot be taken away
        shutil.rmtree(partial, ignore_errors=True)


def _begin(partial: Path, request: Request, *, resume: bool) -> None:
    if not resume:
        _refuse_interrupted(partial, overwrite=request.overwrite)
        _empty(partial, but="lock")
    _empty(partial / "run")
    _write_status(partial, request, "partial")


def _empty(folder: Path, *, but: str = "") -> None:
    """Make a folder, or take away what is in it; it is there all the time."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != but:
            path.unlink()


def _write_status(partial: Path, request: Request, status: str) -> None:
    """Say in run.json what the run was asked for and what became of it; the file changes as a whole."""
    begun = partial / "run.json.begun"
    write_json({"schema": 1, "status": status, "request": request.to_json()}, begun)
    begun.replace(partial / "run.json")


def put_in_place(aside: Path, folder: Path, partial: Path) -> None:
    """Rename the whole run; the one it replaces goes into the partial folder first, so that none is ever half there."""
    replaced = partial / "replaced"
    if folder.exists():
        shutil.rmtree(replaced, ignore_errors=True)
        folder.rename(replaced)
    aside.replace(folder)
    shutil.rmtree(partial, ignore_errors=True)


def _kept(partial: Path, way: UnderWay, request: Request, status: str) -> bool:
    """Whether there is something worth going on with; where there is not, the partial folder goes."""
    if not way.outcomes.count:
        shutil.rmtree(partial, ignore_errors=True)
        return False
    with suppress(OSError):  # no room even for that: what stands there says that it is partial
        _empty(way.aside)  # made again from the outcomes; on a full disk that is room
        _write_status(partial, request, status)
    (partial / "run.json.begun").unlink(missing_ok=True)
    return True


def _stopped(error: OSError, folder: Path, partial: Path, *, kept: bool) -> FileError:
    """Return what is said where the system could not write."""
    again = f"forecast run --resume {partial}"
    full = error.errno in FULL
    where = f"; kept {partial}" if kept else ""
    if full and kept:
        size = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file()) / 1e6
        return FileError("F105", f"disk full after {size:.1f} MB{where}", hint=f"free some space, then: {again}")
    if full:
        return FileError("F105", f"disk full while writing {folder}", hint="free some space, then run again")
    what = f"cannot write {folder}: {error.strerror or error}{where}"
    return FileError("F104", what, hint=again if kept else "another --out")
