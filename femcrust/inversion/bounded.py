"""Slip within bounds, and few patches that slip: least squares with limits, by SciPy.

Sparse slip: w² (Σ aᵢ|mᵢ|)², the squared mean of |slip|, joins what is least. Its solutions are
those of a penalty on Σ aᵢ|mᵢ| itself, each at another weight, and with m = p − n, p, n ≥ 0, it is
one row more of a problem of least squares with limits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, lstsq, solve_triangular
from scipy.optimize import lsq_linear, nnls

from femcrust.errors import NotConverged
from femcrust.inversion.smoothing import Prior
from femcrust.inversion.spectrum import System
from femcrust.mesh.mesh import Floats

TOLERANCE = 1e-12
TOUCHING = 1e-6  # of the room between limits: nearer to one is on it, as the search stops inside
ROUNDING = 1e-10  # of the largest slip: nearer to a limit is on it
RIDGE = 1e-13  # of the mean diagonal: keeps flat directions that no datum sees factorable
MOST_STEPS = 20_000


@dataclass(frozen=True)
class Limits:
    """Least and most of every slip, (m,); sparsity w², 1/m², of shares (m,) of the area."""

    low: Floats
    high: Floats
    sparsity: float
    shares: Floats

    @property
    def free(self) -> bool:
        """Whether nothing is limited."""
        return not self.sparsity and not np.isfinite(np.r_[self.low, self.high]).any()


def information(system: System, prior: Prior, weight: float) -> tuple[Floats, Floats]:
    """Normal equations of slip and ramps: N, r with N x = r. (m + q, m + q), (m + q,)"""
    w = cholesky(system.covariance, lower=True)
    stacked = np.column_stack([system.design, system.ramp, system.values])
    whitened = solve_triangular(w, stacked, lower=True)
    columns, values = whitened[:, :-1], whitened[:, -1]
    normal = columns.T @ columns
    m = len(prior.precision)
    normal[:m, :m] += weight * prior.precision
    return normal, columns.T @ values


def within(system: System, prior: Prior, weight: float, limits: Limits) -> tuple[Floats, Floats]:
    """Slip (m,) and ramps (q,) of least misfit and roughness inside the limits."""
    normal, right = information(system, prior, weight)
    m, count = len(limits.low), len(right)
    normal[np.diag_indices(count)] += RIDGE * float(np.trace(normal)) / count
    root = cholesky(normal)  # |root x − target|² differs from what is least by a constant
    target = solve_triangular(root, right, trans="T")
    endless = np.full(count - m, np.inf)
    if not limits.sparsity:
        low, high = np.r_[limits.low, -endless], np.r_[limits.high, endless]
        x = _least(root, target, low, high)
        return x[:m], x[m:]
    row = np.r_[limits.shares, np.zeros(count - m), limits.shares] * np.sqrt(limits.sparsity)
    matrix = np.vstack([np.hstack([root, -root[:, :m]]), row])
    low = np.r_[np.maximum(limits.low, 0.0), -endless, np.maximum(-limits.high, 0.0)]
    high = np.r_[np.maximum(limits.high, 0.0), endless, np.maximum(-limits.low, 0.0)]
    closed = low == high  # lsq_linear wants room: what cannot move is left out
    x = low.copy()
    x[~closed] = _least(matrix[:, ~closed], np.r_[target, 0.0], low[~closed], high[~closed])
    return x[:m] - x[count:], x[m:count]


def _least(matrix: Floats, target: Floats, low: Floats, high: Floats) -> Floats:
    """|matrix x − target|² least within limits; exact where no unknown has two of them."""
    both = np.isfinite(low) & np.isfinite(high)
    if both.any():
        found = lsq_linear(matrix, target, (low, high), tol=TOLERANCE, max_iter=MOST_STEPS)
        if not found.success:
            raise _stopped(str(found.message))
        return _on_limits(matrix, target, low, high, np.asarray(found.x))
    # one limit each becomes y ≥ 0; unknowns without any are projected out
    sign = np.where(np.isfinite(high), -1.0, 1.0)
    start = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, 0.0))
    bound = np.isfinite(low) | np.isfinite(high)
    left, columns = target - matrix @ start, matrix * sign
    loose, q = columns[:, ~bound], np.empty((len(target), 0))
    if loose.shape[1]:
        q = np.linalg.qr(loose)[0]
    y = np.zeros(len(low))
    try:
        kept = columns[:, bound] - q @ (q.T @ columns[:, bound])
        y[bound] = nnls(kept, left - q @ (q.T @ left), maxiter=30 * len(low))[0]
    except RuntimeError as error:
        raise _stopped(str(error)) from None
    if loose.shape[1]:
        y[~bound] = lstsq(loose, left - columns[:, bound] @ y[bound])[0]
    return np.asarray(start + sign * y)


def _stopped(why: str) -> NotConverged:
    return NotConverged(
        f"slip: least squares within bounds did not converge ({why}); take fewer patches, or more"
        " smoothing"
    )


def _on_limits(matrix: Floats, target: Floats, low: Floats, high: Floats, x: Floats) -> Floats:
    """What comes from inside is put onto the limits it has all but reached, the rest found anew."""
    near = TOUCHING * (high - low)
    near[~np.isfinite(near)] = TOUCHING * max(float(np.abs(x).max()), 1e-300)
    fixed = np.where(x <= low + near, low, np.where(x >= high - near, high, x))
    free = (fixed > low) & (fixed < high)
    rest = target - matrix[:, ~free] @ fixed[~free]
    fixed[free] = lstsq(matrix[:, free], rest)[0]
    inside = ((fixed >= low) & (fixed <= high)).all()
    better = np.linalg.norm(matrix @ fixed - target) <= np.linalg.norm(matrix @ x - target)
    return fixed if inside and better else x


def at_limit(slip: Floats, limits: Limits) -> NDArray[np.bool_]:
    """Which slips stand on a limit, or are zero where few patches may slip. (m,) bool"""
    near = ROUNDING * max(float(np.abs(slip).max(initial=0.0)), 1e-300)
    on = (slip <= limits.low + near) | (slip >= limits.high - near)
    if limits.sparsity:
        on |= np.abs(slip) <= near
    return np.asarray(on)
