"""Many right-hand sides at once, and vectors of the preconditioner in every storage format."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hard_bodies as hard
from femcrust import backends, preconditioners, solvers
from femcrust.errors import NotConverged
from small_meshes import split_cubes

TOLERANCE = 1e-10


@pytest.fixture(scope="module")
def ready() -> tuple[Any, Any, np.ndarray]:
    return hard.prepared(hard.cube(7, hard.CRUST))


def loads(operator: Any, k: int) -> np.ndarray:
    return np.random.default_rng(20261121).normal(size=(operator.space.n_nodes, 3, k))


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


@pytest.mark.parametrize("k", [1, 2, 4, 7, 16, 19])
def test_each_column_is_solved_as_if_alone(ready: tuple[Any, Any, np.ndarray], k: int) -> None:
    operator, preconditioner, _ = ready
    f = loads(operator, k) * 10.0 ** np.arange(-5, k - 5)  # columns of very different size
    batch = solvers.solve_many(operator, preconditioner, f, tolerance=TOLERANCE)
    assert len(batch.iterations) == len(batch.residuals) == k
    for column in range(k):
        alone = solvers.solve(operator, preconditioner, f[:, :, column], tolerance=TOLERANCE)
        assert abs(batch.iterations[column] - alone.iterations) <= 1
        assert batch.residuals[column][-1] <= TOLERANCE
        # both stop below the tolerance; the condition of the body is some 1e3
        assert distance(batch.displacement[:, :, column], alone.displacement) < 1e4 * TOLERANCE
        # planted: a neighbour's column is far off
        assert distance(batch.displacement[:, :, column - 1], alone.displacement) > 0.1 or k == 1


def test_columns_that_are_done_stay_as_they_are(ready: tuple[Any, Any, np.ndarray]) -> None:
    # 13 of 16 columns start from their solution, so the batch narrows to 4 at once
    operator, preconditioner, _ = ready
    f = loads(operator, 16)
    exact = solvers.solve_many(operator, preconditioner, f, tolerance=1e-12).displacement
    guess = exact.copy()
    hard_ones = [2, 7, 15]
    guess[:, :, hard_ones] = 0.0
    found = solvers.solve_many(operator, preconditioner, f, tolerance=1e-8, guess=guess)
    for column in range(16):
        if column in hard_ones:
            assert found.iterations[column] > 5
            assert distance(found.displacement[:, :, column], exact[:, :, column]) < 1e-4
        else:
            assert found.iterations[column] == 0
            np.testing.assert_array_equal(found.displacement[:, :, column], exact[:, :, column])


def test_a_column_without_load_rests(ready: tuple[Any, Any, np.ndarray]) -> None:
    operator, preconditioner, _ = ready
    f = loads(operator, 4)
    f[:, :, 1] = 0.0
    found = solvers.solve_many(operator, preconditioner, f)
    assert found.iterations[1] == 0
    np.testing.assert_array_equal(found.displacement[:, :, 1], 0.0)
    assert min(found.iterations[column] for column in (0, 2, 3)) > 5


def test_a_batch_that_cannot_converge_raises(ready: tuple[Any, Any, np.ndarray]) -> None:
    operator, preconditioner, _ = ready
    with pytest.raises(NotConverged, match="after 3 iterations"):
        solvers.solve_many(operator, preconditioner, loads(operator, 5), max_iterations=3)


def test_a_batch_is_the_same_to_the_bit_on_one_and_two_threads(
    ready: tuple[Any, Any, np.ndarray],
) -> None:
    operator, preconditioner, _ = ready
    answers = []
    for threads in (1, 2):
        backends.set_threads(threads)
        found = solvers.solve_many(operator, preconditioner, loads(operator, 8))
        answers.append(found.displacement)
    backends.set_threads(None)
    np.testing.assert_array_equal(answers[0], answers[1])


@pytest.mark.parametrize("n", [1, 4, 5, 16, 17, 33])
def test_batches_cover_every_column_once(n: int) -> None:
    parts = list(solvers.batches(n))
    assert [i for first, last, _ in parts for i in range(first, last)] == list(range(n))
    assert all(last - first <= width for first, last, width in parts)


@pytest.mark.parametrize("precision", preconditioners.STORAGE)
def test_the_answer_does_not_depend_on_the_storage(
    ready: tuple[Any, Any, np.ndarray], precision: str
) -> None:
    operator, _, load = ready
    exact = solvers.solve(
        operator, preconditioners.build("multigrid", operator, "double"), load, tolerance=1e-12
    )
    stored = preconditioners.build("multigrid", operator, precision)
    found = solvers.solve(operator, stored, load, tolerance=TOLERANCE)
    assert found.residuals[-1] <= TOLERANCE
    assert distance(found.displacement, exact.displacement) < 1e4 * TOLERANCE
    # BF16 keeps 8 bits: what it may cost
    assert found.iterations <= exact.iterations + (4 if precision == "bf16" else 1)


@pytest.mark.parametrize("precision", ["fp21", "shared18", "bf16", "fp16"])
def test_packed_storage_takes_a_batch_column_by_column(
    ready: tuple[Any, Any, np.ndarray], precision: str
) -> None:
    operator, _, _ = ready
    stored = preconditioners.build("multigrid", operator, precision)
    f = loads(operator, 3)
    found = solvers.solve_many(operator, stored, f, tolerance=TOLERANCE)
    alone = solvers.solve(operator, stored, f[:, :, 2], tolerance=TOLERANCE)
    np.testing.assert_array_equal(found.displacement[:, :, 2], alone.displacement)


@pytest.mark.parametrize("width", [1, 4, 8, 16])
def test_product_of_linear_fields_equals_the_whole_product(width: int) -> None:
    from femcrust.discretisation import discretise

    space = discretise(split_cubes((3, 3, 9), jiggle=0.2))  # several blocks: some nodes shared
    rng = np.random.default_rng(8)
    lam, mu = rng.uniform(1, 2, (2, len(space.elements)))
    body = backends.select().Body(space.elements, space.nodes, lam, mu, space.n_vertices)
    x = rng.normal(size=(space.n_vertices, 3, width)[: 3 if width > 1 else 2])
    prolonged = np.concatenate([x, x[space.edges].mean(axis=1)])
    whole = body.product(prolonged)
    linear = body.linear_product(x)
    # rounding of sums of some tens of terms
    np.testing.assert_allclose(linear, whole, atol=1e-13 * np.abs(whole).max())
    # planted: forces at vertices vanish, those at mid-edges do not
    assert np.abs(linear[: space.n_vertices]).max() == 0
    assert np.abs(linear[space.n_vertices :]).max() > 0.1


def test_a_solver_that_was_interrupted_solves_again(ready: tuple[Any, Any, np.ndarray]) -> None:
    # the arrays of the interrupted solve are gone by then
    operator, preconditioner, load = ready
    before = solvers.solve(operator, preconditioner, load).displacement

    def interrupt(iteration: int, residual: float) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solvers.solve(operator, preconditioner, 2.0 * load, watch=interrupt)
    for columns in (4, 1):
        loads = np.repeat(load[:, :, None], columns, axis=2)
        after = solvers.solve_many(operator, preconditioner, loads).displacement
        assert distance(after[:, :, 0], before) < 1e-4
