"""An endless strike-slip fault in an elastic plate over a Maxwell half-space, by images.

Errors at 30 distances from a tenth to ten plate thicknesses, as fractions of the slip, after 1, 5
and 20 of both times that are in use: η/μ, in which the stress of Maxwell rock falls to 1/e, and
2η/μ of Nur and Mavko's and Savage and Prescott's solutions.
"""

from __future__ import annotations

import numpy as np
import pytest
import relaxing
import slab
from table import record

H = slab.H
BOUND = 0.01
LATE = 5 * slab.SAVAGE


def ground(
    size: float, far: float, growth: float, whole: bool, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Times, s, and displacement along the fault at slab.DISTANCES, (n_t, 30) m."""
    mesh = slab.make_mesh(size, far, growth, whole)
    series = relaxing.run(slab.case({"tolerance": tolerance}, whole), mesh)
    points = np.zeros((30, 3))
    points[:, 0], points[:, 1] = slab.DISTANCES, 0.4 * slab.WIDTH
    # hanging side east, strike north: left-lateral slip moves the east to the north
    return series.times, series.displacement(points)[..., 1]


def compare(name: str, size: float, times: np.ndarray, found: np.ndarray) -> float:
    """Largest error at any time, over the slip; a row of the table."""
    error = float(np.abs(found - slab.exact(slab.DISTANCES, times)).max() / slab.SLIP)
    record(name, size, error, BOUND, note="to 20 times 2η/μ, of the slip")
    return error


@pytest.mark.parametrize("whole", [False, True], ids=["prescribed", "split nodes"])
def test_a_plate_goes_on_moving_as_the_images_say(whole: bool) -> None:
    size = 0.2 * H
    times, found = ground(size, 100 * H, 0.5, whole, 1e-2)
    name = f"strike-slip, {'split' if whole else 'prescribed'}"
    assert compare(name, size, times, found) <= BOUND
    # planted: η/μ where 2η/μ belongs
    moved = slab.exact(slab.DISTANCES, times, slab.ETA / 2)
    assert np.abs(found - moved).max() > 3 * BOUND
    thicker = slab.exact(slab.DISTANCES, times, thickness=1.1 * H)
    assert np.abs(found - thicker).max() > 2 * BOUND
    elastic = slab.exact(slab.DISTANCES, np.zeros(1))
    assert np.abs(found[-1] - elastic).max() > 10 * BOUND


def test_half_the_box_changes_little() -> None:
    times, found = ground(0.25 * H, 200 * H, 0.8, False, 1e-2)
    _, half = ground(0.25 * H, 100 * H, 0.8, False, 1e-2)
    late = times >= LATE
    change = np.abs(half - found)[late].max() / slab.SLIP
    record("strike-slip, half the box", 0.25 * H, change, BOUND, note="100 H for 200 H")
    assert change <= BOUND


@pytest.mark.verify
@pytest.mark.slow
@pytest.mark.parametrize("whole", [False, True], ids=["prescribed", "split nodes"])
def test_a_plate_in_a_wide_box(whole: bool) -> None:
    size, bound = 0.1 * H, 0.002
    name = f"strike-slip, {'split' if whole else 'prescribed'}"
    times, found = ground(size, 200 * H, 0.3, whole, 1e-3)
    error = compare(name, size, times, found)
    assert error <= bound
    _, half = ground(size, 100 * H, 0.3, whole, 1e-3)
    change = np.abs(half - found)[times >= LATE].max() / slab.SLIP
    record(f"{name}, half the box", size, change, BOUND, note="100 H for 200 H")
    assert change <= BOUND
