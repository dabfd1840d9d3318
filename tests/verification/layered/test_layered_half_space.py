"""Rectangles in a soft layer over a hard half-space, against the propagator matrix.

5 km with μ = 6 GPa over 30 GPa; immersed faults above, across and below the border between the
layers. The element that the fault cuts may lie on either side of the border, and infinite elements
continue the layer as a wedge: both are part of the error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import half_space as hs
import numpy as np
import pytest
from table import record

from reference import layered

KM = 1e3
BORDER, SOFT, HARD = 5 * KM, 6e9, 30e9
LAYERS = [(BORDER, SOFT, SOFT), (0.0, HARD, HARD)]  # thickness, λ, μ; ν = 1/4
SLIPS = {"strike": (1.0, 0.0, 0.0), "dip": (0.0, 1.0, 0.0), "open": (0.0, 0.0, 1.0)}


@dataclass(frozen=True)
class Fault:
    """Its place, m and degrees, and the element sizes, m, of the two forms of the test."""

    top: float
    width: float
    dip: float
    coarse: float
    fine: float
    bound: float  # of the coarse form

    @property
    def place(self) -> dict[str, Any]:
        center = (0.0, 0.0, -self.top)
        return {"top_center": center, "length": 10 * KM, "width": self.width, "strike": 20.0,
                "dip": self.dip}  # fmt: skip


# Bounds of the coarse form: what 100,000 unknowns reach, plus a quarter.
FAULTS = {
    "above": Fault(1 * KM, 3 * KM, 80.0, 0.8 * KM, 0.5 * KM, 0.015),
    "across": Fault(2.5 * KM, 7 * KM, 45.0, 1.5 * KM, 0.7 * KM, 0.01),
    "below": Fault(6.5 * KM, 7 * KM, 45.0, 2 * KM, 1 * KM, 0.02),
}


def make_body(
    fault: Fault, size: float, half: float, far: float, growth: float, soft: float = SOFT
) -> hs.Body:
    """The two layers and three kinds of slip on one fault."""
    materials = {
        "soft": {"mu": soft, "nu": 0.25, "where": {"depth": (0.0, BORDER)}},
        "hard": {"mu": HARD, "nu": 0.25, "where": {"depth": (BORDER, 10 * half)}},
    }
    faults = {name: {"rectangle": fault.place, "slip": {name: 1.0}} for name in SLIPS}
    mesh = hs.box(half, half, size, far, growth)
    return hs.body({"mesh": mesh, "materials": materials, "faults": faults})


def ground(fault: Fault, size: float) -> np.ndarray:
    """Every 2.5 km, at least two elements from the sheet. (n, 3) m"""
    points = hs.surface_grid(20 * KM, 17)
    phi = np.radians(fault.place["strike"])
    along = np.array([np.sin(phi), np.cos(phi), 0.0])
    s = np.clip(points @ along, -5 * KM, 5 * KM)
    # the upper edge is nearest: the fault dips away from the ground
    edge = s[:, None] * along - [0.0, 0.0, fault.top]
    return points[np.linalg.norm(points - edge, axis=1) >= 2 * size]


def exact(fault: Fault, slip: str, points: np.ndarray, layers: Any = LAYERS) -> np.ndarray:
    """(n, 3) m"""
    place = fault.place
    return layered.rectangle(
        points, layers, place["top_center"], place["length"], place["width"],
        place["strike"], place["dip"], SLIPS[slip],
    )  # fmt: skip


def compare(body: hs.Body, name: str, size: float, bound: float) -> list[float]:
    """Errors over the peak on the ground, of every kind of slip."""
    fault, errors = FAULTS[name], []
    points = ground(fault, size)
    for slip in SLIPS:
        found = body.solve(slip).displacement(points)
        errors.append(hs.off(found, exact(fault, slip, points)))
        record(f"layered, source {name}, {slip}", size, errors[-1], bound, note="contrast 5")
    return errors


@pytest.mark.parametrize("name", FAULTS)
def test_layered_ground_moves_as_the_propagator_matrix_says(name: str) -> None:
    fault = FAULTS[name]
    body = make_body(fault, fault.coarse, 40 * KM, 20 * KM, 0.6)
    errors = compare(body, name, fault.coarse, fault.bound)
    assert all(error <= fault.bound for error in errors)


def test_a_homogeneous_or_upside_down_half_space_is_told_apart() -> None:
    fault = FAULTS["across"]
    points = ground(fault, fault.coarse)
    settings = (fault.coarse, 40 * KM, 20 * KM, 0.6)
    homogeneous = make_body(fault, *settings, soft=HARD).solve("strike").displacement(points)
    assert hs.off(homogeneous, exact(fault, "strike", points)) > 5 * fault.bound
    found = make_body(fault, *settings).solve("strike").displacement(points)
    swapped = [(BORDER, HARD, HARD), (0.0, SOFT, SOFT)]
    assert hs.off(found, exact(fault, "strike", points, swapped)) > 5 * fault.bound
    shallow = [(0.8 * BORDER, SOFT, SOFT), (0.0, HARD, HARD)]
    assert hs.off(found, exact(fault, "strike", points, shallow)) > 2 * fault.bound


@pytest.mark.verify
@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_layered_ground_within_one_percent(name: str) -> None:
    fault, bound = FAULTS[name], 0.01
    body = make_body(fault, fault.fine, 60 * KM, 15 * KM, 0.3)
    errors = compare(body, name, fault.fine, bound)
    assert all(error <= bound for error in errors)
