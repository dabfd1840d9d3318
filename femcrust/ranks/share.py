"""What one rank has of a model, and how values on it become values on the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femcrust import comm
from femcrust.comm import Comm
from femcrust.discretisation import Discretisation, discretise
from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats, Ints
from femcrust.mesh.part import Part, part_of
from femcrust.model import Model
from femcrust.ranks.borders import shared_vertices, with_borders
from femcrust.ranks.local import local_model
from femcrust.ranks.partition import WEIGHT_OF_BRANCH, partition


@dataclass
class Share:
    """Of one rank; with one rank all of the model.

    model : of the part;  whole : of all ranks;  part : None where there is one rank
    """

    comm: Comm
    whole: Model
    model: Model
    part: Part | None = None
    rank_of: Ints | None = None
    _space: Discretisation | None = None  # of the part
    _whole_space: Discretisation | None = None
    _nodes: list[Ints] | None = None  # on rank 0: of each rank's nodes the numbers in the whole
    _tets: list[Ints] | None = None

    @property
    def root(self) -> bool:
        """Whether this rank gathers and writes."""
        return self.comm.rank == 0

    def space(self) -> Discretisation:
        """The quadratic space of the part, with its borders."""
        if self._space is None:
            space = discretise(self.model.mesh)
            if self.part is not None:
                assert self.rank_of is not None
                shared = shared_vertices(self.whole.mesh, self.rank_of, self.part, self.comm.rank)
                space = with_borders(space, self.part, shared, self.comm)
            self._space = space
        return self._space

    def n_nodes(self) -> int:
        """Of the whole; every rank takes part."""
        return int(self.space().totals(np.array([float(self.space().owned().sum())]))[0])

    def whole_space(self) -> Discretisation:
        """That of all ranks, made where it is asked for: on rank 0, mostly."""
        if self.part is None:
            return self.space()
        if self._whole_space is None:
            self._whole_space = discretise(self.whole.mesh)
        return self._whole_space

    def nodes_in_whole(self) -> Ints:
        """The numbers in the whole of this rank's nodes."""
        space = self.whole_space()
        if self.part is None:
            return np.arange(space.n_nodes, dtype=np.int32)
        ends = self.part.points[self.space().edges]
        return np.concatenate([self.part.points, space.edge_nodes(ends)])

    def whole_nodes(self, values: Floats) -> Floats:
        """Values at the nodes of the part → on rank 0 those of all nodes, elsewhere what came in;
        every rank takes part."""
        if self.part is None:
            return values
        if self._nodes is None:
            self._nodes = self._gathered_nodes()
        found = self.comm.gather(values)
        if found is None:
            return values
        return put(self.whole_space().n_nodes, self._nodes, found)

    def whole_cells(self, values: Floats) -> Floats:
        """The same of values in the tetrahedra."""
        if self.part is None:
            return values
        if self._tets is None:
            self._tets = self.comm.gather(self.part.tets) or []
        found = self.comm.gather(values)
        return values if found is None else put(self.whole.mesh.n_tets, self._tets, found)

    def _gathered_nodes(self) -> list[Ints]:
        assert self.part is not None
        ends = self.part.points[self.space().edges]
        found = self.comm.gather((self.part.points, ends))
        if found is None:
            return []
        space = self.whole_space()
        return [np.concatenate([points, space.edge_nodes(ends)]) for points, ends in found]


def put(n: int, places: list[Ints], parts: list[Floats]) -> Floats:
    """The parts' rows at their places among n."""
    whole = np.empty((n, *parts[0].shape[1:]), dtype=parts[0].dtype)
    for at, values in zip(places, parts, strict=True):
        whole[at] = values
    return whole


def share(model: Model) -> Share:
    """This rank's, by a partition that rank 0 makes."""
    world = comm.world()
    if world.size == 1:
        return Share(world, model, model)
    if world.size > model.mesh.n_tets:
        raise InputError(
            f"mpirun: {world.size} ranks for {model.mesh.n_tets} tetrahedra; start fewer ranks"
        )
    rank_of = None
    if world.rank == 0:
        rank_of = partition(model.mesh, _weights(model), world.size)
    return share_of(model, world.broadcast(rank_of), world)


def share_of(model: Model, rank_of: Ints, world: Comm) -> Share:
    """A rank's by a partition: the rank of each tetrahedron, (n_tets,)."""
    part = part_of(model.mesh, np.flatnonzero(rank_of == world.rank).astype(np.int32))
    local = local_model(model, part, rank_of, world.rank)
    return Share(world, model, local, part, rank_of)


def _weights(model: Model) -> Floats:
    """Work of each tetrahedron."""
    weights = np.ones(model.mesh.n_tets)
    relaxing = model.relaxing
    if relaxing is not None:
        weights[relaxing.elements] += WEIGHT_OF_BRANCH * np.count_nonzero(relaxing.moduli, axis=1)
    return weights
