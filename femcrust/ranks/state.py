"""What the time loop carries, as a checkpoint keeps it: displacement and flow of the whole mesh, so
that another number of ranks can go on from it; guesses as each rank has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from femcrust.mesh.mesh import Floats, Ints
from femcrust.ranks.share import Share

State = dict[str, Any]


def gathered(state: State, share: Share) -> State:
    """The state of a stepper on every rank → on rank 0 that of all, elsewhere of no use."""
    if share.part is None:
        return {**state, "guess": [state["guess"]]}
    rows = _Rows(share)
    problem = state["problem"]
    matrix = problem["matrix"]
    if matrix is not None:
        matrix = {**matrix, "held": rows.collect(1, "tet", matrix["held"])}
    flow = [
        {key: _kept(rows.collect(k, key.split("_")[0], make())) for key, make in part.items()}
        for k, part in enumerate(problem["flow"])
    ]
    return {
        **state,
        "u": None if state["u"] is None else share.whole_nodes(state["u"]),
        "problem": {"flow": flow, "matrix": matrix},
        "guess": share.comm.gather(_made(state["guess"])),
    }


def scattered(state: State, share: Share, read: Callable[[Any], Any]) -> tuple[State, bool]:
    """What `gathered` has kept → this rank's state; and whether it holds this rank's guess, which
    there is for as many ranks as there were only."""
    guesses = state["guess"]
    fits = len(guesses) == share.comm.size
    guess = guesses[share.comm.rank] if fits else None
    if share.part is None:
        return {**state, "guess": guess}, fits
    rows = _Rows(share)
    problem = state["problem"]
    matrix = problem["matrix"]
    if matrix is not None:
        held = rows.mine(1, "tet", matrix["held"]())
        matrix = {**matrix, "held": _kept(held)}
    flow = [
        {key: _kept(rows.mine(k, key.split("_")[0], make())) for key, make in part.items()}
        for k, part in enumerate(problem["flow"])
    ]
    u = read(state["u"])
    return {
        **state,
        "u": None if u is None else u[share.nodes_in_whole()],
        "problem": {"flow": flow, "matrix": matrix},
        "guess": guess,
    }, fits


class _Rows:
    """Which rows of the whole flow each rank has; flow 0 is linear, 1 creeps."""

    def __init__(self, share: Share) -> None:
        self._share = share
        relaxing, far = share.whole.relaxing, share.whole.conditions.infinite
        assert share.rank_of is not None
        empty = np.zeros(0, dtype=np.int32)
        tets = empty if relaxing is None else relaxing.elements
        creeps = np.zeros(0, dtype=bool) if relaxing is None else relaxing.creeps
        behind = empty if far is None else far.tets
        own = share.model.relaxing
        self._ranks: dict[tuple[int, str], Ints] = {}
        self._widths = [1, 1]  # branches that this rank's flow has
        if own is not None:
            self._widths = [own.only(some).moduli.shape[1] for some in (~own.creeps, own.creeps)]
        for k, chosen in enumerate((tets[~creeps], tets[creeps])):
            self._ranks[k, "tet"] = share.rank_of[chosen]
            self._ranks[k, "face"] = share.rank_of[behind[np.isin(behind, chosen)]]

    def mine(self, flow: int, where: str, whole: Floats) -> Floats:
        """This rank's rows."""
        rows: Floats = whole[self._ranks[flow, where] == self._share.comm.rank]
        return rows[:, : self._widths[flow]] if rows.ndim > 1 else rows

    def collect(self, flow: int, where: str, own: Floats) -> Floats:
        """The rows of all ranks, on rank 0."""
        found = self._share.comm.gather(own)
        if found is None:
            return own
        ranks = self._ranks[flow, where]
        width = max(rows.shape[1] for rows in found) if own.ndim > 1 else 0
        whole = np.zeros((len(ranks), width, *own.shape[2:]) if width else len(ranks))
        for rank, rows in enumerate(found):
            if width:
                whole[ranks == rank, : rows.shape[1]] = rows
            else:
                whole[ranks == rank] = rows
        return whole


def _kept(values: Floats) -> Callable[[], Floats]:
    return lambda: values


def _made(value: Any) -> Any:
    """The same with arrays in place of functions that make them."""
    if callable(value):
        return value()
    if isinstance(value, dict):
        return {key: _made(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_made(item) for item in value]
    return value
