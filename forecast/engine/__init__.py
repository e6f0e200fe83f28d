"""Where the work of a run is done: in this process, in worker processes beside it, or on a Dask cluster.

The idea: every task is a function of its argument alone, so where it is done and in which order changes no bit of the
result; every engine has the form of `concurrent.futures.Executor`, and `Workers` does tasks by any of them.
"""

from forecast.engine.cores import cores, one_thread, threads
from forecast.engine.parcels import WorkerDied
from forecast.engine.workers import Kept, Workers

__all__ = ["Kept", "WorkerDied", "Workers", "cores", "one_thread", "threads"]
