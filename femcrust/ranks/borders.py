"""Nodes that ranks share: vertices by their numbers in the whole mesh, mid-edge nodes by those of
their ends, in an order that all ranks agree on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from femcrust.backends import core
from femcrust.comm import Comm
from femcrust.discretisation import Discretisation
from femcrust.mesh.mesh import Ints, Mesh
from femcrust.mesh.part import Part


def shared_vertices(mesh: Mesh, rank_of: Ints, part: Part, rank: int) -> dict[int, Ints]:
    """Of each other rank the vertices of the part that it has too, by ascending numbers of the
    whole mesh."""
    mine = np.flatnonzero((part.point_of[mesh.tets] >= 0).any(axis=1) & (rank_of != rank))
    points = mesh.tets[mine].ravel()
    others = np.repeat(rank_of[mine], 4)
    here = part.point_of[points] >= 0
    pairs = np.unique(np.stack([others[here], points[here]]), axis=1)
    return {int(r): pairs[1, pairs[0] == r].astype(np.int32) for r in np.unique(pairs[0])}


def with_borders(
    space: Discretisation, part: Part, vertices: dict[int, Ints], comm: Comm
) -> Discretisation:
    """The space of a part, which knows what it shares with other ranks."""
    edges = _shared_edges(space, part, vertices, comm)
    ranks = sorted(vertices)
    nodes = [
        np.concatenate([part.point_of[vertices[rank]], space.n_vertices + edges[rank]])
        for rank in ranks
    ]
    halo = core().Halo(comm, ranks, [n.astype(np.int32) for n in nodes])
    return replace(space, halo=halo, comm=comm)


def _shared_edges(
    space: Discretisation, part: Part, vertices: dict[int, Ints], comm: Comm
) -> dict[int, Ints]:
    """Edges that another rank has too. Both may have the ends of an edge and one of them not the
    edge, so they compare what they have."""
    ends = np.sort(part.points[space.edges].astype(np.int64), axis=1)
    keys = ends[:, 0] << 32 | ends[:, 1]
    candidates: dict[int, Ints] = {}
    to = [b""] * comm.size
    for rank, shared in vertices.items():
        at = np.zeros(len(part.points), dtype=bool)
        at[part.point_of[shared]] = True
        some = np.flatnonzero(at[space.edges].all(axis=1))
        candidates[rank] = some[np.argsort(keys[some])].astype(np.int32)
        to[rank] = keys[candidates[rank]].tobytes()
    came = comm.swap(to)
    return {
        rank: some[np.isin(keys[some], np.frombuffer(came[rank], dtype=np.int64))]
        for rank, some in candidates.items()
    }
