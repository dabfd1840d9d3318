"""Point moment tensors in a half-space, on the ground and inside, against derivatives of Mindlin's.

A tensor is the eigenstrain of one element; near it, the field is that of a blurred source, so
points inside keep a few element sizes away.
"""

from __future__ import annotations

from typing import Any

import half_space as hs
import numpy as np
import pytest
from table import record

from reference import point_source

KM = 1e3
AT = (0.7 * KM, -0.4 * KM, -5.3 * KM)  # no corner of any cell
AWAY = 5  # element sizes, of points inside
TENSORS: dict[str, dict[str, float]] = {
    "double-couple": {"M0": 1e18, "strike": 30.0, "dip": 60.0, "rake": 40.0},
    "explosion": {"mxx": 1e18, "myy": 1e18, "mzz": 1e18},
    "vertical-dipole": {"mxx": -0.5e18, "myy": -0.5e18, "mzz": 1e18},
    "mixed": {"mxx": 1e18, "mzz": -0.2e18, "mxy": 0.4e18, "mxz": -0.3e18, "myz": 0.5e18},
}


def tensor(moment: dict[str, float]) -> np.ndarray:
    """(3, 3) N m"""
    if "M0" in moment:
        return point_source.double_couple(*(moment[k] for k in ("M0", "strike", "dip", "rake")))
    return np.array([[moment.get("m" + "".join(sorted(i + j)), 0.0) for j in "xyz"] for i in "xyz"])


def make_body(size: float, half: float, far: float, growth: float) -> hs.Body:
    """All tensors at the same point."""
    faults: dict[str, Any] = {
        name: {"point": {"at": AT}, "moment": moment} for name, moment in TENSORS.items()
    }
    mesh = hs.box(half, half, size, far, growth)
    return hs.body({"mesh": mesh, "materials": {"rock": hs.ROCK}, "faults": faults})


def inside(size: float) -> np.ndarray:
    """(n, 3) m"""
    rng = np.random.default_rng(215_509_633)
    points = rng.uniform((-12 * KM, -12 * KM, -15 * KM), (12 * KM, 12 * KM, -0.3 * KM), (400, 3))
    return points[np.linalg.norm(points - AT, axis=1) >= AWAY * size]


def exact(name: str, points: np.ndarray) -> np.ndarray:
    """(n, 3) m"""
    return point_source.moment_tensor(points, AT, tensor(TENSORS[name]), hs.LAM, hs.MU)


def compare(body: hs.Body, size: float, bound: float) -> list[float]:
    """Errors over the peak of each set of points."""
    errors = []
    for name in TENSORS:
        found = body.solve(name)
        for where, points in (("ground", hs.surface_grid(15 * KM, 16)), ("inside", inside(size))):
            errors.append(hs.off(found.displacement(points), exact(name, points)))
            record(f"point source, {name}", size, errors[-1], bound, note=where)
    return errors


def test_moment_tensors_move_ground_and_depth_as_mindlin() -> None:
    size, bound = 0.5 * KM, 0.02
    body = make_body(size, 50 * KM, 25 * KM, 0.4)
    errors = compare(body, size, bound)
    assert all(error <= bound for error in errors)

    # planted: rake turned round, strike mirrored, dip taken from the vertical
    points = hs.surface_grid(15 * KM, 16)
    found = body.solve("double-couple").displacement(points)
    for angles in ((30.0, 60.0, -140.0), (-30.0, 60.0, 40.0), (30.0, 30.0, 40.0)):
        wrong = point_source.double_couple(1e18, *angles)
        exchanged = point_source.moment_tensor(points, AT, wrong, hs.LAM, hs.MU)
        assert hs.off(found, exchanged) > 5 * bound
    # planted: an explosion in a medium that has forgotten λ
    blown = body.solve("explosion").displacement(points)
    without = point_source.moment_tensor(points, AT, tensor(TENSORS["explosion"]), 0.0, hs.MU)
    assert hs.off(blown, without) > 5 * bound


@pytest.mark.verify
@pytest.mark.slow
def test_moment_tensors_converge_to_mindlin() -> None:
    # the issue asks for 2 %; elements half as large must do twice as well
    size, bound = 0.25 * KM, 0.01
    errors = compare(make_body(size, 60 * KM, 15 * KM, 0.25), size, bound)
    assert all(error <= bound for error in errors)
