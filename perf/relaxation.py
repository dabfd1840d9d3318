"""A postseismic run as users have it, timed part by part, with each initial guess.

    python perf/relaxation.py [--near 2.4] [--years 50] [--tolerance 1e-4] [--creep]
                              [--guesses learned projection/12 learned/8x512 …]
                              [--preconditioner jacobi] [--backend cuda]

A thrust in an elastic lid over a weak layer (1e18 Pa s, relaxation within half a year) over a stiff
mantle, two earthquakes, steps as the tolerance allows, solves to 1e-8. A line each: steps; solves
and iterations; seconds of the whole time loop and of its parts: setup of matrices, solves, guess,
flow, loads and the rest; memory of the guess's history. projection/12 keeps 12 solutions,
learned/8x512 eight pairs on sub-domains of 512 nodes, extrapolated/2 is a parabola. --near is the
size of the finest cells, km: 1.1 makes about a million unknowns.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from machine import description

from femcrust import backends, timestepping
from femcrust.case import Case
from femcrust.model import Model, build_model
from femcrust.run import build
from femcrust.timestepping import Relaxation, Stepper, steps
from femcrust.timestepping.guess import Extrapolated, Guess
from femcrust.timestepping.learned import Learned
from femcrust.timestepping.projected import Projected

YEAR = 365.25 * 86400.0
KM = 1e3
GUESSES = ("previous", "extrapolated", "projection", "learned")
PARTS = ("setup", "solves", "guess", "flow")


class Clock:
    """Seconds by part; wraps the methods that it is given."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)

    def timed(self, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*words: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return work(*words, **named)
            finally:
                self.seconds[part] += time.perf_counter() - start

        return run


class Wrapped:
    """Anything whose methods count as one part."""

    def __init__(self, clock: Clock, part: str, inner: Any) -> None:
        self._clock, self._part, self._inner = clock, part, inner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        return self._clock.timed(self._part, value) if callable(value) else value


# Wet olivine at constant water content [HirthKohlstedt03].
CREEPS = {
    "model": "power_law", "nu": 0.25, "temperature": 1500.0, "water": 1000.0, "grain_size": 0.01,
    "dislocation": {
        "prefactor": 90.0, "exponent": 3.5, "energy": 480e3, "water_exponent": 1.2,
    },
    "diffusion": {
        "prefactor": 1e6, "energy": 335e3, "grain_exponent": 3.0, "water_exponent": 1.0,
    },
}  # fmt: skip


def body(
    near: float, years: float, tolerance: float | None, step: float, creeps: bool = False
) -> Model:
    """The model; near in km, step in years."""
    half = 150 * KM
    size = {"near": near * KM, "far": half / 4, "growth": 0.3}
    mantle = {"model": "maxwell", "nu": 0.25}
    weak = CREEPS if creeps else mantle | {"eta": 1e18}
    case = {
        "mesh": {"box": {"x": (-half, half), "y": (-half, half), "z": (-half, 0.0), "size": size}},
        "materials": {
            "lid": {"mu": 30e9, "nu": 0.25, "where": {"depth": (0.0, 30 * KM)}},
            "weak": weak | {"mu": 60e9, "where": {"depth": (30 * KM, 60 * KM)}},
            "mantle": mantle | {"mu": 70e9, "eta": 1e20, "where": {"depth": (60 * KM, 2 * half)}},
        },
        "faults": {
            "thrust": {
                "rectangle": {
                    "top_center": (0.0, 0.0, -5 * KM), "length": 40 * KM, "width": 24 * KM,
                    "strike": 20.0, "dip": 40.0,
                },
                "slip": {"dip": 2.0, "strike": 0.5},
                "time": (0.0, 0.4 * years * YEAR),
            }
        },
        "time": {"end": years * YEAR, "step": step * YEAR}
        | ({} if tolerance is None else {"tolerance": tolerance}),
    }  # fmt: skip
    return build_model(Case.model_validate(case))


def guess_of(name: str, creeps: bool) -> Guess:
    """By its name, and after a stroke how much it keeps."""
    kind, _, kept = name.partition("/")
    if not kept:
        return timestepping.make_guess(kind, creeps)
    if kind == "learned":
        pairs, nodes = map(int, kept.split("x"))
        return Learned(pairs, nodes)
    return Projected(int(kept)) if kind == "projection" else Extrapolated(int(kept))


def measured(model: Model, guess_name: str) -> dict[str, Any]:
    """One run with one guess."""
    case, clock = model.case, Clock()
    operator, preconditioner = build(case, model)
    problem: Any = Relaxation(model, operator, preconditioner, case.solver)
    problem.flow = Wrapped(clock, "flow", problem.flow)
    problem.matrix = clock.timed("setup", problem.matrix)
    guess = guess_of(guess_name, problem.flow.creeps)
    watched: Any = Wrapped(clock, "guess", guess)
    stepper = Stepper(problem, watched, case.solver.tolerance, case.solver.max_iterations)
    assert case.time is not None
    count = iterations = solves = 0
    start = time.perf_counter()
    for step in steps(stepper, case.time):
        count += 1
        solves += len(step.solutions)
        iterations += sum(solution.iterations for solution in step.solutions)
        clock.seconds["solves"] += sum(solution.seconds for solution in step.solutions)
    whole = time.perf_counter() - start
    return {
        "guess": guess_name,
        "unknowns": operator.space.n_dof,
        "steps": count,
        "solves": solves,
        "iterations": iterations,
        "whole_s": whole,
        **{f"{part}_s": seconds for part, seconds in clock.seconds.items()},
        "rest_s": whole - sum(clock.seconds.values()),
        "history_bytes_per_unknown": guess.bytes / operator.space.n_dof,
        "flow_bytes_per_unknown": problem.flow.bytes / operator.space.n_dof,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--near", type=float, default=2.4, help="km")
    parser.add_argument("--years", type=float, default=50.0)
    parser.add_argument("--step", type=float, default=0.05, help="the first, years")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="0: steps of one length")
    parser.add_argument("--creep", action="store_true", help="the weak layer by a power law")
    parser.add_argument("--guesses", nargs="*", default=GUESSES)
    parser.add_argument("--preconditioner", default="multigrid")
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    backends.set_threads(options.threads)
    model = body(
        options.near, options.years, options.tolerance or None, options.step, options.creep
    )
    choices = {"preconditioner": options.preconditioner, "backend": options.backend}
    solver = model.case.solver.model_copy(update=choices)
    if options.preconditioner != "multigrid":
        solver = solver.model_copy(update={"max_iterations": 100_000})
    model = replace(model, case=model.case.model_copy(update={"solver": solver}))
    print(json.dumps(description()), flush=True)
    for name in options.guesses:
        found = measured(model, name)
        print(json.dumps({k: round(v, 3) if isinstance(v, float) else v for k, v in found.items()}),
              flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
