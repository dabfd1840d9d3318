"""Rectangles in an elastic layer over a Maxwell half-space, against the propagator matrix in time.

Immersed thrusts in the layer and across its border, and a vertical fault of split nodes with
thrust slip that is a bump, zero at its edges: the oracle sums patches of the bump's means. What
moves after the earthquake, u(t) − u(0), on the ground over 30 years, six relaxation times; errors
are fractions of its largest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import half_space as hs
import numpy as np
import pytest
import relaxing
from table import record

from reference import viscoelastic_layered as layered
from reference import viscoelastic_point as point

KM, YEAR = 1e3, relaxing.YEAR
MU, ETA = hs.MU, hs.MU * 5 * YEAR
BULK = hs.LAM + 2 * MU / 3
END = 30 * YEAR
ROWS = 3  # of patches of the bump, and twice as many: their errors fall with the size squared
BOUND = 0.03


@dataclass(frozen=True)
class Place:
    """Of a fault: upper edge, length and width, m; angles, degrees; border of the layer, m."""

    top: float
    length: float
    width: float
    strike: float
    dip: float
    border: float
    half: float  # of the box, m

    @property
    def rectangle(self) -> dict[str, Any]:
        center = (0.0, 0.0, -self.top)
        return {"top_center": center, "length": self.length, "width": self.width,
                "strike": self.strike, "dip": self.dip}  # fmt: skip

    @property
    def bump(self) -> str:
        return f"(1 - (along/{self.length / 2})**2) * (1 - (2*down/{self.width} - 1)**2)"


PLACES = {
    "immersed": Place(5 * KM, 30 * KM, 12 * KM, 20.0, 30.0, 20 * KM, 192 * KM),
    "across": Place(6 * KM, 30 * KM, 16 * KM, 20.0, 45.0, 12 * KM, 192 * KM),  # slips in both
    "split": Place(8 * KM, 48 * KM, 16 * KM, 0.0, 90.0, 32 * KM, 256 * KM),
}


def run(kind: str, near: float, growth: float, tolerance: float, times: Any) -> relaxing.Series:
    """The fault with cells of `near`, m; asked at `times`, s, and at the end."""
    place = PLACES[kind]
    mesh = hs.box(place.half, place.half, near, 64 * KM, growth)
    if kind == "split":
        mesh["box"]["fault_planes"] = ["main"]
    maxwell = {"model": "maxwell", "eta": ETA, "where": {"depth": (place.border, 1e9)}}
    slip = {"dip": place.bump if kind == "split" else 1.0}
    case = {
        "mesh": mesh,
        "materials": {
            "layer": hs.ROCK | {"where": {"depth": (0.0, place.border)}},
            "below": hs.ROCK | maxwell,
        },
        "faults": {"main": {"rectangle": place.rectangle, "slip": slip}},
        "time": {"end": END, "step": YEAR / 2, "tolerance": tolerance},
        "output": {"times": times},
    }
    return relaxing.run(case)


@cache
def exact(kind: str, n: int, times: tuple[float, ...], eta: float = ETA) -> np.ndarray:
    """At n² points of the ground. (n_t, n², 3) m"""
    place = PLACES[kind]
    layers = [
        layered.Layer(place.border, BULK, point.elastic(MU)),
        layered.Layer(0.0, BULK, point.maxwell(MU, eta)),
    ]
    ground = ground_points(n)
    if kind == "split":
        coarse, fine = (patches(place, layers, ground, times, k) for k in (ROWS, 2 * ROWS))
        return np.asarray((4 * fine - coarse) / 3)
    size, angles = (place.length, place.width), (place.strike, place.dip)
    top = (0.0, 0.0, -place.top)
    return layered.rectangle(ground, layers, top, *size, *angles, (0.0, 1.0, 0.0), times)


def patches(
    place: Place, layers: Any, ground: np.ndarray, times: tuple[float, ...], rows: int
) -> np.ndarray:
    """Sum of 2 rows × rows patches with the bump's means on a vertical fault that strikes north."""
    long, wide = place.length / (2 * rows), place.width / rows
    # patches of a row differ by a shift along strike: one call does them all
    shifts = (np.arange(2 * rows) + 0.5) * long - place.length / 2
    shifted = (ground[None] - shifts[:, None, None] * [0.0, 1.0, 0.0]).reshape(-1, 3)
    total = np.zeros((len(times), *ground.shape))
    for row, factor in enumerate(bump_means(rows)):
        top = (0.0, 0.0, -place.top - row * wide)
        u = layered.rectangle(
            shifted, layers, top, long, wide, place.strike, place.dip, (0.0, 1.0, 0.0), times,
            n_along=3, n_down=6 // rows,
        ).reshape(len(times), len(shifts), -1, 3)  # fmt: skip
        total += factor * np.einsum("s,tsnc->tnc", bump_means(2 * rows), u)
    return total


def bump_means(n: int) -> np.ndarray:
    """Means of 1 − t² over n equal parts of [−1, 1]: the patches have the bump's moment. (n,)"""
    edges = np.linspace(-1.0, 1.0, n + 1)
    low, high = edges[:-1], edges[1:]
    return 1 - (low**2 + low * high + high**2) / 3


def ground_points(n: int) -> np.ndarray:
    """n² points within 60 km. (n², 3) m"""
    return hs.surface_grid(60 * KM, n)


def after(u: np.ndarray) -> np.ndarray:
    """What moved since the earthquake. (n_t − 1, n, 3) m"""
    return np.asarray(u[1:] - u[0])


def compare(kind: str, series: relaxing.Series, n: int, near: float, bound: float) -> float:
    """The larger of the errors of horizontals and verticals; rows of the table."""
    found = after(series.displacement(ground_points(n)))
    right = after(exact(kind, n, tuple(series.times)))
    errors = [relaxing.worst(found[..., part], right[..., part]) for part in ([0, 1], [2])]
    for what, error in zip(("horizontal", "vertical"), errors, strict=True):
        record(f"postseismic, {kind}, {what}", near, error, bound, note="to 6 relaxation times")
    return max(errors)


@pytest.mark.parametrize("kind", PLACES)
def test_the_ground_goes_on_moving_as_the_propagator_matrix_says(kind: str) -> None:
    near, n = 4 * KM, 6
    series = run(kind, near, 0.7, 1e-2, (5 * YEAR,))
    assert compare(kind, series, n, near, BOUND) <= BOUND
    # planted: η/(2μ) where η/μ belongs, and slip that turns round
    found, times = after(series.displacement(ground_points(n))), tuple(series.times)
    if kind != "split":
        assert relaxing.worst(found, after(exact(kind, n, times, ETA / 2))) > 5 * BOUND
    assert relaxing.worst(-found, after(exact(kind, n, times))) > 1


@pytest.mark.verify
@pytest.mark.slow
@pytest.mark.parametrize("kind", PLACES)
def test_a_hundred_points_over_thirty_years(kind: str) -> None:
    near, bound = 2.5 * KM, 0.015
    series = run(kind, near, 0.3, 1e-3, tuple(t * YEAR for t in (1, 3, 10, 20)))
    assert compare(kind, series, 10, near, bound) <= bound
