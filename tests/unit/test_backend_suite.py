"""One suite for every backend that is present: products, projections, smoothing, solves, batches.

The references are the CPU's (which has tests of its own against independent oracles) and, for whole
solves, the residual that NumPy recomputes with the assembled operator of the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import both_backends
import hard_bodies as hard
from femcrust import _core, backends, preconditioners, solvers
from femcrust.boundaries.conditions import Constraint
from femcrust.discretisation import discretise

EPS = {np.float64: np.finfo(np.float64).eps, np.float32: np.finfo(np.float32).eps}


@pytest.fixture
def cube() -> Any:
    """A small body with three layers and flat cells, which clusters smooth."""
    return hard.cube(5, hard.CRUST, flat=6.0)


@pytest.fixture
def levels_of_the_host(backend: Any) -> Iterator[None]:
    """A device takes the host's aggregates, which its own differ from."""
    if not backends.is_cuda(backend):
        yield
        return
    rows = _core.device.rows_for_host()
    _core.device.set_rows_for_host(2**30)
    yield
    _core.device.set_rows_for_host(rows)


def random_like(operator: Any, k: int = 0) -> np.ndarray:
    shape = operator.space.nodes.shape + ((k,) if k else ())
    return np.random.default_rng(20261121).normal(size=shape)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("columns", [0, 4, 8, 16])
def test_products_are_those_of_the_cpu(backend: Any, cube: Any, kind: Any, columns: int) -> None:
    reference, _, _ = hard.prepared(cube)
    operator, _, _ = hard.prepared(cube, backend=backend)
    x = random_like(operator, columns).astype(kind)
    # sums of some hundred products with cancellation
    assert distance(operator.body.product(x), reference.body.product(x)) < 300 * EPS[kind]
    on_vertices = random_like(operator, columns)[: operator.space.n_vertices]
    linear = operator.body.linear_product(on_vertices)
    assert distance(linear, reference.body.linear_product(on_vertices)) < 300 * EPS[np.float64]


def test_the_whole_operator_and_its_projection(backend: Any, cube: Any) -> None:
    operator, _, _ = hard.prepared(cube, backend=backend)
    reference, _, _ = hard.prepared(cube)
    for columns in (0, 8):
        x = random_like(operator, columns)
        for constrained in (True, False):
            found = operator.stiffness.apply(x, constrained)
            known = reference.stiffness.apply(x, constrained)
            assert distance(found, known) < 300 * EPS[np.float64]
        np.testing.assert_allclose(
            operator.stiffness.project(x), reference.stiffness.project(x), rtol=1e-15
        )


# Rounding of the storage format, through one cycle.
ROUNDOFF = {
    "double": 1e-11,
    "mixed": 1e-3,
    "fp21": 1e-2,
    "shared18": 1e-2,
    "bf16": 0.3,
    "fp16": 0.3,
}


@pytest.mark.parametrize("precision", preconditioners.STORAGE)
def test_the_preconditioner_is_that_of_the_cpu(
    backend: Any, cube: Any, precision: str, levels_of_the_host: None
) -> None:
    reference = hard.prepared(cube, precision=precision)[1]
    operator, multigrid, _ = hard.prepared(cube, precision=precision, backend=backend)
    r = random_like(operator)
    assert distance(multigrid(r), reference(r)) < ROUNDOFF[precision]


@pytest.mark.parametrize("precision", preconditioners.STORAGE)
def test_the_preconditioner_is_symmetric(backend: Any, cube: Any, precision: str) -> None:
    """z·(M r) = r·(M z)."""
    operator, multigrid, _ = hard.prepared(cube, precision=precision, backend=backend)
    r = random_like(operator)
    z = r[::-1].copy()
    one, other = np.vdot(z, multigrid(r)), np.vdot(r, multigrid(z))
    scale = np.linalg.norm(z) * np.linalg.norm(multigrid(r))
    assert abs(one - other) < ROUNDOFF[precision] * scale


@pytest.mark.parametrize("precision", preconditioners.STORAGE)
def test_solves_take_as_many_iterations_and_agree(backend: Any, cube: Any, precision: str) -> None:
    reference, multigrid, load = hard.prepared(cube)
    known = solvers.solve(reference, multigrid, load, tolerance=1e-12)
    operator, multigrid, load = hard.prepared(cube, precision=precision, backend=backend)
    found = solvers.solve(operator, multigrid, load, tolerance=1e-12)
    # storage rounds to as little as 8 bits: the answer is the same, the way there a little longer
    assert abs(found.iterations - known.iterations) <= (2 if precision != "bf16" else 6)
    assert distance(found.displacement, known.displacement) < 1e-9
    residual = np.linalg.norm(
        operator.constrain(load[:, :, None])[:, :, 0] - operator @ found.displacement
    )
    assert residual <= 1.01e-12 * np.linalg.norm(load)


