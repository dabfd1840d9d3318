"""One rectangular fault in a half-space, by finite elements and by Okada (1992).

The fault is 20 km x 10 km with its upper edge at 5 km; three slips of 1 m are solved for on one
mesh. Immersed faults slip uniformly; split nodes carry a smooth bump that vanishes at the edges,
because a mesh surface cannot slip at its buried edge, and are compared with the sum of patches.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dipping
import half_space as hs
import numpy as np

from femcrust.mesh.read import read_mesh
from reference import okada

KM = 1e3
LENGTH, WIDTH, TOP = 20 * KM, 10 * KM, 5 * KM
TOP_CENTER = (0.0, 0.0, -TOP)
SLIPS = {"strike": (1.0, 0.0, 0.0), "dip": (0.0, 1.0, 0.0), "open": (0.0, 0.0, 1.0)}
# Three lengths to the sides leave 0.1 % of the peak to the far field, see ../far_field.
HALF, DEPTH = 60 * KM, 60 * KM
FARTHEST = 10  # largest over smallest wanted size
BUMP = f"(1 - (along/{LENGTH / 2})**2) * (1 - (2*down/{WIDTH} - 1)**2)"
ROWS = 8  # of patches down dip; see _okada: then within 0.01 % of 32 rows
INTERIOR = 50


@dataclass(frozen=True)
class Fault:
    """strike, dip: degrees; split: split nodes, else immersed."""

    strike: float
    dip: float
    split: bool

    @property
    def name(self) -> str:
        return f"okada {'split' if self.split else 'immersed'} dip {self.dip:.0f}"


def make_body(fault: Fault, size: float, growth: float, folder: Path, **rock: Any) -> hs.Body:
    """The fault with elements of `size`, m, on it; folder: for meshes of gmsh."""
    case: dict[str, Any] = {
        "mesh": hs.box(HALF, DEPTH, size, FARTHEST * size, growth),
        "materials": {"rock": hs.ROCK | rock},
    }
    rectangle = {"top_center": TOP_CENTER, "length": LENGTH, "width": WIDTH}
    rectangle |= {"strike": fault.strike, "dip": fault.dip}
    if not fault.split:
        case["faults"] = {name: {"rectangle": rectangle, "slip": {name: 1.0}} for name in SLIPS}
        return hs.body(case)
    slips = {name: {"slip": {name: BUMP}} for name in SLIPS}
    if fault.dip == 90.0:
        case["faults"] = {name: {"rectangle": rectangle} | slip for name, slip in slips.items()}
        case["mesh"]["box"]["fault_planes"] = list(SLIPS)
        return hs.body(case)
    path = folder / f"dip{fault.dip:.0f}_{size:.0f}.msh"
    dipping.build(
        path,
        LENGTH / KM, WIDTH / KM, fault.strike, fault.dip, TOP / KM, size / KM,
        box_lengths=2 * HALF / LENGTH, growth=growth,
    )  # fmt: skip
    case["mesh"] = {"file": str(path)}
    case["faults"] = {name: {"surface": "fault"} | slip for name, slip in slips.items()}
    return hs.body(case, read_mesh(path))


def exact(fault: Fault, slip: str, points: np.ndarray) -> np.ndarray:
    """Displacement, m. (n, 3)"""
    return _okada(fault, slip, points, okada.rectangle)


def exact_stress(fault: Fault, slip: str, points: np.ndarray) -> np.ndarray:
    """Pa. (n, 6)"""
    return okada.stress(_okada(fault, slip, points, okada.rectangle_gradient), hs.LAM, hs.MU)


def _okada(fault: Fault, slip: str, points: np.ndarray, field: Any) -> Any:
    if not fault.split:
        plane = (TOP_CENTER, LENGTH, WIDTH, fault.strike, fault.dip, SLIPS[slip], hs.NU)
        return field(points, *plane)
    coarse, fine = (_patches(fault, slip, points, field, n) for n in (ROWS, 2 * ROWS))
    return (4 * fine - coarse) / 3  # sums of patches converge with their size squared


def _patches(fault: Fault, slip: str, points: np.ndarray, field: Any, rows: int) -> Any:
    """Sum of 2 rows x rows patches with the bump's means.

    Patches of a row differ by a shift along strike only, so one call does a whole row.
    """
    along, down = directions(fault)
    size = WIDTH / rows
    shifts = (np.arange(2 * rows) + 0.5) * size - LENGTH / 2
    shifted = (points[None] - shifts[:, None, None] * along).reshape(-1, 3)
    total: Any = 0.0
    for row, factor in enumerate(bump_means(rows)):
        top = TOP_CENTER + row * size * down
        part = field(shifted, top, size, size, fault.strike, fault.dip, SLIPS[slip], hs.NU)
        part = part.reshape(len(shifts), len(points), *part.shape[1:])
        total = total + factor * np.tensordot(bump_means(2 * rows), part, axes=1)
    return total


def bump_means(n: int) -> np.ndarray:
    """Means of 1 - t² over n equal parts of [-1, 1]: the patches have the bump's moment. (n,)"""
    edges = np.linspace(-1.0, 1.0, n + 1)
    low, high = edges[:-1], edges[1:]
    return 1 - (low**2 + low * high + high**2) / 3


def directions(fault: Fault) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors along strike and down dip, to the right of strike."""
    phi, delta = np.radians([fault.strike, fault.dip])
    down = np.array([np.cos(phi) * np.cos(delta), -np.sin(phi) * np.cos(delta), -np.sin(delta)])
    return np.array([np.sin(phi), np.cos(phi), 0.0]), down


def distance(fault: Fault, points: np.ndarray) -> np.ndarray:
    """From the rectangle, m. (n,)"""
    along, down = directions(fault)
    x = points - TOP_CENTER
    a = np.clip(x @ along, -LENGTH / 2, LENGTH / 2)
    d = np.clip(x @ down, 0.0, WIDTH)
    return np.linalg.norm(x - a[:, None] * along - d[:, None] * down, axis=1)


def interior_points(fault: Fault, clearance: float) -> np.ndarray:
    """Points in the ground, within 1.5 lengths, at least `clearance` from the fault. (50, 3)"""
    rng = np.random.default_rng(726_150_913)
    low, high = (-1.5 * LENGTH, -1.5 * LENGTH, -25 * KM), (1.5 * LENGTH, 1.5 * LENGTH, -0.5 * KM)
    points = rng.uniform(low, high, (20 * INTERIOR, 3))
    return points[distance(fault, points) >= clearance][:INTERIOR]


@dataclass(frozen=True)
class Errors:
    """Fractions of the peak of each: on the ground, inside, stress inside."""

    surface: float
    interior: float
    stress: float


def errors(fault: Fault, slip: str, found: hs.Field, clearance: float) -> Errors:
    """On a grid of ± 1.5 lengths and at 50 points inside, `clearance` m or more from the fault."""
    ground = hs.surface_grid(1.5 * LENGTH, 25)  # every 2.5 km
    ground = ground[distance(fault, ground) >= clearance]
    inside = interior_points(fault, clearance)
    return Errors(
        hs.off(found.displacement(ground), exact(fault, slip, ground)),
        hs.off(found.displacement(inside), exact(fault, slip, inside)),
        hs.off(found.stress(inside), exact_stress(fault, slip, inside)),
    )
