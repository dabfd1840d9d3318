"""What one rank has of a model, and how values on it become values on the whole.

Rank 0 builds the whole and sends each rank its piece; the others never hold more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from femcrust import comm
from femcrust.case import Case
from femcrust.comm import Comm
from femcrust.discretisation import Discretisation, discretise
from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats, Ints
from femcrust.model import Body, Model
from femcrust.ranks.borders import with_borders
from femcrust.ranks.local import Cutter, Piece
from femcrust.ranks.partition import WEIGHT_OF_BRANCH, partition

T = TypeVar("T")


@dataclass
class Share:
    """Of one rank; with one rank all of the model.

    held : the whole, on rank 0;  model : of the part
    part : None where there is one rank;  rank_of : of each tetrahedron of the whole, on rank 0
    """

    comm: Comm
    held: Model | None
    model: Body
    part: Piece | None = None
    rank_of: Ints | None = None
    _space: Discretisation | None = None  # of the part
    _whole_space: Discretisation | None = None
    _nodes: list[Ints] | None = None  # on rank 0: of each rank's nodes the numbers in the whole
    _tets: list[Ints] | None = None

    @property
    def root(self) -> bool:
        """Whether this rank holds the whole, gathers and writes."""
        return self.comm.rank == 0

    @property
    def whole(self) -> Model:
        """The model of all ranks, on rank 0."""
        assert self.held is not None
        return self.held

    def space(self) -> Discretisation:
        """The quadratic space of the part, with its borders; the first call takes every rank."""
        if self._space is None:
            space = discretise(self.model.mesh)
            if self.part is not None:
                space = with_borders(space, self.part.points, self.part.shared, self.comm)
            self._space = space
        return self._space

    def n_nodes(self) -> int:
        """Of the whole; every rank takes part."""
        return int(self.space().totals(np.array([float(self.space().owned().sum())]))[0])

    def whole_space(self) -> Discretisation:
        """That of all ranks, made where it is asked for, on rank 0."""
        if self.part is None:
            return self.space()
        if self._whole_space is None:
            self._whole_space = discretise(self.whole.mesh)
        return self._whole_space

    def whole_nodes(self, values: Floats) -> Floats:
        """Values at the nodes of the part → on rank 0 those of all nodes, elsewhere what came in;
        every rank takes part."""
        if self.part is None:
            return values
        nodes, found = self._all_nodes(), self.comm.gather(values)
        if found is None:
            return values
        return put(self.whole_space().n_nodes, nodes, found)

    def own_nodes(self, values: Floats | None) -> Floats:
        """The way back, from rank 0; elsewhere nothing is asked for."""
        if self.part is None:
            assert values is not None
            return values
        nodes = self._all_nodes()
        return dealt(self.comm, None if values is None else (values[at] for at in nodes))

    def whole_cells(self, values: Floats) -> Floats:
        """Values in the tetrahedra of the part → on rank 0 those in all."""
        if self.part is None:
            return values
        if self._tets is None:
            self._tets = self.comm.gather(self.part.tets) or []
        found = self.comm.gather(values)
        return values if found is None else put(self.whole.mesh.n_tets, self._tets, found)

    def _all_nodes(self) -> list[Ints]:
        """Of each rank's nodes the numbers in the whole, on rank 0."""
        assert self.part is not None
        if self._nodes is None:
            points = self.part.points
            found = self.comm.gather((points, points[self.space().edges]))
            self._nodes = []
            if found is not None:
                space = self.whole_space()
                self._nodes = [
                    np.concatenate([points, space.edge_nodes(ends)]) for points, ends in found
                ]
        return self._nodes


def dealt(world: Comm, values: Iterator[T] | None) -> T:
    """Of what rank 0 has one for each rank, in their order, this rank's; it is made, sent and
    forgotten, one after the other."""
    if world.rank:
        mine: T = world.receive(0)
        return mine
    assert values is not None
    own = next(values)
    for rank in range(1, world.size):
        world.send(next(values), rank)
    return own


def put(n: int, places: list[Ints], parts: list[Floats]) -> Floats:
    """The parts' rows at their places among n."""
    whole = np.empty((n, *parts[0].shape[1:]), dtype=parts[0].dtype)
    for at, values in zip(places, parts, strict=True):
        whole[at] = values
    return whole


def share(case: Case, build: Callable[[], Model]) -> Share:
    """This rank's, of the model that rank 0 builds and parts; where that fails, all ranks raise its
    error."""
    world = comm.world()

    def parted() -> tuple[Model, Ints]:
        model = build()
        if world.size > model.mesh.n_tets:
            raise InputError(
                f"mpirun: {world.size} ranks for {model.mesh.n_tets} tetrahedra; start fewer ranks"
            )
        return model, partition(model.mesh, _weights(model), world.size)

    if world.size == 1:
        model = build()
        return Share(world, model, model)
    found = comm.on_root(world, parted)
    return _shared(case, world) if found is None else share_of(*found, world)


def share_of(model: Model, rank_of: Ints, world: Comm) -> Share:
    """A rank's by a partition: the rank of each tetrahedron, (n_tets,); both count on rank 0."""
    if world.rank:
        return _shared(model.case, world)
    cutter = Cutter(model, rank_of)
    piece = dealt(world, map(cutter.piece, range(world.size)))
    return Share(world, model, piece.body(model.case), piece, rank_of)


def _shared(case: Case, world: Comm) -> Share:
    """That of a rank which is sent its piece."""
    piece: Piece = dealt(world, None)
    return Share(world, None, piece.body(case), piece)


def _weights(model: Model) -> Floats:
    """Work of each tetrahedron."""
    weights = np.ones(model.mesh.n_tets)
    relaxing = model.relaxing
    if relaxing is not None:
        weights[relaxing.elements] += WEIGHT_OF_BRANCH * np.count_nonzero(relaxing.moduli, axis=1)
    return weights
