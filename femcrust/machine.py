"""What this machine offers, and what a case of a given size needs."""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from femcrust.errors import InputError, MemoryShortage

# A whole run with pictures and fields, peak resident memory: 1.20 GB at 3,244,341 unknowns and
# 0.47 GB at 610,413 (`/usr/bin/time -v femcrust run` of the strike-slip template, near: 0.6 km and
# 2.5 km): 275 bytes an unknown above 0.30 GB, rounded up by a fifth.
BYTES_PER_UNKNOWN = 330
BYTES_OF_PROGRAM = 300 * 2**20
# Each further right-hand side of a batch: 107 bytes an unknown at 450,477 unknowns and sixteen of
# them (peak resident memory less that with one), rounded up by a fifth.
BYTES_PER_COLUMN = 130
# Of a run over time also a second matrix, histories of the guess and results between steps: 1.87 GB
# at 2,018,568 unknowns and 0.51 GB at 323,937 (the postseismic template, near: 4 km and 12 km): 780
# bytes an unknown above 0.22 GB, and four numbers of five components at four vertices a branch.
BYTES_PER_UNKNOWN_OVER_TIME = 850
BYTES_PER_BRANCH = 670
# Each further right-hand side of a batch over time, with the history of its guess (projection has
# the longest), the solutions of a step and loads: sixteen took 6,700 bytes an unknown between
# 120,294 and 262,836 unknowns, 400 each, rounded up by a fifth; and the branches once more.
BYTES_PER_COLUMN_OVER_TIME = 480
# With the assembled matrix and PETSc's hierarchy: 1.22 GB at 285,783 unknowns and 1.94 GB at
# 480,294 (solver.library: petsc): 3,700 bytes an unknown, rounded up by a fifth.
BYTES_PER_UNKNOWN_ASSEMBLED = 4500
# Over ranks the first of them, which holds the whole model, has 240 bytes a tetrahedron more than
# others (perf/ranks.py, four ranks: 287 and 217 MB at 321,555 tetrahedra, 185 and 175 at 71,934),
# rounded up by a fifth.
BYTES_PER_TET_OF_WHOLE = 290
# Mesh, setup and solve on two Zen 4 cores, twelve iterations; busy machines take several times it.
UNKNOWNS_PER_SECOND_AND_THREAD = 150_000.0
GIB = 2**30
M_ARENA_MAX = -8  # of glibc's mallopt
LOOP_BUFFER = 512  # values
PATIENCE = 1.0  # s, for threads to end
STACK = 2**23  # bytes of a thread's, where nothing else is set
NOTHING_LEFT = 2**25  # bytes
_forecast: list[tuple[int, int]] = []  # unknowns of the run in hand, and bytes
_threads = [1]  # of the run in hand


def physical_memory() -> int:
    """Bytes that this process may use: the machine's, its control groups' or its own limit."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([total, *group_limits(), *own_limits()])


def own_limits() -> list[int]:
    """Those of this process on addresses and on what it holds privately, where there are any."""
    limits = (resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA))
    return [soft for soft in limits if soft != resource.RLIM_INFINITY]


def group_limits(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> list[int]:
    """Limits of the control groups that this process is in, and of those above them."""
    return [
        int(text)
        for path in (*_group_files(proc, groups), groups / "memory.max")
        if (text := _text_of(path)).isdecimal()
    ]


def _group_files(proc: Path, groups: Path) -> Iterator[Path]:
    for line in _text_of(proc / "self" / "cgroup").splitlines():
        _, controllers, name = (line.split(":", 2) + ["", ""])[:3]
        if not controllers:
            top, file = groups, "memory.max"
        elif "memory" in controllers.split(","):
            top, file = groups / "memory", "memory.limit_in_bytes"
        else:
            continue
        here = top / name.strip("/")  # in a container, what lies above may be out of sight
        yield from (
            folder / file for folder in (here, *here.parents) if top in (folder, *folder.parents)
        )


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return ""


def check_start() -> None:
    """MemoryShortage where not even the program would fit: libraries that are loaded into too
    little memory die without a word."""
    text = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    n = int(text) if text.isdecimal() else len(os.sched_getaffinity(0))
    needed, there = BYTES_OF_PROGRAM + stacks(n), physical_memory()
    if needed > there:
        raise MemoryShortage(
            f"femcrust alone needs about {needed / GIB:.2f} GiB of memory on {n} threads, and this"
            f" process may use {there / GIB:.2f} GiB; raise its limit (ulimit -v), or set"
            " OMP_NUM_THREADS"
        )
    if own_limits():
        live_within_limits()
    check_threads(n)


def live_within_limits() -> None:
    """Under a limit on addresses threads share what malloc sets apart for each, 64 MiB.

    Buffers of NumPy's loops are small then: where one is refused, NumPy (2.4.6, in
    npyiter_allocate_buffers) sets the error without the interpreter's lock, and the process ends by
    a signal. It cannot be kept from that altogether.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is loaded
    import numpy as np

    np.setbufsize(LOOP_BUFFER)
    with contextlib.suppress(OSError, AttributeError):  # of other systems
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def stacks(n: int) -> int:
    """Bytes of addresses that stacks of n threads take, where those are limited."""
    soft, _ = resource.getrlimit(resource.RLIMIT_STACK)
    each = STACK if soft == resource.RLIM_INFINITY else soft
    return (n - 1) * each if own_limits() else 0


