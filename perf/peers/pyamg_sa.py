"""pyamg: conjugate gradients with smoothed aggregation and the six rigid modes, one thread."""

from __future__ import annotations

import time

import numpy as np
import pyamg
import scipy.sparse as sparse
from problem import LOADS, TOLERANCE, asked, peak_bytes, rigid_modes
from pyamg.krylov import cg

STRENGTH = 0.02
MOST = 1000  # iterations
SWEEP = ("block_gauss_seidel", {"sweep": "symmetric", "iterations": 1})


def main() -> None:
    """Load, set up, solve both loads."""
    run = asked()
    blocks, columns, begin = (run.array(name) for name in ("blocks", "columns", "begin"))
    matrix = sparse.bsr_matrix((blocks, columns, begin))
    modes = rigid_modes(run.array("nodes"))
    np.random.seed(715_225_739)  # noqa: NPY002  pyamg draws its start vectors from this one
    start = time.perf_counter()
    hierarchy = pyamg.smoothed_aggregation_solver(
        matrix,
        B=modes,
        strength=("symmetric", {"theta": STRENGTH}),
        improve_candidates=None,
        presmoother=SWEEP,
        postsmoother=SWEEP,
        max_coarse=300,
    )
    preconditioner = hierarchy.aspreconditioner()
    run.setup_s = time.perf_counter() - start
    for load in LOADS:
        b = run.array(f"load-{load}").ravel()
        residuals: list[float] = []
        start = time.perf_counter()
        x, _ = cg(
            matrix,
            b,
            tol=TOLERANCE,
            criteria="rr",
            maxiter=MOST,
            M=preconditioner,
            residuals=residuals,
        )
        run.solves[load] = {
            "solve_s": time.perf_counter() - start,
            "iterations": len(residuals) - 1,
        }
        run.keep(load, x.reshape(-1, 3))
    run.notes = {"pyamg": pyamg.__version__, "levels": len(hierarchy.levels)}
    run.finish(peak_bytes())


if __name__ == "__main__":
    main()
