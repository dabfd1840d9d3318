"""Means, spreads and criteria of an inversion against conditioning of Gaussians, on small problems.

The oracle works in the space of the data by inverting matrices; the code by one decomposition.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from femcrust.inversion.bounded import Limits, within
from femcrust.inversion.estimate import posterior
from femcrust.inversion.smoothing import Prior
from femcrust.inversion.spectrum import System, spectrum
from femcrust.inversion.weight import by_abic, by_cross_validation, criterion, weighted
from reference import linear_gaussian as oracle

N_DATA, N_SLIP = 14, 9
FLAT = 1e3  # m: standard deviation that stands for a flat prior in the oracle


def random_system(seed: int, n_ramp: int = 0, n_data: int = N_DATA) -> System:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n_data, n_data))
    return System(
        design=rng.normal(size=(n_data, N_SLIP)),
        ramp=rng.normal(size=(n_data, n_ramp)),
        values=rng.normal(size=n_data),
        covariance=root @ root.T / n_data + 0.1 * np.eye(n_data),
    )


def random_prior(seed: int, n_flat: int = 0) -> Prior:
    """A precision with `n_flat` directions of zero."""
    q = np.linalg.qr(np.random.default_rng(seed).normal(size=(N_SLIP, N_SLIP)))[0]
    values = np.r_[np.zeros(n_flat), np.linspace(0.5, 4.0, N_SLIP - n_flat)]
    return Prior((q * values) @ q.T, q[:, :n_flat])


def oracle_prior(prior: Prior) -> np.ndarray:
    """Its covariance, wide where it is flat."""
    wide = prior.flat @ prior.flat.T
    return oracle.prior_covariance(prior.precision + wide) + (FLAT**2 - 1.0) * wide


def apart(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


@pytest.mark.parametrize("n_flat", [0, 2])
def test_mean_and_covariance_are_those_of_the_conditioned_gaussian(n_flat: int) -> None:
    system, prior = random_system(571_203_811), random_prior(330_918_227, n_flat)
    sigma, rho = 0.7, 1.9
    weight = (sigma / rho) ** 2
    # flat directions are wide, not endless, in the oracle: 1e-6 of their pull is left
    bound = 1e-10 if n_flat == 0 else 1e-5
    wanted, spread = oracle.posterior(
        system.design, system.covariance, oracle_prior(prior), system.values, sigma, rho
    )
    slip, _ = spectrum(system, prior).solution(weight)
    covariance, resolution = posterior(system, prior, weight, np.zeros(N_SLIP, bool))
    assert apart(slip, wanted) < bound
    assert apart(sigma**2 * covariance, spread) < bound
    # the resolution is what a change of true slip does to the mean
    truth = np.random.default_rng(20_771_309).normal(size=N_SLIP)
    told, _ = oracle.posterior(
        system.design, system.covariance, oracle_prior(prior), system.design @ truth, sigma, rho
    )
    for i in range(N_SLIP):
        nudged = truth + np.eye(N_SLIP)[i]
        there, _ = oracle.posterior(
            *(system.design, system.covariance, oracle_prior(prior)),
            system.design @ nudged, sigma, rho,
        )  # fmt: skip
        assert resolution[i] == pytest.approx(there[i] - told[i], abs=10 * bound)
    # planted: a weight twice as large
    assert apart(spectrum(system, prior).solution(2 * weight)[0], wanted) > 1e-2


def test_ramps_are_slip_without_expectation() -> None:
    """With a ramp among the unknowns the slip is that of a prior flat along the ramp."""
    system, prior = random_system(44_190_237, n_ramp=2), random_prior(81_331_009)
    sigma, rho = 0.7, 1.9
    design = np.hstack([system.design, system.ramp])
    wide = np.zeros((N_SLIP + 2, N_SLIP + 2))
    wide[:N_SLIP, :N_SLIP] = oracle_prior(prior)
    wide[N_SLIP:, N_SLIP:] = (FLAT / rho) ** 2 * np.eye(2)
    wanted, spread = oracle.posterior(design, system.covariance, wide, system.values, sigma, rho)
    slip, ramps = spectrum(system, prior).solution((sigma / rho) ** 2)
    covariance, _ = posterior(system, prior, (sigma / rho) ** 2, np.zeros(N_SLIP, bool))
    assert apart(np.r_[slip, ramps], wanted) < 1e-5
    assert apart(sigma**2 * covariance, spread[:N_SLIP, :N_SLIP]) < 1e-5


@pytest.mark.parametrize("n_flat", [0, 2])
def test_the_criterion_is_the_likelihood_of_the_data(n_flat: int) -> None:
    """With σ given: −2 log density of d, but for a constant that flat directions bring."""
    system, prior = random_system(930_117_743), random_prior(61_200_911, n_flat)
    made = spectrum(system, prior)
    found, wanted = [], []
    for rho in (0.05, 0.3, 1.0, 4.0, 20.0):
        found.append(criterion(made, 1.0 / rho**2, scaled=False))
        covariance = (
            system.covariance
            + rho**2
            * system.design
            @ (oracle_prior(prior) if n_flat == 0 else _flat_of(prior, rho))
            @ system.design.T
        )
        wanted.append(oracle.minus_two_log_likelihood(system.values, covariance))
    constant = wanted[0] - found[0]
    assert constant == pytest.approx(n_flat * 2.0 * np.log(FLAT), abs=1e-5)
    assert np.array(wanted) - found == pytest.approx(np.full(5, constant), abs=1e-5)


def _flat_of(prior: Prior, rho: float) -> np.ndarray:
    """The oracle's prior whose flat directions are as wide at every ρ."""
    wide = prior.flat @ prior.flat.T
    return oracle.prior_covariance(prior.precision + wide) + ((FLAT / rho) ** 2 - 1.0) * wide


