"""A rectangle under a free surface that is tilted by 8°, against Okada's half-space turned as well.

The body is a box of the built-in mesher, sheared: z → z − x tan t. The fault is given in the world
frame, so strike, dip, slip and the pole of the infinite elements must hold on sloping ground.
"""

from __future__ import annotations

from dataclasses import replace

import half_space as hs
import numpy as np
import pytest
from table import record

from femcrust.case.schema_faults import Rectangle
from femcrust.mesh.box import BoxSpec, box_mesh
from femcrust.mesh.from_case import rectangle_corners
from femcrust.mesh.mesh import Mesh
from reference import okada, tilted

KM = 1e3
TILT = 8.0
SLOPE = np.tan(np.radians(TILT))
# Only a fault that strikes along the contours of the ground is a rectangle in both frames.
PLACE = {
    "top_center": (-3 * KM, 1 * KM, -4 * KM), "length": 14 * KM, "width": 8 * KM,
    "strike": 0.0, "dip": 50.0,
}  # fmt: skip
SLIPS = {"strike": (1.0, 0.0, 0.0), "dip": (0.0, 1.0, 0.0), "open": (0.0, 0.0, 1.0)}


def sheared(mesh: Mesh) -> Mesh:
    """The mesh under ground that descends to the east by SLOPE."""
    return replace(mesh, points=mesh.points - [0.0, 0.0, SLOPE] * mesh.points[:, :1])


def make_body(size: float, half: float, far: float, growth: float) -> hs.Body:
    """Fine around the fault, which in the box that is to be sheared lies elsewhere."""
    corners = rectangle_corners(Rectangle.model_validate(PLACE))
    before = corners + [0.0, 0.0, SLOPE] * corners[:, :1]
    sides = (-half, half)
    mesh = box_mesh(
        BoxSpec(x=sides, y=sides, z=(-half, 0.0), near=size, far=far, growth=growth, at=(before,))
    )
    faults = {name: {"rectangle": PLACE, "slip": {name: 1.0}} for name in SLIPS}
    case = {"mesh": {"file": "sheared"}, "materials": {"rock": hs.ROCK}, "faults": faults}
    return hs.body(case, sheared(mesh))


def ground() -> np.ndarray:
    """Every 3 km on the slope, ± 1.5 lengths around the fault. (n, 3) m"""
    points = hs.surface_grid(21 * KM, 15)
    points[:, 2] = tilted.surface_z(points[:, 0], TILT)
    return points


def inside(size: float) -> np.ndarray:
    """Points in the ground at least two elements from the fault. (n, 3) m"""
    rng = np.random.default_rng(380_412_857)
    points = rng.uniform((-20 * KM, -20 * KM, -20 * KM), (20 * KM, 20 * KM, -0.3 * KM), (400, 3))
    points[:, 2] -= SLOPE * points[:, 0]
    start, end, _, low = rectangle_corners(Rectangle.model_validate(PLACE))
    s = np.clip((points - start) @ (end - start) / PLACE["length"] ** 2, 0.0, 1.0)
    t = np.clip((points - start) @ (low - start) / PLACE["width"] ** 2, 0.0, 1.0)
    foot = start + s[:, None] * (end - start) + t[:, None] * (low - start)
    return points[np.linalg.norm(points - foot, axis=1) >= 2 * size]


def exact(name: str, points: np.ndarray) -> np.ndarray:
    """(n, 3) m"""
    start, end, _, low = rectangle_corners(Rectangle.model_validate(PLACE))
    down = (low - start) / PLACE["width"]
    normal = np.cross([0.0, 1.0, 0.0], -down)  # up, on the hanging side
    vector = SLIPS[name] @ np.array([[0.0, 1.0, 0.0], -down, normal])
    return tilted.tilted_rectangle(points, TILT, start, end - start, low - start, vector, hs.NU)


def compare(body: hs.Body, size: float, bound: float, points: dict[str, np.ndarray]) -> list[float]:
    """Errors over the peak; all slips on all sets of points."""
    errors = []
    for name in SLIPS:
        found = body.solve(name)
        for where, some in points.items():
            errors.append(hs.off(found.displacement(some), exact(name, some)))
            record(f"tilted ground, {name}", size, errors[-1], bound, note=f"8 deg, {where}")
    return errors


def test_slip_under_tilted_ground_moves_it_as_the_turned_half_space() -> None:
    # elements of a quarter of the fault's width; the full form halves them
    size, bound = 2 * KM, 0.02
    body = make_body(size, 50 * KM, 25 * KM, 0.5)
    errors = compare(body, size, bound, {"ground": ground()})
    assert all(error <= bound for error in errors)

    found = body.solve("dip").displacement(ground())
    # planted: ground taken as flat; slip the other way round
    level = ground() * [1.0, 1.0, 0.0]
    flat = okada.rectangle(
        level, PLACE["top_center"], PLACE["length"], PLACE["width"], PLACE["strike"], PLACE["dip"],
        SLIPS["dip"], hs.NU,
    )  # fmt: skip
    assert hs.off(found, flat) > 2 * bound
    assert hs.off(-found, exact("dip", ground())) > bound


@pytest.mark.verify
@pytest.mark.slow
def test_slip_under_tilted_ground_within_one_and_a_half_percent() -> None:
    size, bound = 1 * KM, 0.015
    body = make_body(size, 60 * KM, 15 * KM, 0.3)
    errors = compare(body, size, bound, {"ground": ground(), "inside": inside(size)})
    assert all(error <= bound for error in errors)
