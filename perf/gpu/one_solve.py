"""One body, measured in a process of its own: setup, cold and warm solves, products, rivals.

The result is written after every stage, so that what was measured stays when memory or time ends.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from pathlib import Path
from typing import Any

import bodies
import rivals
from record import of_copy

from femcrust import backends, memory, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions
from femcrust.discretisation import Discretisation, discretise
from femcrust.errors import DeviceError
from femcrust.machine import physical_memory

REPEATS = 9
NODE = memory.NODE_BYTES
PRODUCTS = [("fp64", 1), ("fp64", 4), ("fp64", 16), ("fp32", 1), ("fp32", 4), ("fp32", 16)]
PRODUCTS += [("fp21", 1), ("bf16", 1)]
MANY = {"3e4", "3e5", "1e6", "1e7"}  # sizes at which sixteen loads are solved at once
JACOBI = {"3e4", "3e5", "1e6", "1e7"}  # and block Jacobi is compared
MATRICES = {"1e6", "1e7"}  # and the matrix is assembled


class Run:
    """The result on its way to its file."""

    def __init__(self, size: str, backend: str, copy: float, path: Path) -> None:
        self.copy, self.path = copy, path
        self.mine: dict[str, Any] = {
            "mesh": "refined box", "size": size, "solver": "femcrust", "backend": backend,
            "times": {}, "host": {}, "solves": {}, "products": {},
        }  # fmt: skip
        self.runs = [self.mine]

    def timed(self, name: str, work: Any, group: str = "times") -> Any:
        """The result of `work`, whose seconds are kept as name_s."""
        start = time.perf_counter()
        found = work()
        self.mine[group][f"{name}_s"] = time.perf_counter() - start
        self.keep(name)
        return found

    def keep(self, stage: str) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        self.mine["host"].update(stage=stage, peak=peak)
        partial = self.path.with_suffix(".part")
        partial.write_text(json.dumps(self.runs), encoding="utf-8")
        partial.replace(self.path)


def moved_bytes(space: Discretisation, storage: str, columns: int) -> int:
    """The least that a product moves: x read and y written once, of an element ten places of 2
    bytes and two moduli, of a vertex its position in FP64."""
    nodal = 2 * NODE[storage] * space.n_nodes * columns
    moduli = 16 if storage == "fp64" else 8
    return nodal + (20 + moduli) * len(space.elements) + 24 * space.n_vertices


def products(run: Run, space: Discretisation, body: Any, free: int) -> None:
    for storage, columns in PRODUCTS:
        # two vectors, moduli, sums between blocks
        elements = len(space.elements) * (16 + 24 * columns)
        if 2 * NODE[storage] * columns * space.n_nodes + elements > free:
            continue
        try:
            seconds = statistics.median(body.time_product(storage, columns, REPEATS))
        except (DeviceError, MemoryError) as error:  # the others' numbers count
            run.mine["products_failed"] = f"{storage} {columns}: {error}"
            continue
        run.mine["products"][f"{storage}_{columns}"] = {
            "times": {"product_s": seconds},
            "gdof_rhs_per_s": space.n_dof * columns / seconds / 1e9,
            "of_copy": of_copy(moved_bytes(space, storage, columns), seconds, run.copy),
        }
        run.keep(f"product {storage} {columns}")


def started(backend: Any) -> None:
    """A small solve: what a process does once on a device belongs to no body."""
    small = bodies.body("3e4")
    space = discretise(small.fine.mesh)
    operator = operators.elastic(space, small.mu, small.mu, small.conditions, backend)
    solvers.solve(
        operator,
        preconditioners.build("multigrid", operator),
        bodies.random_load(space.n_nodes),
    )


def measure(size: str, backend_name: str, run: Run, with_rivals: bool) -> None:
    backend = backends.select(backend_name)
    run.mine["threads"] = backends.set_threads(None)
    run.timed("device_start", lambda: started(backend), "host")
    body = run.timed("mesh", lambda: bodies.body(size), "host")
    space = run.timed("discretise", lambda: discretise(body.fine.mesh))
    run.mine |= {"unknowns": space.n_dof, "n_elements": len(space.elements)}
    arguments = space, body.mu, body.mu, body.conditions, backend
    operator = run.timed("operator", lambda: operators.elastic(*arguments))
    first = run.timed("preconditioner", lambda: preconditioners.build("multigrid", operator))
    times = run.mine["times"]
    times["setup_s"] = sum(times[f"{k}_s"] for k in ("discretise", "operator", "preconditioner"))
    load = run.timed("load", lambda: bodies.random_load(space.n_nodes), "host")
    for name in ("cold", "warm"):
        found = solvers.solve(operator, first, load)
        times[f"{name}_solve_s"] = found.seconds
        times[f"{name}_iterations_s"] = found.iterating  # without copies to the device and back
        run.mine["solves"][name] = {
            "iterations": found.iterations,
            "residual": found.residuals[-1],
        }
        run.keep(f"{name} solve")
    cold = times["setup_s"] + times["cold_solve_s"]
    run.mine["cold_mdof_per_s"] = space.n_dof / cold / 1e6
    run.mine["solve_mdof_per_s"] = space.n_dof / times["warm_solve_s"] / 1e6
    run.mine["iterations_mdof_per_s"] = space.n_dof / times["warm_iterations_s"] / 1e6
    run.mine["setup_over_solve"] = times["setup_s"] / times["warm_solve_s"]
    run.mine["setup_over_iterations"] = times["setup_s"] / times["warm_iterations_s"]
    if backends.is_cuda(backend):
        kernels(run, operator, first, load)
    held = operator.stiffness.bytes + first.bytes
    run.mine["bytes_per_unknown"] = held / space.n_dof
    run.mine["forecast_bytes_per_unknown"] = (
        memory.device_bytes(len(space.elements), space.n_nodes, space.n_vertices) / space.n_dof
    )
    free = backends.device_memory(backend)["free"] or physical_memory() // 4
    products(run, space, operator.body, free)
    if size in MANY:
        loads = bodies.random_load(space.n_nodes, 16)
        many = solvers.solve_many(operator, first, loads)
        times["batch_of_16_s"] = many.seconds
        run.mine["batch_mdof_rhs_per_s"] = 16 * space.n_dof / many.seconds / 1e6
        run.mine["solves"]["batch"] = {"iterations": many.iterations}
        run.keep("batch")
    del first
    if size in JACOBI:
        jacobi(run, operator, load)
    if with_rivals:
        compare(run, space, body, backend, size in MATRICES)
    run.keep("done")


def kernels(run: Run, operator: Any, preconditioner: Any, load: Any) -> None:
    """Where the time of a solve goes: its launches, kernel by kernel, the longest first. Each has a
    mark before and after it, which small levels feel."""
    device = backends.core().device
    device.start_times()
    try:
        seconds = solvers.solve(operator, preconditioner, load).iterating
    finally:
        found = device.stop_times()
    run.mine["kernels"] = [
        {"kernel": name, "launches": launches, "share": one / seconds}
        for name, launches, one in found
    ]
    run.keep("kernels")


def jacobi(run: Run, operator: Any, load: Any) -> None:
    """Conjugate gradients with the blocks of the diagonal: what multigrid is worth."""
    start = time.perf_counter()
    blocks = preconditioners.build("jacobi", operator)
    setup = time.perf_counter() - start
    found = solvers.solve(operator, blocks, load, max_iterations=20_000)
    run.runs.append(
        {
            **{key: run.mine[key] for key in ("mesh", "size", "backend", "unknowns")},
            "solver": "block Jacobi",
            "iterations": found.iterations,
            "times": {"setup_s": setup, "cold_solve_s": found.seconds},
        }
    )
    run.keep("block Jacobi")


def compare(run: Run, space: Discretisation, body: bodies.Body, backend: Any, all_: bool) -> None:
    """Other products of the free body, each right to rounding."""
    free = operators.elastic(space, body.mu, body.mu, Conditions(), backend)

    def product(x: Any) -> Any:
        return free @ x

    for rival in rivals.measured(space, body.mu, body.mu, product, run.copy, all_):
        known = {key: run.mine[key] for key in ("mesh", "size", "backend", "unknowns")}
        run.runs.append({**known, **rival})
        run.keep(str(rival["solver"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=bodies.SIZES)
    parser.add_argument("path", type=Path)
    parser.add_argument("--backend", default="cuda")
    parser.add_argument("--copy", type=float, required=True, help="copy bandwidth, bytes a second")
    parser.add_argument("--rivals", action="store_true")
    given = parser.parse_args()
    run = Run(given.size, given.backend, given.copy, given.path)
    measure(given.size, given.backend, run, given.rivals)


if __name__ == "__main__":
    main()
