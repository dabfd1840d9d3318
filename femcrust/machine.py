"""What this machine offers, and what a case of a given size needs."""

from __future__ import annotations

import os
import resource

from femcrust.errors import InputError

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
# Mesh, setup and solve on two Zen 4 cores, twelve iterations; busy machines take several times it.
UNKNOWNS_PER_SECOND_AND_THREAD = 150_000.0
GIB = 2**30


def physical_memory() -> int:
    """Bytes that this process may use: the machine's, its control group's or its own limit."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            with open(path, encoding="ascii") as file:
                limit = file.read().strip()
        except OSError:
            continue
        if limit.isdecimal():
            total = min(total, int(limit))
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return total if soft == resource.RLIM_INFINITY else min(total, soft)


def memory_needed(n_unknowns: int, n_branches: int | None = None, *, columns: int = 1) -> int:
    """Bytes that a run needs at its peak; over time with the branches of all elements that flow;
    `columns` right-hand sides go together.

    >>> memory_needed(1_000_000) // 2**20, memory_needed(1_000_000, 300_000) // 2**20
    (614, 1302)
    """
    if n_branches is None:
        each = BYTES_PER_UNKNOWN + BYTES_PER_COLUMN * (columns - 1)
        return BYTES_OF_PROGRAM + each * n_unknowns
    each = BYTES_PER_UNKNOWN_OVER_TIME + BYTES_PER_COLUMN_OVER_TIME * (columns - 1)
    return BYTES_OF_PROGRAM + each * n_unknowns + BYTES_PER_BRANCH * n_branches * columns


def seconds_needed(n_unknowns: int, threads: int) -> float:
    """A forecast for mesh, setup and solve on a quiet machine."""
    return 1.0 + n_unknowns / (UNKNOWNS_PER_SECOND_AND_THREAD * threads)


def check_memory(
    n_unknowns: int, key: str, n_branches: int | None = None, *, columns: int = 1
) -> None:
    """InputError before the work starts where a run would not fit."""
    needed, there = memory_needed(n_unknowns, n_branches, columns=columns), physical_memory()
    if needed > there:
        raise InputError(
            f"{key}: {n_unknowns:,} unknowns need about {needed / GIB:.1f} GiB of memory and this"
            f" machine has {there / GIB:.1f} GiB; make the mesh coarser"
        )
