"""Conforming tetrahedra of a balanced octree, built from cell centres and cell faces.

A face between cells of equal size gives one body-centred-cubic tetrahedron per edge of the face:
the edge and the two cell centres [Labelle07]; an edge with a hanging node counts as two. A face
that must be a face of the mesh, and each quarter of a face with four smaller cells behind it, is
cut into triangles, which are coned to the centres on both sides. On cubes every dihedral angle is
at least 45 degrees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from femcrust.mesh.lattice import Longs
from femcrust.mesh.octree import Bools, Leaves, is_in, pack

# corners of a face along its two axes, in cyclic order
CYCLE = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])


@dataclass(frozen=True)
class Faces:
    """Square faces of cells, all across one axis.

    center : (n, 3) int, half steps; half : (n,) int, half the edge, half steps; axis : 0, 1 or 2
    sides : (n, 2) int, packed centres of the cells on both sides, -1 outside the box
    """

    center: Longs
    half: Longs
    axis: int
    sides: Longs

    def pick(self, chosen: Bools | Longs) -> Faces:
        return Faces(self.center[chosen], self.half[chosen], self.axis, self.sides[chosen])

    def corners(self) -> Longs:
        """(n, 4, 3), half steps, in cyclic order"""
        corners = np.repeat(self.center[:, None, :], 4, axis=1)
        for column in (0, 1):
            along = (self.axis + 1 + column) % 3
            corners[:, :, along] += self.half[:, None] * CYCLE[:, column]
        return corners


@dataclass(frozen=True)
class Pieces:
    """What the octree was cut into, points packed from half steps.

    tets : (n_tets, 4) int, of either orientation
    triangles : (n_triangles, 3) int, counter-clockwise in (axis + 1, axis + 2)
    face : (n_triangles, 3) int, half steps, and axis : (n_triangles,) int, of the triangle's face
    """

    tets: Longs
    triangles: Longs
    face: Longs
    axis: Longs


def tetrahedra(leaves: Leaves, shape: Longs, must: Callable[[Faces], Bools]) -> Pieces:
    """Cut the cells; `must` says which faces between equal cells have to be faces of the mesh."""
    keys = np.sort(pack(leaves.centers))
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    vertices = pack(leaves.centers[:, None, :] + leaves.half[:, None, None] * signs)
    vertices = np.unique(vertices)
    tets: list[Longs] = []
    triangles: list[Longs] = []
    faces: list[Longs] = []
    axes: list[Longs] = []

    def cone(parts: Longs, of: Faces) -> None:
        triangles.append(parts)
        faces.append(of.center)
        axes.append(np.full(len(parts), of.axis))
        for side in (0, 1):
            there = of.sides[:, side] >= 0
            tets.append(np.column_stack([parts[there], of.sides[there, side]]))

    for axis in range(3):
        equal, border = _equal_faces(leaves, keys, shape, axis)
        flat = must(equal)
        tets.extend(_straddling(equal.pick(~flat), vertices))
        for solid in (equal.pick(flat), border):
            for parts, of in _cut(solid, vertices):
                cone(parts, of)
        for parts, of in _hanging(leaves, keys, axis):
            cone(parts, of)
    return Pieces(
        np.concatenate(tets), np.concatenate(triangles), np.concatenate(faces), np.concatenate(axes)
    )


def _equal_faces(leaves: Leaves, keys: Longs, shape: Longs, axis: int) -> tuple[Faces, Faces]:
    """Faces between cells of equal size, and faces on the two ends of the box."""
    step = np.zeros((len(leaves.half), 3), dtype=np.int64)
    step[:, axis] = leaves.half
    own = pack(leaves.centers)
    beyond = leaves.centers + 2 * step
    outside = beyond[:, axis] > 2 * shape[axis]
    other = pack(np.where(outside[:, None], leaves.centers, beyond))
    upper = Faces(leaves.centers + step, leaves.half, axis, np.stack([own, other], axis=1))
    equal = upper.pick(~outside & is_in(other, keys))
    none = np.full(len(own), -1)
    end = Faces(leaves.centers + step, leaves.half, axis, np.stack([own, none], axis=1))
    begin = Faces(leaves.centers - step, leaves.half, axis, np.stack([none, own], axis=1))
    end, begin = end.pick(outside), begin.pick(leaves.centers[:, axis] == leaves.half)
    border = Faces(
        np.concatenate([begin.center, end.center]),
        np.concatenate([begin.half, end.half]),
        axis,
        np.concatenate([begin.sides, end.sides]),
    )
    return equal, border


def _edges(faces: Faces, vertices: Longs) -> list[tuple[Longs, Longs, Longs, Bools]]:
    """Per edge of the face: packed ends (n,), (n,), midpoint (n,), whether it is a vertex (n,)."""
    corners = faces.corners()
    found = []
    for i in range(4):
        a, b = corners[:, i], corners[:, (i + 1) % 4]
        middle = pack((a + b) // 2)
        found.append((pack(a), pack(b), middle, is_in(middle, vertices)))
    return found


def _straddling(faces: Faces, vertices: Longs) -> list[Longs]:
    """Tetrahedra across faces between equal cells: an edge, or half of it, and both centres."""
    tets = []
    for a, b, middle, halved in _edges(faces, vertices):
        for begin, end, which in ((a, b, ~halved), (a, middle, halved), (middle, b, halved)):
            tets.append(np.column_stack([begin, end, faces.sides])[which])
    return tets


def _cut(faces: Faces, vertices: Longs) -> list[tuple[Longs, Faces]]:
    """Triangles of whole faces: two, or a fan around the centre where an edge is halved."""
    edges = _edges(faces, vertices)
    fan = np.any([halved for *_, halved in edges], axis=0)
    corners = pack(faces.corners())
    # diagonals alternate like the colours of a chess board, which keeps mirror symmetry
    turn = ((faces.center - faces.half[:, None]) // (2 * faces.half[:, None])).sum(axis=1) % 2
    parts = _halves(corners, turn, faces, ~fan)
    center = pack(faces.center)
    for a, b, middle, halved in edges:
        for begin, end, which in (
            (a, b, fan & ~halved),
            (a, middle, fan & halved),
            (middle, b, fan & halved),
        ):
            parts.append((np.column_stack([center, begin, end])[which], faces.pick(which)))
    return parts


def _hanging(leaves: Leaves, keys: Longs, axis: int) -> list[tuple[Longs, Faces]]:
    """Triangles of the small faces on larger cells, cut through the large face's centre."""
    parts: list[tuple[Longs, Faces]] = []
    own = pack(leaves.centers)
    size = 2 * leaves.half[:, None]
    for sign in (-1, 1):
        beyond = leaves.centers.copy()
        beyond[:, axis] += 2 * sign * leaves.half
        large = (2 * (beyond // (2 * size)) + 1) * size  # centre of the cell twice as large
        outside = beyond[:, axis] < 0
        other = pack(np.where(outside[:, None], leaves.centers, large))
        which = ~outside & is_in(other, keys)
        center = leaves.centers.copy()
        center[:, axis] += sign * leaves.half
        sides = np.stack([own, other], axis=1)
        faces = Faces(center, leaves.half, axis, sides).pick(which)
        middle = large[which]
        middle[:, axis] = faces.center[:, axis]
        corners = pack(faces.corners())
        turn = np.argmax(corners == pack(middle)[:, None], axis=1)
        parts += _halves(corners, turn, faces, np.ones(len(corners), dtype=bool))
    return parts


def _halves(corners: Longs, turn: Longs, faces: Faces, which: Bools) -> list[tuple[Longs, Faces]]:
    """The chosen faces cut along the diagonal that starts at corner `turn`."""
    rows = np.flatnonzero(which)
    chosen = faces.pick(rows)
    turned = [corners[rows, (turn[rows] + i) % 4] for i in range(4)]
    return [(np.column_stack([turned[0], turned[i], turned[i + 1]]), chosen) for i in (1, 2)]
