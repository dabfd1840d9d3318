"""A relaxation run: the elastic answer, then steps of time; results at the times that are wanted.

steps (timestepping) → displacement, velocity, stress at the wanted times → observer, last result.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from femcrust import progress, ranks, timestepping
from femcrust.answers import Answers
from femcrust.case import Case
from femcrust.checkpoint import Keeper, read
from femcrust.operators import ElasticOperator
from femcrust.outputs.result import Result
from femcrust.outputs.stations import SECONDS_PER_YEAR
from femcrust.timestepping import Step

Observe = Callable[[Result], None]


def wanted_times(case: Case) -> list[float]:
    """When results are wanted, s: at 0, at the end, and as output.every or output.times say.

    Times after the end are refused with the case.
    """
    assert case.time is not None
    end = case.time.end
    times = {0.0, end, *(case.output.times or ())}
    if case.output.every is not None:
        times.update(np.arange(case.output.every, end * (1 - 1e-9), case.output.every).tolist())
    return sorted(t for t in times if t <= end)


def relax(
    answers: Answers,
    operator: ElasticOperator,
    preconditioner: Any,
    observe: Observe | None = None,
    keeper: Keeper | None = None,
) -> Result:
    """Go through the steps of a case with a section `time`; returns the result at the end.

    operator : before anything flows, with its preconditioner
    observe : gets the result of every wanted time, on rank 0; where ranks keep the fields, on each
    keeper : of checkpoints; where it has one, the run goes on from there
    """
    case, solver = answers.case, answers.case.solver
    section = case.time
    assert section is not None
    body = timestepping.Relaxation(answers.share.model, operator, preconditioner, solver)
    guess = timestepping.make_guess(solver.initial_guess, body.flow.creeps, operator.space)
    stepper = timestepping.Stepper(body, guess, solver.tolerance, solver.max_iterations)
    rows: list[dict[str, Any]] = []
    times = wanted_times(case)
    wanted = times.copy()
    result: Result | None = None
    kept = contextlib.nullcontext(None) if keeper is None else keeper.watching(answers)
    with progress.task("relax") as advance, kept as start:
        if start is not None:
            state, guessed = ranks.scattered(start["stepper"], answers.share, read)
            if not guessed:
                progress.say("parts of other ranks: initial guesses begin anew")
            stepper.restore(state, section, read)
            rows, wanted = start["rows"], wanted[start["reached"] :]
        for step in timestepping.steps(stepper, section):
            rows.append(row_of(step))
            advance(step.end / section.end, f"{step.end / SECONDS_PER_YEAR:.4g} yr")
            for t in _reached(step, wanted, section.end):
                result = answers.result(
                    step.displacement(t),
                    step.stress(t),
                    rows,
                    factors=step.factors(t),
                    time_s=t,
                    velocity=step.velocity(t),
                    rates=step.rates(t),
                    last=not wanted,
                )
                if observe is not None and (answers.share.root or answers.kept):
                    observe(result)
            if keeper is not None and wanted:
                keeper.step_done(
                    step.end,
                    lambda: {
                        "stepper": ranks.gathered(stepper.state(), answers.share),
                        "rows": rows,
                        "reached": len(times) - len(wanted),
                    },
                )
    assert result is not None
    progress.say(
        f"relaxed: {len(rows)} steps, {sum(row['iterations'] for row in rows)} iterations,"
        f" {sum(row['solve_s'] for row in rows):.1f} s"
    )
    return result


def _reached(step: Step, wanted: list[float], end: float) -> Iterator[float]:
    """Takes from `wanted` what lies in a step; its end belongs to the next step if there is one."""
    last = step.end >= end * (1 - 1e-12)
    while wanted and (wanted[0] < step.end * (1 - 1e-12) or last):
        yield min(max(wanted.pop(0), step.start), step.end)


def row_of(step: Step) -> dict[str, Any]:
    """A step as the summary tells it; residuals are the worst of its stages."""
    found = step.solutions
    return {
        "time_s": step.end,
        "step_s": step.dt,
        "iterations": sum(solution.iterations for solution in found),
        "relative_residual": max(solution.residuals[-1] for solution in found),
        "solve_s": step.seconds,
        "initial_relative_residual": max(solution.residuals[0] for solution in found),
        "error": step.error,
    }