def test_abic_finds_scale_and_weight_of_the_greatest_likelihood() -> None:
    """σ and ρ on a grid of the oracle are nowhere better, and best where the code is."""
    system, prior = random_system(27_408_121, n_data=40), random_prior(5_550_123)
    rng = np.random.default_rng(401_277_001)
    truth = 1.5 * rng.multivariate_normal(np.zeros(N_SLIP), oracle_prior(prior))
    noise = rng.multivariate_normal(np.zeros(40), 0.3**2 * system.covariance)
    system = replace(system, values=system.design @ truth + noise)
    rows = [np.arange(40)]
    choice = by_abic(
        *(system, lambda _: prior, rows),
        scaled=True, by_set=False, reach=None, find_reach=False,
    )  # fmt: skip
    made = spectrum(system, prior)
    sigma = np.sqrt(made.misfit(choice.weight) / made.freedom)
    rho = sigma / np.sqrt(choice.weight)

    def likelihood(s: float, r: float) -> float:
        spread = oracle.data_covariance(system.design, system.covariance, oracle_prior(prior), s, r)
        return oracle.minus_two_log_likelihood(system.values, spread)

    best = likelihood(sigma, rho)
    steps = np.exp(np.linspace(-0.5, 0.5, 21))
    grid = np.array([[likelihood(sigma * a, rho * b) for b in steps] for a in steps])
    assert best <= grid.min() + 1e-9
    assert np.unravel_index(grid.argmin(), grid.shape) == (10, 10)
    n = len(system.values)
    # σ² = S/n put in, the likelihood is the criterion but for n (1 − log n)
    assert choice.abic + n * (1.0 - np.log(n)) == pytest.approx(best, abs=1e-6)
    # planted: a criterion without the determinant is least elsewhere
    weights = np.exp(np.linspace(-8, 8, 81))
    bare = weights[np.argmin([made.misfit(w) for w in weights])]
    assert abs(np.log(bare / choice.weight)) > 1.0


