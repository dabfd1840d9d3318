"""Which rank gets which tetrahedra: by METIS on the graph of faces [KarypisKumar98], or pieces of
the space-filling curve where pymetis is not installed."""

from __future__ import annotations

from typing import Any

import numpy as np

from femcrust.mesh.exterior import OUTWARD_FACES, sorted_rows, tet_faces
from femcrust.mesh.mesh import CHUNK, Floats, Ints, Mesh, tet_volumes

WEIGHT_OF_BRANCH = 0.4  # of a relaxing element's work, against that of its elastic part
FINEST = 100  # weights for METIS are whole numbers of this part of the mean
# Of faces of well-shaped cells, and the most: cuts through stacks of flat cells cost iterations,
# and beyond ten times they are avoided as well as they can be.
COUPLING, MOST_COUPLING = 4, 40


def partition(mesh: Mesh, weights: Floats, size: int) -> Ints:
    """The rank of each tetrahedron; none is left without any. (n_tets,)"""
    if size == 1:
        return np.zeros(mesh.n_tets, dtype=np.int32)
    try:
        import pymetis
    except ImportError:
        return along_the_curve(weights, size)
    begin, neighbours, coupling = face_graph(mesh)
    whole = np.maximum(1, np.rint(FINEST * weights / weights.mean())).astype(int)
    _, ranks = pymetis.part_graph(
        size,
        pymetis.CSRAdjacency(adj_starts=begin, adjacent=neighbours),
        vweights=whole,
        eweights=coupling,
        options=pymetis.Options(seed=1),
    )
    found = np.asarray(ranks, dtype=np.int32)
    return found if len(np.unique(found)) == size else along_the_curve(weights, size)


def along_the_curve(weights: Floats, size: int) -> Ints:
    """Consecutive tetrahedra of equal weight in all, at least one each: they follow a Hilbert
    curve."""
    middle = np.cumsum(weights) - weights / 2
    ranks: Ints = np.minimum(size - 1, size * middle / weights.sum()).astype(np.int32)
    if len(np.unique(ranks)) < size:
        ranks = (np.arange(len(weights)) * size // len(weights)).astype(np.int32)
    return ranks


def face_graph(mesh: Mesh) -> tuple[Ints, Ints, Ints]:
    """Tetrahedra that share a face: begin (n_tets + 1,), neighbours, how strongly they couple."""
    order, first = sorted_rows(tet_faces(mesh.tets))
    twice = np.flatnonzero(~first)
    one, two = order[twice - 1], order[twice]
    del order, first, twice
    found = _coupling(mesh, one, two // 4)
    ends, others = (np.concatenate(pair) // 4 for pair in ((one, two), (two, one)))
    del one, two
    begin = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=mesh.n_tets))])
    order = np.argsort(ends, kind="stable")
    del ends
    return (
        begin.astype(np.int32),
        others[order].astype(np.int32),
        np.concatenate([found, found])[order],
    )


def _coupling(mesh: Mesh, faces: Any, beyond: Any) -> Ints:
    """Of faces, as `tet_faces` has them, and the tetrahedra beyond: their size beside that of the
    tetrahedra at them, A^1.5 / √(V V'), 2.4 where they are regular."""
    regular = (3**0.5 / 4) ** 1.5 * 6 * 2**0.5
    volumes = tet_volumes(mesh)
    coupling = np.empty(len(faces), dtype=np.int32)
    for start in range(0, len(faces), CHUNK):
        part = slice(start, start + CHUNK)
        here, there = faces[part] // 4, beyond[part]
        local = OUTWARD_FACES[faces[part] % 4]
        corners = mesh.points[np.take_along_axis(mesh.tets[here], local, axis=1)]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        areas = np.linalg.norm(normals, axis=1) / 2
        size = areas**1.5 / np.sqrt(volumes[here] * volumes[there]) / regular
        coupling[part] = np.rint(np.clip(COUPLING * size, 1, MOST_COUPLING))
    return coupling
