"""Seconds of a relaxing body's flow beside an FP64 element product of the same body:
`python perf/flow.py [--near KM] [--branches 1] [--backend cpu]`, on the box around a fault.

Smallest of some runs; on the CPU processor time, which other programs do not lengthen.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import meshes
from femcrust import backends
from femcrust.discretisation import discretise

REPEATS = 10


def seconds(work: Callable[[], Any], clock: Callable[[], float]) -> float:
    """Of one call, at best."""
    work()
    found = []
    for _ in range(REPEATS):
        start = clock()
        work()
        found.append(clock() - start)
    return min(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--near", type=float, default=0.8, help="edge length at the fault, km")
    parser.add_argument("--branches", type=int, default=1, help="of every element")
    parser.add_argument("--backend", default="cpu")
    given = parser.parse_args()
    threads = backends.set_threads(None)
    backend = backends.select(given.backend)
    clock = time.process_time if given.backend == "cpu" else time.perf_counter

    space = discretise(meshes.box_around_fault(given.near, 0.3, meshes.LAYERS))
    m = len(space.elements)
    lam = np.full(m, 30e9)
    body = backend.Body(space.elements, space.nodes, lam, lam, space.n_vertices)
    moduli = np.full((m, given.branches), 30e9 / given.branches)
    flow = backend.Flow(
        body, np.arange(m, dtype=np.int32), moduli, np.full(moduli.shape, 1e-9),
        np.zeros((0, 6), np.int32), np.zeros((0, 6, 6, 3)), np.zeros((0, 6)),
        np.zeros((0, given.branches)), np.zeros((0, given.branches)),
    )  # fmt: skip
    u = np.random.default_rng(1).normal(size=space.nodes.shape)

    product = seconds(lambda: body.time_product("fp64", 1, 20), clock) / 21
    print(
        f"{m:,} elements, {space.n_dof:,} unknowns, {flow.bytes / m:.0f} B/element,"
        f" {threads} threads"
    )
    print(f"{'product':10}{1e3 * product:8.2f} ms")
    for name, work in {
        "restart": lambda: flow.restart(u),
        "first": lambda: flow.first(1e8),
        "second": lambda: flow.second(1e8, u),
        "last": lambda: flow.last(1e8, u),
        "stress": lambda: flow.stress(1e8, 0.5),
    }.items():
        found = seconds(work, clock)
        print(f"{name:10}{1e3 * found:8.2f} ms = {found / product:.2f} products")


if __name__ == "__main__":
    main()
