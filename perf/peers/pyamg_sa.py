"""pyamg: conjugate gradients with smoothed aggregation and the six rigid modes, one thread."""

from __future__ import annotations

import numpy as np
import pyamg
import scipy.sparse as sparse
from problem import LOADS, TOLERANCE, Stopwatch, asked, peak_bytes, rigid_modes
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
    watch = Stopwatch()
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
    run.setup = watch.read("setup")
    for load in LOADS:
        b = run.array(f"load-{load}").ravel()
        residuals: list[float] = []
        watch = Stopwatch()
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
            **watch.read("solve"),
            "iterations": len(residuals) - 1,
        }
        run.keep(load, x.reshape(-1, 3))
    run.notes = {"pyamg": pyamg.__version__, "levels": len(hierarchy.levels)}
    run.finish(peak_bytes())


if __name__ == "__main__":
    main()
