"""Rectangles against Okada (1992): strike slip, dip slip, opening; immersed and split nodes.

Errors are fractions of the peak of each quantity: displacement on a regular grid of the ground,
displacement and stress at 50 points inside. All are two elements of the coarsest mesh or more from
the fault, the same on all meshes.
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
# Two elements of the finest mesh from the fault: nearer the edges, where uniform slip makes stress
# grow like 1/distance, refining brings no gain, for points come nearer as elements shrink.
NEAR_DISPLACEMENT, NEAR_STRESS = 0.03, 0.10
# Surface, coarsest to finest: displacement should reach 2 to 3; the sides add 0.1 % that stays.
ORDER = 1.5


def mesher(fault: Fault) -> str:
    return "gmsh" if fault.split and fault.dip < 90.0 else "box"


def recorded(
    name: str, size: float, found: Errors, bounds: tuple[float, float, float],
    orders: tuple[float | None, ...] = (None, None, None), where: str = "",
) -> bool:  # fmt: skip
    """Three rows of the table; whether all hold."""
    whats = ("on the ground", f"inside{where}", f"stress inside{where}")
    values = (found.surface, found.interior, found.stress)
    rows = [
        table.record(name, size, value, bound, order, what)
        for value, bound, order, what in zip(values, bounds, orders, whats, strict=True)
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
        bounds = (DISPLACEMENT, DISPLACEMENT, COARSE_STRESS)
        held.append(recorded(f"{fault.name} {slip}", size, found, bounds))
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
        name = f"{fault.name} {slip}"
        columns = [
            table.orders(list(sizes), [getattr(e, what) for e in errors])
            for what in ("surface", "interior", "stress")
        ]
        for size, error, orders in zip(sizes, errors, zip(*columns, strict=True), strict=True):
            bounds = (DISPLACEMENT, DISPLACEMENT, STRESS) if size == sizes[-1] else 3 * (np.inf,)
            held.append(recorded(name, size, error, bounds, orders))
        bounds = (DISPLACEMENT, NEAR_DISPLACEMENT, NEAR_STRESS)
        held.append(recorded(name, sizes[-1], nearer[slip], bounds, where=", 2 elements off"))
        slope = np.log(errors[0].surface / errors[-1].surface) / np.log(sizes[0] / sizes[-1])
        held.append(bool(slope >= ORDER))
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
