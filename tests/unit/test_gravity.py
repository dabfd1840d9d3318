"""Weight of displaced density contrasts: forces of a body that rises, and what is refused."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

import hard_bodies as hard
from femcrust import operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions
from femcrust.discretisation import discretise
from femcrust.errors import InputError
from femcrust.model import Model

G = 9.81
SIDE = hard.CUBE
LAYERS: dict[str, Any] = {
    "cover": hard.ROCK | {"rho": 2500.0, "where": {"expression": "depth < 10*km"}},
    "crust": hard.ROCK | {"rho": 2800.0, "where": {"expression": "depth > 10*km"}},
}


def body(materials: dict[str, Any], jiggle: float = 0.0, **more: Any) -> Model:
    return hard.cube(4, materials, jiggle=jiggle, **({"gravity": G} | more))


def forces(model: Model, u: np.ndarray) -> np.ndarray:
    """Of buoyancy alone, at the nodes: K u with it less K u without. (n_nodes, 3) N"""
    space, rock = discretise(model.mesh), model.elastic
    cpu = hard.backends.select("cpu")

    def product(conditions: Conditions) -> np.ndarray:
        return operators.elastic(space, rock.lam, rock.mu, conditions, cpu) @ u

    return product(Conditions(buoyancy=model.conditions.buoyancy)) - product(Conditions())


def test_a_body_that_rises_weighs_as_much_as_its_density_at_depth() -> None:
    """Ground ρ₁ g, interface (ρ₂ − ρ₁) g: together the weight of the deepest rock."""
    model = body(LAYERS)
    u = np.zeros_like(discretise(model.mesh).nodes)
    u[:, 2] = 2.0
    found = forces(model, u)
    assert found[:, 2].sum() == pytest.approx(2 * 2800 * G * SIDE**2, rel=1e-12)
    on = np.abs(found[:, 2]) > 1e-12 * found[:, 2].max()
    assert set(np.round(discretise(model.mesh).nodes[on, 2])) == {0.0, -10e3}
    assert not found[:, :2].any()
    u = np.zeros_like(u)
    u[:, 0] = 1.0  # nothing rises
    assert not forces(model, u).any()


def test_a_bent_contrast_is_counted_by_its_horizontal_area() -> None:
    model = body(LAYERS, jiggle=0.2)
    u = np.zeros_like(discretise(model.mesh).nodes)
    u[:, 2] = 1.0
    assert forces(model, u)[:, 2].sum() == pytest.approx(2800 * G * SIDE**2, rel=1e-9)


def test_a_density_that_grows_smoothly_weighs_as_it_should() -> None:
    rock = {"rock": hard.ROCK | {"rho": lambda x, y, z: 2500.0 - 300.0 * z / SIDE}}
    model = body(rock)
    u = np.zeros_like(discretise(model.mesh).nodes)
    u[:, 2] = 1.0
    # all contrasts add up to the density of the lowest cells, whose centroids lie above the bottom
    assert forces(model, u)[:, 2].sum() == pytest.approx(2775 * G * SIDE**2, rel=5e-3)


def test_the_operator_stays_symmetric_and_its_solve_converges() -> None:
    heavy = {"rock": {"mu": 1e8, "nu": 0.25, "rho": 3300.0}}  # soft: weight and stiffness compete
    counts = {}
    for gravity in (None, G):
        operator, multigrid, load = hard.prepared(body(heavy, gravity=gravity))
        a, b = np.random.default_rng(5).normal(size=(2, *operator.space.nodes.shape))
        assert np.vdot(a, operator @ b) == pytest.approx(np.vdot(b, operator @ a), rel=1e-10)
        counts[gravity] = solvers.solve(operator, multigrid, load).iterations
    assert counts[G] <= counts[None] + 2
    assert preconditioners.STORAGE


def test_density_must_be_known() -> None:
    with pytest.raises(InputError, match=r"^materials\.crust\.rho: missing; gravity needs it"):
        body({"cover": LAYERS["cover"], "crust": hard.ROCK | {"where": LAYERS["crust"]["where"]}})


def test_dense_over_light_rock_is_told(caplog: pytest.LogCaptureFixture) -> None:
    upside_down = {
        "cover": LAYERS["cover"] | {"rho": 2900.0}, "crust": LAYERS["crust"] | {"rho": 2700.0},
    }  # fmt: skip
    with caplog.at_level(logging.WARNING, "femcrust"):
        body(upside_down)
    assert "faces have denser rock above" in caplog.text
    caplog.clear()
    body(LAYERS)
    assert not caplog.text
