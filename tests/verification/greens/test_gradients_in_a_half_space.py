"""Tilt, strain and stress of a library against the gradients of Okada (1992), on the ground and
below it.

A gradient is that of the cell that holds the station. It is linear inside, so that its error falls
with the square of the cells' size: where the displacement of these patches is within 2 % of its
peak, gradients are within BOUND, for they fall off faster and with them the peak is nearer to the
cells that a patch smears. Stations below the ground keep two wanted sizes from every patch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import half_space as hs
import numpy as np

import femcrust
from femcrust.case import build_case
from reference import okada

KM = 1e3
HALF = 60 * KM
STRIKE = 20.0
COMPONENTS = ("strike", "dip", "opening")
PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
BOUND = 0.05


def stations(size: float, depth: float) -> np.ndarray:
    """On the ground, and on a level halfway to the fault's upper edge."""
    ground = hs.surface_grid(10 * size, 13)
    return np.concatenate([ground + [0.31 * size, 0.17 * size, z] for z in (0.0, -depth / 3)])


def library(folder: Path, dip: float, size: float, depth: float, **output: Any) -> Any:
    """Two by two patches of twice the wanted size, upper edge at `depth`."""
    places = stations(size, depth)
    lines = (f"S{i},{x},{y},{z}\n" for i, (x, y, z) in enumerate(places.tolist()))
    (folder / "stations.csv").write_text("name,x,y,z\n" + "".join(lines))
    side = 2 * size
    plane = {"top_center": (0.0, 0.0, -depth), "length": 2 * side, "width": 2 * side}
    return femcrust.greens(
        build_case(
            {
                "mesh": hs.box(HALF, HALF, size, 10 * size),
                "materials": {"rock": hs.ROCK},
                "faults": {
                    "main": {
                        "rectangle": plane | {"strike": STRIKE, "dip": dip},
                        "slip": {"strike": 1.0},
                    }
                },
                "greens": {
                    "patches": {"length": side, "width": side},
                    "components": COMPONENTS,
                    "method": "forward",
                },
                "output": {"stations": "stations.csv"} | output,
            },
            folder,
        )
    )


def exact(data: Any, patch: int, component: int) -> np.ndarray:
    """∂u_i/∂x_j at the stations. (n, 3, 3)"""
    own = data.isel(patch=patch)
    corners = np.stack([own[f"corner_{axis}"] for axis in "xyz"], axis=-1)
    size = np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[1])
    top = (corners[0] + corners[1]) / 2
    angles = float(own.patch_strike), float(own.patch_dip)
    places = np.stack([data[axis] for axis in "xyz"], axis=-1)
    return okada.rectangle_gradient(places, top, *size, *angles, np.eye(3)[component], hs.NU)


def wanted(field: str, gradient: np.ndarray) -> np.ndarray:
    if field == "tilt":
        return gradient[:, 2, :2]
    if field == "stress":
        return okada.stress(gradient, hs.LAM, hs.MU)
    return np.stack([(gradient[:, i, j] + gradient[:, j, i]) / 2 for i, j in PAIRS], axis=1)


def worst(data: Any, field: str, deep: bool) -> float:
    """Of all patches and components, a part of their peak at these stations."""
    some = data.isel(station=np.flatnonzero((data.z.values < 0) == deep))
    found = some[field].values
    columns = [(p, c) for p in range(found.shape[0]) for c in range(found.shape[1])]
    return max(hs.off(found[p, c], wanted(field, exact(some, p, c))) for p, c in columns)
