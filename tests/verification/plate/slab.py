"""A slab one cell thick in y in which all motion is along y: an endless strike-slip fault.

The faces y = const hold x and z, so that u = (0, u(x, z), 0) is free. The fault lies in x = 0;
its slip is uniform to the depth TOP_OF_TAPER and falls linearly to nothing at BOTTOM, which is
the mean of events that slip to the depths between. Half a slab, x > 0, has half of the slip as
its prescribed displacement at x = 0; a whole one is cut by the fault and has split nodes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import relaxing

from femcrust.mesh.mesh import Mesh, ordered
from reference import strike_slip
from small_meshes import split_cubes
from tiny_case import facets

KM = 1e3
H = 20 * KM  # of the plate
TOP_OF_TAPER, BOTTOM = 0.4 * H, 0.8 * H
MU, ETA = 30e9, 30e9 * 10 * relaxing.YEAR
# The viscosity is ε̇ = s/(2η) in both: the time of relaxation is η/μ, 10 years, and the unit of
# Nur and Mavko's and Savage and Prescott's solutions 2η/μ, 20 years. 1, 5 and 20 of each:
TAU = strike_slip.maxwell_time(MU, ETA)
SAVAGE = strike_slip.savage_time(MU, ETA)
TIMES = tuple(sorted({n * unit for n in (1, 5, 20) for unit in (TAU, SAVAGE)}))
DISTANCES = np.geomspace(0.1 * H, 10 * H, 30)
SLIP = 1.0
GAUSS = 12
WIDTH = 2 * H


def axis(size: float, far: float, growth: float) -> np.ndarray:
    """From 0: equal cells to 1.6 H, then each longer by `growth`, to about `far`."""
    ends = list(np.arange(0.0, 1.6 * H + size / 2, size))
    while ends[-1] < far:
        size *= 1 + growth
        ends.append(ends[-1] + size)
    return np.array(ends)


def make_mesh(size: float, far: float, growth: float, whole: bool) -> Mesh:
    """The slab with cells of `size`, m, near the fault; the plate's base lies between cells."""
    x, z = axis(size, far, growth), -axis(size, far, growth)[::-1]
    if whole:
        x = np.concatenate([-x[:0:-1], x])
    mesh = split_cubes((len(x) - 1, 1, len(z) - 1))
    column = np.rint(mesh.points[:, 0] * (len(x) - 1)).astype(int)
    row = np.rint(mesh.points[:, 2] * (len(z) - 1)).astype(int)
    points = np.stack([x[column], mesh.points[:, 1] * WIDTH, z[row]], axis=1)
    fault = facets(points, mesh.tets, (np.abs(points[:, 0]) < 1.0) & (points[:, 2] > -BOTTOM - 1))
    return ordered(Mesh(points, mesh.tets, {}, {"fault": fault} if whole else {}, "slab"))


def slip_at(z: np.ndarray) -> np.ndarray:
    """m; left-lateral."""
    return SLIP * np.clip((z + BOTTOM) / (BOTTOM - TOP_OF_TAPER), 0.0, 1.0)


def case(time: dict[str, Any], whole: bool) -> dict[str, Any]:
    """The plate over a Maxwell half-space as stiff."""
    rock = {"mu": MU, "nu": 0.25}
    thin = {"fixed": ["x", "z"]}
    words: dict[str, Any] = {
        "mesh": {"file": "slab"},
        "materials": {
            "plate": rock | {"where": {"depth": (0.0, H)}},
            "below": rock | {"model": "maxwell", "eta": ETA, "where": {"depth": (H, 1e9)}},
        },
        "boundaries": {"north": thin, "south": thin, "east": "fixed", "bottom": "fixed"},
        "time": {"end": TIMES[-1], "step": TAU / 4} | time,
        "output": {"times": TIMES[:-1]},
    }
    if whole:
        words["boundaries"]["west"] = "fixed"
        slip = {"strike": lambda x, y, z: slip_at(z)}
        words["faults"] = {"main": {"surface": "fault", "hanging_side": "east", "slip": slip}}
    else:
        words["boundaries"]["west"] = {
            "displacement": {"x": 0.0, "y": lambda x, y, z: slip_at(z) / 2, "z": 0.0}
        }
    return words


def exact(
    distances: np.ndarray, times: np.ndarray, eta: float = ETA, thickness: float = H
) -> np.ndarray:
    """(n_t, n) m: the mean of events of all depths of the taper."""
    nodes, weights = np.polynomial.legendre.leggauss(GAUSS)
    depths = (TOP_OF_TAPER + BOTTOM) / 2 + nodes * (BOTTOM - TOP_OF_TAPER) / 2
    return np.asarray(
        sum(
            w / 2 * strike_slip.event(distances, times, depth, thickness, MU, eta, SLIP)
            for w, depth in zip(weights, depths, strict=True)
        )
    )
