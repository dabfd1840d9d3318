"""What the time loop carries, as a checkpoint keeps it: displacement and flow of the whole mesh, so
that another number of ranks can go on from it; guesses as each rank has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from femcrust.digests import digest
from femcrust.mesh.mesh import Floats, Ints
from femcrust.ranks.share import Share, dealt

State = dict[str, Any]
PARTED = ("u", "problem", "guess")  # what of a state has rows of nodes and elements


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
        "parts": digest(share.rank_of),
    }


def scattered(state: State | None, share: Share, read: Callable[[Any], Any]) -> tuple[State, bool]:
    """What `gathered` has kept, on rank 0 → this rank's state; and whether it holds this rank's
    guess, which there is for the parts that there were only. `read` fetches arrays."""
    comm = share.comm
    if share.part is None:
        assert state is not None
        fits = len(state["guess"]) == 1
        return {**state, "guess": state["guess"][0] if fits else None}, fits
    rows, told = _Rows(share), None
    if state is not None:
        problem, matrix = state["problem"], state["problem"]["matrix"]
        told = (
            read({key: value for key, value in state.items() if key not in PARTED}),
            state.get("parts") == digest(share.rank_of),
            state["u"] is None,
            None if matrix is None else matrix["dt"],
            [list(part) for part in problem["flow"]],
        )
    rest, fits, no_u, dt, keys = comm.broadcast(told)

    def mine(flow: int, where: str, make: Callable[[], Floats] | None) -> Callable[[], Floats]:
        return _kept(rows.mine(flow, where, make))

    made = None if state is None else state["problem"]
    matrix = None
    if dt is not None:
        matrix = {"dt": dt, "held": mine(1, "tet", made and made["matrix"]["held"])}
    flow = [
        {key: mine(k, key.split("_")[0], made and made["flow"][k][key]) for key in names}
        for k, names in enumerate(keys)
    ]
    whole = None if state is None else read(state["u"])
    guess = None
    if fits:
        guess = dealt(comm, None if state is None else map(read, state["guess"]))
    return {
        **rest,
        "u": None if no_u else share.own_nodes(whole),
        "problem": {"flow": flow, "matrix": matrix},
        "guess": guess,
    }, fits


class _Rows:
    """Which rows of the whole flow each rank has; flow 0 is linear, 1 creeps."""

    def __init__(self, share: Share) -> None:
        self._share = share
        own = share.model.relaxing
        self._widths = [1, 1]  # branches that this rank's flow has
        if own is not None:
            self._widths = [own.only(some).moduli.shape[1] for some in (~own.creeps, own.creeps)]
        self._ranks: dict[tuple[int, str], Ints] = {}  # of each row, on rank 0
        if not share.root:
            return
        relaxing, far = share.whole.relaxing, share.whole.conditions.infinite
        assert share.rank_of is not None
        empty = np.zeros(0, dtype=np.int32)
        tets = empty if relaxing is None else relaxing.elements
        creeps = np.zeros(0, dtype=bool) if relaxing is None else relaxing.creeps
        behind = empty if far is None else far.tets
        for k, chosen in enumerate((tets[~creeps], tets[creeps])):
            self._ranks[k, "tet"] = share.rank_of[chosen]
            self._ranks[k, "face"] = share.rank_of[behind[np.isin(behind, chosen)]]

    def mine(self, flow: int, where: str, make: Callable[[], Floats] | None) -> Floats:
        """This rank's rows, of the whole that rank 0 makes."""
        comm, parts = self._share.comm, None
        if make is not None:
            whole, ranks = make(), self._ranks[flow, where]
            parts = (whole[ranks == rank] for rank in range(comm.size))
        rows: Floats = dealt(comm, parts)
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
