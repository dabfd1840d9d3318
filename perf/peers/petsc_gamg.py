"""PETSc: conjugate gradients with GAMG, smoothed aggregation that knows the six rigid modes.

Every rank loads its rows; blocks of 3 in AIJ, which is what GAMG takes. Setup is PCSetUp on the
assembled matrix; the norm that stops the iteration is that of the true residual. Run by mpirun.
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI  # before petsc4py: it loads the MPI library that PETSc's wheel needs
from petsc4py import PETSc
from problem import LOADS, TOLERANCE, Run, Stopwatch, asked, peak_bytes

# The best three of the settings that were tried (README.md, "GAMG's settings").
SETTINGS = {
    "defaults": "",
    "ssor": (
        "-pc_gamg_threshold 0 -mg_levels_ksp_type richardson -mg_levels_ksp_max_it 1 "
        "-mg_levels_pc_type sor -mg_levels_pc_sor_local_symmetric"
    ),
    "pbjacobi": (
        "-pc_gamg_threshold 0.01 -mg_levels_ksp_type chebyshev -mg_levels_ksp_max_it 3 "
        "-mg_levels_pc_type pbjacobi"
    ),
    "mumps": "-pc_type cholesky -pc_factor_mat_solver_type mumps",  # direct, one iteration
}
MOST = 2000  # iterations


def main() -> None:
    """Load, set up, solve both loads."""
    run = asked()
    world = MPI.COMM_WORLD
    use_options(SETTINGS.get(run.setting, run.setting))
    n = len(np.load(run.folder / "nodes.npy", mmap_mode="r"))
    matrix = PETSc.Mat().create(world)
    mine = n // world.size + (world.rank < n % world.size)
    matrix.setSizes(((3 * mine, 3 * n), (3 * mine, 3 * n)))
    matrix.setBlockSize(3)
    matrix.setType("aij")
    matrix.load(PETSc.Viewer().createBinary(str(run.folder / "matrix.petsc"), "r", world))
    low, high = (row // 3 for row in matrix.getOwnershipRange())
    attach_rigid_modes(matrix, run.array("nodes")[low:high])
    solver = krylov(matrix)
    for load in LOADS:
        b, x = matrix.createVecRight(), matrix.createVecRight()
        b.array = run.array(f"load-{load}")[low:high].ravel()
        timed(run, solver, load, b, x)
        whole = world.gather(x.array.copy())
        if world.rank == 0:
            run.keep(load, np.concatenate(whole).reshape(-1, 3))
    finish(run, solver)


def krylov(matrix: PETSc.Mat) -> PETSc.KSP:
    """Conjugate gradients on the true residual with GAMG, set by the options."""
    solver = PETSc.KSP().create(matrix.comm)
    solver.setOperators(matrix)
    solver.setType("cg")
    solver.getPC().setType("gamg")
    solver.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
    solver.setTolerances(rtol=TOLERANCE, atol=0.0, max_it=MOST)
    solver.setFromOptions()
    return solver


def timed(run: Run, solver: PETSc.KSP, load: str, b: PETSc.Vec, x: PETSc.Vec) -> None:
    """Set up, if that is still to be done, and solve; all ranks start together."""
    comm = MPI.COMM_WORLD
    comm.Barrier()
    watch = Stopwatch()
    if not run.solves:
        solver.setUp()
        solver.setUpOnBlocks()
        comm.Barrier()
        run.setup = _of_all(watch.read("setup"))
        comm.Barrier()
        watch = Stopwatch()
    solver.solve(b, x)
    comm.Barrier()
    run.solves[load] = {**_of_all(watch.read("solve")), "iterations": solver.getIterationNumber()}


def _of_all(spent: dict[str, float]) -> dict[str, float]:
    """The clock of the slowest rank, the processors of all."""
    comm = MPI.COMM_WORLD
    return {
        name: comm.allreduce(value, MPI.SUM if name.endswith("_cpu_s") else MPI.MAX)
        for name, value in spent.items()
    }


def finish(run: Run, solver: PETSc.KSP) -> None:
    """Write the answer with the memory of all ranks."""
    comm = MPI.COMM_WORLD
    peak = comm.allreduce(peak_bytes())
    run.notes["petsc"] = ".".join(map(str, PETSc.Sys.getVersion()))
    if solver.getPC().getType() == PETSc.PC.Type.GAMG:
        run.notes["levels"] = solver.getPC().getMGLevels()
    run.notes["ranks"] = comm.size
    if comm.rank == 0:
        run.finish(peak)


def use_options(text: str) -> None:
    """Options as on PETSc's command line."""
    options = PETSc.Options()
    options.insertString(text)


def attach_rigid_modes(matrix: PETSc.Mat, points: np.ndarray) -> None:
    """Near-null space of the rows' nodes (n, 3)."""
    coordinates = matrix.createVecRight()
    coordinates.setBlockSize(3)
    coordinates.array = points.ravel()
    matrix.setNearNullSpace(PETSc.NullSpace().createRigidBody(coordinates))


if __name__ == "__main__":
    main()