def test_columns_leave_a_batch_one_by_one(backend: Any, cube: Any) -> None:
    operator, multigrid, _ = hard.prepared(cube, backend=backend)
    loads = random_like(operator, 16)
    loads[:, :, 3] = 0
    # guesses from good to none: columns finish at different iterations and the batch narrows
    exact = solvers.solve_many(operator, multigrid, loads, tolerance=1e-11).displacement
    guess = exact * (1 + 10.0 ** np.arange(-14, 2))
    found = solvers.solve_many(operator, multigrid, loads, tolerance=1e-9, guess=guess)
    assert len(set(found.iterations)) > 3
    assert not found.displacement[:, :, 3].any()
    for k in range(16):
        if k != 3:
            assert distance(found.displacement[:, :, k], exact[:, :, k]) < 1e-6


def test_held_and_prescribed_sides(backend: Any) -> None:
    def sheared(points: np.ndarray) -> np.ndarray:
        return points @ np.array([[0.0, 1e-4, 0], [0, 0, 0], [2e-5, 0, 0]]).T

    model = hard.cube(4, {"rock": hard.ROCK})
    exterior = model.exterior
    faces = exterior.faces[exterior.side != "top"]
    held = replace(
        model.conditions, infinite=None,
        constraints=[Constraint(faces, np.zeros((3, 3)), sheared)],
    )  # fmt: skip
    operator, multigrid, load = hard.prepared(replace(model, conditions=held), backend=backend)
    known = hard.prepared(replace(model, conditions=held))
    expected = solvers.solve(*known[:2], load, tolerance=1e-11).displacement
    found = solvers.solve(operator, multigrid, load, tolerance=1e-11).displacement
    assert distance(found, expected) < 1e-9
    assert np.abs(expected).max() > 1e-5  # the sides move


def test_block_jacobi(backend: Any) -> None:
    model = hard.cube(3, {"rock": hard.ROCK})
    operator, jacobi, load = hard.prepared(model, name="jacobi", backend=backend)
    reference, multigrid, _ = hard.prepared(model)
    known = solvers.solve(reference, multigrid, load, tolerance=1e-11).displacement
    found = solvers.solve(operator, jacobi, load, tolerance=1e-11)
    assert found.iterations > 30
    assert distance(found.displacement, known) < 1e-8


def test_a_second_solve_gives_the_same_bits_and_allocates_nothing(backend: Any, cube: Any) -> None:
    operator, multigrid, load = hard.prepared(cube, backend=backend)
    first = solvers.solve(operator, multigrid, load)
    allocated = backends.core().device.memory()["allocated"] if backends.is_cuda(backend) else 0
    second = solvers.solve(operator, multigrid, load)
    np.testing.assert_array_equal(second.displacement, first.displacement)
    assert second.residuals == first.residuals
    if backends.is_cuda(backend):
        assert backends.core().device.memory()["allocated"] == allocated


def test_every_precision_gives_the_same_answer(backend: Any, cube: Any) -> None:
    space, elastic = discretise(cube.mesh), cube.elastic
    _, _, load = hard.prepared(cube)
    both_backends.assert_same(
        space, elastic.lam, elastic.mu, cube.conditions, load, backends.name(backend)
    )
    # planted: moduli that are a thousandth too large are seen
    moduli = 1.001 * elastic.lam, elastic.mu
    wrong = both_backends.solutions(space, *moduli, cube.conditions, load, backend, ("mixed",))
    moduli = elastic.lam, elastic.mu
    right = both_backends.solutions(space, *moduli, cube.conditions, load, backend, ("mixed",))
    apart = distance(wrong["mixed", 1e-8], right["mixed", 1e-8])
    assert apart > 10 * both_backends.BOUNDS[1e-8]


def test_strain_and_forces_of_stress(backend: Any, cube: Any) -> None:
    reference, _, _ = hard.prepared(cube)
    operator, _, _ = hard.prepared(cube, backend=backend)
    n = len(operator.space.elements)
    listed = np.random.default_rng(715).permutation(n)[: n // 2].astype(np.int32)
    u = random_like(operator)
    # fifty products a value
    assert distance(operator.strain(listed, u), reference.strain(listed, u)) < 100 * EPS[np.float64]
    stress = np.random.default_rng(716).normal(size=(len(listed), 4, 6))
    found = operator.load_of_stress(listed, stress)
    assert distance(found, reference.load_of_stress(listed, stress)) < 100 * EPS[np.float64]
    np.testing.assert_array_equal(found, operator.load_of_stress(listed, stress))
    none = listed[:0]
    assert operator.strain(none, u).shape == (0, 4, 6)
    assert not operator.load_of_stress(none, stress[:0]).any()


def test_backends_have_the_same_names() -> None:
    core = backends.core()
    if hasattr(core, "cuda"):
        assert dir(core.cuda) == dir(core.cpu)
