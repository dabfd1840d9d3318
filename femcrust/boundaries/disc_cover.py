"""The part of triangles that a disc covers, in map view, as smaller triangles.

Triangles that the rim crosses are cut in four until they are small against the radius; the last
ones are clipped by the chord between the points where the rim cuts their edges; chords leave out a
share of the disc of order (piece / radius)².
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from femcrust.boundaries.face_rule import quartered
from femcrust.mesh.mesh import Floats, Ints

FINEST = 1 / 64  # of the radius: pieces on the rim; chords then miss less than 1e-4 of the disc
DEEPEST = 24  # halvings; a face larger than 2^18 radii is a mistake in units, seen by its force


def covered_pieces(corners: Floats, center: Floats, radius: float) -> tuple[Ints, Floats]:
    """Triangles that tile the covered part of each face.

    corners : (k, 3, 2) m, in map view; center : (2,) m; radius : m
    returns the face of each piece (m,) and its barycentric corners in that face (m, 3, 3)

    >>> face, pieces = covered_pieces(np.array([[[0, 0], [1, 0], [0, 1.0]]]), np.zeros(2), 2.0)
    >>> face.tolist(), pieces[0].tolist()
    ([0], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    """
    face = np.arange(len(corners), dtype=np.int32)
    part = np.tile(np.eye(3), (len(corners), 1, 1))
    faces: list[Ints] = []
    parts: list[Floats] = []
    for depth in range(DEEPEST + 1):
        flat = np.einsum("mij,mjc->mic", part, corners[face]) - center
        distance = np.linalg.norm(flat, axis=2)
        inside = (distance <= radius).all(axis=1)  # a disc is convex
        middle = flat.mean(axis=1)
        size = np.linalg.norm(flat - middle[:, None], axis=2).max(axis=1)
        outside = np.linalg.norm(middle, axis=1) >= radius + size
        small = (size <= FINEST * radius) | (depth == DEEPEST)
        faces.append(face[inside])
        parts.append(part[inside])
        rim = ~inside & ~outside & small
        of, clipped = _chords(part[rim], radius - distance[rim])
        faces.append(face[rim][of])
        parts.append(clipped)
        split = ~inside & ~outside & ~small
        face = np.repeat(face[split], 4)
        part = quartered(part[split])
    return np.concatenate(faces), np.concatenate(parts)


def _chords(part: Floats, level: Floats) -> tuple[Ints, Floats]:
    """The pieces of small triangles where a linear level (m, 3) is positive; owners first."""
    owners: list[NDArray[np.int64]] = []
    pieces: list[Floats] = []
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        a, b, c = part[:, i], part[:, j], part[:, k]
        la, lb, lc = level[:, i, None], level[:, j, None], level[:, k, None]
        one = np.flatnonzero((la > 0)[:, 0] & (lb <= 0)[:, 0] & (lc <= 0)[:, 0])
        two = np.flatnonzero((la <= 0)[:, 0] & (lb > 0)[:, 0] & (lc > 0)[:, 0])
        some = np.concatenate([one, two])
        ab = a.copy()
        ac = a.copy()
        ab[some] += (la / _nonzero(la - lb) * (b - a))[some]
        ac[some] += (la / _nonzero(la - lc) * (c - a))[some]
        owners += [one, two, two]
        pieces += [
            np.stack([a, ab, ac], axis=1)[one],
            np.stack([ab, b, c], axis=1)[two],
            np.stack([ab, c, ac], axis=1)[two],
        ]
    return np.concatenate(owners).astype(np.int32), np.concatenate(pieces)


def _nonzero(difference: Floats) -> Floats:
    """The difference of two levels; where it is zero no rim passes between them."""
    return np.where(difference == 0.0, 1.0, difference)