def check_threads(n: int) -> None:
    """MemoryShortage where so many cannot be started: OpenMP would end the process.

    threading.Thread would wait for ever for one that dies as it starts.
    """
    gate, begun, ended = _thread.allocate_lock(), 0, list[None]()

    def wait() -> None:
        with gate:
            ended.append(None)

    try:
        with gate:
            for _ in range(n - 1):
                _thread.start_new_thread(wait, ())
                begun += 1
    except (RuntimeError, MemoryError) as error:
        raise MemoryShortage(
            f"--threads: {n} threads cannot be started here, but {begun + 1} can; take fewer"
            f" (OMP_NUM_THREADS={begun // 2 + 1}), or raise the limits (ulimit -v, -u)"
        ) from error
    deadline = time.monotonic() + PATIENCE
    while len(ended) < begun and time.monotonic() < deadline:
        time.sleep(1e-4)
    _threads[:] = [n]


def memory_in_use() -> int:
    """Bytes at the peak, as the limit counts: addresses where those are limited, else pages."""
    wanted = "VmPeak:" if own_limits() else "VmHWM:"
    for line in _text_of(Path("/proc/self/status")).splitlines():
        if line.startswith(wanted):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def memory_is_full() -> bool:
    """Whether so little is left that libraries may fail without saying why."""
    return memory_in_use() > physical_memory() - NOTHING_LEFT


def shortage() -> str:
    """What the run in hand needs, as far as that is known, and what there is."""
    held, there = memory_in_use(), physical_memory()
    n, needed = _forecast[-1] if _forecast else (0, 0)
    if needed > held:
        needs = f"{n:,} unknowns need about {needed / GIB:.2f} GiB"
    else:  # the forecast was wrong, or it was too early for one
        needs = f"the case needs more than {held / GIB:.2f} GiB"
    return f"{needs}, and this process may use {there / GIB:.2f} GiB"


def memory_needed(
    n_unknowns: int,
    n_branches: int | None = None,
    *,
    columns: int = 1,
    assembled: bool = False,
    n_tets_of_whole: int = 0,
) -> int:
    """Bytes that a run needs at its peak; over time with the branches of all elements that flow;
    `columns` right-hand sides go together; `assembled` for PETSc; `n_tets_of_whole` where the model
    of all ranks lies here too.

    >>> memory_needed(1_000_000) // 2**20, memory_needed(1_000_000, 300_000) // 2**20
    (614, 1302)
    """
    program = BYTES_OF_PROGRAM + BYTES_PER_TET_OF_WHOLE * n_tets_of_whole
    more = BYTES_PER_UNKNOWN_ASSEMBLED if assembled else 0
    if n_branches is None:
        each = BYTES_PER_UNKNOWN + BYTES_PER_COLUMN * (columns - 1) + more
        return program + each * n_unknowns
    each = BYTES_PER_UNKNOWN_OVER_TIME + BYTES_PER_COLUMN_OVER_TIME * (columns - 1) + more
    return program + each * n_unknowns + BYTES_PER_BRANCH * n_branches * columns


def seconds_needed(n_unknowns: int, threads: int) -> float:
    """A forecast for mesh, setup and solve on a quiet machine."""
    return 1.0 + n_unknowns / (UNKNOWNS_PER_SECOND_AND_THREAD * threads)


def check_memory(
    n_unknowns: int,
    key: str,
    n_branches: int | None = None,
    *,
    columns: int = 1,
    assembled: bool = False,
    n_tets_of_whole: int = 0,
) -> None:
    """InputError before the work starts where a run would not fit."""
    there = physical_memory()
    needed = memory_needed(
        n_unknowns,
        n_branches,
        columns=columns,
        assembled=assembled,
        n_tets_of_whole=n_tets_of_whole,
    )
    needed += stacks(_threads[-1])
    if needed > there:
        raise InputError(
            f"{key}: {n_unknowns:,} unknowns need about {needed / GIB:.1f} GiB of memory and this"
            f" machine has {there / GIB:.1f} GiB; make the mesh coarser"
        )
    _forecast[:] = [(n_unknowns, needed)]
