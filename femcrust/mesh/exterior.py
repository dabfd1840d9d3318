"""The boundary of a tetrahedral mesh: the faces that belong to one tetrahedron only.

Each exterior face gets a side. Closed pieces of the boundary that enclose negative volume
(∮ x·n dA / 3 < 0, divergence theorem) are walls of cavities: 'inner'. Of the outer ones, faces in
the planes of the bounding box are 'west', 'east', 'south', 'north', 'bottom'; what is left is
'top', topography with overhangs included, except walls that reach down to the bottom without
facing up (round or rotated boxes, hemispheres): they are named after the axis they face most.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from femcrust import backends
from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats, Ints, Mesh

# Local vertices of the face opposite to vertex 0, 1, 2, 3, outward by the right-hand rule.
OUTWARD_FACES = np.array([(1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1)])
SIDES = ("west", "east", "south", "north")
PLANE_TOLERANCE = 1e-6  # of the extent: far above rounding in files, far below any element
UPWARD = 1e-6  # nz of an upward face; below it a wall is vertical up to rounding in files
THREE_IN_63_BITS = 2**21  # vertex numbers below this pack into one 63-bit key


@dataclass(frozen=True)
class Exterior:
    """Faces of the boundary, in the order of their tetrahedra.

    faces : (k, 3) int, vertices, counter-clockwise seen from outside
    tets : (k,) int, the tetrahedron behind each face
    normals : (k, 3) float, outward unit normals
    areas : (k,) float, m²
    side : (k,) str, 'top', 'bottom', 'west', 'east', 'south', 'north' or 'inner'
    """

    faces: Ints
    tets: Ints
    normals: Floats
    areas: Floats
    side: NDArray[np.str_]


def tet_faces(tets: Ints) -> Ints:
    """Outward faces; row 4 e + i is opposite to vertex i of tetrahedron e. (4 n_tets, 3)"""
    return np.asarray(tets[:, OUTWARD_FACES].reshape(-1, 3))


def row_ids(rows: Ints) -> NDArray[np.int64]:
    """Equal numbers for rows with equal vertex sets, in ascending order of sorted rows. (k,)

    >>> row_ids(np.array([[0, 1, 2], [2, 3, 1], [2, 0, 1]], dtype=np.int32)).tolist()
    [0, 1, 0]
    """
    order, first = sorted_rows(rows)
    ids = np.empty(len(order), dtype=np.int64)
    ids[order] = np.cumsum(first) - 1
    return ids


def sorted_rows(rows: Ints) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The rows in the order of their vertex sets, equal ones as they come, and whether each of
    these is the first of its set. (k,), (k,)"""
    rows = np.sort(rows, axis=1)
    first = np.ones(len(rows), dtype=bool)
    if len(rows) == 0:
        return np.empty(0, dtype=np.int64), first
    if rows.shape[1] <= 3 and rows.min() >= 0 and rows.max() < THREE_IN_63_BITS:
        keys = np.zeros(len(rows), dtype=np.int64)
        for column in rows.T:
            keys *= THREE_IN_63_BITS
            keys += column
        del rows
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        first[1:] = keys[1:] != keys[:-1]
    else:
        order = np.lexsort(rows.T[::-1])
        rows = rows[order]
        first[1:] = np.any(rows[1:] != rows[:-1], axis=1)
    return order, first


