"""Known slip on an analytic library: a checkerboard comes back, and intervals cover what they say.

The library is Okada's closed form for squares of a dipping fault in a half-space.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from table import record

sys.path.insert(0, str(Path(__file__).parents[2] / "unit"))
from small_inversion import KM, Library, offsets, okada_library, problem_of

from femcrust.inversion.estimate import Estimate, estimate

DRAWS = 200
BOARD = 0.05  # 1 mm of noise under 1 m of slip; what is asked is that no field is lost
BETWEEN = (0.90, 0.99)  # of intervals of 95 %; spread over draws is below 1 %
NOISE = 3e-3  # m
SEED = 719_304_553


def stations(count: int, half: float) -> np.ndarray:
    x, y = np.meshgrid(*[np.linspace(-half, half, count)] * 2)
    return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)


def checkerboard(along: int, down: int, cells: int) -> np.ndarray:
    """±1 m of thrust slip, `cells` patches a field. (p, 2)"""
    i, j = np.meshgrid(np.arange(along), np.arange(down))
    sign = 1.0 - 2.0 * ((i // cells + j // cells) % 2)
    return np.stack([np.zeros(sign.size), sign.ravel()], axis=1)


def recovered(truth: Library, used: Library, cells: int) -> float:
    """Error of the slip found over the board's rms, in the patches above 8 km."""
    wanted = checkerboard(8, 4, cells)
    data = offsets(truth, wanted, 1e-3, SEED)
    problem, inversion = problem_of(used, [data])
    found = estimate(problem, inversion).slip.reshape(-1, 2)
    shallow = used.centre[:, 2] > -8 * KM
    return float(np.linalg.norm((found - wanted)[shallow]) / np.linalg.norm(wanted[shallow]))


def test_a_checkerboard_comes_back() -> None:
    given = {"dip": 30.0, "stations": stations(16, 40 * KM)}
    library = okada_library(8, 4, **given)
    error = recovered(library, library, 2)
    row = record("inversion checkerboard", 5 * KM, error, BOARD, note="2 x 2 patches a field")
    assert row.holds
    # planted: a fault that dips 10 degrees more; strike and dip slip exchanged; stations shuffled
    steeper = okada_library(8, 4, dip=40.0, stations=given["stations"])
    assert recovered(library, steeper, 2) > 5 * row.bound
    exchanged = replace(library, displacement=library.displacement[:, ::-1])
    assert recovered(library, exchanged, 2) > 5 * row.bound
    moved = replace(library, displacement=np.roll(library.displacement, 1, axis=2))
    assert recovered(library, moved, 2) > 5 * row.bound


def coverage(kind: str, factor: float = 1.0) -> float:
    """Share of slips within 1.96 standard deviations, over draws from the prior and of noise."""
    library = okada_library(6, 4, stations=stations(6, 30 * KM))
    smoothing = {"model": kind} | ({"range": 15 * KM} if kind == "matern" else {})
    # the table says a third of the noise there is: the factor has to be found
    told = offsets(library, np.zeros((24, 2)), NOISE / 3)
    problem, inversion = problem_of(library, [told], smoothing=smoothing)
    reach = 15 * KM if kind == "matern" else None
    root = np.linalg.cholesky(np.linalg.inv(problem.prior(reach).precision))
    rng = np.random.default_rng(SEED)
    inside = 0
    for _ in range(DRAWS):
        slip = 0.8 * root @ rng.normal(size=len(root))
        noise = NOISE * rng.normal(size=len(problem.system.values))
        values = problem.system.design @ slip + noise
        drawn = replace(problem, system=replace(problem.system, values=values))
        found = estimate(drawn, inversion)
        deviation = factor * np.sqrt(np.diag(found.covariance))
        inside += int((np.abs(found.slip - slip) <= 1.96 * deviation).sum())
    return inside / (DRAWS * len(root))


@pytest.mark.parametrize("kind", ["laplacian", "matern"])
def test_intervals_of_95_percent_cover_it(kind: str) -> None:
    share = coverage(kind)
    assert record(
        f"inversion coverage {kind}", 5 * KM, abs(share - 0.945), 0.045, note=f"{share:.3f} of 0.95"
    ).holds
    assert BETWEEN[0] <= share <= BETWEEN[1]


def test_intervals_that_are_too_narrow_or_wide_do_not() -> None:
    """Planted: variances halved and doubled, as an engineer's σ for σ² would have it."""
    assert coverage("laplacian", 0.6) < BETWEEN[0]
    assert coverage("laplacian", 1.6) > BETWEEN[1]


def test_the_whole_posterior_is_calibrated() -> None:
    """Over draws, (m − m̂)ᵀ C⁻¹ (m − m̂) is χ² of as many freedoms, errors and weight given."""
    library = okada_library(4, 3, stations=stations(5, 25 * KM))
    empty = offsets(library, np.zeros((12, 2)), 3e-3)
    weight = 1.0 / 0.8**2
    problem, inversion = problem_of(library, [empty], smoothing={"weight": weight}, errors="given")
    root = np.linalg.cholesky(np.linalg.inv(problem.prior().precision))
    rng = np.random.default_rng(SEED)
    total = 0.0
    for _ in range(DRAWS):
        slip = 0.8 * root @ rng.normal(size=24)
        values = problem.system.design @ slip + 3e-3 * rng.normal(size=75)
        found: Estimate = estimate(
            replace(problem, system=replace(problem.system, values=values)), inversion
        )
        apart = found.slip - slip
        total += float(apart @ np.linalg.solve(found.covariance, apart))
    # the mean over draws has a standard deviation of sqrt(2 · 24 / 200) = 0.5
    assert total / DRAWS == pytest.approx(24.0, abs=2.0)
