"""Measure speed on this machine: `python perf/run.py [--size KM] [--json FILE]`.

Prints the load beside every number: shared machines move by a factor of two. Counters that do not
depend on the machine (unknowns, iterations, colours) come first; times are medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from typing import Any

import machine
import numpy as np

import meshes
from femcrust import backends, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions, Infinite
from femcrust.discretisation import Discretisation, discretise
from femcrust.mesh.exterior import exterior_faces
from femcrust.mesh.quality import quality

REPEATS = 9
STORAGE = {"fp64": 24, "fp32": 12, "fp21": 8, "shared18": 8, "bf16": 6, "fp16": 6}  # bytes a node


def peaks() -> dict[str, float]:
    """Copy bandwidth, bytes a second, and peak flops a second, with the threads in use."""
    peak = backends.core().peak
    return {
        "copy_bytes_per_s": peak.copy_bandwidth(1 << 28, REPEATS),
        "fp32_flops_per_s": peak.single_flops(REPEATS),
        "fp64_flops_per_s": peak.double_flops(REPEATS),
    }


def products(space: Discretisation, most: dict[str, float]) -> dict[str, dict[str, float]]:
    """Element products: million unknowns times right-hand sides per second, and what part that is
    of the machine's flops (by the hand count) and of its bandwidth (each array moved once)."""
    mu = meshes.layered(space.mesh)
    operator = operators.elastic(space, mu, mu, Conditions(), backends.select())
    found = {}
    for storage, size in STORAGE.items():
        for columns in (1, 4, 8, 16) if storage in ("fp64", "fp32") else (1,):
            seconds = statistics.median(operator.body.time_product(storage, columns, REPEATS))
            flops = operator.stiffness.flops * columns / seconds
            peak = most["fp64_flops_per_s" if storage == "fp64" else "fp32_flops_per_s"]
            # x read, y fetched and written; of an element 10 places and 11 floats, or in double two
            # moduli; in double four numbers a vertex
            moved = 3 * size * space.n_nodes * columns
            if storage == "fp64":
                moved += (2 * 8 + 20) * len(space.elements) + 4 * 8 * space.n_vertices
            else:
                moved += (11 * 4 + 20) * len(space.elements)
            found[f"{storage}_{columns}"] = {
                "mdof_rhs_per_s": space.n_dof * columns / seconds / 1e6,
                "of_flops": flops / peak,
                "of_bandwidth": moved / seconds / most["copy_bytes_per_s"],
            }
    return found


def solves(space: Discretisation) -> dict[str, Any]:
    """Cold elastic solves to 1e-8 with random loads: setup, solve, iterations; a batch of 16."""
    mu = meshes.layered(space.mesh)
    exterior = exterior_faces(space.mesh)
    buried = exterior.side != "top"
    far = Infinite(exterior.faces[buried], exterior.tets[buried], np.zeros(3), 2)
    loads = np.random.default_rng(715225739).normal(size=(*space.nodes.shape, 16))
    setup, solve, batch = [], [], []
    for _ in range(3):
        start = time.perf_counter()
        space = discretise(space.mesh)
        operator = operators.elastic(space, mu, mu, Conditions(infinite=far), backends.select())
        preconditioner = preconditioners.build("multigrid", operator)
        setup.append(time.perf_counter() - start)
        single = min(
            (solvers.solve(operator, preconditioner, loads[:, :, 0]) for _ in range(3)),
            key=lambda found: found.seconds,
        )
        solve.append(single.seconds)
        held = operator.stiffness.bytes + preconditioner.bytes  # before a batch widens its vectors
        batch.append(solvers.solve_many(operator, preconditioner, loads).seconds)
    total = statistics.median(s + t for s, t in zip(setup, solve, strict=True))
    return {
        "iterations": single.iterations,
        "setup_s": statistics.median(setup),
        "solve_s": statistics.median(solve),
        "setup_over_solve": statistics.median(setup) / statistics.median(solve),
        "mdof_per_s": space.n_dof / total / 1e6,
        "batch_of_16_s": statistics.median(batch),
        "batch_mdof_rhs_per_s": 16 * space.n_dof / statistics.median(batch) / 1e6,
        "batch_over_single": 16 * min(solve) / min(batch),
        "bytes_per_dof": held / space.n_dof,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=2.0, help="edge length at the fault, km")
    parser.add_argument("--json", help="file to write the numbers to")
    arguments = parser.parse_args()
    threads = backends.set_threads(None)
    growth = 0.3
    space = discretise(meshes.box_around_fault(arguments.size, growth, meshes.LAYERS))
    most = peaks()
    found = {
        **machine.description(),
        "threads": threads,
        "n_dof": space.n_dof,
        "n_elements": space.mesh.n_tets,
        "min_dihedral_deg": quality(space.mesh).min_dihedral_deg,
        "load_before": os.getloadavg()[0],
        **most,
        "products": products(space, most),
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
