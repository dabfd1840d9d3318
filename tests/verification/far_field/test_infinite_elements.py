"""Infinite elements make small boxes enough: the part of the error that the sides are to blame for.

Bounds are the measured table of far_field.md § 2-4 (radial elements on the sides and the bottom),
rounded up; half-widths of the boxes are 1.5, 2 and 3 fault lengths.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import half_space as hs
import numpy as np
import pytest
import sides
import table

KM = 1e3
COARSE = (5 * KM, 20 * KM, 0.4)  # size near the fault and far from it, growth per distance
FULL = (2 * KM, 15 * KM, 0.25)
FORMS = [
    pytest.param(COARSE, id="coarse"),
    pytest.param(FULL, id="full", marks=(pytest.mark.verify, pytest.mark.slow)),
]
BOUNDS = {1.5: 0.01, 2.0: 0.005, 3.0: 0.0015}
WIDE = 20.0  # lengths: sides at 800 km, whose own part is below 0.02 %


def record(name: str, mesh: tuple[float, float, float], error: float, bound: float) -> bool:
    return table.record(f"far field {name}", mesh[0], error, bound, note="of the peak").holds


@pytest.mark.parametrize("mesh", FORMS)
@pytest.mark.parametrize("lengths", BOUNDS)
def test_sides_near_a_thrust_cost_little(lengths: float, mesh: tuple) -> None:
    body = sides.make(lengths, mesh, faults={"main": sides.fault()})
    judge = body.held(sides.exact).solve("main")
    found, fixed = body.solve("main"), body.held().solve("main")
    assert record(f"slip, {lengths:g} lengths", mesh, sides.part(found, judge), BOUNDS[lengths])
    assert found.iterations <= fixed.iterations + 2  # far_field.md § 5, test 8
    if lengths == 1.5:
        # what the bound must refuse: no far field, and one that decays like that of a force
        assert sides.part(fixed, judge) > 0.10
        infinite = replace(body.conditions.infinite, exponent=1)
        assert sides.part(body.under(infinite=infinite).solve("main"), judge) > 0.03


@pytest.mark.parametrize("mesh", FORMS)
@pytest.mark.parametrize(("lengths", "east"), [(2.0, 20 * KM), (3.0, 40 * KM)])
def test_pole_follows_a_fault_that_is_off_the_middle(
    lengths: float, east: float, mesh: tuple
) -> None:
    body = sides.make(lengths, mesh, faults={"main": sides.fault(east)})
    judge = body.held(partial(sides.exact, east=east)).solve("main")
    error = sides.part(body.solve("main"), judge)
    assert record(f"slip {east / KM:.0f} km off, {lengths:g} lengths", mesh, error, BOUNDS[lengths])
    centred = replace(body.conditions.infinite, pole=np.zeros(3))
    wrong = sides.part(body.under(infinite=centred).solve("main"), judge)
    assert wrong > 2 * error
    assert wrong > BOUNDS[lengths]


@pytest.mark.parametrize("mesh", FORMS)
def test_net_force_decays_with_exponent_one(mesh: tuple) -> None:
    """A disc of pressure; its displacement in a wide box is prescribed on the small one's sides."""
    load = {"disc": {"center": (0.0, 0.0), "radius": 10 * KM}, "pressure": 1e6}
    judge = sides.make(WIDE, mesh, loads={"ice": load}).solve()
    body = sides.make(1.5, mesh, loads={"ice": load})
    assert body.conditions.infinite.exponent == 1  # chosen by the net force
    exact = body.held(judge.displacement).solve()
    assert record("disc, exponent 1", mesh, sides.part(body.solve(), exact), 0.001)
    slow = replace(body.conditions.infinite, exponent=2)
    assert sides.part(body.under(infinite=slow).solve(), exact) > 0.03


# Modulus of the mantle over that of the 20 km lid, its bulk modulus kept when softer, as after
# relaxation: bounds by half-width. The layer becomes a cone outside, which no exponent mends.
LAYERED = {3.0: {1.5: 0.0087, 3.0: 0.0005}, 0.1: {1.5: 0.033, 3.0: 0.0076}}


def layers(ratio: float, top: float = 1.0) -> dict[str, Any]:
    """Lid and mantle; `top` multiplies the lid's μ."""
    bulk = hs.LAM + 2 * hs.MU / 3
    mantle = {"nu": hs.NU} if ratio > 1 else {"K": bulk}
    lid = {"mu": top * hs.MU, "nu": hs.NU, "where": {"depth": (0.0, 20 * KM)}}
    return {
        "lid": lid,
        "mantle": {"mu": ratio * hs.MU, **mantle, "where": {"depth": (20 * KM, 1e4 * KM)}},
    }


@pytest.mark.parametrize("mesh", FORMS)
@pytest.mark.parametrize("ratio", LAYERED)
def test_layers_run_on_to_infinity(ratio: float, mesh: tuple) -> None:
    case: dict[str, Any] = {"faults": {"main": sides.fault()}, "materials": layers(ratio)}
    judge = sides.make(WIDE, mesh, **case).solve("main")
    held = []
    for lengths, bound in LAYERED[ratio].items():
        body = sides.make(lengths, mesh, **case)
        exact = body.held(judge.displacement).solve("main")
        error = sides.part(body.solve("main"), exact)
        held.append(record(f"mantle x {ratio:g}, {lengths:g} lengths", mesh, error, bound))
        # fixed sides, and the displacement of a half-space without layers, are worse by far
        assert sides.part(body.held().solve("main"), exact) > 3 * bound
        assert sides.part(body.held(sides.exact).solve("main"), exact) > 1.5 * bound
    assert all(held), "see the table at the end"


@pytest.mark.verify
@pytest.mark.slow
def test_whole_error_in_the_smallest_box() -> None:
    """1.2 km elements: the sides are all that is left, far_field.md § 2."""
    body = sides.make(1.5, (1.2 * KM, 15 * KM, 0.25), faults={"main": sides.fault()})
    points = sides.ground()
    exact = sides.exact(points)
    error = hs.off(body.solve("main").displacement(points), exact)
    assert record("all of the error, 1.5 lengths", (1.2 * KM, 0, 0), error, 0.01)
    assert hs.off(body.held().solve("main").displacement(points), exact) > 0.10
