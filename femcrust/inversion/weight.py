"""How much smoothing: by Akaike's Bayesian information criterion, or by cross-validation.

For d = G m + errors of covariance σ²E and slip of precision H/ρ², α² = σ²/ρ², the criterion is
−2 log of the likelihood of d with m integrated out, but for constants [YabukiMatsuura92; Akaike80]:

    n log S(α²) + Σ log(1 + s²/α²) + log|E| + log|AᵀE⁻¹A|        σ² = S/n, found too
    S(α²)       + Σ log(1 + s²/α²) + log|E| + log|AᵀE⁻¹A|        σ² = 1, given

with S the least of misfit and roughness together and n the numbers that what is flat leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize, minimize_scalar

from femcrust.errors import InputError
from femcrust.inversion.smoothing import Prior
from femcrust.inversion.spectrum import Spectrum, System, spectrum
from femcrust.mesh.mesh import Floats, Ints

STEPS = 41  # of the curve
BEYOND = 1e3  # α² is looked for from the least to the largest s², and so many times further
LOG_LIMIT = 12.0  # of factors between data sets, and of a range, in natural logarithms
SHUFFLE = 190_283_561  # order in which stations are dealt into folds


@dataclass(frozen=True)
class Curve:
    """Criterion over α², for the picture; `name` of the criterion."""

    weight: Floats
    value: Floats
    name: str


@dataclass(frozen=True)
class Choice:
    """weight α², 1/m², and what was chosen with it.

    sets : (n_sets,) factors of the variances of the data sets, the first is 1 unless by_set
    """

    weight: float
    abic: float
    curve: Curve | None
    sets: Floats
    reach: float | None = None

    @property
    def at_end(self) -> bool:
        """Whether the least is where the search ended."""
        if self.curve is None:
            return False
        ends = self.curve.weight[[0, -1]]
        return bool((np.abs(np.log(self.weight / ends)) < 0.01).any())


def criterion(found: Spectrum, weight: float, scaled: bool) -> float:
    """ABIC at α² = weight, but for what does not depend on it; `scaled`: σ² is found too.

    >>> one = np.ones(1)
    >>> made = Spectrum(one, one, 1.0, 2, 0.0, *[np.ones((1, 1))] * 4, one)
    >>> round(criterion(made, 1.0, False), 6)  # 3/2 + log 2
    2.193147
    """
    least = found.misfit(weight)
    spread = float(np.log1p(found.singular**2 / weight).sum()) + found.log_det
    if not scaled:
        return least + spread
    return found.freedom * float(np.log(max(least, np.finfo(np.float64).tiny))) + spread


def search_range(found: Spectrum) -> tuple[float, float]:
    """Logarithms of α² between which it is looked for."""
    s = found.singular[found.singular > 1e-8 * found.singular.max(initial=0.0)]
    if not len(s):
        raise InputError("library: no patch moves any station of the data; check both")
    return float(np.log(s.min() ** 2 / BEYOND)), float(np.log(s.max() ** 2 * BEYOND))


def least_on(
    curve: Callable[[float], float], low: float, high: float
) -> tuple[float, float, Floats, Floats]:
    """Where a function of log α² is least: on a grid first, then between its neighbours."""
    grid = np.linspace(low, high, STEPS)
    values = np.array([curve(float(x)) for x in grid])
    k = int(np.argmin(values))
    bounds = grid[max(k - 1, 0)], grid[min(k + 1, STEPS - 1)]
    fine = minimize_scalar(curve, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    best = (float(fine.x), float(fine.fun))
    if not best[1] <= values[k]:
        best = (float(grid[k]), float(values[k]))
    return *best, grid, values


def by_abic(
    system: System,
    prior: Callable[[float | None], Prior],
    sets: Sequence[Ints],
    *,
    scaled: bool,
    by_set: bool,
    reach: float | None,
    find_reach: bool,
) -> Choice:
    """α² of least ABIC; with it the factors of data sets, and the range of the prior.

    prior : of a range;  sets : rows of each data set;  reach : m, where the search starts
    """
    start = prior(reach)

    def at(logs: Floats) -> tuple[float, float, Floats, Floats, Floats, float | None]:
        factors = np.concatenate([[1.0], np.exp(logs[: len(sets) - 1])]) if by_set else ones
        span = reach * float(np.exp(logs[-1])) if find_reach and reach is not None else reach
        found = spectrum(weighted(system, sets, factors), prior(span) if find_reach else start)
        best = least_on(lambda x: criterion(found, float(np.exp(x)), scaled), *search_range(found))
        return *best, factors, span

    ones = np.ones(len(sets))
    count = (len(sets) - 1 if by_set else 0) + int(find_reach)
    logs = np.zeros(count)
    if count:
        limits = [(-LOG_LIMIT, LOG_LIMIT)] * (count - int(find_reach)) + [(-3.0, 3.0)] * int(
            find_reach
        )
        logs = minimize(
            lambda x: at(x)[1],
            logs,
            method="Nelder-Mead",
            bounds=limits,
            options={
                "initial_simplex": np.vstack([logs, logs + np.eye(count)]),
                "xatol": 1e-3,
                "fatol": 1e-4,
            },
        ).x
    log_weight, least, grid, values, factors, span = at(np.asarray(logs))
    curve = Curve(np.exp(grid), values, "ABIC")
    return Choice(float(np.exp(log_weight)), least, curve, factors, span)


def weighted(system: System, sets: Sequence[Ints], factors: Floats) -> System:
    """The system with the covariance of each data set times a factor."""
    root = np.ones(len(system.values))
    for rows, factor in zip(sets, factors, strict=True):
        root[rows] = np.sqrt(factor)
    covariance = system.covariance * root[:, None] * root
    return System(system.design, system.ramp, system.values, covariance)


def by_cross_validation(
    system: System,
    prior: Prior,
    groups: Ints,
    folds: int,
    scaled: bool,
    solve: Callable[[System, float], tuple[Floats, Floats]] | None = None,
) -> Choice:
    """α² that foretells stations best which were left out.

    groups : (k,) the station of each number: they are left out together
    scaled : whether the ABIC told besides is that of errors whose scale is found
    solve : slip and ramps of a system at α², where it is bounded
    """
    names = np.unique(groups)
    if len(names) < folds:
        raise InputError(
            f"smoothing.folds: {folds} folds of {len(names)} stations; give at most {len(names)}"
        )
    dealt = np.random.default_rng(SHUFFLE).permutation(len(names)) % folds
    fold = dealt[np.searchsorted(names, groups)]
    parts = []
    for k in range(folds):
        out = fold == k
        kept = system.rows(~out)
        root = cholesky(system.covariance[np.ix_(out, out)], lower=True)
        parts.append((kept, spectrum(kept, prior), system.rows(out), root))

    def error(log_weight: float) -> float:
        total, weight = 0.0, float(np.exp(log_weight))
        for kept, found, out, root in parts:
            m, b = found.solution(weight) if solve is None else solve(kept, weight)
            left = out.values - out.design @ m - out.ramp @ b
            total += float(np.sum(solve_triangular(root, left, lower=True) ** 2))
        return total / len(system.values)

    low, high = search_range(spectrum(system, prior))
    log_weight, _, grid, values = least_on(error, low, high)
    whole = spectrum(system, prior)
    return Choice(
        float(np.exp(log_weight)),
        criterion(whole, float(np.exp(log_weight)), scaled),
        Curve(np.exp(grid), values, "squared error of prediction"),
        np.ones(1),
    )
