"""`femcrust greens`: makes a library of Green's functions, or goes on where one was stopped."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from femcrust import backends, outputs, progress
from femcrust.case import Case, load_case
from femcrust.errors import InputError
from femcrust.greens.identity import difference, identity
from femcrust.greens.library import FILE, create, read_header, values_of
from femcrust.greens.plan import STATIONS, Batch, Plan, described, fitting_width, make_plan
from femcrust.greens.problem import Problem, forward, without_prescribed
from femcrust.greens.receivers import Receivers, receivers
from femcrust.greens.reciprocal import Reciprocal
from femcrust.greens.seal import Sealed
from femcrust.greens.sources import UnitSources, unit_sources
from femcrust.mesh.mesh import Floats
from femcrust.model import Model, build_model
from femcrust.outputs.resolved import plain
from femcrust.run import build

log = logging.getLogger("femcrust")


def greens_file(path: Path, overrides: Sequence[str] = (), output: Path | None = None) -> Path:
    """Make the library of the case in a file; returns where it is."""
    case = load_case(path, overrides)
    backends.select(case.solver.backend)  # complains before any work
    target = output or case.directory / case.output.directory / FILE
    if target.is_dir():
        target = target / FILE
    refuse_time(case)
    outputs.check_directory(target.parent)
    progress.say(f"{path}: {case.case.title}")
    make(case, target)
    progress.say(f"the library is {target}")
    return target


def make(case: Case, target: Path, model: Model | None = None) -> None:
    """Fill the library `target`, a new file or one that was stopped."""
    refuse_time(case)
    backends.set_threads(case.solver.threads)
    model = build_model(case) if model is None else replace(model, case=case)
    sources = unit_sources(model)
    seen = receivers(case, model, sources)  # complains before any work
    operator, preconditioner = build(case, model)
    plan = make_plan(case.greens, sources, seen, fitting_width(operator.space.n_dof))
    progress.say(described(sources, seen, plan))
    problem = Problem(
        without_prescribed(operator), preconditioner, case.solver, sources.units, seen
    )
    made_of = identity(model, problem, plan)
    if not target.exists():
        create(target, case, sources, seen, plan, made_of)
    with Sealed(target, writing=True) as sealed:
        header = read_header(sealed)
        differs = difference(header.made_of, made_of, header.case, plain(case))
        if differs:
            raise InputError(
                f"{target}: holds the library of another case: {differs};"
                " choose another --output, or remove the file"
            )
        _fill(sealed, problem, sources)


def refuse_time(case: Case) -> None:
    """Libraries are elastic: that of a case whose rock relaxes would not be what its user means."""
    if case.time is not None:
        raise InputError(
            f"{case.name}: time: libraries of Green's functions are elastic so far; remove the"
            " section for one"
        )


def planned(model: Model) -> tuple[UnitSources, Receivers, Plan]:
    """What a library of this model has, and how it will be made; nothing is solved."""
    sources = unit_sources(model)
    seen = receivers(model.case, model, sources)
    return sources, seen, make_plan(model.case.greens, sources, seen)


def _fill(sealed: Sealed, problem: Problem, sources: UnitSources) -> None:
    """Solve for the batches of the file that are missing or damaged."""
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
    solve = _Solves(problem, sources)
    with progress.task("greens") as advance:
        for count, i in enumerate(wanted):
            note = f"batch {there + count + 1} of {len(batches)}"

            def watch(iteration: int, residual: float, note: str = note, done: int = count) -> bool:
                advance(done / len(wanted), f"{note}, residual {residual:.1e}")
                return True

            sealed.write(i, solve(batches[i], watch))
            advance((count + 1) / len(wanted), note)


class _Solves:
    """The values of one batch after another, by array."""

    def __init__(self, problem: Problem, sources: UnitSources) -> None:
        self._problem = problem
        self._families = sources.families
        self._reciprocal = Reciprocal(problem)

    def __call__(self, batch: Batch, watch: Any) -> dict[str, Floats]:
        values: dict[str, Floats] = {}
        seen = self._problem.receivers
        some = slice(None)
        if batch.kind == STATIONS:
            moved = self._reciprocal(batch.first, batch.last, watch)
            some = slice(batch.first, batch.last)
        begin = 0
        for family in self._families:
            end = begin + len(family.units)
            if batch.kind == STATIONS:
                values |= values_of(family, seen, moved[begin:end], some)
            elif batch.kind == family.name:
                first, last = begin + batch.first, begin + batch.last
                moved = forward(self._problem, first, last, watch)
                values |= values_of(family, seen, moved, some)
            begin = end
        return values
