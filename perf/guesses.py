"""Initial guesses compared: residuals and iterations of the solves of a relaxing box.

    python perf/guesses.py [--cells 20 20 14] [--cases fast doubling event] [--tolerance 1e-8]

For each guess: the geometric mean of the starting residual ‖b − A u‖ / ‖b‖ over the first solves,
the next and the rest; iterations a solve of conjugate gradients with aggregation multigrid (pyamg),
each solution going back into the history; time a solve that the guess itself takes, and its memory.
Then forms of the fit that were not taken: other lengths and sub-domains, the two stages as one
sequence, histories in 21- and 16-bit floats, and random mixtures of all past pairs.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyamg
import scipy.sparse as sparse
from guess_rivals import Fit
from relaxing_box import Box, Solution, run

from femcrust.mesh.mesh import Floats
from femcrust.timestepping.guess import EVENT, MIDDLE, Extrapolated, Guess, Previous
from femcrust.timestepping.learned import Learned
from femcrust.timestepping.projected import Projected

CASES: dict[str, tuple[float, list[float], tuple[int, ...]]] = {  # weak layer, steps, jumps
    "slow": (1.0, [0.1] * 40, (0,)),
    "fast": (30.0, [0.1] * 40, (0,)),
    "doubling": (10.0, [0.02 * 2**k for k in range(5) for _ in range(8)], (0,)),
    "event": (10.0, [0.05] * 40, (0, 20)),
}
GUESSES: dict[str, Callable[[], Guess]] = {
    "previous": Previous,
    "linear": lambda: Extrapolated(1),
    "quadratic": lambda: Extrapolated(2),
    "cubic": lambda: Extrapolated(3),
    "projection": Projected,
    "projection, reset to one": lambda: Projected(recent=1),
    "learned": Learned,
    "learned, young: cubic": lambda: Learned(young=Extrapolated(3)),
    **{f"learned, {s} pairs": lambda s=s: Learned(pairs=s) for s in (4, 16, 32)},  # type: ignore[misc]
    **{f"learned, {n} nodes": lambda n=n: Learned(nodes=n) for n in (200, 1000, 8000)},  # type: ignore[misc]
}
RIVALS: dict[str, Callable[[], Guess]] = {
    "as learned": Fit,
    "stages as one sequence": lambda: Fit(by_stage=False),
    "21-bit history": lambda: Fit(fraction_bits=13),
    "16-bit history": lambda: Fit(fraction_bits=11),
    "16-bit, 16 pairs": lambda: Fit(pairs=16, fraction_bits=11),
    "8 mixtures of all": lambda: Fit(mixtures=8),
    "8 mixtures, fading": lambda: Fit(mixtures=8, fading=0.8),
    "16 mixtures, fading": lambda: Fit(mixtures=16, fading=0.8),
}


class Matrix:
    """A on the free values of whole fields, and a multigrid preconditioner."""

    def __init__(self, matrix: sparse.csc_matrix, free: Any, n_values: int) -> None:
        self.matrix, self.free, self.n_values = matrix, free, n_values
        blocks = sparse.bsr_matrix(matrix.tocsr(), blocksize=(3, 3))
        shifts = np.tile(np.eye(3), (matrix.shape[0] // 3, 1))
        levels = pyamg.smoothed_aggregation_solver(blocks, B=shifts, symmetry="symmetric")
        self.cycle = levels.aspreconditioner()

    def whole(self, values: Floats) -> Floats:
        out = np.zeros(self.n_values)
        out[self.free] = values
        return out.reshape(-1, 3)

    def __matmul__(self, u: Floats) -> Floats:
        return self.whole(self.matrix @ u.ravel()[self.free])

    def solve(self, b: Floats, x: Floats, tolerance: float) -> tuple[Floats, int, float]:
        """u, iterations, and the relative residual at the start."""
        r = b - self.matrix @ x
        stop = tolerance * np.linalg.norm(b)
        start = np.linalg.norm(r) / np.linalg.norm(b)
        z = p = self.cycle @ r
        rz, count = r @ z, 0
        while np.linalg.norm(r) > stop:
            q = self.matrix @ p
            alpha = rz / (p @ q)
            x, r = x + alpha * p, r - alpha * q
            z = self.cycle @ r
            p, rz = z + r @ z / rz * p, r @ z
            count += 1
        return x, count, float(start)


def solved(
    solutions: list[Solution], matrices: dict[int, Matrix], guess: Guess, tolerance: float
) -> Iterator[tuple[float, int, float]]:
    """Residual at the start, iterations, and seconds of the guess, of each solve."""
    middle = solutions[0].u
    for wanted in solutions:
        matrix, stage = matrices[id(wanted.matrix)], wanted.stage + 1
        began = time.perf_counter()
        if stage == MIDDLE:
            guess.step_changes(wanted.step)
        found = guess.predict(stage, matrix.whole(wanted.load), matrix)
        seconds = time.perf_counter() - began
        start = np.zeros(wanted.u.size) if found is None else found.ravel()
        x, count, residual = matrix.solve(wanted.load, start[matrix.free], tolerance)
        u = matrix.whole(x)
        began = time.perf_counter()
        if stage == EVENT:
            guess.event(u)
        elif stage == MIDDLE:
            guess.halfway(u)
            middle = u
        else:
            guess.learn(middle, u)
        yield residual, count, seconds + time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cells", type=int, nargs=3, default=(20, 20, 14))
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--tolerance", type=float, default=1e-8)
    options = parser.parse_args()
    warnings.simplefilter("ignore", sparse.SparseEfficiencyWarning)
    for case in options.cases:
        weak, steps, jumps = CASES[case]
        box = Box(tuple(options.cells), (1.0, 5.0), weak)
        solutions = list(run(box, steps, jumps, 1e-3 * options.tolerance))
        matrices: dict[int, Matrix] = {}
        for s in solutions:
            if id(s.matrix) not in matrices:
                matrices[id(s.matrix)] = Matrix(s.matrix, box.free, s.u.size)
        print(f"\n{case}: {3 * len(box.points)} unknowns, {len(solutions)} solves")
        print(f"{'':26} solves 2-7    8-20      rest  iterations   ms     MB")
        for name, make in [*GUESSES.items(), *RIVALS.items()]:
            guess = make()
            rows = list(solved(solutions, matrices, guess, options.tolerance))[1:]
            residuals = [row[0] for row in rows]
            means = [np.exp(np.mean(np.log(part))) for part in
                     (residuals[:6], residuals[6:19], residuals[19:])]  # fmt: skip
            count = np.mean([row[1] for row in rows])
            ms = 1e3 * np.median([row[2] for row in rows])
            print(f"{name:26}", *(f"{mean:9.1e}" for mean in means),
                  f"{count:10.2f} {ms:6.1f} {guess.bytes / 1e6:6.1f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
