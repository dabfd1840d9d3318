"""Rectangles against Okada (1992): strike slip, dip slip, opening; immersed and split nodes.

Errors are fractions of the peak of each quantity: displacement on a regular grid of the ground,
displacement and stress at 50 points inside, all at least two coarsest elements from the fault.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import half_space as hs
import numpy as np
import pytest
import rectangles
import table
from rectangles import SLIPS, Errors, Fault

FAULTS = [
    Fault(strike=30.0, dip=90.0, split=False),
    Fault(strike=30.0, dip=70.0, split=False),
    Fault(strike=30.0, dip=30.0, split=False),
    Fault(strike=0.0, dip=90.0, split=True),  # a box is cut along vertical planes only
    Fault(strike=30.0, dip=70.0, split=True),  # meshed by gmsh
    Fault(strike=30.0, dip=30.0, split=True),
]
# Gmsh's elements of a given size are about as large as two of a box, whose cubes are cut in six.
COARSE = {"box": (2000.0, 0.4), "gmsh": (1000.0, 0.12)}  # size, growth per distance
FULL = {"box": (2500.0, 1670.0, 1250.0), "gmsh": (1600.0, 1130.0, 650.0)}
# Full form: growth follows the size, so that every element shrinks and the order means something.
GRADING = 10e3  # m, growth = size / GRADING

DISPLACEMENT = 0.01  # required at the finest, and reached by the coarse form
STRESS = 0.03  # required at the finest
# Stress is linear inside elements: errors are of second order where displacement has third, and
# 2 km elements see the field at the fault's corners, which varies over 5 km, to some percent.
COARSE_STRESS = 0.08
ORDER = 1.5  # displacement should reach 2 to 3; points fall differently in cells of each mesh


def mesher(fault: Fault) -> str:
    return "gmsh" if fault.split and fault.dip < 90.0 else "box"


def recorded(
    fault: Fault, slip: str, size: float, found: Errors, stress: float,
    orders: tuple[float | None, ...] = (None, None, None), note: str = "",
) -> bool:  # fmt: skip
    """Three rows of the table; whether all hold."""
    bounds = (DISPLACEMENT, DISPLACEMENT, stress)
    values = (found.surface, found.interior, found.stress)
    rows = [
        table.record(f"{fault.name} {slip}", size, value, bound, order, f"{what}{note}")
        for value, bound, order, what in zip(
            values, bounds, orders, ("surface", "interior", "stress inside"), strict=True
        )
    ]
    return all(row.holds for row in rows)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_displacement_and_stress_of_a_rectangle(fault: Fault, tmp_path: Path) -> None:
    size, growth = COARSE[mesher(fault)]
    body = rectangles.make_body(fault, size, growth, tmp_path)
    clearance = 2 * COARSE["box"][0]
    held = []
    for slip in SLIPS:
        found = rectangles.errors(fault, slip, body.solve(slip), clearance)
        held.append(recorded(fault, slip, size, found, COARSE_STRESS))
    assert all(held), "see the table at the end"


@pytest.mark.verify
@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_rectangles_converge_to_okada(fault: Fault, tmp_path: Path) -> None:
    sizes = FULL[mesher(fault)]
    clearance = 2 * max(FULL["box"])
    found: dict[str, list[Errors]] = {slip: [] for slip in SLIPS}
    nearer = {}
    for size in sizes:
        body = rectangles.make_body(fault, size, size / GRADING, tmp_path)
        for slip in SLIPS:
            field = body.solve(slip)
            found[slip].append(rectangles.errors(fault, slip, field, clearance))
            if size == sizes[-1]:
                nearer[slip] = rectangles.errors(fault, slip, field, 2 * size)
    held = []
    for slip, errors in found.items():
        columns = [
            table.orders(list(sizes), [getattr(e, name) for e in errors])
            for name in ("surface", "interior", "stress")
        ]
        for size, error, orders in zip(sizes, errors, zip(*columns, strict=True), strict=True):
            final = size == sizes[-1]
            stress = STRESS if final else 2 * COARSE_STRESS
            note = (
                f" (stress {100 * nearer[slip].stress:.1f} % at {2 * size / 1e3:.1f} km)"
                if final
                else ""
            )
            good = recorded(fault, slip, size, error, stress, orders, note)
            held.append(good or not final)
        ends = np.log(errors[0].surface / errors[-1].surface) / np.log(sizes[0] / sizes[-1])
        held.append(bool(ends >= ORDER))
    assert all(held), "see the table at the end"


def test_wrong_slip_medium_or_dip_is_seen(tmp_path: Path) -> None:
    """What the bound of 1 % must refuse."""
    fault = FAULTS[1]
    size, growth = COARSE["box"]
    ground = hs.surface_grid(1.5 * rectangles.LENGTH, 25)
    right = rectangles.make_body(fault, size, growth, tmp_path).solve("dip")
    found = right.displacement(ground)
    exact = rectangles.exact(fault, "dip", ground)
    assert hs.off(found, exact) <= DISPLACEMENT
    assert hs.off(-found, exact) > 1.0  # reversed slip
    assert hs.off(found, rectangles.exact(fault, "strike", ground)) > 0.1
    assert hs.off(found, rectangles.exact(replace(fault, dip=68.0), "dip", ground)) > 0.01
    other = rectangles.make_body(fault, size, growth, tmp_path, nu=0.15).solve("dip")
    assert hs.off(other.displacement(ground), exact) > 0.02


def test_half_the_shear_modulus_halves_stress_only(tmp_path: Path) -> None:
    """Displacement of slip knows no modulus, so only stress can see a wrong one."""
    fault = FAULTS[1]
    size, growth = COARSE["box"]
    points = rectangles.interior_points(fault, 2 * size)
    soft = rectangles.make_body(fault, size, growth, tmp_path, mu=hs.MU / 2).solve("strike")
    assert (
        hs.off(soft.displacement(points), rectangles.exact(fault, "strike", points)) <= DISPLACEMENT
    )
    exact = rectangles.exact_stress(fault, "strike", points)
    assert hs.off(soft.stress(points), exact) > 0.3
    assert hs.off(2 * soft.stress(points), exact) <= COARSE_STRESS
