"""Turn the facets of a fault so that all normals point from the foot wall to the hanging wall.

Neighbours agree where they run along their common edge in opposite senses. Each facet stands twice
in a graph, as given and reversed, linked to the copy of its neighbour that agrees with it; the two
components of a connected piece are its two orientations, and one component is a one-sided piece.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from femcrust.errors import InputError
from femcrust.faults.geometry import strike_and_dip
from femcrust.mesh.exterior import row_ids
from femcrust.mesh.mesh import Floats, Ints

STEEP = 85.0  # deg; above it "up" no longer tells the walls apart
CLOSED = 0.05  # |Σ A n| / Σ A of a surface that closes on itself or folds back
ASKEW = 0.17  # a word within 10° of the strike names no side
COMPASS = {
    "north": 0.0,
    "northeast": 45.0,
    "east": 90.0,
    "southeast": 135.0,
    "south": 180.0,
    "southwest": 225.0,
    "west": 270.0,
    "northwest": 315.0,
}


def toward_hanging_wall(points: Floats, facets: Ints, hanging_side: str | None, name: str) -> Ints:
    """The facets with corners counter-clockwise seen from the hanging wall. (k, 3)

    hanging_side : a compass word, 'above', or None: above the surface
    name : heads complaints, e.g. faults.main
    """
    if len(facets) == 0:
        raise InputError(f"{name}: its surface has no triangles; check the mesh group")
    if hanging_side is not None and hanging_side not in (*COMPASS, "above"):
        raise InputError(
            f"{name}.hanging_side: {hanging_side!r} is no side; write one of "
            f"{', '.join(COMPASS)}, above"
        )
    facets, piece = _consistent(facets, name)
    corners = points[facets]
    doubled = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.linalg.norm(doubled, axis=1) / 2.0
    if not np.all(areas > 0.0):
        where = corners[np.argmin(areas)].mean(axis=0)
        raise InputError(f"{name}: a triangle near {_at(where)} has no area; mend the surface")
    n_pieces = int(piece.max()) + 1
    total = np.bincount(piece, areas, minlength=n_pieces)
    mean = np.stack(
        [np.bincount(piece, doubled[:, i] / 2.0, minlength=n_pieces) for i in range(3)], axis=1
    )
    turned = np.array([_turned(mean[p], total[p], hanging_side, name) for p in range(n_pieces)])
    flip = turned[piece]
    facets[flip] = facets[flip][:, [0, 2, 1]]
    return facets


def _consistent(facets: Ints, name: str) -> tuple[Ints, NDArray[np.int64]]:
    """Facets in one sense per connected piece, and the piece of each."""
    k = len(facets)
    directed = facets[:, [(0, 1), (1, 2), (2, 0)]].reshape(-1, 2)
    edge = row_ids(directed)
    count = np.bincount(edge)
    if count.max() > 2:
        raise InputError(
            f"{name}: three or more triangles of its surface meet in an edge; "
            "give each branch a mesh group and a fault of its own"
        )
    order = np.argsort(edge, kind="stable")
    shared = np.flatnonzero(edge[order][1:] == edge[order][:-1])
    one, other = order[shared], order[shared + 1]
    ascending = directed[:, 0] < directed[:, 1]
    opposed = ascending[one] == ascending[other]  # same sense along the edge: one must turn
    f, g = one // 3, other // 3
    rows = np.concatenate([f, f + k])
    columns = np.concatenate([g + k * opposed, g + k * ~opposed])
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(2 * k, 2 * k))
    _, label = connected_components(graph, directed=False)
    given, reverse = label[:k], label[k:]
    if np.any(given == reverse):
        raise InputError(f"{name}: its surface is one-sided (a Möbius strip); cut it")
    facets = np.array(facets, dtype=np.int32)
    turn = given > reverse
    facets[turn] = facets[turn][:, [0, 2, 1]]
    _, piece = np.unique(np.minimum(given, reverse), return_inverse=True)
    return facets, piece.reshape(-1)


def _turned(mean: Floats, area: float, hanging_side: str | None, name: str) -> bool:
    """Whether a piece with this mean normal (3,), m², must be turned to face the hanging wall."""
    size = float(np.linalg.norm(mean))
    if size < CLOSED * area:
        raise InputError(f"{name}: its surface closes on itself and has no hanging side; split it")
    up = mean if mean[2] >= 0.0 else -mean
    strike, dip = strike_and_dip(up / size)
    if hanging_side is None or hanging_side == "above":
        if dip > STEEP and (hanging_side is None or up[2] < 1e-3 * size):
            one, other = sorted((compass_word(strike + 90), compass_word(strike - 90)))
            raise InputError(
                f"{name}.hanging_side: needed, for the fault dips {dip:.1f}°, steeper than "
                f"{STEEP:.0f}° (strike {strike % 180:.0f}°); write hanging_side: {one} or {other}"
            )
        return bool(mean[2] < 0.0)
    right = compass_word(strike + 90)
    azimuth = np.radians(COMPASS[hanging_side])
    toward = float(up[0] * np.sin(azimuth) + up[1] * np.cos(azimuth))
    if abs(toward) < ASKEW * float(np.hypot(up[0], up[1])) or dip < 0.1:
        raise InputError(
            f"{name}.hanging_side: {hanging_side!r} lies along the strike ({strike:.0f}°); write "
            f"{right}{f' or {compass_word(strike - 90)}' if dip > STEEP else ''}"
        )
    if dip <= STEEP and toward < 0.0:
        raise InputError(
            f"{name}.hanging_side: {hanging_side!r} is the foot wall of a fault that dips "
            f"{dip:.0f}° to the {right}; write {right} or leave it out"
        )
    return bool(toward * (1.0 if mean[2] >= 0.0 else -1.0) < 0.0)


def compass_word(azimuth: float) -> str:
    """The compass word nearest to an azimuth in degrees."""
    return list(COMPASS)[round((azimuth % 360.0) / 45.0) % 8]


def _at(x: Floats) -> str:
    return "(" + ", ".join(f"{value:.6g}" for value in x) + ") m"
