"""What PyLith reports of the strike-slip event at 0 years, to stand beside femcrust's numbers.

Version 1.4.2, August 2009, one core of a 2.2 GHz Opteron [PyLithBenchmarks09]: linear tetrahedra,
trilinear hexahedra. The tetrahedra have the vertices of the hexahedra.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """error : m, root mean square of a component.  memory : MB."""

    spacing: float
    elements: int
    vertices: int
    error: float
    seconds: float
    iterations: int
    memory: float


TET4 = (
    Run(1000.0, 79_756, 15_625, 1.41e-3, 23.94, 60, 187.0),
    Run(500.0, 661_929, 117_649, 4.79e-4, 212.2, 111, 1287.0),
    Run(250.0, 5_244_768, 912_673, 1.30e-4, 2080.0, 228, 9992.0),
)
HEX8 = (
    Run(1000.0, 13_824, 15_625, 6.58e-4, 12.77, 38, 141.0),
    Run(500.0, 110_592, 117_649, 1.94e-4, 108.4, 70, 939.0),
    Run(250.0, 884_736, 912_673, 7.70e-5, 1105.0, 134, 7340.0),
)


def as_many(runs: tuple[Run, ...], nodes: int) -> Run | None:
    """The run with as many vertices as another has nodes."""
    return next((run for run in runs if run.vertices == nodes), None)


def as_fine(runs: tuple[Run, ...], spacing: float) -> Run | None:
    """The run on cells of this spacing, m."""
    return next((run for run in runs if run.spacing == spacing), None)
