"""Rollers: nodes of a plane slide in it, u·n = 0, with one normal for the whole plane.

Where planes meet, a node keeps the direction that both leave free. On a curved surface the facets'
normals differ a little, and together would hold every node in all directions; so it is refused.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from femcrust.boundaries.conditions import Constraint
from femcrust.errors import InputError
from femcrust.mesh.exterior import row_ids
from femcrust.mesh.mesh import Floats, Ints

PLANE = 1e-2  # rad, 0.6 deg: rounding in mesh files stays below, curvature of a few facets above
CREASE = 0.5  # rad, 29 deg: planes that meet by intent; a coarse sphere bends less


def roller(faces: Ints, normals: Floats, key: str) -> Constraint:
    """No motion along the normals (k, 3) of plane faces (k, 3); `key` starts the message."""
    left, right = _neighbours(faces)
    bend = np.linalg.norm(normals[left] - normals[right], axis=1)  # 2 sin(angle / 2)
    same = bend < PLANE
    links = (np.ones(int(same.sum()), dtype=np.int8), (left[same], right[same]))
    graph = coo_array(links, shape=(len(faces), len(faces)))
    count, plane = connected_components(graph, directed=False)
    mean = np.zeros((count, 3))
    np.add.at(mean, plane, normals)
    length = np.linalg.norm(mean, axis=1, keepdims=True)
    mean /= np.maximum(length, np.finfo(float).tiny)  # a closed surface sums to nothing
    warped = np.linalg.norm(normals - mean[plane], axis=1).max(initial=0.0) > PLANE
    if warped or np.any(~same & (bend < CREASE)):
        raise InputError(
            f"{key}: roller needs plane faces, and these are curved; use springs with a large"
            " normal and no tangential stiffness"
        )
    # Exact zeros for sides along the axes, so that their nodes slide without a trace of coupling.
    mean[np.abs(mean) < np.finfo(float).eps] = 0.0
    n = mean[plane]
    return Constraint(faces, np.eye(3) - np.einsum("ki,kj->kij", n, n))


def _neighbours(faces: Ints) -> tuple[Ints, Ints]:
    """Pairs of faces that share an edge. (m,), (m,)"""
    edges = row_ids(faces[:, [(0, 1), (1, 2), (0, 2)]].reshape(-1, 2))
    face = np.repeat(np.arange(len(faces)), 3)
    order = np.argsort(edges, kind="stable")
    shared = np.flatnonzero(np.diff(edges[order]) == 0)
    return face[order[shared]].astype(np.int32), face[order[shared + 1]].astype(np.int32)
