"""Sparse Cholesky: CHOLMOD where its wheel is installed, else SciPy's SuperLU; one thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import scipy.sparse as sparse
import scipy.sparse.linalg as linalg
from problem import LOADS, Stopwatch, asked, peak_bytes


def factor(matrix: sparse.csc_matrix) -> tuple[str, Callable[[Any], Any]]:
    """Name of the solver, and b → x."""
    try:
        from sksparse_minimal import SparseCholesky
    except ImportError:
        # symmetric positive definite: no pivoting, ordering of A + Aᵀ
        options = {"SymmetricMode": True}
        found = linalg.splu(matrix, "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
        return "SuperLU", found.solve
    return "CHOLMOD", SparseCholesky(matrix).solve_A


def main() -> None:
    """Load, factor, solve both loads."""
    run = asked()
    blocks, columns, begin = (run.array(name) for name in ("blocks", "columns", "begin"))
    matrix = sparse.csc_matrix(sparse.bsr_matrix((blocks, columns, begin)))
    del blocks, columns, begin
    watch = Stopwatch()
    name, solve = factor(matrix)
    run.setup = watch.read("setup")
    for load in LOADS:
        b = run.array(f"load-{load}").ravel()
        watch = Stopwatch()
        x = solve(b)
        run.solves[load] = {**watch.read("solve"), "iterations": 0}
        run.keep(load, x.reshape(-1, 3))
    run.notes = {"solver": name}
    run.finish(peak_bytes())


if __name__ == "__main__":
    main()
