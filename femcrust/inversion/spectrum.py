"""Regularised least squares for all weights at once, by one singular value decomposition.

    minimise |W (d − G m − A b)|² + α² mᵀ H m,      WᵀW = E⁻¹

With H̃ = RᵀR, what is flat under H among the columns of A, P the projector off W A, and
P W G R⁻¹ = U s Vᵀ, the solution is R m = V s/(s² + α²) Uᵀ P W d, and sums over s give the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, lstsq, solve_triangular, svd

from femcrust.errors import InputError
from femcrust.inversion.smoothing import Prior
from femcrust.mesh.mesh import Floats

UNSEEN = 1e-12  # of the largest column: a free direction that moves data by less moves none


@dataclass(frozen=True)
class System:
    """d = G m + A b + errors of covariance E; A has what no expectation binds, ramps.

    design : (k, m);  ramp : (k, q);  values : (k,);  covariance : (k, k)
    """

    design: Floats
    ramp: Floats
    values: Floats
    covariance: Floats

    def rows(self, some: NDArray[np.bool_]) -> System:
        """A part of the data."""
        return System(
            self.design[some],
            self.ramp[some],
            self.values[some],
            self.covariance[np.ix_(some, some)],
        )


@dataclass(frozen=True)
class Spectrum:
    """s, Uᵀ P W d and what is needed to go back to slip.

    singular : (r,);  data : (r,);  rest : |P W d|² outside of U
    freedom : k − q, numbers that what is flat leaves;  log_det : log|E| + log|(W A)ᵀ(W A)|
    """

    singular: Floats
    data: Floats
    rest: float
    freedom: int
    log_det: float
    back: Floats  # (m, r) R⁻¹ V
    flat: Floats  # (m, f) flat directions of slip
    design: Floats  # (k, m) W G
    loose: Floats  # (k, f + q) W A
    values: Floats  # (k,) W d

    def misfit(self, weight: float) -> float:
        """Least |W (d − G m − A b)|² + α² mᵀHm at α² = weight."""
        shrunk = weight / (self.singular**2 + weight)
        return float(self.rest + shrunk @ self.data**2)

    def solution(self, weight: float) -> tuple[Floats, Floats]:
        """Slip (m,) and ramps (q,) of the least."""
        m = self.back @ (self.singular / (self.singular**2 + weight) * self.data)
        n_flat = self.flat.shape[1]
        if not self.loose.shape[1]:
            return m, np.empty(0)
        b = lstsq(self.loose, self.values - self.design @ m)[0]
        return m + self.flat @ b[:n_flat], b[n_flat:]


def spectrum(system: System, prior: Prior) -> Spectrum:
    """The decomposition for one prior and one covariance."""
    w = cholesky(system.covariance, lower=True)
    log_det = 2.0 * float(np.log(np.diag(w)).sum())
    stacked = np.column_stack([system.values, system.ramp, system.design])
    whitened = solve_triangular(w, stacked, lower=True)
    n_ramp = system.ramp.shape[1]
    values, design = whitened[:, 0], whitened[:, 1 + n_ramp :]
    loose = np.hstack([design @ prior.flat, whitened[:, 1 : 1 + n_ramp]])
    root = cholesky(prior.proper)
    seen = solve_triangular(root, design.T, trans="T").T  # W G R⁻¹
    left = values
    if loose.shape[1]:
        q, r = np.linalg.qr(loose)
        least, most = np.abs(np.diag(r)).min(), np.linalg.norm(loose, axis=0).max()
        if not least > UNSEEN * most:
            raise InputError(
                "smoothing: leaves slip or a ramp free that no datum sees; take edges: closed, or"
                " model: matern, and no ramp"
            )
        log_det += 2.0 * float(np.log(np.abs(np.diag(r))).sum())
        seen, left = seen - q @ (q.T @ seen), values - q @ (q.T @ values)
    u, s, vt = svd(seen, full_matrices=False)
    data = u.T @ left
    return Spectrum(
        singular=s,
        data=data,
        rest=max(float(left @ left - data @ data), 0.0),
        freedom=len(values) - loose.shape[1],
        log_det=log_det,
        back=solve_triangular(root, vt.T),
        flat=prior.flat,
        design=design,
        loose=loose,
        values=values,
    )
