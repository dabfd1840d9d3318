"""Right-hand sides of a library of Green's functions: batches of it beside single solves.

Both on the same operator and preconditioner, to the same residual, in turns.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from femcrust import solvers
from femcrust.case import Case
from femcrust.greens.forward import Sources
from femcrust.greens.kinds import LOADS
from femcrust.greens.plan import described, fitting_width, make_plan
from femcrust.greens.problem import Problem, without_prescribed
from femcrust.greens.receivers import receivers
from femcrust.greens.sources import unit_sources
from femcrust.greens.station_loads import StationLoads
from femcrust.model import build_model
from femcrust.run import build


def say(text: str) -> None:
    print(text, flush=True)


def problem_of(case: Case) -> tuple[Problem, Any]:
    """What is solved, and in which batches; prints both."""
    start = time.perf_counter()
    model = build_model(case)
    sources = unit_sources(model)
    seen = receivers(case, model, sources)
    say(f"model and unit sources: {time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    operator, preconditioner = build(case, model)
    say(f"operator and preconditioner: {time.perf_counter() - start:.1f} s")
    plan = make_plan(case, sources, seen, fitting_width(operator.space.n_dof))
    say(f"{operator.space.n_dof:,} unknowns; {described(sources, seen, plan)}")
    operator = without_prescribed(operator)
    return Problem(operator, preconditioner, case.solver, sources.units, seen), plan


def loads_of(problem: Problem, batch: Any) -> np.ndarray:
    """The right-hand sides of a batch. (n_nodes, 3, k)"""
    if batch.kind in LOADS:
        placed, space = problem.receivers.placed, problem.operator.space
        corners = space.nodes[space.elements[placed.tets, :4]]
        acts = StationLoads(placed, corners, batch.kind, batch.first, batch.last)
        return np.stack(acts.forces(problem.operator), axis=2)
    acts = Sources(problem.units[batch.first : batch.last])
    return np.stack(acts.forces(problem.operator), axis=2)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def rates(problem: Problem, plan: Any, batches: int, singles: int) -> dict[str, Any]:
    """Batches and single solves in turns: their loads are made before the clock starts; prints and
    returns the medians."""
    chance = random.Random(27_182_818)
    chosen = chance.sample(plan.batches, min(batches, len(plan.batches)))
    each = max(1, singles // len(chosen))
    batch_s, single_s, gaps = [], [], []
    for batch in chosen:
        loads = loads_of(problem, batch)
        seconds, u = timed(lambda loads=loads: problem.elastic(loads))
        batch_s.append(seconds / loads.shape[2])
        worst = 0.0
        for column in chance.sample(range(loads.shape[2]), min(each, loads.shape[2])):
            load = np.ascontiguousarray(loads[:, :, column])
            seconds, found = timed(
                lambda load=load: solvers.solve(
                    problem.operator, problem.preconditioner, load,
                    tolerance=problem.solver.tolerance,
                )
            )  # fmt: skip
            single_s.append(seconds)
            gap = np.abs(found.displacement - u[:, :, column]).max()
            worst = max(worst, gap / np.abs(found.displacement).max())
        gaps.append(worst)
        say(
            f"batch of {loads.shape[2]}: {1 / batch_s[-1]:.2f} right-hand sides a second;"
            f" single: {1 / statistics.mean(single_s[-each:]):.2f}, {found.iterations} iterations;"
            f" apart by {worst:.0e}"
        )
    n = problem.operator.space.n_dof
    together, alone = 1 / statistics.median(batch_s), 1 / statistics.median(single_s)
    say(
        f"medians, right-hand sides a second (million unknowns x right-hand sides a second):"
        f" batches {together:.2f} ({together * n / 1e6:.2f}), single {alone:.2f}"
        f" ({alone * n / 1e6:.2f}); ratio {together / alone:.2f}; the whole library about"
        f" {plan.solves / together / 60:.1f} minutes"
    )
    return {
        "unknowns": n,
        "right_hand_sides": plan.solves,
        "times": {"batch_rhs_s": 1 / together, "single_rhs_s": 1 / alone},
        "ratio": together / alone,
        "apart": max(gaps),
    }
