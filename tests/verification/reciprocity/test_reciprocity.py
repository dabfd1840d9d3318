"""Betti's reciprocal theorem: what source 1 does at source 2 is what source 2 does at source 1.

    M₁ : ε₂(x₁) = M₂ : ε₁(x₂),        F · u₂(x_F) = M₂ : ε_F(x₂)

in a medium with random moduli, with infinite elements behind the sides. No analytic solution is
needed, and none of the two sides of an equation is computed like the other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import half_space as hs
import numpy as np
import pytest
from couples import AXES, BOUND, KM, MOMENTS, PLACES, TOLERANCE, TWICE

from femcrust import operators, preconditioners, solvers


def make_body(condition: Any, contrast: float = 1.5) -> hs.Body:
    """Moduli of the cells are random over a factor of `contrast` squared."""
    rng = np.random.default_rng(918_273_465)
    faults = {n: {"point": {"at": PLACES[n]}, "moment": MOMENTS[n]} for n in PLACES}
    body = hs.body(
        {
            "mesh": hs.box(20 * KM, 16 * KM, 1 * KM, 8 * KM, 0.5),
            "materials": {"rock": hs.ROCK},
            "faults": faults,
            "boundaries": {"sides": condition, "bottom": condition, "top": "free"},
        }
    )
    n = body.model.mesh.n_tets
    mu = hs.MU * contrast ** rng.uniform(-1, 1, n)
    lam = hs.LAM * contrast ** rng.uniform(-1, 1, n)
    elastic = replace(body.model.elastic, lam=lam, mu=mu)
    from femcrust.faults import build

    sources = build(body.model.mesh, elastic, body.model.case.faults, body.model.locator, ".")
    return replace(body, model=replace(body.model, elastic=elastic, sources=sources))


def solved(body: hs.Body, force: np.ndarray, tolerance: float = TOLERANCE) -> np.ndarray:
    return body.answer(force, tolerance).displacement


def work(body: hs.Body, name: str, u: np.ndarray) -> float:
    """M : ε(u) at the place of a moment tensor, J."""
    tets, bary = body.model.locator.find(np.array([PLACES[name]]))
    strain = bary[0] @ body.operator.strain(tets.astype(np.int32), u)[0]
    tensor = np.array([MOMENTS[name].get("m" + axes, 0.0) for axes in AXES])
    return float(tensor * TWICE @ strain)


def moment_load(body: hs.Body, name: str) -> np.ndarray:
    (source,) = (s for s in body.model.sources if s.name == name)
    return operators.load(body.operator, [source], body.conditions)


CONDITIONS = ["infinite", "fixed", "roller", {"springs": {"normal": 3e6, "tangential": 1e6}}]


@pytest.mark.parametrize("condition", CONDITIONS, ids=["infinite", "fixed", "roller", "springs"])
def test_two_moment_tensors_do_the_same_work_on_each_other(condition: Any) -> None:
    body = make_body(condition)
    first, second = (solved(body, moment_load(body, name)) for name in PLACES)
    one_on_two, two_on_one = work(body, "two", first), work(body, "one", second)
    assert one_on_two == pytest.approx(two_on_one, rel=BOUND)
    # planted: μ a quarter of one per cent larger in one of the two solves; a sign
    elastic = body.model.elastic
    stiffer = replace(elastic, mu=elastic.mu * 1.0025)
    other = replace(body, model=replace(body.model, elastic=stiffer))
    assert work(body, "one", solved(other, moment_load(body, "two"))) != pytest.approx(
        one_on_two, rel=1e3 * BOUND
    )
    assert -two_on_one != pytest.approx(one_on_two, rel=0.5)


def test_a_force_on_the_ground_and_a_moment_tensor_do_the_same_work() -> None:
    body = make_body("infinite")
    ground = np.unique(body.model.exterior.faces[body.model.exterior.side == "top"])
    at = ground[np.argmin(np.linalg.norm(body.space.nodes[ground, :2] - [1500.0, 900.0], axis=1))]
    push = np.array([0.3e12, -0.5e12, 1e12])
    force = np.zeros_like(body.space.nodes)
    force[at] = push
    of_force = work(body, "two", solved(body, force))
    of_moment = float(push @ solved(body, moment_load(body, "two"))[at])
    assert of_force == pytest.approx(of_moment, rel=BOUND)
    # planted: the node next to it
    neighbour = body.space.edges[np.any(body.space.edges == at, axis=1)][0]
    beside = neighbour[neighbour != at][0]
    wrong = float(push @ solved(body, moment_load(body, "two"))[beside])
    assert wrong != pytest.approx(of_force, rel=1e3 * BOUND)


def test_a_loose_tolerance_breaks_reciprocity() -> None:
    # so that BOUND is known to say something of the solver, too
    body = make_body("infinite")
    jacobi = preconditioners.build("jacobi", body.operator)
    first, second = (
        solvers.solve(body.operator, jacobi, moment_load(body, name), tolerance=1e-3).displacement
        for name in PLACES
    )
    assert work(body, "two", first) != pytest.approx(work(body, "one", second), rel=BOUND)
