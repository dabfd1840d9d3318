"""The closed form of the two events: what it must do at y = 0, at the fault, and far from it."""

from __future__ import annotations

from dataclasses import replace

import events
import numpy as np
import pytest
from events import EVENTS, KM, SIDE, Event

from reference import okada

MU = 30e9
LAM = 2 * MU * events.NU / (1 - 2 * events.NU)
SHEAR = {"x": 3, "y": 1, "z": 5}  # of the traction on y = 0 along an axis: xy, yy, yz


def points_in_the_cube(n: int, clearance: float, event: Event) -> np.ndarray:
    """At least `clearance`, m, from the taper. (n, 3)"""
    rng = np.random.default_rng(81_640_223)
    points = rng.uniform((0.0, 0.0, -SIDE), (SIDE, SIDE, 0.0), (20 * n, 3))
    return points[events.distance(event, points) > clearance][:n]


def symmetry_broken(event: Event, u: np.ndarray, stress: np.ndarray) -> tuple[float, float]:
    """On y = 0: the largest displacement along held axes, m, and traction along free ones, Pa."""
    held = [axis in event.held for axis in "xyz"]
    free = [SHEAR[axis] for axis in "xyz" if axis not in event.held]
    return float(np.abs(u[:, held]).max()), float(np.abs(stress[:, free]).max())


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_the_mirror_image_makes_the_plane_of_symmetry(event: Event) -> None:
    points = points_in_the_cube(60, 0.5 * KM, event) * [1.0, 0.0, 1.0]
    points = points[np.abs(points[:, 0] - event.x) > 10.0]
    stress = okada.stress(events.gradient(event, points), LAM, MU)
    moved, pulled = symmetry_broken(event, events.displacement(event, points), stress)
    # sums of equal numbers of opposite sign: rounding of 1 m and of MU times 1 m over 1 km
    assert moved < 1e-12
    assert pulled < 1e-9 * MU / KM
    # planted: the half y > 0 alone
    half = ((event.x, 6 * KM, 0.0), 12 * KM, 12 * KM / event.sine, 0.0, event.dip, event.slip)
    stress = okada.stress(okada.rectangle_gradient(points, *half), LAM, MU)
    moved, pulled = symmetry_broken(event, okada.rectangle(points, *half), stress)
    assert moved > 0.01
    assert pulled > 1e4


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_the_walls_move_apart_by_the_tapered_slip(event: Event) -> None:
    rng = np.random.default_rng(440_915_763)
    y, depth = rng.uniform(0.0, events.END, (2, 12))
    near = 50.0  # m; at the taper the gradient has a logarithm: some 1e-2 m are left across that
    cosine = float(np.cos(np.radians(event.dip)))
    on = np.stack([event.x + depth / np.tan(np.radians(event.dip)), y, -depth], axis=1)
    normal = np.array([event.sine, 0.0, cosine])  # to the hanging wall
    on = on[on[:, 2] < -near]
    walls = [events.displacement(event, on + side * near * normal) for side in (1.0, -1.0)]
    jump = walls[0] - walls[1]
    up_dip = np.array([-cosine, 0.0, event.sine])
    along = event.slip[0] * np.array([0.0, 1.0, 0.0]) + event.slip[1] * up_dip
    slip = event.taper(on[:, 1], on[:, 2])
    assert np.abs(jump @ along - slip).max() < 0.03
    assert np.abs(jump @ along + slip).max() > 1.0  # planted: the other way
    short = replace(event, full=8 * KM, end=12 * KM).taper(on[:, 1], on[:, 2])
    assert np.abs(jump @ along - short).max() > 0.3  # planted: a taper that starts at 8 km


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_nested_rectangles_equal_a_grid_of_patches(event: Event) -> None:
    points = points_in_the_cube(40, 6 * KM, event)
    sums = []
    for rows in (8, 16):

        def taper(along: np.ndarray, down: np.ndarray) -> np.ndarray:
            return event.taper(along, -down * event.sine)

        size = (2 * events.END, events.END / event.sine, 0.0, event.dip)
        top = (event.x, 0.0, 0.0)
        sums.append(okada.tapered(points, top, *size, event.slip, 2 * rows, rows, taper))
    patches = (4 * sums[1] - sums[0]) / 3  # sums of patches converge with their size squared
    found = events.displacement(event, points)
    # patches of 1 km at 6 km: the next term is (1/6)⁴ of a displacement of 0.1 m
    assert np.abs(found - patches).max() < 1e-4
    short = events.displacement(replace(event, end=15.75 * KM), points)
    assert np.abs(short - patches).max() > 1e-3  # planted: a row of 250 m less


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_more_rectangles_change_nothing(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    points = points_in_the_cube(400, 0.1 * KM, event)
    found = events.displacement(event, points)
    monkeypatch.setattr(events, "ACCURACY", events.ACCURACY**2)
    assert np.abs(events.displacement(event, points) - found).max() < 10 * 1e-5
    monkeypatch.setattr(events, "RULES", (4,))  # planted: as many everywhere
    assert np.abs(events.displacement(event, points) - found).max() > 1e-2
