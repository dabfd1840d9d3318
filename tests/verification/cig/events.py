"""The two earthquakes of the CIG/SCEC crustal deformation set without gravity, in closed form.

A fault that meets the ground slips by 1 m where |y| and depth are below 12 km, and less towards
16 km, where it ends: s = min(1, (16 km − |y|)/4 km, (16 km − depth)/4 km). That is the mean of
uniform slips on nested rectangles, ∫₀¹ H(a(q) − |y|) H(a(q) − depth) dq with a(q) = 12 km + 4 km q,
so that u = ∫₀¹ u_Okada(a(q)) dq [Okada92]. The published answer sums 400 such rectangles
[PyLithBenchmarks09].

The set wants y >= 0 only. The half y < 0 is the mirror image: slip along the strike turns under
y → −y, so that u_y is even, u_x and u_z are odd, and at y = 0 u_x = u_z = σ_yy = 0; slip up the
dip does not, u_y is odd, u_x and u_z are even, and at y = 0 u_y = σ_xy = σ_yz = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reference import okada

KM = 1e3
SIDE = 24 * KM  # of the cube 0 <= x, y <= SIDE, -SIDE <= z <= 0
FULL, END = 12 * KM, 16 * KM  # the taper's, both ways
NU = 0.25
# Gauss's rule of n points for ∫ dq is off by ρ^−2n where the integrand is singular at a distance
# sinh(ln ρ)/2 from [0, 1] [Trefethen08, sec. 4]: n follows from the distance to the taper.
ACCURACY = 1e-5
RULES = (4, 5, 6, 8, 12, 16, 24, 32, 64, 128, 256)
CHUNK = 8192  # points at a time: arrays that stay in cache


@dataclass(frozen=True)
class Event:
    """x : m, of the trace, which runs along y.  dip : degrees, to the east
    slip : (strike, dip, open) m, where it is full.  held : axes that y = 0 holds by symmetry
    full, end : m, where the taper begins and ends
    """

    name: str
    x: float
    dip: float
    slip: tuple[float, float, float]
    held: tuple[str, ...]
    full: float = FULL
    end: float = END

    @property
    def sine(self) -> float:
        return float(np.sin(np.radians(self.dip)))

    def taper(self, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """The share of the full slip on the fault. (n,)"""
        farthest = np.maximum(np.abs(y), -z)
        return np.asarray(np.clip((self.end - farthest) / (self.end - self.full), 0.0, 1.0))


# Right-lateral: the hanging wall, the east, moves against the strike, to the south.
STRIKE_SLIP = Event("strike-slip", 12 * KM, 90.0, (-1.0, 0.0, 0.0), ("x", "z"))
REVERSE = Event("reverse", 4 * KM, 45.0, (0.0, 1.0, 0.0), ("y",))
EVENTS = (STRIKE_SLIP, REVERSE)

Field = Callable[..., np.ndarray]


def displacement(event: Event, points: np.ndarray) -> np.ndarray:
    """m; points (n, 3) m, not on the tapered part of the fault. (n, 3)"""
    return _mean_of_rectangles(event, points, okada.rectangle, (3,))


def gradient(event: Event, points: np.ndarray) -> np.ndarray:
    """[:, i, j] = ∂u_i/∂x_j. (n, 3, 3)"""
    return _mean_of_rectangles(event, points, okada.rectangle_gradient, (3, 3))


def _mean_of_rectangles(
    event: Event, points: np.ndarray, field: Field, shape: tuple[int, ...]
) -> np.ndarray:
    total = np.zeros((len(points), *shape))
    wanted = _points_wanted(event, points)
    which = np.minimum(np.searchsorted(RULES, wanted), len(RULES) - 1)
    for rule in np.unique(which):
        here = np.flatnonzero(which == rule)
        nodes, weights = np.polynomial.legendre.leggauss(RULES[rule])
        ends = event.full + (event.end - event.full) * (nodes + 1) / 2
        for begin in range(0, len(here), CHUNK):
            some = here[begin : begin + CHUNK]
            for end, weight in zip(ends, weights / 2, strict=True):
                size = (2 * end, end / event.sine, 0.0, event.dip)
                total[some] += weight * field(points[some], (event.x, 0, 0), *size, event.slip, NU)
    return total


def _points_wanted(event: Event, points: np.ndarray) -> np.ndarray:
    """How many rectangles. (n,)"""
    in_halves = 2 * distance(event, points) / (event.end - event.full)
    return np.asarray(-np.log(ACCURACY) / (2 * np.arcsinh(np.maximum(in_halves, 1e-6))))


def distance(event: Event, points: np.ndarray) -> np.ndarray:
    """At most that from the tapered part of the fault, m. (n,)"""
    cosine = float(np.cos(np.radians(event.dip)))
    x, y, z = points[:, 0] - event.x, np.abs(points[:, 1]), points[:, 2]
    off = x * event.sine + z * cosine
    # shortened along the dip, which makes the fault square and nothing farther
    down = np.maximum(x * cosine - z * event.sine, 0.0) * event.sine
    inside = np.maximum(event.full - np.maximum(y, down), 0.0)
    beyond = np.hypot(np.maximum(y - event.end, 0.0), np.maximum(down - event.end, 0.0))
    return np.asarray(np.hypot(off, inside + beyond))
