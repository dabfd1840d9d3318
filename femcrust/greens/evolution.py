"""Answers of a body to what acts from t = 0 on: at once, then epoch by epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from femcrust.case.schema_solver import Time
from femcrust.greens.columns import Acting, Answer, Columns, apart, together
from femcrust.greens.course import Course
from femcrust.greens.problem import Problem
from femcrust.outputs.stations import SECONDS_PER_YEAR
from femcrust.timestepping.steps import sizes_of

Report = Callable[[float, str], None]  # part of the work that is done, and a note


def answers(problem: Problem, acting: Acting, report: Report) -> Iterator[Answer]:
    """One for each epoch of a library, or the elastic one alone."""
    progress = _Progress(report)
    u = apart(problem.elastic(together(acting.forces(problem.operator)), progress.watch))
    yield Answer(u.__getitem__)
    body, course = problem.body, problem.course
    if body is None or course is None:
        return
    columns = Columns(body, acting, u, progress.watch)
    del u
    for step, epochs in enumerate(course.epochs_in, start=1):
        columns.attempt(float(course.lengths[step - 1]))
        columns.accept()
        for theta in epochs:
            yield columns.answer(theta)
        columns.go_on()
        progress.reached(step / len(course.ends), float(course.ends[step - 1]))


def course_of(
    problem: Problem, acting: Acting, time_of: Time, epochs: Sequence[float], report: Report
) -> Course:
    """The steps of a case, found with what acts where they are to meet a tolerance: the column with
    the worst error decides."""
    assert problem.body is not None
    sizes = sizes_of(0.0, time_of.end, time_of)
    columns = None
    if time_of.tolerance is not None and problem.body.relaxes:
        progress = _Progress(report)
        u = apart(problem.elastic(together(acting.forces(problem.operator)), progress.watch))
        columns = Columns(problem.body, acting, u, progress.watch)
    lengths, ends = [], []
    while not sizes.finished:
        dt, until = sizes.dt, sizes.until
        if sizes.accepts(0.0 if columns is None else columns.attempt(dt)):
            lengths.append(dt)
            ends.append(until)
            if columns is not None:
                columns.accept()
                columns.go_on()
                progress.reached(until / time_of.end, until)
    return Course(np.array(lengths), np.array(ends), np.array(epochs))


class _Progress:
    """Tells how far a batch is in time, and the residual of its solve."""

    def __init__(self, report: Report) -> None:
        self._report, self._part, self._when = report, 0.0, ""

    def reached(self, part: float, t: float) -> None:
        self._part, self._when = part, f"{t / SECONDS_PER_YEAR:.4g} yr, "
        self._report(part, self._when[:-2])

    def watch(self, iteration: int, residual: float) -> bool:
        self._report(self._part, f"{self._when}residual {residual:.1e}")
        return True
