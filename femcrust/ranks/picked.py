"""Some tetrahedra of the whole, each on the rank that has it: values there come to rank 0 without
those of all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from femcrust.mesh.mesh import Floats, Ints
from femcrust.ranks.share import Share, put


class Picked:
    """tets : of the whole, on rank 0, elsewhere not looked at; every rank takes part.

    places : of those on this rank, in its part
    """

    def __init__(self, share: Share, tets: NDArray[np.integer] | None) -> None:
        self._share = share
        self._rows: list[Ints] = []  # on rank 0: of each rank's the places in `tets`
        if share.part is None:
            assert tets is not None
            self.places = tets.astype(np.int32)
            return
        comm = share.comm
        if share.root:
            assert tets is not None
            assert share.rank_of is not None
            owner = share.rank_of[tets]
            self._rows = [np.flatnonzero(owner == r).astype(np.int32) for r in range(comm.size)]
            for rank in range(1, comm.size):
                comm.send(tets[self._rows[rank]], rank)
            mine = tets[self._rows[0]]
        else:
            mine = comm.receive(0)
        self.places = np.searchsorted(share.part.tets, mine).astype(np.int32)

    def collected(self, values: Floats) -> Floats:
        """Values at `places` → on rank 0 those at all `tets`, elsewhere what came in."""
        if self._share.part is None:
            return values
        found = self._share.comm.gather(values)
        return values if found is None else put(sum(map(len, self._rows)), self._rows, found)
