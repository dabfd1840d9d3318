"""Endless strike-slip fault in an elastic plate over a viscoelastic half-space: event and cycles.

Antiplane: u(x) at the surface along the fault, x across it; plate thickness H; slip b from the
surface to D <= H at t = 0. By images, with the reflection coefficient Γ(s) of the plate's base,

    u(x, s) = (b/π) [atan(D/x) + Σ_n Γ^n F_n]/s,    F_n = atan((2nH + D)/x) - atan((2nH - D)/x)

For a Maxwell half-space as stiff as the plate Γ = 1/(1 + 2ηs/μ), and the weight of image n is

    C_n(t) = P(n, μt/(2η)),   P(n, x) = 1 - e^{-x} Σ_{m<n} x^m/m!      (incomplete gamma function)

from 0 (elastic half-space) to 1 (plate over a fluid, u = (b/π) atan[tan(πD/2H)/tanh(πx/2H)]).

Two conventions of the relaxation time are in use: here η always is the viscosity and a Maxwell body
relaxes in shear with `maxwell_time` = η/μ, the C_n run in `savage_time` = 2η/μ. Savage and Prescott
print τ = μt/(2η); some benchmark pages call 2η/μ the Maxwell time.

Cycle of Savage and Prescott: blocks move by ±V t/2 at all depths, minus back-slip that grows as V t
from the surface to D, plus events of slip V T from the surface to D at 0, T, 2T, ...

Sources: Nur A. and Mavko G. (1974), Postseismic viscoelastic rebound, Science 183, 204-206;
Savage J. C. and Prescott W. H. (1978), Asthenosphere readjustment and the earthquake cycle,
J. Geophys. Res. 83, 3369-3376; Savage J. C. (2000), Viscoelastic-coupling model for the earthquake
cycle driven from below, J. Geophys. Res. 105, 25525-25532; images: Rybicki K. (1971), Bull.
Seismol. Soc. Am. 61, 79-92.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainc, gammaln, xlogy

from . import inverse_laplace

Array = NDArray[np.float64]


def maxwell_time(mu: float, eta: float) -> float:
    """η/μ, s: the time in which the shear stress of a held Maxwell body falls to 1/e."""
    return eta / mu


def savage_time(mu: float, eta: float) -> float:
    """2η/μ, s: the time unit of Nur and Mavko's and Savage and Prescott's solutions."""
    return 2 * eta / mu


def images(x: ArrayLike, depth: float, thickness: float, n: int) -> Array:
    """F_1..F_n (n, n_x) at distances x (n_x,), m; x = 0 counts as the side x > 0."""
    x = np.asarray(x, float)
    sign = np.where(np.signbit(x), -1.0, 1.0)
    two = 2 * thickness * np.arange(1, n + 1)[:, None]
    return np.asarray(
        sign * (np.arctan2(two + depth, np.abs(x)) - np.arctan2(two - depth, np.abs(x)))
    )


def elastic(x: ArrayLike, depth: float, slip: float = 1.0) -> Array:
    """Displacement (n_x,), m, in an elastic half-space: (b/π) atan(D/x)."""
    x = np.asarray(x, float)
    return np.asarray(slip / np.pi * np.copysign(np.arctan2(depth, np.abs(x)), x))


def relaxed(x: ArrayLike, depth: float, thickness: float, slip: float = 1.0) -> Array:
    """Displacement (n_x,), m, of a plate over a fluid."""
    x, a = np.asarray(x, float), np.pi / (2 * thickness)
    # tan(aD)/tanh(ax), also for D = H
    angle = np.arctan2(np.sin(a * depth), np.cos(a * depth) * np.tanh(a * np.abs(x)))
    return np.asarray(slip / np.pi * np.copysign(angle, x))


def _terms(tau: float) -> int:
    """Images beyond which P(n, τ) < 1e-16."""
    return int(tau + 9 * np.sqrt(tau)) + 45


def event(
    x: ArrayLike, times: ArrayLike, depth: float, thickness: float, mu: float, eta: float,
    slip: float = 1.0,
) -> Array:  # fmt: skip
    """Displacement (n_t, n_x), m, at times after one event; t = 0 holds the coseismic one."""
    tau = np.atleast_1d(np.asarray(times, float)) / savage_time(mu, eta)
    f = images(x, depth, thickness, _terms(tau.max()))
    weights = gammainc(np.arange(1, len(f) + 1), tau[:, None])
    return elastic(x, depth, slip) + slip / np.pi * weights @ f


def event_velocity(
    x: ArrayLike, times: ArrayLike, depth: float, thickness: float, mu: float, eta: float,
    slip: float = 1.0,
) -> Array:  # fmt: skip
    """Velocity (n_t, n_x), m/s: dC_n/dt = e^{-τ} τ^(n-1)/(n-1)! / (2η/μ)."""
    unit = savage_time(mu, eta)
    tau = np.atleast_1d(np.asarray(times, float)) / unit
    f = images(x, depth, thickness, _terms(tau.max()))
    return slip / (np.pi * unit) * _poisson(len(f), tau) @ f


def _poisson(n: int, tau: Array) -> Array:
    """e^{-τ} τ^(m-1)/(m-1)! (n_t, n) for m = 1..n."""
    m = np.arange(n)
    return np.asarray(np.exp(xlogy(m, tau[:, None]) - tau[:, None] - gammaln(m + 1)))


def event_over(
    x: ArrayLike, times: ArrayLike, depth: float, thickness: float, mu: float,
    modulus: Callable[[Any], Any], slip: float = 1.0, n_images: int = 400,
) -> Array:  # fmt: skip
    """As `event` (times > 0), over any body of shear modulus G*(s), Pa: Γ = (μ - G*)/(μ + G*).

    Γ^n by a numerical inverse; images end at n_images, so that x must be well below 2 n H.
    """
    f = images(x, depth, thickness, n_images)
    n = np.arange(1, n_images + 1)
    t = np.atleast_1d(np.asarray(times, float))

    def weights(s: complex) -> Any:
        g = modulus(s)
        return ((mu - g) / (mu + g)) ** n / s

    return elastic(x, depth, slip) + slip / np.pi * inverse_laplace.numeric(weights, t) @ f


def cycle(
    x: ArrayLike, times: ArrayLike, depth: float, thickness: float, mu: float, eta: float,
    speed: float, period: float,
) -> Array:  # fmt: skip
    """Displacement (n_t, n_x), m, since the last of endlessly many events, 0 <= t <= period.

    u = V t [sgn(x)/2 - u_relaxed/b] + (V T/π) Σ_n F_n Σ_{k>=0} [P(n, τ + kτ₀) - P(n, kτ₀)],
    τ₀ = μT/(2η): the back-slip ramp, at work for ever, moves the plate as over a fluid.
    """
    unit = savage_time(mu, eta)
    t = np.atleast_1d(np.asarray(times, float))
    f = images(x, depth, thickness, _cycle_terms(period / unit))
    n, period_scaled = np.arange(1, len(f) + 1), period / unit
    weights = np.zeros((t.size, len(f)))
    for k in range(_past_events(len(f), period_scaled)):
        past = k * period_scaled
        weights += gammainc(n, (t / unit + past)[:, None]) - gammainc(n, past)
    sign = np.where(np.signbit(np.asarray(x, float)), -1.0, 1.0)
    steady = speed * (sign / 2 - relaxed(x, depth, thickness))
    # all images together recover once per period: Σ_k = t/T for those that are left out
    rest = np.pi * (relaxed(x, depth, thickness) - elastic(x, depth)) - f.sum(axis=0)
    recovered = weights @ f + (t / period)[:, None] * rest
    return t[:, None] * steady + speed * period / np.pi * recovered


def cycle_velocity(
    x: ArrayLike, times: ArrayLike, depth: float, thickness: float, mu: float, eta: float,
    speed: float, period: float,
) -> Array:  # fmt: skip
    """Velocity (n_t, n_x), m/s, at times since the last event of `cycle`."""
    unit = savage_time(mu, eta)
    t = np.atleast_1d(np.asarray(times, float))
    f = images(x, depth, thickness, _cycle_terms(period / unit))
    period_scaled = period / unit
    weights = np.zeros((t.size, len(f)))
    for k in range(_past_events(len(f), period_scaled)):
        weights += _poisson(len(f), t / unit + k * period_scaled)
    sign = np.where(np.signbit(np.asarray(x, float)), -1.0, 1.0)
    steady = speed * (sign / 2 - relaxed(x, depth, thickness))
    rest = np.pi * (relaxed(x, depth, thickness) - elastic(x, depth)) - f.sum(axis=0)
    return steady + speed / np.pi * (period_scaled * weights @ f + rest)


def events(
    x: ArrayLike, times: ArrayLike, depth: float, thickness: float, mu: float, eta: float,
    speed: float, period: float, n_events: int,
) -> Array:  # fmt: skip
    """Displacement (n_t, n_x), m, since the start of a plate at rest, events at 0, T, 2T, ...

    As in Savage and Prescott, eqs. 4-6: ramp back-slip V t and n_events of slip V T; block motion.
    """
    unit = savage_time(mu, eta)
    t = np.atleast_1d(np.asarray(times, float))
    f = images(x, depth, thickness, _terms(float(t.max()) / unit))
    sign = np.where(np.signbit(np.asarray(x, float)), -1.0, 1.0)
    tau = t / unit
    c = gammainc(np.arange(1, len(f) + 1), tau[:, None])
    ramp = unit * (tau[:, None] - np.cumsum(c, axis=1))  # ∫ C_n dt = (τ - Σ_{j<=n} C_j) 2η/μ
    u = t[:, None] * (sign / 2 - elastic(x, depth)) * speed - speed / np.pi * ramp @ f
    for k in range(n_events):
        since = t - k * period
        done = since >= 0
        u[done] += event(x, since[done], depth, thickness, mu, eta, speed * period)
    return np.asarray(u)


def _cycle_terms(period_scaled: float) -> int:
    """Images whose recovery within a period can be told from a steady one.

    Σ_k of image n deviates from t/T by |1 + 2πi/τ₀|^(-n), the transform of its gamma density.
    """
    return 45 + int(72 / np.log1p((2 * np.pi / period_scaled) ** 2))


def _past_events(n: int, period_scaled: float) -> int:
    """Events after which image n has recovered to 1e-16."""
    return int((n + 9 * np.sqrt(n) + 45) / period_scaled) + 1
