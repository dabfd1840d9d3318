"""Initial guesses of a library's solves from those of neighbouring patches, against none.

    python perf/neighbours.py [--size 2.0] [--cells 2.0] [--most 16] [--group 0]

A plane fault of 20 x 6 patches, each `cells` wanted sizes across, strike and dip slip, in layers;
batches of sixteen columns in the order of the library. Each batch is solved with every guess in
turns: none; the solution of the nearest patch that is solved, of the same component; and in the
span of the `most` nearest that are solved, what is best in energy, or what leaves least residual.
`group`: batches from whose solutions guesses are taken; 0: all that are solved, more than restarts
to the same bits could allow. K u_i = b_i, so that a guess Σ c_i u_i leaves b − Σ c_i b_i: no less
than the part of b that the other loads do not span.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from machine import description

from femcrust import backends, solvers
from femcrust.case import Case, build_case
from femcrust.greens.forward import Sources
from femcrust.greens.plan import WIDTH
from femcrust.greens.problem import without_prescribed
from femcrust.greens.sources import UnitSources, unit_sources
from femcrust.mesh.mesh import Floats
from femcrust.model import build_model
from femcrust.run import build

KM = 1e3
ALONG, DOWN = 20, 6
COMPONENTS = 2


def make_case(size: float, cells: float) -> Case:
    side = cells * size
    length, width = ALONG * side, DOWN * side
    half, depth = length / 2 + 40 * KM, width + 60 * KM
    box = {"x": (-half, half), "y": (-half, half), "z": (-depth, 0.0)}
    rock = {"nu": 0.25, "rho": 2800.0}
    return build_case(
        {
            "mesh": {"box": box | {"size": {"near": size, "far": 20 * KM}}},
            "materials": {
                "top": rock | {"mu": 30e9, "where": {"depth": (0.0, 10 * KM)}},
                "rest": rock | {"mu": 65e9, "where": {"depth": (10 * KM, 1e6)}},
            },
            "faults": {
                "main": {
                    "rectangle": {
                        "top_center": (0.0, 0.0, -2 * KM), "length": length, "width": width,
                        "strike": 20.0, "dip": 40.0,
                    },
                    "slip": {"strike": 1.0},
                }
            },
            "greens": {"patches": {"along_strike": ALONG, "down_dip": DOWN}, "method": "forward"},
            "solver": {"backend": "cpu", "threads": 1},
        }
    )  # fmt: skip


@dataclass
class Solved:
    """Columns that are there: numbers, answers and loads, (k, n) each."""

    columns: list[int] = field(default_factory=list)
    answers: list[Floats] = field(default_factory=list)
    loads: list[Floats] = field(default_factory=list)

    def nearest(self, centre: Floats, centres: Floats, most: int) -> list[int]:
        """Places of the columns of the nearest patches."""
        away = np.linalg.norm(centres[np.array(self.columns) // COMPONENTS] - centre, axis=1)
        return np.argsort(away, kind="stable")[:most].tolist()


Guess = Callable[[Solved, int, Floats, Floats, int], Floats]


def previous(solved: Solved, column: int, load: Floats, centres: Floats, most: int) -> Floats:
    """The nearest answer of the same component."""
    order = solved.nearest(centres[column // COMPONENTS], centres, len(solved.columns))
    same = [k for k in order if (solved.columns[k] - column) % COMPONENTS == 0]
    return solved.answers[same[0]]


def in_energy(solved: Solved, column: int, load: Floats, centres: Floats, most: int) -> Floats:
    """min ‖u − Σ c_i u_i‖_K: (U·B) c = U·b"""
    some = solved.nearest(centres[column // COMPONENTS], centres, most)
    answers = np.array([solved.answers[k] for k in some])
    gram = answers @ np.array([solved.loads[k] for k in some]).T
    return np.linalg.lstsq((gram + gram.T) / 2, answers @ load, rcond=1e-12)[0] @ answers


def in_residual(solved: Solved, column: int, load: Floats, centres: Floats, most: int) -> Floats:
    """min ‖b − Σ c_i b_i‖"""
    some = solved.nearest(centres[column // COMPONENTS], centres, most)
    loads = np.array([solved.loads[k] for k in some])
    weights = np.linalg.lstsq(loads @ loads.T, loads @ load, rcond=1e-12)[0]
    return weights @ np.array([solved.answers[k] for k in some])


GUESSES: dict[str, Guess | None] = {
    "none": None,
    "nearest": previous,
    "span, least energy": in_energy,
    "span, least residual": in_residual,
}


def guessed(guess: Guess, solved: Solved, first: int, loads: Floats, *rest: Any) -> Floats:
    flat = loads.reshape(-1, loads.shape[2])
    found = [guess(solved, first + i, flat[:, i], *rest) for i in range(loads.shape[2])]
    return np.stack(found, axis=1).reshape(loads.shape)


def measure(
    operator: Any,
    preconditioner: Any,
    sources: UnitSources,
    tolerance: float,
    most: int,
    group: int,
) -> None:
    units, table = sources.units, sources.patches
    assert table is not None
    counts: dict[str, list[int]] = {name: [] for name in GUESSES}
    seconds = {name: np.zeros(2) for name in GUESSES}  # guess, solve
    starts: dict[str, list[float]] = {name: [] for name in GUESSES}
    solved = Solved()
    for number, first in enumerate(range(0, len(units), WIDTH)):
        if group and number % group == 0:
            solved = Solved()
        some = units[first : first + WIDTH]
        loads = np.stack(Sources(some).forces(operator), axis=2)
        answer = None
        for name, guess in GUESSES.items():
            clock = [time.process_time()]
            start = None
            if guess is not None and solved.columns:
                start = guessed(guess, solved, first, loads, table.centre, most)
            clock.append(time.process_time())
            found = solvers.solve_many(
                operator, preconditioner, loads, tolerance=tolerance, guess=start
            )
            clock.append(time.process_time())
            if solved.columns:
                counts[name] += found.iterations
                starts[name] += [history[0] for history in found.residuals]
                seconds[name] += np.diff(clock)
            answer = found.displacement if answer is None else answer
        flat = [array.reshape(-1, len(some)).T.copy() for array in (answer, loads)]
        solved.columns += range(first, first + len(some))
        solved.answers += list(flat[0])
        solved.loads += list(flat[1])
    base = seconds["none"].sum()
    for name in GUESSES:
        print(
            f"{name:>22}: {sum(counts[name]):6,} iterations of {len(counts[name])} columns"
            f" ({min(counts[name])} to {max(counts[name])} each), first residual"
            f" {np.exp(np.mean(np.log(starts[name]))):.2f}; processor time x"
            f" {seconds[name].sum() / base:.2f}, guesses alone x {seconds[name][0] / base:.2f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=2.0, help="near, km")
    parser.add_argument("--cells", type=float, default=2.0, help="wanted sizes across a patch")
    parser.add_argument("--most", type=int, default=16)
    parser.add_argument("--group", type=int, default=0)
    chosen = parser.parse_args()
    case = make_case(chosen.size * KM, chosen.cells)
    backends.set_threads(1)
    model = build_model(case)
    operator, preconditioner = build(case, model)
    sources = unit_sources(model)
    print(f"{operator.space.n_dof:,} unknowns, {ALONG * DOWN} patches; {description()}", flush=True)
    measure(
        without_prescribed(operator), preconditioner, sources, case.solver.tolerance,
        chosen.most, chosen.group,
    )  # fmt: skip


if __name__ == "__main__":
    main()
