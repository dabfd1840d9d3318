"""Stations of several times as plain values and arrays, and back: what a checkpoint keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from femcrust.outputs.result import Stations

PLACES = ("xyz", "convergence", "lonlat")  # the same at all times
MOTIONS = ("displacement", "velocity", "stress", "tilt", "strain")


def stations_state(several: Sequence[Stations]) -> dict[str, Any]:
    """Of one list of stations at one time after the other."""
    first = several[0]
    places = {name: getattr(first, name) for name in PLACES}
    motions = {
        name: np.stack([getattr(stations, name) for stations in several])
        for name in MOTIONS
        if getattr(first, name) is not None
    }
    sides = [list(stations.side) for stations in several]
    return {"names": list(first.names), "sides": sides, **places, **motions}


def stations_restored(state: dict[str, Any]) -> list[Stations]:
    """What they were made of."""
    return [
        Stations(
            names=tuple(state["names"]),
            side=tuple(side),
            **{name: state[name] for name in PLACES},
            **{name: state[name][k] for name in MOTIONS if name in state},
        )
        for k, side in enumerate(state["sides"])
    ]
