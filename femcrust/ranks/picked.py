"""Some tetrahedra of the whole, each on the rank that has it: values there come to rank 0 without
those of all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from femcrust.mesh.mesh import Floats, Ints
from femcrust.ranks.share import Share, dealt, put


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
        wanted = None
        if share.root:
            assert tets is not None
            assert share.rank_of is not None
            owner = share.rank_of[tets]
            count = share.comm.size
            self._rows = [np.flatnonzero(owner == r).astype(np.int32) for r in range(count)]
            wanted = (tets[rows] for rows in self._rows)
        mine = dealt(share.comm, wanted)
        self.places = np.searchsorted(share.part.tets, mine).astype(np.int32)

    def collected(self, values: Floats) -> Floats:
        """Values at `places` → on rank 0 those at all `tets`, elsewhere what came in."""
        if self._share.part is None:
            return values
        found = self._share.comm.gather(values)
        return values if found is None else put(sum(map(len, self._rows)), self._rows, found)
