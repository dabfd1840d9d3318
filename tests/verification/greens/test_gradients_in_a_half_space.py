"""Tilt, strain and stress of a library against the gradients of Okada (1992), on the ground and
below it.

A station has the gradient of the cell that holds it. That is linear inside, so that the error falls
with the square of the cells' size, to a quarter between the two meshes here: BOUND is for the
finer, which has six wanted sizes between patch and ground, and four times it for the other. Around
the patch cells grow slowly: where they grow faster the error is that of the cells at the station.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import half_space as hs
import numpy as np
import pytest
from table import record

import both_backends
import femcrust
from femcrust.case import Case, build_case
from femcrust.model import build_model
from reference import okada

KM = 1e3
HALF = 60 * KM
TOP, SIDE = 7.5 * KM, 10 * KM  # depth of the patch's upper edge, its length and width
COARSE, FINE = 2500.0, 1250.0
COMPONENTS = ("strike", "dip", "opening")
PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
LEVELS = {"ground": (0.0, ("tilt", "strain")), "below": (-TOP / 3, ("tilt", "strain", "stress"))}
BOUND = 0.035  # of the peak: 2.9 % was seen at 1250 m, 9.7 % at 2500 m
ORDER = 1.3  # at least, between two meshes whose cells at a station need not halve


def make_case(folder: Path, dip: float, size: float, level: str) -> Case:
    """One patch, and stations around it on the ground or a third of the way down to it."""
    z, fields = LEVELS[level]
    places = hs.surface_grid(25 * KM, 13) + [0.78 * KM, 0.43 * KM, z]
    lines = (f"S{i},{x},{y},{z}\n" for i, (x, y, z) in enumerate(places.tolist()))
    (folder / f"{level}.csv").write_text("name,x,y,z\n" + "".join(lines))
    plane = {"top_center": (0.0, 0.0, -TOP), "length": SIDE, "width": SIDE}
    plane |= {"strike": 20.0, "dip": dip}
    return build_case(
        {
            "mesh": hs.box(HALF, HALF, size, 10 * size, 0.1),
            "materials": {"rock": hs.ROCK},
            "faults": {"main": {"rectangle": plane, "slip": {"strike": 1.0}}},
            "greens": {"components": COMPONENTS, "refine": False, "method": "forward"},
            "output": {"stations": f"{level}.csv", "station_fields": fields},
        },
        folder,
    )


def libraries(folder: Path, dip: float, size: float) -> dict[str, Any]:
    cases = {level: make_case(folder, dip, size, level) for level in LEVELS}
    model = build_model(cases["ground"])
    for case in cases.values():
        both_backends.libraries(case, replace(model, case=case))
    return {
        level: femcrust.greens(both_backends.on(case, "cpu"), model=replace(model, case=case))
        for level, case in cases.items()
    }


def exact(data: Any, field: str, component: int) -> np.ndarray:
    """At the stations, in the order of the library. (n, k)"""
    patch = data.isel(patch=0)
    corners = np.stack([patch[f"corner_{axis}"] for axis in "xyz"], axis=-1)
    top = (corners[0] + corners[1]) / 2
    places = np.stack([data[axis] for axis in "xyz"], axis=-1)
    angles, slip = (float(patch.patch_strike), float(patch.patch_dip)), np.eye(3)[component]
    gradient = okada.rectangle_gradient(places, top, SIDE, SIDE, *angles, slip, hs.NU)
    if field == "tilt":
        return gradient[:, 2, :2]
    if field == "stress":
        return okada.stress(gradient, hs.LAM, hs.MU)
    return np.stack([(gradient[:, i, j] + gradient[:, j, i]) / 2 for i, j in PAIRS], axis=1)


def worst(data: Any, field: str, found: np.ndarray | None = None) -> float:
    """Of all components, a part of their peak at these stations."""
    found = data[field].values[0] if found is None else found
    return max(hs.off(found[c], exact(data, field, c)) for c in range(len(COMPONENTS)))


def check(
    folder: Path, dip: float, size: float, bound: float, coarser: dict[Any, float] | None = None
) -> tuple[dict[str, Any], dict[Any, float]]:
    """The libraries, and the error of each level and field; `coarser`: those of twice the size."""
    made, errors = libraries(folder, dip, size), {}
    for level, (_, fields) in LEVELS.items():
        for field in fields:
            error = errors[level, field] = worst(made[level], field)
            order = None if coarser is None else float(np.log2(coarser[level, field] / error))
            name, note = f"greens {field} dip {dip:.0f}", f"stations {level}"
            row = record(name, size, error, bound, order=order, note=note)
            assert row.holds, (level, field, error)
            assert order is None or order >= ORDER, (level, field, order)
    return made, errors


def test_gradients_and_what_the_bound_refuses(tmp_path: Path) -> None:
    bound = 4 * BOUND
    below = check(tmp_path, 60.0, COARSE, bound)[0]["below"]
    tilt, strain = below.tilt.values[0], below.strain.values[0]
    assert worst(below, "tilt", -tilt) > 1.0  # it falls where it ought to rise
    assert worst(below, "tilt", tilt[..., ::-1]) > 5 * bound  # north for east
    engineering = strain * [1, 1, 1, 2, 2, 2]
    assert worst(below, "strain", engineering) > 3 * bound
    yz_before_xz = strain[..., [0, 1, 2, 3, 5, 4]]
    assert worst(below, "strain", yz_before_xz) > 3 * bound
    other = below.stress.values[0] - strain * hs.MU  # μ in place of 2 μ
    assert worst(below, "stress", other) > 3 * bound


@pytest.mark.verify
@pytest.mark.slow
@pytest.mark.parametrize("dip", [30.0, 60.0, 90.0])
def test_gradients_full(dip: float, tmp_path: Path) -> None:
    _, errors = check(tmp_path, dip, COARSE, 4 * BOUND)
    check(tmp_path, dip, FINE, BOUND, errors)
