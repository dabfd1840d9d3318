"""What the columns of a library stand for: patches of faults, as a table of plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femcrust.faults.geometry import strike_and_dip
from femcrust.mesh.mesh import Floats

CORNERS = 4  # of a rectangle; nan follows the three of a triangle
Pieces = tuple[Floats, ...]


@dataclass(frozen=True)
class PatchTable:
    """One row for each patch, in the order of the library.

    fault : (p,) name;  kind : (p,) rectangle, triangle, triangles (merged) or node
    corners : (p, 4 or more, 3) m, around, nan where there is none
    centre : (p, 3) m;  strike, dip : (p,) degrees, strike clockwise from the model's north
    area : (p,) m², of a node ∫ of its hat function;  rigidity : (p,) Pa, its mean over the patch
    pieces : of each patch its flat polygons (k, c, 3) m; none of a node. Not kept in the file.
    """

    fault: NDArray[np.str_]
    kind: NDArray[np.str_]
    corners: Floats
    centre: Floats
    strike: Floats
    dip: Floats
    area: Floats
    rigidity: Floats
    pieces: Pieces

    def __len__(self) -> int:
        return len(self.area)


def joined(tables: Sequence[PatchTable]) -> PatchTable:
    """All rows of several tables."""
    most = max(table.corners.shape[1] for table in tables)
    columns: dict[str, Any] = {
        field.name: np.concatenate([getattr(table, field.name) for table in tables])
        for field in fields(PatchTable)
        if field.name not in ("corners", "pieces")
    }
    columns["corners"] = np.concatenate([padded(table.corners, most) for table in tables])
    columns["pieces"] = tuple(pieces for table in tables for pieces in table.pieces)
    return PatchTable(**columns)


def padded(corners: Floats, count: int) -> Floats:
    """Corners (p, c, 3) with nan up to `count` of them."""
    found = np.full((len(corners), count, 3), np.nan)
    found[:, : corners.shape[1]] = corners
    return found


def angles_of(frames: Floats) -> tuple[Floats, Floats]:
    """Strike and dip, degrees, of frames (p, 3, 3) with rows e_strike, e_updip, n.

    >>> from femcrust.faults.geometry import frames
    >>> [angle.round(9).tolist() for angle in angles_of(frames(30.0, 45.0)[None])]
    [[30.0], [45.0]]
    """
    angles = np.array([strike_and_dip(frame[2]) for frame in frames]).reshape(-1, 2)
    strike = np.degrees(np.arctan2(frames[:, 0, 0], frames[:, 0, 1])) % 360.0
    return strike, angles[:, 1].copy()
