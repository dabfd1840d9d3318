"""In which solves a library is made: forward or reciprocal, for which epochs, in which batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from femcrust import machine, solvers
from femcrust.case import Case
from femcrust.case.schema_greens import Greens
from femcrust.greens.kinds import LOADS, kinds_of
from femcrust.greens.problem import WIDTH
from femcrust.greens.receivers import Receivers
from femcrust.greens.sources import UnitSources
from femcrust.outputs.stations import SECONDS_PER_YEAR
from femcrust.relax import wanted_times


@dataclass(frozen=True)
class Batch:
    """Members first … last of `kind`: columns of a family by its name, or what all of them do at
    stations, one of `kinds.LOADS`."""

    kind: str
    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first


@dataclass(frozen=True)
class Plan:
    """method : forward or reciprocal;  solves : right-hand sides in all, of one epoch;
    epochs : s, none where the library is elastic"""

    method: str
    solves: int
    batches: tuple[Batch, ...]
    epochs: tuple[float, ...] = ()


def fitting_width(
    n_unknowns: int, n_branches: int | None = None, fields: Sequence[str] = ("displacement",)
) -> int:
    """Right-hand sides that go together: as many as the memory of this machine holds, those of one
    station at least; over time with the branches of all elements that flow."""
    there = machine.physical_memory()
    least = max(LOADS[kind] for kind in kinds_of(fields, over_time=True))
    for width in reversed([width for width in solvers.WIDTHS if width >= least]):
        needed = machine.memory_needed(n_unknowns, n_branches, columns=width)
        if needed <= there:
            break
    machine.check_memory(n_unknowns, "mesh", n_branches, columns=width)
    return width


def loaded_fields(case: Case, receivers: Receivers) -> tuple[str, ...]:
    """What stations tell that may need loads of its own: the forward way only samples it."""
    forward = case.greens is not None and case.greens.method == "forward"
    return ("displacement",) if forward else receivers.fields


def forecast(
    n_unknowns: int, n_branches: int | None = None, fields: Sequence[str] = ("displacement",)
) -> str:
    """What a library needs, in a line for people; InputError where it does not fit."""
    width = fitting_width(n_unknowns, n_branches, fields)
    needed = machine.memory_needed(n_unknowns, n_branches, columns=width)
    return (
        f"greens: {width} right-hand sides go together and take {needed / machine.GIB:.1f} of"
        f" {machine.physical_memory() / machine.GIB:.1f} GiB of memory"
    )


def make_plan(case: Case, sources: UnitSources, receivers: Receivers, width: int = WIDTH) -> Plan:
    """The method that a case asks for, or the one with fewer batches of `width` solves."""
    epochs = () if case.time is None else tuple(wanted_times(case))
    forward = Plan(
        "forward",
        len(sources.units),
        tuple(
            batch
            for family in sources.families
            for batch in _cut(family.name, len(family.units), width)
        ),
        epochs,
    )
    stations = len(receivers)
    kinds = kinds_of(receivers.fields, over_time=bool(epochs))
    batches = tuple(
        batch for kind in kinds for batch in _cut(kind, stations, max(1, width // LOADS[kind]))
    )
    solves = stations * sum(LOADS[kind] for kind in kinds)
    reciprocal = Plan("reciprocal", solves, batches, epochs)
    method = (case.greens or Greens()).method
    if method == "auto":
        cheaper = len(reciprocal.batches) < len(forward.batches)
        return reciprocal if cheaper else forward
    return forward if method == "forward" else reciprocal


def _cut(kind: str, count: int, most: int) -> list[Batch]:
    return [Batch(kind, i, min(i + most, count)) for i in range(0, count, most)]


def described(sources: UnitSources, receivers: Receivers, plan: Plan) -> str:
    """One line for people."""
    parts = []
    for family in sources.families:
        times = f" x {len(family.components)} components" if family.components else ""
        plural = {"patch": "patches", "point": "points", "load": "loads"}[family.name]
        parts.append(f"{len(family.labels):,} {plural}{times}")
    kinds = kinds_of(receivers.fields, over_time=bool(plan.epochs))
    each = sum(LOADS[kind] for kind in kinds)
    other = each * len(receivers) if plan.method == "forward" else len(sources.units)
    of_each = {3: "three"}.get(each, str(each))
    ways = {"forward": "one for each source", "reciprocal": f"{of_each} for each station"}
    when, what = "", "solves"
    if plan.epochs:
        when = f" and {len(plan.epochs):,} epochs up to {plan.epochs[-1] / SECONDS_PER_YEAR:.4g} yr"
        what = "runs over time"
    return (
        f"greens: {', '.join(parts)} at {len(receivers):,} stations{when}: {plan.solves:,} {what},"
        f" {ways[plan.method]} (the other way: {other:,})"
    )
