"""A spherical cavity under pressure, meshed by the recipe meshes/cavity.py.

Compared with McTigue's expansion in radius over depth and with rings of forces that solve the
problem to 1e-9. Flat faces make the sphere too small, by 3/8 (size / radius)² of its
volume, which is most of the error.
"""

from __future__ import annotations

from pathlib import Path

import cavity as recipe
import half_space as hs
import numpy as np
import pytest
from table import record

from femcrust.mesh.read import read_mesh
from reference import cavity

KM = 1e3
RADIUS, DEPTH, PRESSURE = 1 * KM, 3 * KM, 10e6
CENTER = (0.0, 0.0, -DEPTH)
GROUND = hs.surface_grid(9 * KM, 19)


def found(size: float, growth: float, folder: Path, mu: float = hs.MU) -> np.ndarray:
    """Displacement of the ground, (n, 3) m; size on the wall, m."""
    path = folder / "cavity.msh"
    recipe.build(path, RADIUS / KM, DEPTH / KM, size / KM, half_width_km=60.0, growth=growth)
    case = {
        "mesh": {"file": str(path)},
        "materials": {"rock": {"mu": mu, "nu": hs.NU}},
        "boundaries": {
            "cavity": {"pressure": PRESSURE}, "sides": "infinite", "bottom": "infinite",
            "top": "free",
        },
    }  # fmt: skip
    return hs.body(case, read_mesh(path)).solve().displacement(GROUND)


def compare(u: np.ndarray, size: float, bound: float) -> list[float]:
    """Errors over the peak against both solutions."""
    sphere, residual = cavity.sphere(GROUND, CENTER, RADIUS, PRESSURE, hs.LAM, hs.MU)
    assert residual <= 1e-6  # of the pressure: the oracle itself is that good on the wall
    mctigue = cavity.mctigue(GROUND, CENTER, RADIUS, PRESSURE, hs.LAM, hs.MU)
    errors = []
    for name, exact in (("McTigue", mctigue), ("exact sphere", sphere)):
        errors.append(hs.off(u, exact))
        record(f"cavity, {name}", size, errors[-1], bound, note="depth three radii")
    return errors


def test_a_magma_chamber_lifts_the_ground_as_mctigue_says(tmp_path: Path) -> None:
    size, bound = 0.15 * KM, 0.02
    u = found(size, 0.25, tmp_path)
    errors = compare(u, size, bound)
    assert all(error <= bound for error in errors)
    # planted: suction, a chamber that is 5 % too wide, half the shear modulus
    assert all(error > bound for error in errors_of(-u))
    assert all(error > bound for error in errors_of(u * 1.05**3))
    assert all(error > bound for error in errors_of(found(size, 0.25, tmp_path, hs.MU / 2)))


def errors_of(u: np.ndarray) -> list[float]:
    """As `compare`, without rows in the table."""
    sphere, _ = cavity.sphere(GROUND, CENTER, RADIUS, PRESSURE, hs.LAM, hs.MU)
    mctigue = cavity.mctigue(GROUND, CENTER, RADIUS, PRESSURE, hs.LAM, hs.MU)
    return [hs.off(u, mctigue), hs.off(u, sphere)]


@pytest.mark.verify
@pytest.mark.slow
def test_a_magma_chamber_converges_to_the_exact_sphere(tmp_path: Path) -> None:
    # two thirds of the coarse size: (2/3)² of the missing volume; the issue asks for 2 %
    size, bound = 0.1 * KM, 0.012
    errors = compare(found(size, 0.2, tmp_path), size, bound)
    assert all(error <= bound for error in errors)
