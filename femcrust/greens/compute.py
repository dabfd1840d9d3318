"""`femcrust greens`: makes a library of Green's functions, or goes on where one was stopped."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from femcrust import backends, comm, outputs, progress
from femcrust.case import Case, load_case
from femcrust.errors import InputError
from femcrust.greens.course import Course
from femcrust.greens.evolution import Report, course_of
from femcrust.greens.forward import Sources, forward
from femcrust.greens.identity import difference, identity
from femcrust.greens.kinds import LOADS
from femcrust.greens.library import FILE, create, read_header, values_of
from femcrust.greens.plan import Batch, Plan, described, fitting_width, loaded_fields, make_plan
from femcrust.greens.problem import Problem, refuse_creep, relaxing_body, without_prescribed
from femcrust.greens.receivers import Receivers, receivers
from femcrust.greens.reciprocal import Reciprocal
from femcrust.greens.seal import Sealed
from femcrust.greens.sources import UnitSources, unit_sources
from femcrust.greens.unit import Total
from femcrust.mesh.mesh import Floats
from femcrust.model import Model, build_model
from femcrust.outputs.resolved import plain
from femcrust.outputs.stations import SECONDS_PER_YEAR
from femcrust.ranks import Share
from femcrust.run import pieces

STAGES = 2  # solves of a step

log = logging.getLogger("femcrust")


def greens_file(path: Path, overrides: Sequence[str] = (), output: Path | None = None) -> Path:
    """Make the library of the case in a file; returns where it is."""
    case = load_case(path, overrides)
    backends.select(case.solver.backend)  # complains before any work
    target = output or case.directory / case.output.directory / FILE
    if target.is_dir():
        target = target / FILE
    outputs.check_directory(target.parent)
    progress.say(f"{path}: {case.case.title}")
    make(case, target)
    progress.say(f"the library is {target}")
    return target


def make(case: Case, target: Path, model: Model | None = None) -> None:
    """Fill the library `target`, a new file or one that was stopped. Of several ranks each solves
    for whole batches, and rank 0 keeps the file."""
    world = comm.world()
    backends.set_threads(case.solver.threads, world.here)
    model = build_model(case) if model is None else replace(model, case=case)
    sources, seen, _ = planned(model)  # complains before any work
    operator, preconditioner = pieces(case, Share(comm.ALONE, model, model), world)
    operator = without_prescribed(operator)
    fields = loaded_fields(case, seen)
    width = narrowest(
        world, fitting_width(operator.space.n_dof * world.here, model.n_branches, fields)
    )
    plan = make_plan(case, sources, seen, width)
    progress.say(described(sources, seen, plan))
    body = relaxing_body(model, operator, preconditioner) if plan.epochs else None
    problem = Problem(operator, preconditioner, case.solver, sources.units, seen, body)
    if world.rank > 0:
        _help(world, problem, sources)
        return
    made_of = identity(model, problem, plan)
    if not target.exists():
        course = _course(problem, case, sources, plan) if plan.epochs else None
        create(target, case, sources, seen, plan, made_of, course)
    with Sealed(target, writing=True) as sealed:
        header = read_header(sealed, plan.epochs)
        differs = difference(header.made_of, made_of, header.case, plain(case))
        if differs:
            raise InputError(
                f"{target}: holds the library of another case: {differs};"
                " choose another --output, or remove the file"
            )
        _fill(sealed, replace(problem, course=header.course), sources, world)


def narrowest(world: comm.Comm, width: int) -> int:
    """The batches of rank 0 must fit the memory of all."""
    most = np.array([-float(width)])
    world.largest(most)
    return int(-most[0])


def planned(model: Model) -> tuple[UnitSources, Receivers, Plan]:
    """What a library of this model has, and how it will be made; nothing is solved."""
    refuse_creep(model)
    sources = unit_sources(model)
    seen = receivers(model.case, model, sources)
    return sources, seen, make_plan(model.case, sources, seen)


def _course(problem: Problem, case: Case, sources: UnitSources, plan: Plan) -> Course:
    """The steps of all batches: of each family the sum of its sources is a column that decides."""
    assert case.time is not None
    with progress.task("steps") as advance:
        totals = Sources([Total.of(family.units) for family in sources.families])
        course = course_of(problem, totals, case.time, plan.epochs, advance)
    years = course.lengths / SECONDS_PER_YEAR
    progress.say(
        f"all go through the same {len(years):,} steps of {years.min():.4g} … {years.max():.4g} yr"
    )
    return course


def _help(world: comm.Comm, problem: Problem, sources: UnitSources) -> None:
    """What ranks other than 0 do: their turns of the batches that are wanted."""
    course, batches = world.broadcast(None)
    solve = _Solves(replace(problem, course=course), sources)
    for first in range(0, len(batches), world.size):
        mine = batches[first + world.rank :][:1]
        world.gather([solve(batch, _silent) for batch in mine])


def _silent(part: float, what: str) -> None:
    """Rank 0 reports."""


def _fill(sealed: Sealed, problem: Problem, sources: UnitSources, world: comm.Comm) -> None:
    """Solve for the batches of the file that are missing or damaged, a rank for each at a time."""
    batches = sealed.batches
    wanted = []
    for i in range(len(batches)):
        if not sealed.finished(i):
            wanted.append(i)
        elif not sealed.sound(i):
            log.warning(f"{sealed.path}: {sealed.named(i)} is damaged and is computed anew")
            wanted.append(i)
    there = len(batches) - len(wanted)
    if there:
        progress.say(f"{there} of {len(batches)} batches are there already")
    world.broadcast((problem.course, [batches[i] for i in wanted]))
    if not wanted:
        return
    started, solve = time.perf_counter(), _Solves(problem, sources)
    with progress.task("greens") as advance:
        for count in range(0, len(wanted), world.size):
            turn = wanted[count : count + world.size]
            note = f"batch {there + count + len(turn)} of {len(batches)}"

            def report(
                part: float, what: str, note: str = note, done: int = count, n: int = len(turn)
            ) -> None:
                advance((done + part * n) / len(wanted), f"{note}, {what}")

            found = world.gather([solve(batches[turn[0]], report)]) or []
            for i, values in zip(turn, (one for part in found for one in part), strict=True):
                sealed.write(i, values)
            advance((count + len(turn)) / len(wanted), note)
    _say_speed(problem, [batches[i] for i in wanted], time.perf_counter() - started)


def _say_speed(problem: Problem, batches: Sequence[Batch], seconds: float) -> None:
    """Unknowns × right-hand sides a second, everything in between counted: forces, flow, samples,
    matrices of other step sizes, writing."""
    columns = sum(b.size * LOADS.get(b.kind, 1) for b in batches)
    each = 1 if problem.course is None else 1 + STAGES * len(problem.course.lengths)
    rate = columns * each * problem.operator.space.n_dof / seconds
    progress.say(
        f"{columns * each:,} right-hand sides of {problem.operator.space.n_dof:,} unknowns in"
        f" {progress.duration(seconds)}: {rate / 1e6:.3g} million unknowns x right-hand sides a"
        " second"
    )


class _Solves:
    """The values of one batch after another, by array."""

    def __init__(self, problem: Problem, sources: UnitSources) -> None:
        self._problem = problem
        self._families = sources.families
        self._reciprocal = Reciprocal(problem)

    def __call__(self, batch: Batch, report: Report) -> dict[str, Floats]:
        values: dict[str, Floats] = {}
        seen = self._problem.receivers
        told: dict[str, Floats] = {}
        if batch.kind in LOADS:
            told = self._reciprocal(batch.kind, batch.first, batch.last, report)
            some = slice(batch.first, batch.last)
        begin = 0
        for family in self._families:
            end = begin + len(family.units)
            if batch.kind in LOADS:
                own = {name: array[:, begin:end] for name, array in told.items()}
                values |= values_of(family, seen, own, some)
            elif batch.kind == family.name:
                first, last = begin + batch.first, begin + batch.last
                told = forward(self._problem, first, last, report)
                values |= values_of(family, seen, told, slice(None))
            begin = end
        return values
