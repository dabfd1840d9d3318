"""Projections on past solutions in the core, under a diagonal matrix that varies by 1e8."""

from __future__ import annotations

import numpy as np
import pytest

from femcrust import _core, backends

N = 3 * 3000  # more than four pieces, the last one short
RANDOM = np.random.default_rng(612)
DIAGONAL = 10.0 ** RANDOM.uniform(0, 8, N)


def energy(u: np.ndarray) -> float:
    return float(np.sqrt(np.vdot(u, DIAGONAL * u)))


def filled(solutions: list[np.ndarray]) -> _core.Projection:
    projection = _core.Projection(N)
    for u in solutions:
        assert projection.add(u, DIAGONAL * u)
    return projection


def test_no_combination_of_the_solutions_is_nearer_to_the_answer() -> None:
    solutions = [RANDOM.normal(size=N) for _ in range(6)]
    answer = RANDOM.normal(size=N)
    found = filled(solutions).project(DIAGONAL * answer)
    columns = np.sqrt(DIAGONAL)[:, None] * np.stack(solutions, axis=1)
    factors = np.linalg.lstsq(columns, np.sqrt(DIAGONAL) * answer, rcond=None)[0]
    np.testing.assert_allclose(found, np.stack(solutions, axis=1) @ factors, atol=1e-12)


def test_solutions_that_are_almost_alike_do_no_harm() -> None:
    """Corrections that shrink, half of each of them rounding: the answer is still found."""
    first = RANDOM.normal(size=N)
    shapes = [first, *(RANDOM.normal(size=N) for _ in range(7))]
    solutions = [first]
    for k in range(1, 16):
        late = shapes[1 + k % 7] * 1e-7 + first
        solutions.append(late * (1 + 1e-9 * RANDOM.normal()))
    answer = first + 1e-7 * sum(shapes[1:])
    projection = filled(solutions)
    found = projection.project(DIAGONAL * answer)
    # what kLeast passes over is a part of 1e-6 of a solution
    assert energy(found - answer) < 2e-6 * energy(answer)
    for u in solutions:
        assert energy(projection.project(DIAGONAL * u) - u) < 2e-6 * energy(u)


def test_what_is_no_solution_does_not_join() -> None:
    projection = _core.Projection(N)
    zero = np.zeros(N)
    assert not projection.add(zero, zero)
    assert not projection.add(zero + np.nan, zero)
    assert len(projection) == projection.bytes == 0
    assert not projection.project(DIAGONAL).any()
    with pytest.raises(ValueError, match="load: wrong size"):
        projection.project(zero[1:])


def test_same_bits_for_any_number_of_threads() -> None:
    before = backends.set_threads(None)
    solutions = [RANDOM.normal(size=N) for _ in range(5)]
    try:
        found = []
        for threads in (1, 2):
            backends.set_threads(threads)
            found.append(filled(solutions).project(DIAGONAL))
    finally:
        backends.set_threads(before)
    np.testing.assert_array_equal(*found)
