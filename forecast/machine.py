"""What a run was made with: versions, linear algebra, processor, memory, and the code that lay around it.

The idea: on another machine the last digits of a number may differ, so a run that is to be made again says on which one
it was made. No number of the run depends on what is found here, and what cannot be found is left out.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["code_around", "peak_memory", "versions"]

PACKAGES = ("forecast", "numpy", "scipy", "pandas", "statsmodels", "matplotlib")
GIT_SECONDS = 5.0


def versions() -> dict[str, str]:
    """Return what a run depends on, by name: Python, packages, the library of linear algebra, system and processor.

    Examples
    --------
    >>> found = versions()
    >>> found["python"] == platform.python_version(), "blas" in found
    (True, True)
    """
    packages = {name: version(name) for name in PACKAGES}
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return {
        "python": platform.python_version(),
        **packages,
        "blas": _blas(),
        "system": system,
        "processor": f"{_processor()}, {os.cpu_count()} cores",
    }


def code_around(folder: Path) -> dict[str, Any] | None:
    """Return the commit of the git repository in which a folder lies, and whether its files were changed since.

    None where there is no repository, or no git. The keys are ``commit`` and ``changed``.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return None
    return {"commit": commit, "changed": bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))}


def peak_memory(workers: Sequence[int] = ()) -> dict[str, Any] | None:
    """Return the most memory that this process and its workers have had so far; None where no one counts it.

    Parameters
    ----------
    workers : sequence of int
        The numbers of processes.

    Returns
    -------
    dict, optional
        ``process``, in bytes, and ``workers``, bytes for each of those that are still there.

    Examples
    --------
    >>> found = peak_memory()
    >>> found is None or found["process"] > 10_000_000
    True
    """
    own = _most("self")
    if own is None:
        return None
    beside = [_most(str(number)) for number in workers]
    return {"process": own, "workers": [size for size in beside if size is not None]}


def _most(process: str) -> int | None:
    """Return the largest resident size of a process in bytes, as Linux keeps it; elsewhere only that of this one."""
    with suppress(OSError):
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
        for line in lines:
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    if process != "self" or os.name != "posix":
        return None
    import resource

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else 1024 * size


def _blas() -> str:
    """Return the libraries of linear algebra that are loaded, each once, whichever came first."""
    from threadpoolctl import threadpool_info

    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    names = (f"{pool['internal_api']} {pool['version']} ({pool.get('architecture', 'any')})" for pool in pools)
    return ", ".join(sorted(set(names))) or "none that is known"


def _processor() -> str:
    """Return what the processor is called."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        if named:
            return named[0]
    return platform.processor() or platform.machine()


def _git(folder: Path, *words: str) -> str | None:
    """Return what git answers about a folder, without running anything that its repository names."""
    program = shutil.which("git")
    if program is None:
        return None
    command = [program, "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, timeout=GIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout.decode(errors="replace").strip()
