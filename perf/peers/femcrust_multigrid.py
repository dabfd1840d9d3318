"""femcrust by its public Python interface: setup from vertices, tetrahedra and moduli in memory.

Setup is numbering the quadratic nodes, operator and preconditioner; nothing is assembled before.
Threads by OMP_NUM_THREADS.
"""

from __future__ import annotations

import numpy as np
from problem import LOADS, TOLERANCE, Stopwatch, asked, peak_bytes

from femcrust import backends, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions, Constraint
from femcrust.discretisation import Discretisation, discretise
from femcrust.mesh.mesh import Ints, Mesh

COUNTED = ("bytes", "flops", "allocations", "n_colours")  # where the core has them


def main() -> None:
    """Load, set up, solve both loads."""
    run = asked()
    mesh = Mesh(run.array("points"), run.array("tets"))
    lam, mu, fixed = (run.array(name) for name in ("lam", "mu", "fixed"))
    threads = backends.set_threads(None)
    watch = Stopwatch()
    space = discretise(mesh)
    held = Conditions(constraints=[Constraint(fixed, np.zeros((3, 3)))])
    operator = operators.elastic(space, lam, mu, held, backends.select())
    preconditioner = preconditioners.build("multigrid", operator)
    run.setup = watch.read("setup")
    places = node_of(space, run.array("ends"))
    for load in LOADS:
        forces = np.zeros((space.n_nodes, 3))
        forces[places] = run.array(f"load-{load}")
        watch = Stopwatch()
        solution = solvers.solve(operator, preconditioner, forces, tolerance=TOLERANCE)
        run.solves[load] = {
            **watch.read("solve"),
            "iterations": solution.iterations,
        }
        run.keep(load, solution.displacement[places])
    run.counters = counters(body=operator.body, stiffness=operator.stiffness, cycle=preconditioner)
    run.notes = {**backends.description(), "threads": threads}
    run.notes["bytes_of_operator_and_preconditioner"] = sum(
        getattr(part, "bytes", 0) for part in (operator.stiffness, preconditioner)
    )
    run.finish(peak_bytes())


def node_of(space: Discretisation, ends: Ints) -> Ints:
    """femcrust's numbers of the problem's nodes, which `ends` (n, 2) names. (n,)"""
    vertex = ends[:, 0] == ends[:, 1]
    places = ends[:, 0].copy()
    places[~vertex] = space.edge_nodes(ends[~vertex])
    return places


def counters(**parts: object) -> dict[str, int]:
    """What the core counts about itself, by part."""
    found = {}
    for name, part in parts.items():
        for counter in COUNTED:
            value = getattr(part, counter, None)
            if isinstance(value, int):
                found[f"{name}.{counter}"] = value
    return found


if __name__ == "__main__":
    main()
