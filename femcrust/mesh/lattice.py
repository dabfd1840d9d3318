"""The lattice behind the box mesher: per axis a piecewise-linear map from whole numbers to metres.

Every plane that must consist of cell faces (box ends, layers, faults) gets a whole number P. Cells
of edge 2^l units respect the plane only if 2^l divides P, so a number with many trailing zeros is
cheap, and one close to (position - start)/unit keeps the cells cubic. The choice minimises
    sum over intervals 2 (r² + r⁴), r = ln(stretch)/ln(1.25)  +  sum over planes  wanted/possible
by dynamic programming along each axis; unit sizes around the nominal one are tried in turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats

Longs = NDArray[np.int64]

MILD_STRETCH = np.log(1.25)  # such a stretch costs as much as cells of 1/4 of the wanted size
UNIT_FACTORS = np.linspace(0.84, 1.06, 12)  # tried multiples of the nominal unit
CELL_COUNT_WEIGHT = 3.0  # price of a factor e in the size of the smallest, and of the largest
OVERSIZE = 1.07  # cells may exceed the wanted size by this, so that UNIT_FACTORS' last fits
FINEST_SPLIT = 7  # planes closer than near/2^6 are taken for a slip of the pen
KEY_BITS = 21  # bits per axis of a packed point, in half units


@dataclass(frozen=True)
class Plane:
    """A coordinate at which cell faces must lie, m, and the cell size wanted there, m."""

    position: float
    wanted: float


@dataclass(frozen=True)
class Lattice:
    """Whole numbers 0..shape[axis] mapped to metres, linear between the planes of each axis.

    index : per axis (k,) int, increasing from 0; position : per axis (k,) float, m
    unit : nominal length of a step, m; top : root cells have an edge of 2^top steps
    """

    index: tuple[Longs, Longs, Longs]
    position: tuple[Floats, Floats, Floats]
    unit: float
    top: int

    @property
    def shape(self) -> Longs:
        """Steps along each axis. (3,)"""
        return np.array([index[-1] for index in self.index])

    def points(self, half_steps: Longs) -> Floats:
        """Positions, m, of points given in half steps. (n, 3)"""
        columns = [
            np.interp(half_steps[:, axis] / 2.0, self.index[axis], self.position[axis])
            for axis in range(3)
        ]
        return np.stack(columns, axis=1)

    def plane(self, axis: int, position: float) -> int:
        """The whole number of the plane nearest to this position."""
        return int(self.index[axis][np.argmin(np.abs(self.position[axis] - position))])


def lattice(axes: list[list[Plane]], near: float, far: float) -> Lattice:
    """The cheapest lattice through the planes.

    axes : for x, y, z the planes in the order of growing index, the box's ends first and last
    near, far : smallest and largest wanted cell size, m
    """
    gaps = [abs(b.position - a.position) for planes in axes for a, b in pairwise(planes)]
    extents = [abs(planes[-1].position - planes[0].position) for planes in axes]
    split = max(0, int(np.ceil(np.log2(near / min(gaps)))) + 1)
    if split > FINEST_SPLIT:
        raise InputError(
            f"mesh.box: two planes (box ends, layers, fault edges) are {min(gaps):g} m apart with "
            f"cells of {near:g} m; merge them or lower mesh.box.size.near"
        )
    best: tuple[float, Lattice] | None = None
    for factor in UNIT_FACTORS:
        unit = near * factor / 2**split
        top = max(0, int(np.floor(np.log2(OVERSIZE * min(far, max(extents)) / unit))))
        placed = [_place(planes, unit, top) for planes in axes]
        cost = sum(cost for cost, _ in placed)
        cost -= CELL_COUNT_WEIGHT * np.log(unit * unit * 2.0**top)
        if best is None or cost < best[0]:
            i, j, k = (index for _, index in placed)
            x, y, z = (np.array([plane.position for plane in planes]) for planes in axes)
            best = float(cost), Lattice((i, j, k), (x, y, z), unit, top)
    assert best is not None
    if int(best[1].shape.max()) + 2 ** best[1].top >= 2 ** (KEY_BITS - 1):
        raise InputError(
            f"mesh.box.size.near: {near:g} m is too small for a box of {max(extents):g} m; "
            "raise it or shrink the box"
        )
    return best[1]


def _place(planes: list[Plane], unit: float, top: int) -> tuple[float, Longs]:
    """Cost and whole numbers of one axis' planes: shortest path through their candidates."""
    start = planes[0].position
    previous, cost = np.zeros(1, dtype=np.int64), np.zeros(1)
    layers: list[tuple[Longs, Longs]] = []  # candidates, best predecessor of each
    for before, plane in pairwise(planes):
        nominal = abs(plane.position - start) / unit
        steps = 2 ** np.arange(top + 1)
        candidates = np.unique(
            np.concatenate([np.floor(nominal / steps) * steps, np.ceil(nominal / steps) * steps])
        ).astype(np.int64)
        candidates = candidates[candidates > 0]
        possible = unit * np.minimum(candidates & -candidates, 2**top)
        size_cost = np.maximum(plane.wanted / possible, 1.0)
        count = candidates[None, :] - previous[:, None]
        length = abs(plane.position - before.position) / unit
        r = np.log(length / np.maximum(count, 1)) / MILD_STRETCH
        total = np.where(count > 0, cost[:, None] + 2 * (r**2 + r**4), np.inf) + size_cost
        layers.append((candidates, np.argmin(total, axis=0)))
        previous, cost = candidates, total.min(axis=0)
    at = int(np.argmin(cost))
    lowest = float(cost[at])
    index = [0]
    for candidates, predecessor in reversed(layers):
        index.insert(1, int(candidates[at]))
        at = int(predecessor[at])
    return lowest, np.array(index, dtype=np.int64)
