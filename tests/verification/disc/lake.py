"""A lake, uniform pressure on a disc, on a box of Maxwell rock: the case and its errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import half_space as hs
import numpy as np
import relaxing
from table import record

KM, YEAR = 1e3, relaxing.YEAR
CENTER, RADIUS, PRESSURE = (0.0, 0.0), 8 * KM, 1e6
ETA = hs.MU * 5 * YEAR
BULK = hs.LAM + 2 * hs.MU / 3
GROUND = hs.surface_grid(24 * KM, 13)


def run(
    size: float, half: float, far: float, growth: float, rock: dict[str, float], **more: Any
) -> relaxing.Series:
    """Cells of `size` at the lake in a box of `half` to each side."""
    case = {
        "mesh": hs.box(half, half, size, far, growth),
        "materials": {"rock": hs.ROCK | {"model": "maxwell", "eta": ETA} | rock},
        "loads": {"lake": {"disc": {"center": CENTER, "radius": RADIUS}, "pressure": PRESSURE}},
    }
    case["mesh"]["box"]["at"] = ((0.0, 0.0, 0.0),)
    return relaxing.run(case | more)


def compare(
    name: str,
    series: relaxing.Series,
    exact: Callable[[np.ndarray], np.ndarray],
    size: float,
    bound: float,
    note: str,
) -> float:
    """Largest error at any time over the peak of that time."""
    found, right = series.displacement(GROUND), exact(series.times)
    worst = max(hs.off(u, e) for u, e in zip(found, right, strict=True))
    record(name, size, worst, bound, note=note)
    return worst
