"""Displacement that is linear in space is reproduced exactly inside a jiggled mesh [Irons72].

Prescribed on the whole outside by the case, it must return at every inner node, and its stress in
every element. The patch test alone cannot see the material law: that is why the stress is asked,
too, and columns/ prescribes tractions.
"""

from __future__ import annotations

from dataclasses import replace

import half_space as hs
import numpy as np

from femcrust import operators
from small_meshes import split_cubes

GRADIENT = np.array([[2.0, -1.0, 0.5], [0.7, -3.0, 1.1], [-0.4, 0.9, 1.6]]) * 1e-4
SHIFT = np.array([0.1, -0.2, 0.05])
EDGE = 1000.0  # m
# Solver tolerance 1e-12 on the residual, and a mesh of 4,000 unknowns of good shape.
TOLERANCE, BOUND = 1e-12, 1e-10


def linear(points: np.ndarray) -> np.ndarray:
    return SHIFT + points @ GRADIENT.T


def make_body(mu: object = hs.MU) -> hs.Body:
    """A cube whose outside moves by `linear`, as the case says it."""
    mesh = split_cubes(5, size=(EDGE,) * 3, origin=(-EDGE / 3, -EDGE / 2, -EDGE), jiggle=0.25)
    moved = {
        axis: lambda x, y, z, row=i: SHIFT[row]
        + GRADIENT[row, 0] * x + GRADIENT[row, 1] * y + GRADIENT[row, 2] * z
        for i, axis in enumerate("xyz")
    }  # fmt: skip
    boundary = {"displacement": moved}
    case = {
        "mesh": {"file": "jiggled"},
        "materials": {"rock": {"mu": mu, "nu": hs.NU}},
        "boundaries": {"sides": boundary, "bottom": boundary, "top": boundary},
    }
    return hs.body(case, mesh)


def solved(body: hs.Body) -> np.ndarray:
    """(n_nodes, 3) m"""
    force = operators.load(body.operator, [], body.conditions)
    return body.answer(force, TOLERANCE).displacement


def error(u: np.ndarray, body: hs.Body) -> float:
    return float(
        np.abs(u - linear(body.space.nodes)).max() / np.abs(linear(body.space.nodes)).max()
    )


def test_linear_displacement_returns_inside_a_jiggled_mesh() -> None:
    body = make_body()
    u = solved(body)
    assert error(u, body) <= BOUND
    strain = (GRADIENT + GRADIENT.T) / 2
    sigma = hs.LAM * np.trace(strain) * np.eye(3) + 2 * hs.MU * strain
    expected = sigma[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
    found = operators.stress(body.operator, [], u)
    # gradients divide by the element: one more digit goes
    assert np.abs(found - expected).max() <= 10 * BOUND * np.abs(expected).max()


def test_a_medium_that_varies_is_no_patch() -> None:
    body = make_body(mu=lambda x, y, z: hs.MU * (1.0 + 0.5 * np.sin(x / 300.0)))
    assert error(solved(body), body) > 1e3 * BOUND


def test_two_exchanged_nodes_of_one_element_are_seen() -> None:
    body = make_body()
    elements = body.space.elements.copy()
    elements[len(elements) // 2, [4, 7]] = elements[len(elements) // 2, [7, 4]]
    spoilt = replace(body, space=replace(body.space, elements=elements))
    assert error(solved(spoilt), spoilt) > 1e3 * BOUND
