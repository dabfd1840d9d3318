"""Split nodes after the solve: the jump is the slip, and the energy is the work done by it.

With total displacement u + w and stress σ = C : (ε(u) − ε*), equilibrium ∫ σ : ε(v) = 0 for every
continuous v makes the strain energy

    ½ ∫ σ : (ε(u) − ε*) dV = −½ ∫ σ : ε* dV
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import half_space as hs
import numpy as np
import pytest

from femcrust import operators
from femcrust.faults.tet10 import barycentric_gradients, strain_at_vertices
from femcrust.mesh.mesh import tet_volumes
from femcrust.operators.load import hooke
from femcrust.sampling import displacement_at

KM = 1e3
LENGTH, WIDTH, TOP = 8 * KM, 4 * KM, 2 * KM
SLIPS = {"strike": 1.0, "dip": -0.7, "open": 0.4}
# The slip has a bump's shape, zero at the buried edges, so that the nodes carry what is asked.
BUMP = f"(1 - (along/{LENGTH / 2})**2) * (1 - (2*down/{WIDTH} - 1)**2)"


@pytest.fixture(scope="module")
def body() -> hs.Body:
    """A vertical fault that strikes north at x = 0, hanging side east, cut into a box."""
    case: dict[str, Any] = {
        "mesh": hs.box(20 * KM, 16 * KM, 1 * KM, 8 * KM, 0.5),
        "materials": {
            "left": {"mu": hs.MU, "nu": 0.25, "where": {"expression": "x < 0*km"}},
            "right": {"mu": 3 * hs.MU, "nu": 0.3, "where": {"expression": "x > 0*km"}},
        },
        "faults": {
            "main": {
                "rectangle": {
                    "top_center": (0.0, 0.0, -TOP), "length": LENGTH, "width": WIDTH,
                    "strike": 0.0, "dip": 90.0,
                },
                "slip": {k: f"{v} * {BUMP}" for k, v in SLIPS.items()},
            }
        },
    }  # fmt: skip
    case["mesh"]["box"]["fault_planes"] = ["main"]
    return hs.body(case)


def solved(body: hs.Body, sources: list[Any]) -> np.ndarray:
    force = operators.load(body.operator, sources, body.conditions)
    return body.answer(force, 1e-12).displacement


def on_both_sides(body: hs.Body, sources: list[Any], u: np.ndarray) -> tuple[np.ndarray, ...]:
    """Displacement at the fault's nodes, taken in one element on each wall: east, west, points."""
    source = sources[0]
    fault = np.unique(body.space.face_nodes(body.model.mesh.surfaces["main"]))
    x = body.space.nodes[fault]
    values = []
    for side in (1.0, -1.0):
        centers = body.space.nodes[body.space.elements[source.elements, :4]].mean(axis=1)
        wall = source.elements[side * centers[:, 0] > 0]
        found = np.full((len(fault), 3), np.nan)
        for e in wall:
            nodes = body.space.elements[e]
            here = np.isin(fault, nodes)
            if here.any():
                corners = body.space.nodes[nodes[:4]]
                system = np.column_stack([np.ones(4), corners])
                bary = np.column_stack([np.ones(here.sum()), x[here]]) @ np.linalg.inv(system)
                tets = np.full(here.sum(), e)
                found[here] = displacement_at(body.space, sources, u, tets, bary)
        values.append(found)
    return values[0], values[1], x


def test_walls_move_apart_by_the_slip(body: hs.Body) -> None:
    u = solved(body, body.model.sources)
    east, west, x = on_both_sides(body, body.model.sources, u)
    bump = (1 - (x[:, 1] / (LENGTH / 2)) ** 2) * (1 - (2 * (-x[:, 2] - TOP) / WIDTH - 1) ** 2)
    # vertical, striking north: strike is north, up-dip is up, the normal of the hanging wall east
    slip = bump[:, None] * np.array([SLIPS["open"], SLIPS["strike"], SLIPS["dip"]])
    # sums of shape functions only: rounding
    assert np.abs(east - west - slip).max() <= 1e-12
    assert np.abs(west - east - slip).max() > 0.1  # planted: walls exchanged


def energy(body: hs.Body, strain: np.ndarray, elements: np.ndarray, stress: np.ndarray) -> float:
    """½ ∫ σ : ε dV of fields that are linear in the elements. (m, 4, 6) both"""
    volumes = tet_volumes(body.model.mesh)[elements]
    mass = (np.ones((4, 4)) + np.eye(4)) / 20
    twice = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
    return float(np.einsum("e,ij,eik,ejk,k->", volumes, mass, stress, strain, twice)) / 2


def test_strain_energy_is_the_work_of_the_slip(body: hs.Body) -> None:
    held = body.held()  # without infinite elements, whose energy is not in the elements
    source = body.model.sources[0]
    u = solved(held, [source])
    every = np.arange(body.model.mesh.n_tets, dtype=np.int32)
    stress = operators.stress(held.operator, [source], u)
    elastic = held.operator.strain(every, u)
    elastic[source.elements] -= source.eigenstrain
    stored = energy(held, elastic, every, stress)
    work = -energy(held, source.eigenstrain, source.elements, stress[source.elements])
    assert stored > 0
    # the residual is 1e-12 of the load, the sums have 1e4 terms
    assert stored == pytest.approx(work, rel=1e-9)
    # planted: stress of ε(u) alone, as if the slip stayed in the elements as strain
    total = stress.copy()
    slipped = hooke(source.eigenstrain, *(m[source.elements] for m in _moduli(held)))
    total[source.elements] += slipped
    wrong = -energy(held, source.eigenstrain, source.elements, total[source.elements])
    assert abs(stored - wrong) > 0.1 * stored


def test_how_the_walls_share_the_jump_does_not_matter(body: hs.Body) -> None:
    source = body.model.sources[0]
    corners = body.model.mesh.points[body.model.mesh.tets[source.elements]]
    east = corners.mean(axis=1)[:, 0] > 0
    # all of the jump on the hanging wall, +s and 0, instead of +s/2 and -s/2
    offset = np.where(east[:, None, None], 2 * source.offset, 0.0)
    g, _ = barycentric_gradients(body.model.mesh.points, body.model.mesh.tets[source.elements])
    other = replace(source, offset=offset, eigenstrain=-strain_at_vertices(offset, g))
    tets, bary = body.model.locator.find(hs.surface_grid(10 * KM, 12))
    shared, one_sided = (
        displacement_at(body.space, [s], solved(body, [s]), tets, bary) for s in (source, other)
    )
    # two right-hand sides of one solution, each to 1e-12 of its residual
    assert hs.off(one_sided, shared) <= 1e-9
    # planted: only half of the jump
    half = replace(other, offset=offset / 2, eigenstrain=other.eigenstrain / 2)
    found = displacement_at(body.space, [half], solved(body, [half]), tets, bary)
    assert hs.off(found, shared) > 0.1


def _moduli(body: hs.Body) -> tuple[np.ndarray, np.ndarray]:
    return body.operator.lam, body.operator.mu
