"""Preconditioners compared on the same problems: `python perf/preconditioners.py [--size 1e5]`.

Storage formats, degrees of smoothing, clusters on and off, plain block Jacobi, and the inner-outer
conjugate gradients of [Ichimura18], on the meshes of the yardstick with sides held, random load,
to 1e-8. Times are the least of several solves, with everything of a variant in one process.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import inner_outer
import numpy as np

import meshes
from femcrust import backends, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions, Constraint
from femcrust.discretisation import discretise
from femcrust.operators import ElasticOperator
from femcrust.preconditioners.multigrid import multigrid

REPEATS = 5
Build = Callable[[ElasticOperator], Any]


def variants() -> dict[str, Build]:
    """By name, what builds them."""
    found: dict[str, Build] = {"default": lambda o: multigrid(o, "fp32")}
    for storage in ("fp64", "fp21", "shared18", "bf16", "fp16"):
        found[f"vectors in {storage}"] = lambda o, s=storage: multigrid(o, s)
    # (3, 12) solves the linear level all but exactly: what a better coarse cycle could gain
    for degrees in ((2, 2), (2, 3), (4, 3), (5, 5), (3, 2), (3, 12)):
        name = f"degree {degrees[0]} on quadratic, {degrees[1]} on other levels"
        found[name] = lambda o, d=degrees: multigrid(o, "fp32", degrees=d)
    found["no clusters"] = lambda o: multigrid(o, "fp32", clusters=False)
    found["no clusters, degree 5"] = lambda o: multigrid(o, "fp32", degrees=(5, 5), clusters=False)
    found["block Jacobi alone"] = lambda o: preconditioners.build("jacobi", o)
    return found


def measured(build: Build, operator: ElasticOperator, load: np.ndarray) -> str:
    """Iterations, setup, solve, bytes."""
    setup, solve = [], []
    for _ in range(REPEATS):
        start = time.perf_counter()
        preconditioner = build(operator)
        setup.append(time.perf_counter() - start)
        found = solvers.solve(operator, preconditioner, load, max_iterations=2000)
        solve.append(found.seconds)
        if found.seconds > 20:
            break
    size = preconditioner.bytes / operator.space.n_dof
    return f"{found.iterations:5d} {min(setup):8.3f} {min(solve):8.3f} {size:8.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="5e5")
    parser.add_argument("--meshes", nargs="+", default=["box", "wedge"])
    parser.add_argument("--no-inner-outer", action="store_true", help="it takes minutes")
    given = parser.parse_args()
    threads = backends.set_threads(None)
    for name in given.meshes:
        body = meshes.body(name, given.size)
        space = discretise(body.mesh)
        held = Conditions(constraints=[Constraint(body.fixed, np.zeros((3, 3)))])
        operator = operators.elastic(space, body.lam, body.mu, held, backends.select())
        load = np.random.default_rng(715225739).normal(size=space.nodes.shape)
        print(
            f"\n{name}: {space.n_dof:,} unknowns, {threads} threads, load {os.getloadavg()[0]:.1f}"
        )
        for storage in ("fp64", "fp32", "fp21", "shared18", "bf16", "fp16"):
            seconds = min(operator.body.time_product(storage, 1, 20))
            print(f"product, vectors in {storage}: {space.n_dof / seconds / 1e6:.0f} MDOF/s")
        print(f"{'':48}{'its':>5} {'setup s':>8} {'solve s':>8} {'B/unknown':>8}")
        for variant, build in variants().items():
            print(f"{variant:48}{measured(build, operator, load)}", flush=True)
        if not given.no_inner_outer:
            found = inner_outer.solve(operator, load)
            print(f"inner-outer conjugate gradients: {found}", flush=True)


if __name__ == "__main__":
    main()
