"""Preconditioners compared on the same problems: `python perf/preconditioners.py [--size 1e5]`.

Storage formats, degrees of smoothing, clusters on and off, plain block Jacobi, and the inner-outer
conjugate gradients of [Ichimura18], on the meshes of the yardstick with sides held, random load,
to 1e-8. Variants take turns, so that what else the machine does hits all alike; times are medians
of processor time, and ratios medians of what each turn gives.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import inner_outer
import numpy as np

import meshes
from femcrust import backends, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions, Constraint
from femcrust.discretisation import discretise
from femcrust.mesh.mesh import Floats
from femcrust.operators import ElasticOperator
from femcrust.preconditioners.multigrid import COARSEST, STRENGTH, multigrid

TOLERANCE = 1e-8
SLOW = 20.0  # seconds of a turn after which a variant has no more
Build = Callable[[ElasticOperator], Any]


@dataclass
class Variant:
    """What builds a preconditioner, and what its turns gave."""

    name: str
    build: Build
    iterations: int = 0
    fraction: float = 0.0  # iterations, the last one in part: where the residual meets TOLERANCE
    bytes: int = 0
    setup: list[float] = field(default_factory=list)
    solve: list[float] = field(default_factory=list)

    def totals(self) -> list[float]:
        return [a + b for a, b in zip(self.setup, self.solve, strict=True)]

    def take_turn(self, operator: ElasticOperator, load: Floats, counts: bool) -> None:
        if self.setup and self.totals()[0] > SLOW:
            return
        start = time.process_time()
        preconditioner = self.build(operator)
        built = time.process_time()
        found = solvers.solve(
            operator, preconditioner, load, tolerance=TOLERANCE, max_iterations=2000
        )
        if counts:
            self.solve.append(time.process_time() - built)
            self.setup.append(built - start)
        self.iterations, self.bytes = found.iterations, preconditioner.bytes
        self.fraction = crossing(found.residuals)

    def row(self, reference: Variant, n_dof: int) -> str:
        ratio = statistics.median(
            own / of for own, of in zip(self.totals(), reference.totals(), strict=False)
        )
        setup, solve = (1e3 * statistics.median(seconds) for seconds in (self.setup, self.solve))
        return (
            f"{self.name:48}{self.iterations:5d} {self.fraction:7.2f}"
            f" {setup:9.1f} {solve:9.1f} {ratio:6.2f} {self.bytes / n_dof:9.0f}"
        )


def crossing(residuals: list[float]) -> float:
    """Iterations to TOLERANCE, the last one in part, on the line through the last two logarithms.

    >>> crossing([1.0, 1e-7, 1e-9])
    1.5
    """
    before, after = np.log10(residuals[-2:])
    return float(len(residuals) - 2 + (before - np.log10(TOLERANCE)) / (before - after))


def variants() -> list[Variant]:
    """The default first."""
    found = [Variant("default", lambda o: multigrid(o, "fp32"))]
    for storage in ("fp64", "fp21", "shared18", "bf16", "fp16"):
        found.append(Variant(f"vectors in {storage}", lambda o, s=storage: multigrid(o, s)))
    # (3, 12) solves the linear level all but exactly: what a better coarse cycle could gain
    for degrees in ((2, 2), (2, 3), (4, 3), (4, 4), (5, 5), (3, 2), (3, 12)):
        name = f"degree {degrees[0]} on quadratic, {degrees[1]} on other levels"
        found.append(Variant(name, lambda o, d=degrees: multigrid(o, "fp32", degrees=d)))
    found.append(Variant("no clusters", lambda o: multigrid(o, "fp32", clusters=False)))
    found.append(
        Variant(
            "no clusters, degree 5", lambda o: multigrid(o, "fp32", degrees=(5, 5), clusters=False)
        )
    )
    found.append(Variant("block Jacobi alone", lambda o: preconditioners.build("jacobi", o)))
    return found


def complexity(operator: ElasticOperator) -> tuple[float, list[int]]:
    """Numbers stored in all assembled levels over those of the linear one; unknowns of each."""
    pieces, rows = operator.backend.aggregation, operator.surface_p1
    matrix = pieces.linear_level(
        operator.stiffness, (rows.rows, rows.begin, rows.columns, rows.blocks)
    )
    modes = pieces.rigid_modes(operator.space.nodes[: operator.space.n_vertices])
    held = operator.held_nodes
    modes[held[held < len(modes)]] = 0
    stages, _ = pieces.hierarchy(matrix, modes, STRENGTH, COARSEST, True)
    levels = [stage[0] for stage in stages]  # (block rows, block columns, columns, begin, ...)
    numbers = [level[-1].size for level in levels]
    return sum(numbers) / numbers[0], [level[0] * (len(level[3]) - 1) for level in levels]


def compare(name: str, size: str, rounds: int, with_inner_outer: bool) -> None:
    body = meshes.body(name, size)
    space = discretise(body.mesh)
    held = Conditions(constraints=[Constraint(body.fixed, np.zeros((3, 3)))])
    operator = operators.elastic(space, body.lam, body.mu, held, backends.select())
    load = np.random.default_rng(715225739).normal(size=space.nodes.shape)
    before = os.getloadavg()[0]
    compared = variants()
    for turn in range(rounds + 1):
        for variant in compared:
            variant.take_turn(operator, load, counts=turn > 0)  # the first one touches memory
    ratio, unknowns = complexity(operator)
    print(f"\n{name}: {space.n_dof:,} unknowns, load {before:.1f} to {os.getloadavg()[0]:.1f}")
    print(f"assembled levels: {' / '.join(map(str, unknowns))}, operator complexity {ratio:.2f}")
    for storage in ("fp64", "fp32", "fp21", "shared18", "bf16", "fp16"):
        seconds = min(operator.body.time_product(storage, 1, 20))
        print(f"product, vectors in {storage}: {space.n_dof / seconds / 1e6:.0f} MDOF/s")
    print(f"{'':48}  its to 1e-8  setup ms  solve ms  ratio B/unknown")
    for variant in compared:
        print(variant.row(compared[0], space.n_dof), flush=True)
    if with_inner_outer:
        print(f"inner-outer conjugate gradients: {inner_outer.solve(operator, load)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1e5")
    parser.add_argument("--meshes", nargs="+", default=list(meshes.NAMES))
    parser.add_argument("--rounds", type=int, default=7, help="turns of each variant that count")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--inner-outer", action="store_true", help="too, which takes minutes")
    given = parser.parse_args()
    backends.set_threads(given.threads)
    for name in given.meshes:
        compare(name, given.size, given.rounds, given.inner_outer)


if __name__ == "__main__":
    main()
