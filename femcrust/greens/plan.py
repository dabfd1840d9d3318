"""In which solves a library is made: forward or reciprocal, and the batches of each."""

from __future__ import annotations

from dataclasses import dataclass

from femcrust import machine, solvers
from femcrust.case.schema_greens import Greens
from femcrust.greens.problem import AXES, WIDTH
from femcrust.greens.receivers import Receivers
from femcrust.greens.sources import UnitSources

STATIONS = "station"  # a batch of these, in a plan of reciprocal solves
NARROW = 4  # right-hand sides of the narrowest batches: those of one station must fit


@dataclass(frozen=True)
class Batch:
    """Members first … last of `kind`: columns of a family by its name, or stations of them all."""

    kind: str
    first: int
    last: int


@dataclass(frozen=True)
class Plan:
    """method : forward or reciprocal;  solves : right-hand sides in all."""

    method: str
    solves: int
    batches: tuple[Batch, ...]


def fitting_width(n_unknowns: int) -> int:
    """Right-hand sides that go together: as many as the memory of this machine holds."""
    there = machine.physical_memory()
    for width in reversed(solvers.WIDTHS):
        if width <= NARROW or machine.memory_needed(n_unknowns, columns=width) <= there:
            break
    machine.check_memory(n_unknowns, "mesh", columns=width)
    return width


def make_plan(
    greens: Greens | None, sources: UnitSources, receivers: Receivers, width: int = WIDTH
) -> Plan:
    """The method that a case asks for, or the one with fewer batches of `width` solves."""
    forward = Plan(
        "forward",
        len(sources.units),
        tuple(
            batch
            for family in sources.families
            for batch in _cut(family.name, len(family.units), width)
        ),
    )
    stations = len(receivers)
    batches = tuple(_cut(STATIONS, stations, width // AXES))
    reciprocal = Plan("reciprocal", AXES * stations, batches)
    method = (greens or Greens()).method
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
        each = f" x {len(family.components)} components" if family.components else ""
        plural = {"patch": "patches", "point": "points", "load": "loads"}[family.name]
        parts.append(f"{len(family.labels):,} {plural}{each}")
    other = AXES * len(receivers) if plan.method == "forward" else len(sources.units)
    ways = {"forward": "one for each source", "reciprocal": "three for each station"}
    return (
        f"greens: {', '.join(parts)} at {len(receivers):,} stations: {plan.solves:,} solves,"
        f" {ways[plan.method]} (the other way: {other:,})"
    )
