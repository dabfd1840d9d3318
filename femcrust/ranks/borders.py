"""Nodes that ranks share: vertices by their numbers in the whole mesh, mid-edge nodes by those of
their ends, in an order that all ranks agree on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femcrust.backends import core
from femcrust.comm import Comm
from femcrust.discretisation import Discretisation
from femcrust.mesh.mesh import Ints, Mesh


@dataclass(frozen=True)
class Borders:
    """Vertices that several ranks have, ascending, with each of these ranks. (k,), (k,)"""

    points: Ints
    ranks: Ints

    def of(self, rank: int) -> dict[int, Ints]:
        """Of each other rank the vertices of this one that it has too, ascending."""
        met = np.isin(self.points, self.points[self.ranks == rank]) & (self.ranks != rank)
        others, points = self.ranks[met], self.points[met]
        return {int(r): points[others == r] for r in np.unique(others)}


def borders(mesh: Mesh, rank_of: Ints) -> Borders:
    """Of a partition."""
    one = np.zeros(mesh.n_points, dtype=np.int32)
    one[mesh.tets] = rank_of[:, None]  # any of those that have it
    several = np.zeros(mesh.n_points, dtype=bool)
    several[mesh.tets[one[mesh.tets] != rank_of[:, None]]] = True
    near = np.flatnonzero(several[mesh.tets].any(axis=1))
    points = mesh.tets[near].ravel().astype(np.int64)
    at = several[points]
    keys = np.unique(points[at] << 32 | np.repeat(rank_of[near], 4)[at])
    return Borders((keys >> 32).astype(np.int32), (keys & 0xFFFFFFFF).astype(np.int32))


def with_borders(
    space: Discretisation, points: Ints, shared: dict[int, Ints], comm: Comm
) -> Discretisation:
    """The space of a part, which knows what it shares with other ranks.

    points : numbers in the whole of its vertices
    shared : of each other rank those that it has too, by their places in the part, in the order of
        their numbers in the whole
    """
    edges = _shared_edges(space, points, shared, comm)
    ranks = sorted(shared)
    nodes = [np.concatenate([shared[rank], space.n_vertices + edges[rank]]) for rank in ranks]
    halo = core().Halo(comm, ranks, [n.astype(np.int32) for n in nodes])
    return replace(space, halo=halo, comm=comm)


def _shared_edges(
    space: Discretisation, points: Ints, shared: dict[int, Ints], comm: Comm
) -> dict[int, Ints]:
    """Edges that another rank has too. Both may have the ends of an edge and one of them not the
    edge, so they compare what they have."""
    keys = edge_keys(points[space.edges])
    candidates: dict[int, Ints] = {}
    to = [b""] * comm.size
    for rank, places in shared.items():
        at = np.zeros(len(points), dtype=bool)
        at[places] = True
        some = np.flatnonzero(at[space.edges].all(axis=1))
        candidates[rank] = some[np.argsort(keys[some])].astype(np.int32)
        to[rank] = keys[candidates[rank]].tobytes()
    came = comm.swap(to)
    return {
        rank: some[np.isin(keys[some], np.frombuffer(came[rank], dtype=np.int64))]
        for rank, some in candidates.items()
    }


def edge_keys(ends: NDArray[Any]) -> NDArray[np.int64]:
    """A number of each edge, from the numbers in the whole of its ends. (k, 2) → (k,)"""
    low, high = np.sort(ends.astype(np.int64), axis=1).T
    return np.asarray(low << 32 | high)
