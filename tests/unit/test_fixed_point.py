"""The iteration of a stage of creep, on maps that are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from femcrust.solvers import Solution
from femcrust.timestepping.fixed_point import MOST, StageFailed, fixed_point


def attempt_of(image: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], Solution]:
    """A solve that takes u to its image; its first residual is what that changes."""

    def attempt(u: np.ndarray) -> Solution:
        return Solution(image(u), 1, [float(np.abs(image(u) - u).max()), 0.0], 0.0)

    return attempt


def contraction(u: np.ndarray) -> np.ndarray:
    """Takes 0.56 of the error off along one direction, as creep with n = 3.5 at its worst, and
    some elsewhere; its fixed point is 1."""
    shares = np.linspace(-0.56, 0.56, u.size).reshape(u.shape)
    return 1 + shares * np.tanh(u - 1)


def test_mixing_needs_two_thirds_of_the_solves_of_plain_iteration() -> None:
    found, solves = fixed_point(attempt_of(contraction), np.zeros((7, 3)), 1e-10)
    assert np.abs(found.displacement - 1).max() < 1e-9
    plain, count = np.zeros((7, 3)), 1
    while np.abs(contraction(plain) - plain).max() > 1e-10:
        plain, count = contraction(plain), count + 1
    assert found.iterations == len(found.residuals) == solves
    assert solves <= 2 * count / 3


def test_a_trial_that_fits_is_kept_as_it_is() -> None:
    start = np.ones((4, 3))
    found, solves = fixed_point(attempt_of(contraction), start, 1e-10)
    assert found.displacement is start
    assert solves == 1


@pytest.mark.parametrize(
    ("image", "most"),
    [
        (lambda u: u + 1, MOST),
        (lambda u: np.exp(5 * u) + 1, 10),
        (lambda u: u * np.nan, 1),
    ],
)
def test_what_does_not_converge_says_how_far_it_came(
    image: Callable[[np.ndarray], np.ndarray], most: int
) -> None:
    with (
        np.errstate(all="ignore"),
        pytest.raises(StageFailed, match="does not converge") as failure,
    ):
        fixed_point(attempt_of(image), np.ones((2, 3)), 1e-10)
    assert int(str(failure.value).split("within ")[1].split()[0]) <= most
