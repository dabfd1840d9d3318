"""Which rank gets which tetrahedra: by METIS on the graph of faces [KarypisKumar98], or pieces of
the space-filling curve where pymetis is not installed."""

from __future__ import annotations

import numpy as np

from femcrust.mesh.exterior import row_ids, tet_faces
from femcrust.mesh.mesh import Floats, Ints, Mesh

WEIGHT_OF_BRANCH = 0.4  # of a relaxing element's work, against that of its elastic part
FINEST = 100  # weights for METIS are whole numbers of this part of the mean


def partition(mesh: Mesh, weights: Floats, size: int) -> Ints:
    """The rank of each tetrahedron; none is left without any. (n_tets,)"""
    if size == 1:
        return np.zeros(mesh.n_tets, dtype=np.int32)
    try:
        import pymetis
    except ImportError:
        return along_the_curve(weights, size)
    begin, neighbours = face_graph(mesh)
    whole = np.maximum(1, np.rint(FINEST * weights / weights.mean())).astype(int)
    _, ranks = pymetis.part_graph(
        size,
        pymetis.CSRAdjacency(adj_starts=begin, adjacent=neighbours),
        vweights=whole,
        options=pymetis.Options(seed=1),
    )
    found = np.asarray(ranks, dtype=np.int32)
    return found if len(np.unique(found)) == size else along_the_curve(weights, size)


def along_the_curve(weights: Floats, size: int) -> Ints:
    """Consecutive tetrahedra of equal weight in all: they follow a Hilbert curve."""
    middle = np.cumsum(weights) - weights / 2
    ranks: Ints = np.minimum(size - 1, size * middle / weights.sum()).astype(np.int32)
    return ranks


def face_graph(mesh: Mesh) -> tuple[Ints, Ints]:
    """Tetrahedra that share a face: begin (n_tets + 1,), neighbours."""
    ids = row_ids(tet_faces(mesh.tets))
    order = np.argsort(ids, kind="stable")
    twice = np.flatnonzero(ids[order][1:] == ids[order][:-1])
    a, b = order[twice] // 4, order[twice + 1] // 4
    ends, others = np.concatenate([a, b]), np.concatenate([b, a])
    begin = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=mesh.n_tets))])
    return begin.astype(np.int32), others[np.argsort(ends, kind="stable")].astype(np.int32)
