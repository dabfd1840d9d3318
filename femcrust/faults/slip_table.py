"""Slip measured at scattered points of a fault, and its interpolation onto other points.

Columns x, y, z (or x_km, y_km, z_km) and any of strike, dip, open, all in metres. Between the
points slip is linear in the plane of the fault; outside their hull it is that of the nearest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from femcrust.errors import InputError
from femcrust.faults.csv_table import read_table, required
from femcrust.faults.geometry import Chart
from femcrust.mesh.mesh import Floats

COMPONENTS = ("strike", "dip", "open")


@dataclass(frozen=True)
class SlipTable:
    """points (n, 3), metres; components (n, 3), metres, strike, dip, opening."""

    points: Floats
    components: Floats


def read_slip_table(path: Path) -> SlipTable:
    """Read a slip table; complaints name file and line."""
    table = read_table(path, ("x", "y", "z", *COMPONENTS))
    required(table, "x", "y", "z")
    if not any(name in table for name in COMPONENTS):
        raise InputError(f"{path}:1: no slip; add columns among {', '.join(COMPONENTS)}")
    return SlipTable(
        points=np.stack([table.column(name) for name in "xyz"], axis=1),
        components=np.stack([table.column(name) for name in COMPONENTS], axis=1),
    )


def interpolated(table: SlipTable, chart: Chart) -> Callable[[Floats], Floats]:
    """Slip components at points (n, 3) → (n, 3), interpolated in the chart's plane."""
    from scipy.interpolate import LinearNDInterpolator
    from scipy.spatial import QhullError, cKDTree

    flat = chart.along_down(table.points)
    tree = cKDTree(flat)
    try:
        linear = LinearNDInterpolator(flat, table.components)
    except (QhullError, ValueError):  # too few points for a triangle, or all on a line
        linear = None

    def at(points: Floats) -> Floats:
        where = chart.along_down(points)
        nearest = table.components[tree.query(where)[1]]
        if linear is None:
            return np.asarray(nearest)
        inside = linear(where)
        return np.asarray(np.where(np.isfinite(inside), inside, nearest))

    return at
