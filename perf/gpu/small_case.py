"""Every kernel once on a small body, for a checker of memory and races: `perf/gpu.sh sanitize`."""

from __future__ import annotations

import sys

import numpy as np

from femcrust import backends, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions, Constraint, Infinite
from femcrust.discretisation import discretise
from femcrust.mesh.box import BoxSpec, box_mesh
from femcrust.mesh.refinement import refined

SEED = 492_650_117
LOOSE = 1e-3  # a few iterations meet every kernel


def main(backend_name: str) -> None:
    backend = backends.select(backend_name)
    fine = refined(box_mesh(BoxSpec(x=(0, 4), y=(0, 4), z=(-4, 0), near=1, far=2)), 1)
    space = discretise(fine.mesh)
    outside, rng = fine.exterior, np.random.default_rng(SEED)
    mu = rng.uniform(1.0, 20.0, fine.mesh.n_tets)
    walls, floor = np.isin(outside.side, ["west", "east"]), outside.side == "bottom"
    conditions = Conditions(
        constraints=[Constraint(outside.faces[floor], np.diag([1.0, 1.0, 0.0]))],
        infinite=Infinite(outside.faces[walls], outside.tets[walls], np.array([2.0, 2.0, 0.0]), 2),
    )
    operator = operators.elastic(space, mu, mu, conditions, backend)
    for columns in (4, 8, 16):
        x = rng.normal(size=(space.n_nodes, 3, columns))
        operator.body.product(x)
        operator.body.product(x.astype(np.float32))
    load = rng.normal(size=(space.n_nodes, 3, 16))
    for storage in preconditioners.STORAGE:
        preconditioner = preconditioners.build("multigrid", operator, storage)
        solvers.solve(operator, preconditioner, load[:, :, 0], tolerance=LOOSE)
        if preconditioner.most_columns > 1:
            solvers.solve_many(operator, preconditioner, load, tolerance=LOOSE)
    jacobi = preconditioners.build("jacobi", operator)
    solvers.solve(operator, jacobi, load[:, :, 0], tolerance=LOOSE)
    print(f"{space.n_dof} unknowns on {backend_name}: every kernel ran")


if __name__ == "__main__":
    main(sys.argv[1])
