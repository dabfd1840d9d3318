"""FEniCSx: quadratic elasticity assembled by dolfinx on the same tetrahedra, solved as petsc_gamg.

dolfinx partitions and numbers the mesh itself; held nodes stay as rows of the identity. Its
assembly is not part of the setup: `assembly_s` tells it, compilation of the form apart. Nodes are
matched by their coordinates.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from mpi4py import MPI  # first: it loads the MPI library that the wheel needs

# isort: split
import basix.ufl
import dolfinx
import numpy as np
import ufl
from dolfinx import fem
from dolfinx.fem import petsc
from dolfinx.mesh import create_mesh
from petsc4py import PETSc
from petsc_gamg import SETTINGS, attach_rigid_modes, finish, krylov, timed, use_options
from problem import LOADS, Run, asked
from scipy.spatial import cKDTree

AGREE = 1e-3  # m, between the coordinates of one node here and there


@dataclass(frozen=True)
class Assembled:
    """The matrix, and where its owned nodes stand in the problem.

    own : (k,) int, owned nodes that are free;  place : (k,) int, their numbers in the problem
    """

    matrix: PETSc.Mat
    space: fem.FunctionSpace  # its communicator, which the matrix uses, lives as long as this
    own: np.ndarray
    place: np.ndarray
    seconds: float


def main() -> None:
    """Load, assemble, set up, solve both loads."""
    run = asked()
    world = MPI.COMM_WORLD
    use_options(SETTINGS.get(run.setting, run.setting))
    body = assembled(run)
    solver = krylov(body.matrix)
    for load in LOADS:
        forces = run.array(f"load-{load}")
        b, x = body.matrix.createVecRight(), body.matrix.createVecRight()
        b.array.reshape(-1, 3)[body.own] = forces[body.place]
        timed(run, solver, load, b, x)
        parts = world.gather((body.place, x.array.reshape(-1, 3)[body.own]))
        if parts is not None:
            for place, values in parts:
                forces[place] = values
            run.keep(load, forces)
    run.notes["assembly_s"] = body.seconds
    run.notes["dolfinx"] = dolfinx.__version__
    finish(run, solver)


def assembled(run: Run) -> Assembled:
    """Mesh, space, form and matrix."""
    world = MPI.COMM_WORLD
    first = world.rank == 0
    points = run.array("points") if first else np.empty((0, 3))
    tets = run.array("tets") if first else np.empty((0, 4))
    shape = basix.ufl.element("Lagrange", "tetrahedron", 1, shape=(3,))
    mesh = create_mesh(world, tets.astype(np.int64), ufl.Mesh(shape), points)
    space = fem.functionspace(mesh, ("Lagrange", 2, (3,)))
    cells = fem.functionspace(mesh, ("DG", 0))
    lam, mu = fem.Function(cells), fem.Function(cells)
    original = mesh.topology.original_cell_index
    for field, name in ((lam, "lam"), (mu, "mu")):
        values = run.array(name)[original]
        field.x.array[cells.dofmap.list[: len(original), 0]] = values
        field.x.scatter_forward()
    u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
    stress = lam * ufl.div(u) * ufl.Identity(3) + 2.0 * mu * ufl.sym(ufl.grad(u))
    form = fem.form(ufl.inner(stress, ufl.sym(ufl.grad(v))) * ufl.dx)

    where = space.tabulate_dof_coordinates()
    distance, place = cKDTree(run.array("nodes")).query(where, distance_upper_bound=AGREE)
    free = np.isfinite(distance)
    held = fem.dirichletbc(np.zeros(3), np.flatnonzero(~free).astype(np.int32), space)
    start = time.perf_counter()
    matrix = petsc.assemble_matrix(form, bcs=[held])
    matrix.assemble()
    seconds = time.perf_counter() - start
    owned = space.dofmap.index_map.size_local
    attach_rigid_modes(matrix, where[:owned])
    own = np.flatnonzero(free[:owned])
    return Assembled(matrix, space, own, place[own], seconds)


if __name__ == "__main__":
    main()
