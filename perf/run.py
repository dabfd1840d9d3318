"""Measure speed on this machine: `python perf/run.py [--size KM] [--json FILE]`.

Prints the load beside every number: shared machines move by a factor of two. Counters that do not
depend on the machine (unknowns, iterations, colours) come first; times are medians.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from typing import Any

import numpy as np

from femcrust import backends, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions, Infinite
from femcrust.discretisation import Discretisation, discretise
from femcrust.mesh.box import BoxSpec, box_mesh
from femcrust.mesh.exterior import exterior_faces
from femcrust.mesh.quality import quality

KM = 1000.0
HALF = 105 * KM
FAULT = np.array([[0, -35, 0], [0, 35, 0], [0, 35, -16], [0, -35, -16]]) * KM
LAYERS = (-4 * KM, -16 * KM, -32 * KM)
REPEATS = 9


def graded_box(near_km: float) -> Discretisation:
    """The example's box: 210 km wide, fine around a 70 km x 16 km fault."""
    sides = (-HALF, HALF)
    spec = BoxSpec(sides, sides, (-HALF, 0.0), near_km * KM, 20 * KM, at=(FAULT,), layers=LAYERS)
    return discretise(box_mesh(spec))


def moduli(space: Discretisation) -> tuple[np.ndarray, np.ndarray]:
    """Layers from 12 to 240 GPa: a contrast of 20."""
    z = space.mesh.points[space.mesh.tets].mean(axis=1)[:, 2]
    mu = np.select([z > layer for layer in LAYERS], [12e9, 30e9, 44e9], 240e9)
    return mu.copy(), mu


def products(space: Discretisation) -> dict[str, float]:
    """Element products, million unknowns times right-hand sides per second."""
    lam, mu = moduli(space)
    body = backends.select().Body(space.elements, space.nodes, lam, mu, space.n_vertices)
    rates = {}
    for precision in ("single", "double"):
        for columns in (1, 4, 8, 16):
            seconds = statistics.median(body.time_product(precision, columns, REPEATS))
            rates[f"{precision}_{columns}"] = space.n_dof * columns / seconds / 1e6
    return rates


def solves(space: Discretisation) -> dict[str, Any]:
    """A cold elastic solve to 1e-8 with a random load: setup, solve, iterations."""
    lam, mu = moduli(space)
    exterior = exterior_faces(space.mesh)
    buried = exterior.side != "top"
    far = Infinite(exterior.faces[buried], exterior.tets[buried], np.zeros(3), 2)
    load = np.random.default_rng(715225739).normal(size=space.nodes.shape)
    setup, solve, iterations = [], [], 0
    for _ in range(3):
        start = time.perf_counter()
        operator = operators.elastic(space, lam, mu, Conditions(infinite=far), backends.select())
        preconditioner = preconditioners.build("multigrid", operator)
        setup.append(time.perf_counter() - start)
        solution = solvers.solve(operator, preconditioner, load)
        solve.append(solution.seconds)
        iterations = solution.iterations
    total = statistics.median(s + t for s, t in zip(setup, solve, strict=True))
    return {
        "iterations": iterations,
        "setup_s": statistics.median(setup),
        "solve_s": statistics.median(solve),
        "mdof_per_s": space.n_dof / total / 1e6,
        "bytes_per_dof": (operator.stiffness.bytes + preconditioner.bytes) / space.n_dof,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=2.0, help="edge length at the fault, km")
    parser.add_argument("--json", help="file to write the numbers to")
    arguments = parser.parse_args()
    threads = backends.set_threads(None)
    space = graded_box(arguments.size)
    found = {
        "machine": platform.processor() or platform.machine(),
        **backends.description(),
        "threads": threads,
        "n_dof": space.n_dof,
        "n_elements": space.mesh.n_tets,
        "min_dihedral_deg": quality(space.mesh).min_dihedral_deg,
        "load_before": os.getloadavg()[0],
        "products_mdof_rhs_per_s": products(space),
        "cold_solve": solves(space),
        "load_after": os.getloadavg()[0],
    }
    text = json.dumps(found, indent=2)
    print(text)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    main()
