"""Iterations to 1e-8 from 1e4 to 1e6 unknowns, on boxes, on the example's meshes, on hard bodies.

Rows of the table hold iterations in place of errors. The small form is unit/test_solver_iterations.
"""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from pathlib import Path

import pytest
import strike_slip
from table import record

import hard_bodies as hard
from femcrust.mesh.read import read_mesh
from femcrust.model import Model, build_model

KM = 1e3
EASY, HARD = 15, 30
# From 1e4 unknowns, where the linear level is nearly solved exactly, to 1e6: 8 to 12 iterations.
FLATNESS = 4
# Reached, not wished for: no smoother of displacements alone is good at nu 0.49.
INCOMPRESSIBLE = 50

pytestmark = [pytest.mark.verify, pytest.mark.slow]

BODIES: dict[str, tuple[Callable[[], Model], int]] = {
    "blocks 1e4": (lambda: hard.blocks(24, 1e4), HARD),
    "nu 0.49": (lambda: hard.cube(27, {"rock": {"mu": 30e9, "nu": 0.49}}), INCOMPRESSIBLE),
    "nu 0.49, graded": (
        lambda: hard.graded_box(1 * KM, {"rock": {"mu": 30e9, "nu": 0.49}}),
        INCOMPRESSIBLE,
    ),
    "thin layers": (lambda: hard.thin_layers(30 * KM), HARD),
    "bands 30:1": (lambda: hard.bands(27, 30.0), HARD),
    "stretched box 30:1": (lambda: hard.stretched(26, 30.0), HARD),
    "stretched box 100:1": (lambda: hard.stretched(20, 100.0), HARD),
    "slivers": (lambda: hard.slivers(1 * KM, 0.05), HARD),
    "all cells 30:1": (lambda: hard.cube(18, {"rock": hard.ROCK}, 30.0), HARD),
}


def test_iterations_stay_flat_on_graded_boxes() -> None:
    counts = []
    for near in (15 * KM, 6 * KM, 2 * KM, 1 * KM, 0.35 * KM):
        unknowns, iterations = hard.solved(hard.graded_box(near))
        counts.append(iterations)
        record("iterations, box", near, iterations, EASY, note=f"{unknowns:,} unknowns, 20:1")
    assert max(counts) <= EASY
    assert max(counts) - min(counts) <= FLATNESS


def test_iterations_stay_flat_on_the_meshes_of_the_example(tmp_path: Path) -> None:
    counts = []
    for size in (8.0, 4.0, 2.0):
        path = tmp_path / f"{size}.msh"
        strike_slip.build(path, size)
        mesh = read_mesh(path)
        fault = {"surface": "fault", "hanging_side": "east", "slip": {"strike": 1.0}}
        materials = {
            name: {"mu": mu, "nu": 0.25, "where": {"group": name}}
            for name, mu in zip(mesh.volumes, (4e9, 30e9, 45e9, 75e9), strict=True)
        }
        case = hard.case_of({"file": str(path)}, materials, faults={"main": fault})
        unknowns, iterations = hard.solved(build_model(case, mesh))
        counts.append(iterations)
        record("iterations, example", size * KM, iterations, EASY, note=f"{unknowns:,} unknowns")
    assert max(counts) <= EASY
    assert max(counts) - min(counts) <= FLATNESS


@pytest.mark.parametrize("name", BODIES)
def test_hard_bodies_at_full_size(name: str) -> None:
    make, bound = BODIES[name]
    unknowns, iterations = hard.solved(make())
    record(f"iterations, {name}", nan, iterations, bound, note=f"{unknowns:,} unknowns")
    assert iterations <= bound
