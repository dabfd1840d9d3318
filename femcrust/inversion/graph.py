"""Neighbours on a fault: patches that share an edge of the mesh of the fault.

Each pair conducts like cells of finite volumes: length of the edge over the distance of the
centres through its middle. Vertices with hat functions have the triangles of Delaunay between them
in the mean plane, and the cotangent weights of linear elements.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, QhullError, cKDTree

from femcrust.inversion.library import Library
from femcrust.mesh.mesh import Floats, Ints

NEAR = 0.02  # of an edge: ends nearer than this are one point, as tables of patches are rounded
GROUND = 0.25  # of a patch's size: an edge this near below the highest one counts as reaching up
LONGEST = 3.0  # of the median edge: longer ones span a bay of the outline


@dataclass(frozen=True)
class Graph:
    """pairs (k, 2) of patches and their conductance (k,); the rest of each patch's rim.

    rim : (p,) conductance through buried edges without a neighbour
    """

    pairs: Ints
    weight: Floats
    rim: Floats

    @property
    def alone(self) -> NDArray[np.bool_]:
        """Patches without a neighbour. (p,)"""
        seen = np.zeros(len(self.rim), dtype=bool)
        seen[self.pairs.ravel()] = True
        return ~seen

    @property
    def pieces_with_rim(self) -> bool:
        """Whether every connected piece has a buried edge."""
        count = len(self.rim)
        links = coo_matrix((np.ones(len(self.pairs)), tuple(self.pairs.T)), (count, count))
        n_pieces, piece = connected_components(links, directed=False)
        return bool((np.bincount(piece, self.rim, minlength=n_pieces) > 0.0).all())


def patch_graph(library: Library, ground: float = 0.0) -> Graph:
    """The graph of all faults of a library; patches of different faults are no neighbours.

    ground : m, height above which an edge is not buried
    """
    count = len(library)
    pairs, weights = [np.empty((0, 2), np.int32)], [np.empty(0)]
    rim = np.zeros(count)
    flat = np.isfinite(library.corners[:, 0, 0])
    for fault in np.unique(library.fault):
        of_it = library.fault == fault
        for rows, join in ((of_it & flat, _polygons), (of_it & ~flat, _nodes)):
            own = np.flatnonzero(rows).astype(np.int32)
            if len(own):
                found, weight, at_rim = join(library, own, ground)
                pairs.append(own[found].reshape(-1, 2))
                weights.append(weight)
                rim[own] += at_rim
    return Graph(np.concatenate(pairs), np.concatenate(weights), rim)


def _polygons(library: Library, own: Ints, ground: float) -> tuple[Ints, Floats, Floats]:
    corners = library.corners[own]
    sides = np.isfinite(corners[:, :, 0]).sum(axis=1)
    patch = np.repeat(np.arange(len(own), dtype=np.int32), sides)
    turn = np.concatenate([np.arange(n) for n in sides])
    ends = np.stack([corners[patch, turn], corners[patch, (turn + 1) % sides[patch]]], axis=1)
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    middle = ends.mean(axis=1)
    centre = np.nanmean(corners, axis=1)
    reach = np.linalg.norm(middle - centre[patch], axis=1)  # from centre to edge
    near = cKDTree(middle).query_pairs(NEAR * float(length.max()), output_type="ndarray")
    a, b = near[:, 0], near[:, 1]
    close = NEAR * np.minimum(length[a], length[b])
    same = _apart(ends[a], ends[b]) < close
    swapped = _apart(ends[a], ends[b][:, ::-1]) < close
    joined = (same | swapped) & (patch[a] != patch[b])
    a, b = a[joined], b[joined]
    weight = length[a] / (reach[a] + reach[b])
    free = np.ones(len(patch), dtype=bool)
    free[a] = free[b] = False
    up = ends[:, :, 2].min(axis=1) > ground - GROUND * length
    free &= ~up
    # slip is zero on the edge itself: half a step away
    rim = np.bincount(patch[free], (length / reach)[free], minlength=len(own))
    return np.stack([patch[a], patch[b]], axis=1), weight, rim.astype(np.float64)


def _apart(ends: Floats, others: Floats) -> Floats:
    """Greater distance of two pairs of points. (k,)"""
    return np.asarray(np.linalg.norm(ends - others, axis=2).max(axis=1))


def _nodes(library: Library, own: Ints, ground: float) -> tuple[Ints, Floats, Floats]:
    nothing = np.empty((0, 2), np.int32), np.empty(0), np.zeros(len(own))
    points = library.centre[own]
    if len(own) < 3:
        return nothing
    plane = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][:2]
    try:
        corners = Delaunay((points - points.mean(axis=0)) @ plane.T).simplices
    except QhullError:  # all in a line
        return nothing
    edges = np.sort(corners[:, [(0, 1), (1, 2), (0, 2)]].reshape(-1, 2), axis=1)
    length = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
    kept = (length <= LONGEST * np.median(length)).reshape(-1, 3).all(axis=1)
    corners = corners[kept]
    ends, cotangent = [], []
    for i, j, k in ((0, 1, 2), (1, 2, 0), (0, 2, 1)):
        to_i, to_j = (points[corners[:, n]] - points[corners[:, k]] for n in (i, j))
        sine = np.linalg.norm(np.cross(to_i, to_j), axis=1)
        cosine = np.einsum("ti,ti->t", to_i, to_j)
        ends.append(np.sort(corners[:, [i, j]], axis=1))
        cotangent.append(cosine / np.maximum(sine, np.finfo(np.float64).tiny) / 2.0)
    pairs, inverse, seen = np.unique(
        np.concatenate(ends), axis=0, return_inverse=True, return_counts=True
    )
    weight = np.bincount(inverse.ravel(), np.concatenate(cotangent), minlength=len(pairs))
    weight = np.maximum(weight, 1e-3)  # Delaunay in the plane keeps it above zero but for rounding
    rim = np.zeros(len(own))
    size = float(np.median(length))
    for a, b in pairs[seen == 1]:
        if points[[a, b], 2].min() <= ground - GROUND * size:
            rim[[a, b]] += 1.0
    return pairs.astype(np.int32), weight.astype(np.float64), rim