def members(rows: Ints, group: Ints) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows are in the group, and which of the group are among the rows (as sets)."""
    ids = row_ids(np.concatenate([rows, group]))
    of_rows, of_group = ids[: len(rows)], ids[len(rows) :]
    in_rows = np.zeros(ids.max(initial=-1) + 1, dtype=bool)
    in_group = in_rows.copy()
    in_rows[of_rows] = True
    in_group[of_group] = True
    return in_group[of_rows], in_rows[of_group]


def exterior_faces(mesh: Mesh) -> Exterior:
    """Boundary faces of the mesh with their normals, areas and sides."""
    met = backends.core().single_faces(mesh.tets, mesh.n_points)
    local = OUTWARD_FACES[met % 4]
    faces = np.take_along_axis(mesh.tets[met // 4], local, axis=1).astype(np.int32)
    corners = mesh.points[faces]
    doubled = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(doubled, axis=1)
    normals = doubled / length[:, None]
    return Exterior(
        faces=faces,
        tets=(met // 4).astype(np.int32),
        normals=normals,
        areas=length / 2.0,
        side=_sides(faces, corners, doubled, normals),
    )


def _pieces(faces: Ints, chosen: NDArray[np.bool_]) -> tuple[int, NDArray[np.int32]]:
    """Number of edge-connected pieces of the chosen faces, and the piece of each of them."""
    edges = faces[chosen][:, [(0, 1), (1, 2), (2, 0)]].reshape(-1, 2)
    n_faces = len(edges) // 3
    edge = row_ids(edges) + n_faces  # a graph of faces and edges
    n = int(edge.max(initial=-1)) + 1
    face = np.repeat(np.arange(n_faces), 3)
    graph = coo_array((np.ones(len(edge), dtype=np.int8), (face, edge)), shape=(n, n))
    count, label = connected_components(graph, directed=False)
    return int(count), np.asarray(label[:n_faces], dtype=np.int32)


def _sides(faces: Ints, corners: Floats, doubled: Floats, normals: Floats) -> NDArray[np.str_]:
    """The side of each boundary face; corners (k, 3, 3), doubled = 2 area x normal (k, 3)."""
    side = np.full(len(faces), "inner", dtype="<U6")
    count, piece = _pieces(faces, np.ones(len(faces), dtype=bool))
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    centred = corners.mean(axis=1) - (low + high) / 2.0
    enclosed = np.bincount(piece, np.einsum("ki,ki->k", centred, doubled), minlength=count)
    outer = enclosed[piece] > 0.0
    side[outer] = "top"

    slack = PLANE_TOLERANCE * (high - low)
    on_low = np.all(corners <= low + slack, axis=1) & outer[:, None]  # (k, 3)
    on_high = np.all(corners >= high - slack, axis=1) & outer[:, None]
    for axis, names in enumerate((("west", "east"), ("south", "north"))):
        side[on_low[:, axis] & (normals[:, axis] < 0)] = names[0]
        side[on_high[:, axis] & (normals[:, axis] > 0)] = names[1]
    side[on_low[:, 2] & (normals[:, 2] < 0)] = "bottom"

    walls = (side == "top") & (normals[:, 2] < UPWARD)
    if walls.any():
        count, piece = _pieces(faces, walls)
        deep = np.zeros(int(faces.max()) + 1, dtype=bool)
        deep[faces[side == "bottom"]] = True
        deep[faces[corners[:, :, 2] <= low[2] + slack[2]]] = True
        reaches = np.bincount(piece, deep[faces[walls]].any(axis=1), minlength=count) > 0
        buried = np.flatnonzero(walls)[reaches[piece]]
        facing = np.argmax(np.abs(normals[buried]), axis=1)
        ahead = normals[buried, facing] > 0
        by_axis = np.array([SIDES[:2], SIDES[2:], ("bottom", "bottom")])
        side[buried] = by_axis[facing, ahead.astype(int)]
    return side


def named(mesh: Mesh, exterior: Exterior, name: str) -> Ints:
    """Indices of the exterior faces called `name`: a surface group, a side, or 'sides'. (k,)

    A surface group of the mesh comes before a side of the same name.
    """
    if name in mesh.surfaces:
        outside, found = members(exterior.faces, mesh.surfaces[name])
        if not found.all():
            raise InputError(
                f"{name}: {int((~found).sum())} of {len(found)} triangles of this surface group "
                "lie inside the mesh; boundary conditions need a group of exterior faces only"
            )
        return np.flatnonzero(outside).astype(np.int32)
    wanted = SIDES if name == "sides" else (name,)
    index = np.flatnonzero(np.isin(exterior.side, wanted)).astype(np.int32)
    if len(index):
        return index
    present = [s for s in (*SIDES, "top", "bottom", "inner") if np.any(exterior.side == s)]
    if any(s in SIDES for s in present):
        present.insert(0, "sides")
    known = [*present, *sorted(mesh.surfaces)]
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ";"
    raise InputError(f"{name}: no such boundary{hint} available: {', '.join(known)}")
