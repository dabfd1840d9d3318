"""The slip found: mean, posterior covariance, resolution, predictions.

With N = GᵀE⁻¹G + α²H over slip and ramps, the covariance is σ² N⁻¹ and the resolution matrix of
slip is the block of N⁻¹ GᵀE⁻¹G [Tarantola05, ch. 3]. Slips that stand on a limit are held
there: they have neither spread nor resolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky

from femcrust.errors import InputError
from femcrust.inversion.bounded import at_limit, information, within
from femcrust.inversion.design import Problem, predictions
from femcrust.inversion.library import Library
from femcrust.inversion.schema import Inversion
from femcrust.inversion.smoothing import Prior
from femcrust.inversion.spectrum import System, spectrum
from femcrust.inversion.structures import structure_covariance
from femcrust.inversion.weight import Choice, by_abic, by_cross_validation, criterion, weighted
from femcrust.mesh.mesh import Floats


@dataclass(frozen=True)
class Estimate:
    """Slip and all that is known of it; unknowns are patch by patch, components fastest.

    slip : (m,) m, or m a year;  covariance : (m, m);  resolution : (m,) diagonal
    held : (m,) whether it stands on a limit;  ramps : (q,)
    predicted, sigma : (k,) of the data, sigma with all factors and C_p
    scale : σ, by which given errors are to be multiplied;  choice : weight and how it was found
    structure : (k, k) C_p, or None
    """

    slip: Floats
    covariance: Floats
    resolution: Floats
    held: NDArray[np.bool_]
    ramps: Floats
    predicted: Floats
    sigma: Floats
    scale: float
    choice: Choice
    structure: Floats | None


def estimate(
    problem: Problem, inversion: Inversion, structures: Sequence[Library] = ()
) -> Estimate:
    """Slip of the data; with structures, again with the spread of what they foretell."""
    found = _once(problem, inversion, None)
    if structures:
        designs = [problem.system.design]
        designs += [predictions(other, problem.basis, problem.data) for other in structures]
        for _ in range(inversion.iterations):
            found = _once(problem, inversion, structure_covariance(designs, found.slip))
    return found


def _once(problem: Problem, inversion: Inversion, structure: Floats | None) -> Estimate:
    base = problem.system
    if structure is not None:
        base = System(base.design, base.ramp, base.values, base.covariance + structure)
    scaled = inversion.errors != "given"
    choice, prior = _chosen(problem, inversion, base, scaled)
    system = weighted(base, problem.sets, choice.sets)
    made = spectrum(system, prior)
    if problem.limits.free:
        slip, ramps = made.solution(choice.weight)
    else:
        slip, ramps = within(system, prior, choice.weight, problem.limits)
    scale = 1.0
    if scaled:  # of the solution without limits, of which alone the closed form holds
        scale = float(np.sqrt(made.misfit(choice.weight) / made.freedom))
    held = at_limit(slip, problem.limits)
    covariance, resolution = posterior(system, prior, choice.weight, held)
    return Estimate(
        slip=slip,
        covariance=covariance * scale**2,
        resolution=resolution,
        held=held,
        ramps=ramps,
        predicted=system.design @ slip + system.ramp @ ramps,
        sigma=np.sqrt(np.diag(system.covariance)),
        scale=scale,
        choice=choice,
        structure=structure,
    )


def _chosen(
    problem: Problem, inversion: Inversion, system: System, scaled: bool
) -> tuple[Choice, Prior]:
    """The weight of the section `smoothing`, and the prior with its range."""
    smoothing = inversion.smoothing
    find_reach = smoothing.range == "abic"
    reach = _extent(problem) if find_reach else smoothing.range
    assert not isinstance(reach, str)
    freedom = len(system.values) - system.ramp.shape[1]
    prior = problem.prior(reach)
    if freedom - prior.flat.shape[1] < 1:
        raise InputError(
            f"data: {len(system.values)} numbers are too few for what smoothing leaves free; take"
            " edges: closed, no ramp, or more data"
        )
    if smoothing.weight == "abic":
        choice = by_abic(
            system,
            problem.prior,
            problem.sets,
            scaled=scaled,
            by_set=inversion.errors == "by_set",
            reach=reach,
            find_reach=find_reach,
        )
        return choice, problem.prior(choice.reach) if find_reach else prior
    if smoothing.weight == "cross_validation":
        limited = None if problem.limits.free else partial(_limited, problem, prior)
        found = by_cross_validation(system, prior, problem.groups, smoothing.folds, scaled, limited)
    else:
        weight = float(smoothing.weight)
        abic = criterion(spectrum(system, prior), weight, scaled)
        found = Choice(weight, abic, None, np.ones(1))
    return Choice(found.weight, found.abic, found.curve, np.ones(len(problem.sets)), reach), prior


def _limited(
    problem: Problem, prior: Prior, system: System, weight: float
) -> tuple[Floats, Floats]:
    return within(system, prior, weight, problem.limits)


def _extent(problem: Problem) -> float:
    """A quarter of the faults' extent: where the search of a range starts. m"""
    return float(np.ptp(problem.library.centre, axis=0).max()) / 4.0


def posterior(
    system: System, prior: Prior, weight: float, held: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """N⁻¹ of slip, (m, m), for σ = 1, and the diagonal of the resolution matrix, (m,)."""
    normal, _ = information(system, prior, weight)
    m = len(held)
    kept = np.flatnonzero(~np.r_[held, np.zeros(len(normal) - m, dtype=bool)])
    n_slip = int((~held).sum())
    covariance, resolution = np.zeros((m, m)), np.zeros(m)
    if not n_slip:
        return covariance, resolution
    try:
        root = cholesky(normal[np.ix_(kept, kept)], lower=True)
    except np.linalg.LinAlgError:
        raise InputError(
            "smoothing: leaves slip free that no datum sees; take edges: closed, or model: matern"
        ) from None
    inverse = cho_solve((root, True), np.eye(len(kept)))
    free = np.flatnonzero(~held)
    covariance[np.ix_(free, free)] = inverse[:n_slip, :n_slip]
    rough = weight * prior.precision[np.ix_(free, free)]
    resolution[free] = 1.0 - np.einsum("ij,ji->i", inverse[:n_slip, :n_slip], rough)
    return covariance, resolution
