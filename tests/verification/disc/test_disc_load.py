"""Uniform pressure on a disc on a half-space, against Love's closed form.

The disc pays no heed to the mesh: faces that its rim crosses carry a part of the load. Its weight
has a net force, so displacement falls as 1/r and the infinite elements must choose exponent 1.
"""

from __future__ import annotations

import half_space as hs
import numpy as np
import pytest
from table import record

from reference import disc

KM = 1e3
CENTER, RADIUS, PRESSURE = (1.0 * KM, -0.5 * KM), 8 * KM, 1e6


def make_body(size: float, half: float, far: float, growth: float, **infinite: float) -> hs.Body:
    """A lake on a box; infinite: options of the infinite elements."""
    case = {
        "mesh": hs.box(half, half, size, far, growth),
        "materials": {"rock": hs.ROCK},
        "loads": {"lake": {"disc": {"center": CENTER, "radius": RADIUS}, "pressure": PRESSURE}},
    }
    if infinite:
        far_side = {"infinite": infinite}
        case["boundaries"] = {"sides": far_side, "bottom": far_side, "top": "free"}
    return hs.body(case)


GROUND = hs.surface_grid(24 * KM, 25)  # under the disc, across its rim, and three radii around


def exact(radius: float = RADIUS, lam: float = hs.LAM) -> np.ndarray:
    """(n, 3) m"""
    return disc.disc(GROUND, CENTER, radius, PRESSURE, lam, hs.MU)


def test_a_lake_bends_the_ground_as_love_says() -> None:
    # a quarter of the radius; at the rim the slope is infinite, and that is where the error is
    size, bound = 2 * KM, 0.02
    settings = (size, 60 * KM, 20 * KM, 0.5)
    found = make_body(*settings).solve().displacement(GROUND)
    error = hs.off(found, exact())
    record("disc load", size, error, bound, note="radius 8 km, rim included")
    assert error <= bound
    # planted
    assert hs.off(-found, exact()) > bound
    assert hs.off(found, exact(radius=0.9 * RADIUS)) > bound
    assert hs.off(found, exact(lam=0.0)) > bound
    # displacement that falls as 1/r², which forgets the net force
    dipole = make_body(*settings, exponent=2).solve().displacement(GROUND)
    assert hs.off(dipole, exact()) > bound


@pytest.mark.verify
@pytest.mark.slow
def test_a_lake_within_one_percent() -> None:
    size, bound = 1 * KM, 0.01
    found = make_body(size, 60 * KM, 15 * KM, 0.3).solve().displacement(GROUND)
    error = hs.off(found, exact())
    record("disc load", size, error, bound, note="radius 8 km, rim included")
    assert error <= bound
