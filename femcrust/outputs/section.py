"""Cut of the mesh with a vertical plane: one polygon per crossed tetrahedron.

A plane cuts a tetrahedron in a triangle (one vertex alone on its side) or a quadrilateral (two).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femcrust.mesh.mesh import Floats, Mesh

NUDGE = 1e-7  # of the extent: moves the plane off mesh faces, where a cut would be ambiguous


@dataclass(frozen=True)
class Section:
    """polygons (k, 4, 2): distance along the strike and z, m (triangles repeat a corner).

    tets (k,): the tetrahedra cut
    """

    polygons: Floats
    tets: NDArray[np.int64]


def along_strike(points: Floats, origin: Floats, strike: float) -> tuple[Floats, Floats]:
    """Distance along, and to the right of, a line through `origin`; strike in degrees."""
    phi = np.radians(strike)
    x, y = points[..., 0] - origin[0], points[..., 1] - origin[1]
    return x * np.sin(phi) + y * np.cos(phi), x * np.cos(phi) - y * np.sin(phi)


def vertical_section(mesh: Mesh, origin: Floats, strike: float) -> Section:
    """Cut along `strike` (degrees) through `origin`."""
    along, across = along_strike(mesh.points, origin, strike)
    across = across + NUDGE * max(float(np.ptp(across)), 1.0)
    plane = np.column_stack([along, mesh.points[:, 2]])
    right = across[mesh.tets] > 0.0  # (n_tets, 4)
    count = right.sum(axis=1)
    parts, owners = [], []
    for wanted, order in (
        (1, [(0, 1), (0, 2), (0, 3), (0, 3)]),
        (2, [(0, 2), (0, 3), (1, 3), (1, 2)]),
    ):
        for flip in (False, True):
            if wanted == 2 and flip:
                continue
            chosen = np.flatnonzero(count == (4 - wanted if flip else wanted))
            lone = right[chosen] ^ flip
            rank = np.argsort(~lone, axis=1, kind="stable")  # the lone one or two come first
            vertex = np.take_along_axis(mesh.tets[chosen], rank.astype(np.int32), axis=1)
            corners = []
            for i, j in order:
                a, b = vertex[:, i], vertex[:, j]
                t = across[a] / (across[a] - across[b])
                corners.append(plane[a] + t[:, None] * (plane[b] - plane[a]))
            parts.append(np.stack(corners, axis=1))
            owners.append(chosen)
    return Section(np.concatenate(parts), np.concatenate(owners))