def test_factors_between_data_sets_are_found() -> None:
    """Two sets, the second of which has errors three times what it says."""
    rng = np.random.default_rng(66_012_347)
    prior = random_prior(310_045_519)
    n = 600
    design = rng.normal(size=(n, N_SLIP))
    factor = np.where(np.arange(n) < n // 2, 1.0, 3.0)
    truth = rng.multivariate_normal(np.zeros(N_SLIP), oracle_prior(prior))
    values = design @ truth + 0.1 * factor * rng.normal(size=n)
    system = System(design, np.empty((n, 0)), values, 0.01 * np.eye(n))
    sets = [np.arange(n // 2), np.arange(n // 2, n)]
    choice = by_abic(
        system, lambda _: prior, sets, scaled=True, by_set=True, reach=None, find_reach=False
    )
    # 300 numbers give a standard deviation to 1/sqrt(600) = 4 %, a ratio of two to 6 %
    assert np.sqrt(choice.sets[1]) == pytest.approx(3.0, rel=0.18)
    assert weighted(system, sets, choice.sets).covariance[-1, -1] == choice.sets[1] * 0.01


def test_cross_validation_leaves_whole_stations_out() -> None:
    """The error it reports is that of predictions made without the station, one by one."""
    system, prior = random_system(11_870_003, n_data=12), random_prior(9_007_761)
    system = replace(system, covariance=np.diag(np.linspace(0.5, 2.0, 12)))
    groups = np.repeat(np.arange(4), 3)
    choice = by_cross_validation(system, prior, groups, 4, scaled=True)
    assert choice.curve is not None
    for weight, error in list(zip(choice.curve.weight, choice.curve.value, strict=True))[::10]:
        total = 0.0
        for station in range(4):
            kept, out = groups != station, groups == station
            mean, _ = oracle.posterior(
                system.design[kept], system.covariance[np.ix_(kept, kept)], oracle_prior(prior),
                system.values[kept], 1.0, 1.0 / np.sqrt(weight),
            )  # fmt: skip
            left = system.values[out] - system.design[out] @ mean
            total += float(np.sum(left**2 / np.diag(system.covariance)[out]))
        assert error == pytest.approx(total / 12, rel=1e-9)
    assert choice.curve.value.min() == pytest.approx(
        np.interp(choice.weight, choice.curve.weight, choice.curve.value), rel=0.05
    )


@pytest.mark.parametrize(
    ("low", "high", "sparsity"),
    [(0.0, np.inf, 0.0), (-0.1, 0.15, 0.0), (-np.inf, 0.05, 0.0), (-np.inf, np.inf, 50.0),
     (0.0, np.inf, 20.0), (-0.1, 0.2, 300.0)],
)  # fmt: skip
def test_slip_within_bounds_meets_the_conditions_of_the_least(
    low: float, high: float, sparsity: float
) -> None:
    """Karush–Kuhn–Tucker: the slope is zero inside, points outward on a limit, and at zero slip
    stays below the slope of the penalty."""
    system, prior = random_system(73_113_121, n_ramp=1), random_prior(190_274_463)
    shares = np.linspace(0.5, 1.5, N_SLIP) / N_SLIP
    limits = Limits(np.full(N_SLIP, low), np.full(N_SLIP, high), sparsity, shares)
    weight = 0.4
    slip, ramps = within(system, prior, weight, limits)
    assert (slip >= low).all()
    assert (slip <= high).all()
    free, _ = spectrum(system, prior).solution(weight)
    assert apart(slip, free) > 1e-2  # the limits matter
    left = system.values - system.design @ slip - system.ramp @ ramps
    pull = np.linalg.solve(system.covariance, left)
    slope = -system.design.T @ pull + weight * prior.precision @ slip
    penalty = sparsity * (shares @ np.abs(slip)) * shares
    slope_of = slope + penalty * np.sign(slip)
    inside = (slip > low + 1e-9) & (slip < high - 1e-9) & (np.abs(slip) > 1e-9)
    scale = np.abs(system.design.T @ np.linalg.solve(system.covariance, system.values)).max()
    assert np.abs(system.ramp.T @ pull).max() < 1e-6 * scale
    assert np.abs(slope_of[inside]).max(initial=0.0) < 1e-6 * scale
    zero = np.abs(slip) <= 1e-9
    assert (slope[(slip <= low + 1e-9)] >= -penalty[slip <= low + 1e-9] - 1e-6 * scale).all()
    assert (slope[(slip >= high - 1e-9)] <= 1e-6 * scale).all()
    if sparsity:
        assert zero.any()
        between = zero & (slip > low) & (slip < high)
        assert (np.abs(slope[between]) <= penalty[between] + 1e-6 * scale).all()
