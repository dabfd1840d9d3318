"""A property as a function of depth alone: piecewise linear, or constant from each row downward.

Two rows of equal depth are a jump. Above the first and below the last row the end values hold,
because the first row of published models stands for everything above it (topography), the last
for the half-space below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femcrust.errors import InputError
from femcrust.materials.columns import Columns
from femcrust.mesh.mesh import Floats

INTERPOLATIONS = ("linear", "constant")


@dataclass(frozen=True)
class Table:
    """depth (n,) m, downward, non-decreasing; values (n,) SI; interpolation by name."""

    depth: Floats
    values: Floats
    interpolation: str = "linear"

    def at_depth(self, depth: Floats) -> Floats:
        """Values at depths, m. At a jump the lower side counts.

        >>> table = Table(np.array([0.0, 2.0, 2.0]), np.array([1.0, 3.0, 5.0]))
        >>> table.at_depth(np.array([-9.0, 1.0, 2.0, 7.0])).tolist()
        [1.0, 2.0, 5.0, 5.0]
        """
        above = np.searchsorted(self.depth, depth, side="right") - 1
        above = np.clip(above, 0, len(self.depth) - 1)
        if self.interpolation == "constant":
            return self.values[above]
        below = np.minimum(above + 1, len(self.depth) - 1)
        span = self.depth[below] - self.depth[above]
        part = np.divide(
            depth - self.depth[above], span, out=np.zeros_like(depth), where=span > 0.0
        ).clip(0.0, 1.0)
        return np.asarray(self.values[above] * (1.0 - part) + self.values[below] * part)


def table_of(columns: Columns, column: str, quantity: str, interpolation: str = "linear") -> Table:
    """The table of one column; checks the depths."""
    if interpolation not in INTERPOLATIONS:
        raise InputError(
            f"{columns.path}: interpolation '{interpolation}' is unknown for a table by depth; "
            f"choose {' or '.join(INTERPOLATIONS)}"
        )
    depth = columns.si("depth", "depth")
    back = np.flatnonzero(np.diff(depth) < 0.0)
    if len(back):
        raise InputError(
            f"{columns.path}: depth falls from {depth[back[0]]:g} to {depth[back[0] + 1]:g} m "
            f"after data row {back[0] + 1}; sort the rows downward"
        )
    return Table(depth, columns.si(column, quantity), interpolation)
