"""Surface displacement of viscoelastic layers over a viscoelastic half-space after a sudden source.

By correspondence every layer has at the Laplace variable s the moduli G*(s) of its body and
λ = K - 2G*/3 (elastic bulk). The wavenumber kernels of `layered.py` are evaluated at the points s
of Talbot's contour, summed to real kernels at time t, and integrated over wavenumber as if elastic:

    y(k, t) = Re Σ_j w_j y(k, s_j)/s_j,    t = 0: y at the moduli of s -> ∞

A slip b on a plane with normal n is a step that stays: the moment per area λ(s) (b·n) I + μ(s)
(b nᵀ + n bᵀ) follows the moduli of the source's layer. A moment tensor is a step of couples that
stay. The half-space made of the source's layer is subtracted from the kernels and added in closed
form: at the surface u = A + B (1 - 2ν) for slip and μ u = A + B ν for couples, so two elastic
solutions give A and B, and 1 - 2ν = 3G*/(3K + G*) etc. are rational in s.

Gravity, if densities are given: weight of the displaced surface and interfaces, τ_zz falls by
Δρ g u_z from above to below (buoyancy only; no self-gravity, no advection of the prestress within a
layer, exact for incompressible layers of uniform density).

Sources: correspondence: Lee E. H. (1955), Q. Appl. Math. 13, 183-190; layered viscoelastic
half-space: Rundle J. B. (1978), Viscoelastic crustal deformation by finite quasi-static sources,
J. Geophys. Res. 83, 5937-5945; Wang R., Lorenzo-Martín F. and Roth F. (2006), PSGRN/PSCMP,
Computers & Geosciences 32, 527-541; gravity at interfaces: Rundle J. B. (1981), Vertical
displacements from a rectangular fault in layered elastic-gravitational media, J. Phys. Earth 29,
173-186.

Frame and sources as in `layered.py`: x east, y north, z up; SI; positive times after the source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import jv

from . import layered, okada, point_source
from .inverse_laplace import rational, talbot_nodes
from .viscoelastic_point import Body

Array = NDArray[np.float64]
Kind = Literal["slip", "couples"]
Nodes = Callable[[float], tuple[Any, Any]]  # times to points s and weights


@dataclass(frozen=True)
class Layer:
    """Thickness, m (the last one's is ignored), bulk modulus, Pa, body in shear, density, kg/m³."""

    thickness: float
    bulk: float
    body: Body
    density: float = 0.0

    def elastic(self, s: Any) -> tuple[float, Any, Any]:
        """(thickness, λ, μ) at s; s = ∞ gives the moduli of the first instant."""
        body = self.body
        mu = body.numerator[0] / body.denominator[0] if np.isinf(s) else body.modulus(s)
        return self.thickness, self.bulk - 2 * mu / 3, mu


def _buoyancy(layers: Sequence[Layer], gravity: float) -> list[float]:
    """Δρ g, Pa/m, at the top of each layer."""
    return list(np.diff([0.0, *(layer.density for layer in layers)]) * gravity)


def _step(t: float, nodes: Nodes) -> tuple[Any, Any]:
    """Points s and weights over s of the answer to a step, at t >= 0."""
    if t == 0:
        return np.array([np.inf]), np.array([1.0])
    s, w = nodes(t)
    return s, w / s


def greens(
    layers: Sequence[Layer], source_z: ArrayLike, r: Array, times: ArrayLike, kind: Kind,
    gravity: float = 0.0, subtract: bool = True, fine: float = 1.0, nodes: Nodes = talbot_nodes,
) -> Array:  # fmt: skip
    """Radial functions (n_t, n_weights, n_sources, 13, n_r) as `layered.greens`.

    Weights: couples 1; slip λ(s) and μ(s) of the source's layer.
    """
    z, t = np.atleast_1d(np.asarray(source_z, float)), np.atleast_1d(np.asarray(times, float))
    if np.any(z >= 0):
        raise ValueError("sources must lie below z = 0")
    interfaces = np.cumsum([layer.thickness for layer in layers[:-1]])
    owner = np.searchsorted(interfaces, -z, side="right")
    pull = _buoyancy(layers, gravity)
    if len(layers) == 1 and subtract and any(pull):
        raise ValueError("gravity on a half-space: cut it into two equal layers")
    decay = layers[0].thickness if subtract else float(-z.max())
    if subtract and any(pull):
        # the surface's pull decays with the source's depth; below H/4 it is ρg/(kμ), 1e-4 and less
        decay = min(decay, max(float(-z.max()), decay / 4))
    n_weights = 2 if kind == "slip" else 1
    total = np.zeros((t.size, n_weights, z.size, len(layered.COLUMNS), r.size))
    if len(layers) == 1 and subtract:
        return total
    at_first = [layer.elastic(np.inf) for layer in layers]
    for k, w in layered._wavenumbers(at_first, float(r.max()), decay, fine):
        bessel = [jv(n, np.outer(k, r)) for n in range(4)]
        for i, one in enumerate(t):
            y = np.zeros((n_weights, k.size, z.size, 3, 5))
            for s, weight in zip(*_step(one, nodes), strict=True):
                at_s = [layer.elastic(s) for layer in layers]
                part = layered.kernels(k, at_s, z, buoyancy=pull)
                for j in np.unique(owner) if subtract else ():
                    part[:, owner == j] -= layered.kernels(k, [at_s[j]], z[owner == j])
                moduli = np.array([at_s[j][1:] for j in owner]).T  # (2, n_sources): λ, μ
                factors = moduli if kind == "slip" else np.ones((1, z.size))
                for m, factor in enumerate(factors):
                    y[m] += (weight * factor[:, None, None] * part).real
            y *= (k * w / (2 * np.pi))[:, None, None, None]
            for c, (source, component, n) in enumerate(layered.COLUMNS):
                total[i, :, :, c] += y[..., component, source].swapaxes(1, 2) @ bessel[n]
    return total


def _half_space(layer: Layer, times: Array, kind: Kind) -> tuple[Array, Array]:
    """Histories (n_t,) of the factors of A and B in u = A + B (1 - 2ν), or (A + B ν)/μ."""
    n, d = np.poly1d(layer.body.numerator), np.poly1d(layer.body.denominator)
    stiff = 3 * layer.bulk * d + n
    if kind == "slip":
        return np.ones(times.size), rational((3 * n).coeffs, stiff.coeffs, times, 1)
    poisson = (3 * layer.bulk * d - 2 * n) * d
    return (
        rational(d.coeffs, n.coeffs, times, 1),
        rational(poisson.coeffs, (2 * stiff * n).coeffs, times, 1),
    )


def _in_time(solve: Callable[[float], Array], layer: Layer, times: Array, kind: Kind) -> Array:
    """Half-space solution (n_t, n, 3) from `solve`, displacement of ν (at μ = 1)."""
    at_quarter, at_zero = solve(0.25), solve(0.0)
    if kind == "slip":
        b = 2 * (at_zero - at_quarter)
        a = at_zero - b
    else:
        a, b = at_zero, 4 * (at_quarter - at_zero)
    of_a, of_b = _half_space(layer, times, kind)
    return np.asarray(of_a[:, None, None] * a + of_b[:, None, None] * b)


def point(
    points: ArrayLike, layers: Sequence[Layer], source: ArrayLike, tensor: ArrayLike,
    times: ArrayLike, kind: Kind = "slip", gravity: float = 0.0, subtract: bool = True,
    fine: float = 1.0, nodes: Nodes = talbot_nodes,
) -> Array:  # fmt: skip
    """Displacement (n_t, n, 3), m, at surface points (n,3) of a step at source (3,).

    kind "slip": tensor (3,3), m³, is the potency (b nᵀ + n bᵀ)/2 times area; "couples": N m.
    """
    points, source = np.atleast_2d(np.asarray(points, float)), np.asarray(source, float)
    tensor, t = np.asarray(tensor, float), np.atleast_1d(np.asarray(times, float))
    offset = points - source
    r, azimuth = np.hypot(offset[:, 0], offset[:, 1]), np.arctan2(offset[:, 1], offset[:, 0])
    g = greens(layers, source[2], r, t, kind, gravity, subtract, fine, nodes)[:, :, 0]
    parts = [np.trace(tensor) * np.eye(3), 2 * tensor] if kind == "slip" else [tensor]
    u = np.array([
        sum(layered._assemble(one, azimuth, part) for one, part in zip(at_t, parts, strict=True))
        for at_t in g
    ])  # fmt: skip
    if subtract:
        interfaces = np.cumsum([layer.thickness for layer in layers[:-1]])
        owner = layers[int(np.searchsorted(interfaces, -source[2], side="right"))]

        def solve(nu: float) -> Array:
            lam = 2 * nu / (1 - 2 * nu)
            moment = lam * np.trace(tensor) * np.eye(3) + 2 * tensor if kind == "slip" else tensor
            return point_source.moment_tensor(points, source, moment, lam, 1.0)

        u += _in_time(solve, owner, t, kind)
    return u


def rectangle(
    points: ArrayLike, layers: Sequence[Layer], top_center: ArrayLike, length: float, width: float,
    strike_deg: float, dip_deg: float, slip: ArrayLike, times: ArrayLike, gravity: float = 0.0,
    n_along: int = 12, n_down: int = 12, fine: float = 1.0, nodes: Nodes = talbot_nodes,
) -> Array:  # fmt: skip
    """Displacement (n_t, n, 3), m, at surface points (n,3) of uniform slip (3,), m, from t = 0."""
    points, t = np.atleast_2d(np.asarray(points, float)), np.atleast_1d(np.asarray(times, float))
    geometry = (top_center, length, width, strike_deg, dip_deg)
    at_first = [layer.elastic(np.inf) for layer in layers]
    strips, rows, along, weights = layered.cut(at_first, *geometry, n_along, n_down)
    u = np.zeros((t.size, *points.shape))
    for top, strip_width, owner, _ in strips:
        strip = (top, length, strip_width, strike_deg, dip_deg, slip)

        def solve(nu: float, strip: Any = strip) -> Array:
            return okada.rectangle(points, *strip, nu)

        u += _in_time(solve, layers[owner], t, "slip")
    if len(layers) == 1 and not gravity:
        return u  # nothing to add
    scale = layers[0].thickness
    knots = layered.knots_over(points, rows, along, scale, fine)
    table = greens(
        layers, rows[:, 2], scale * np.sinh(knots), t, "slip", gravity, True, fine, nodes
    )
    bulk_part, shear_part = (
        point_source.slip_tensor(strike_deg, dip_deg, slip, *unit) for unit in ((1, 0), (0, 1))
    )
    for i in range(t.size):
        for part, g in zip((bulk_part, shear_part), table[i], strict=True):
            if np.any(part):
                tensors = [part] * len(rows)
                u[i] += layered.superpose(points, rows, along, weights, tensors, knots, scale, g)
    return u


def disc_load(
    points: ArrayLike, layers: Sequence[Layer], center: ArrayLike, radius: float, pressure: float,
    times: ArrayLike, gravity: float = 0.0, fine: float = 1.0, nodes: Nodes = talbot_nodes,
) -> Array:  # fmt: skip
    """Displacement (n_t, n, 3), m, at surface points of a pressure, Pa, on a disc from t = 0.

    The whole kernel is integrated, with wavenumbers up to 60/radius: one part in 1e3 at the rim
    (the load has an edge), better elsewhere; `fine` also raises that end.
    """
    offset = np.atleast_2d(np.asarray(points, float))[:, :2] - np.asarray(center, float)[:2]
    r, t = np.linalg.norm(offset, axis=1), np.atleast_1d(np.asarray(times, float))
    at_first = [layer.elastic(np.inf) for layer in layers]
    pull = _buoyancy(layers, gravity)
    u = np.zeros((t.size, r.size, 3))
    end = layered.DECAY * radius / (60 * fine)
    for k, w in layered._wavenumbers(at_first, max(float(r.max()), radius), end, fine):
        bessel = [jv(n, np.outer(k, r)) for n in range(2)]
        for i, one in enumerate(t):
            y = np.zeros((k.size, 2))
            for s, weight in zip(*_step(one, nodes), strict=True):
                at_s = [layer.elastic(s) for layer in layers]
                part = layered.kernels(k, at_s, np.zeros(1), True, pull)
                y += (weight * part[:, 0, :2, 0]).real
            # transform of the disc 2π a J1(ka)/k; U/k from the stress scale; (1/2π) ∫ k dk
            y *= (w * pressure * radius * jv(1, k * radius) / k)[:, None]
            u[i, :, 2] += y[:, 0] @ bessel[0]
            radial = -y[:, 1] @ bessel[1]
            u[i, :, :2] += (radial / np.where(r > 0, r, 1.0))[:, None] * offset
    return u
