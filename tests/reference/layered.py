"""Surface displacement of a layered elastic half-space: point moment tensor, rectangle, disc load.

For the horizontal wavenumber k the state y = (U, S, T, τ_z, τ_S, τ_T) (vertical, along k, across k;
stresses over k μ₀) obeys dy/d(kz) = A y in each layer, jumps by Δ = F₀ + A F₁ at a source with the
body force -∂_j M_ij δ, and is continuous at interfaces. Since (A² - I)² = 0,

    exp(Aζ) P± = e^{±ζ} [I + ζ (A ∓ I)] P±,     P± = (A ± I)² (2I ∓ A)/4

so that decaying and growing parts are known without eigenvectors. All layers are solved together
with exponentials that are <= 1 (global form of the propagator matrix): stable for every k h.

The Hankel integral is taken of the *difference* to the half-space made of the source's layer: it
decays at least as exp(-k H), H = thickness of the top layer, also for shallow sources and sources
at an interface; the half-space part is added in closed form (`point_source.py`, `okada.py`,
`disc.py`).

Sources: Thomson W. T. (1950), J. Appl. Phys. 21, 89-93; Haskell N. A. (1953), BSSA 43, 17-34;
Singh S. J. (1970), Static deformation of a multilayered half-space by internal sources, J. Geophys.
Res. 75, 3257-3263; global matrix: Schmidt H. and Tango G. (1986), Geophys. J. R. astr. Soc. 84,
331-359.

Frame: x east, y north, z up, metres. layers: (thickness, λ, μ) from the top, the last one a
half-space (its thickness is ignored). A source exactly at an interface belongs to the layer below.
`kernels` takes complex moduli too, by which `viscoelastic_layered.py` goes to viscoelastic layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.special import jv

from . import disc, okada, point_source

Array = NDArray[np.float64]
Field = NDArray[Any]  # real, or complex with complex moduli
Layers = Sequence[tuple[float, Any, Any]]

# The difference kernel is dropped where it has decayed to exp(-DECAY).
DECAY = 34.0
GAUSS = 8
# (kernel of the five below, component U/S/T, orders of the Bessel functions)
TABLE = [
    (0, 0, (0, 2)), (1, 0, (0,)), (2, 0, (1,)), (0, 1, (1, 3)), (1, 1, (1,)), (2, 1, (0, 2)),
    (3, 2, (1, 3)), (4, 2, (0, 2)),
]  # fmt: skip
COLUMNS = [(s, c, n) for s, c, orders in TABLE for n in orders]


def _system(lam: Any, mu: Any, mu0: Any) -> Field:
    """A (6,6) of dy/d(kz) = A y, with z up."""
    c, m = lam + 2 * mu, mu / mu0
    a = np.zeros((6, 6), dtype=np.result_type(float, lam, mu, mu0))
    a[0, 3], a[0, 1] = mu0 / c, lam / c
    a[1, 4], a[1, 0] = 1 / m, -1.0
    a[2, 5], a[5, 2] = 1 / m, m
    a[3, 4] = 1.0
    a[4, 1], a[4, 3] = 4 * m * (lam + mu) / c, -lam / c
    return a


def _part(a: Field, sign: int) -> Field:
    """Projector (6,6) on solutions like exp(sign ζ)."""
    i = np.eye(6)
    square = (a + sign * i) @ (a + sign * i)
    return np.asarray(square @ (2 * i - sign * a) / 4)


def _evolve(a: Field, zeta: Array, sign: int) -> Field:
    """e^{sign ζ} [I + ζ (A - sign I)] (..., 6, 6), to be applied to `_part(a, sign)`."""
    z = zeta[..., None, None]
    return np.asarray(np.exp(sign * z) * (np.eye(6) + z * (a - sign * np.eye(6))))


def _propagator(a: Field, zeta: Array) -> Field:
    """exp(Aζ), well conditioned for |ζ| of order one."""
    z, a2 = zeta[..., None, None], a @ a
    ch, sh = np.cosh(z), np.sinh(z)
    return np.asarray(
        (ch - z * sh / 2) * np.eye(6) + (3 * sh - z * ch) / 2 * a + z * sh / 2 * a2
        + (z * ch - sh) / 2 * (a2 @ a)
    )  # fmt: skip


def _jumps(a: Field, mu0: Any) -> Field:
    """Δ (6, 5) of M_xx, M_zz, M_xz/i, M_xy/i, M_yz = 1 (x along k)."""
    f0, f1 = np.zeros((6, 5)), np.zeros((6, 5))
    f0[4, 0] = f1[3, 1] = f0[3, 2] = f0[5, 3] = f1[5, 4] = 1.0
    f1[4, 2] = -1.0
    return np.asarray((f0 + a @ f1) / mu0)


def kernels(
    k: Array, layers: Layers, source_z: ArrayLike, load: bool = False,
    buoyancy: Sequence[float] | None = None,
) -> Field:  # fmt: skip
    """Surface (U, S, T) per unit source (n_k, n_sources, 3, 5), or pressure (n_k, 1, 3, 1).

    buoyancy: Δρ g, Pa/m, at the top of each layer; there τ_z falls by Δρ g U on the way down.
    """
    source_z = np.atleast_1d(np.asarray(source_z, dtype=float))
    n, mu0 = len(layers), layers[0][2]
    tops = -np.concatenate([[0.0], np.cumsum([layer[0] for layer in layers[:-1]])])
    systems = [_system(lam, mu, mu0) for _, lam, mu in layers]
    size = 6 * n - 3
    kind = np.result_type(*systems)
    matrix = np.zeros((k.size, size, size), kind)
    n_rhs = 1 if load else 5
    rhs = np.zeros((k.size, size, 1 if load else source_z.size, n_rhs), kind)
    surface = np.zeros((k.size, 3, size), kind)
    restoring = [g / (k * mu0) for g in buoyancy or [0.0] * n]
    for j, a in enumerate(systems):
        up, down = (np.linalg.svd(_part(a, s))[0][:, :3] for s in (1, -1))
        if j == n - 1:
            at_top, columns = np.tile(up, (k.size, 1, 1)), slice(6 * j, size)
        else:
            thickness, columns = k * layers[j][0], slice(6 * j, 6 * j + 6)
            decayed_up = _evolve(a, -thickness, 1) @ up
            decayed_down = _evolve(a, thickness, -1) @ down
            both = np.ones((k.size, 1, 1))
            at_top = np.concatenate([up * both, decayed_down], axis=2)
            at_bottom = np.concatenate([decayed_up, down * both], axis=2)
            thin = thickness < 1.0  # growing and decaying parts are nearly the same
            at_top[thin] = np.eye(6)
            at_bottom[thin] = _propagator(a, -thickness[thin])
            matrix[:, 6 * j + 3 : 6 * j + 9, columns] += at_bottom
        at_top[:, 3] += restoring[j][:, None] * at_top[:, 0]
        if j == 0:
            matrix[:, :3, columns] = at_top[:, 3:]
            surface[:, :, columns] = at_top[:, :3]
        else:
            matrix[:, 6 * j - 3 : 6 * j + 3, columns] -= at_top

    particular = np.zeros((k.size, rhs.shape[2], 3, n_rhs), kind)
    if load:
        rhs[:, 0, 0, 0] = -1 / mu0  # τ_zz = -p, over k (by the caller)
    else:
        owner = np.searchsorted(-tops, -source_z, side="right") - 1
        for i, (z, j) in enumerate(zip(source_z, owner, strict=True)):
            a = systems[j]
            delta = _jumps(a, mu0)
            above = _evolve(a, k * (tops[j] - z), -1) @ (_part(a, -1) @ delta)
            above[:, 3] += restoring[j][:, None] * above[:, 0]
            if j == 0:
                rhs[:, :3, i] -= above[:, 3:]
                particular[:, i] = above[:, :3]
            else:
                rhs[:, 6 * j - 3 : 6 * j + 3, i] += above
            if j < n - 1:
                below = -_evolve(a, k * (tops[j + 1] - z), 1) @ (_part(a, 1) @ delta)
                rhs[:, 6 * j + 3 : 6 * j + 9, i] -= below
    solution = np.linalg.solve(matrix, rhs.reshape(k.size, size, -1))
    return np.asarray(
        particular + (surface @ solution).reshape(k.size, 3, -1, n_rhs).swapaxes(1, 2)
    )


def _wavenumbers(
    layers: Layers, r_max: float, decay_depth: float, fine: float
) -> Iterator[tuple[Array, Array]]:
    """Gauss points and weights in k, in chunks; `fine` divides the panels."""
    deep = max(sum(layer[0] for layer in layers[:-1]), decay_depth)
    end = DECAY / decay_depth
    n = int(np.ceil(fine * end / min(np.pi / max(r_max, 1e-300), 1 / deep)))
    x, w = np.polynomial.legendre.leggauss(GAUSS)
    edges = np.linspace(0.0, end, n + 1)
    for first in range(0, n, 128):
        left, right = edges[first : first + 129][:-1], edges[first : first + 129][1:]
        half = (right - left)[:, None] / 2
        yield ((left + right)[:, None] / 2 + half * x).ravel(), (half * w).ravel()


def greens(
    layers: Layers, source_z: ArrayLike, r: Array, subtract: bool = True, fine: float = 1.0
) -> Array:
    """Radial functions (n_sources, 13, n_r), (1/2π) ∫ kernel J_n(kr) k dk for COLUMNS."""
    source_z = np.atleast_1d(np.asarray(source_z, dtype=float))
    interfaces = np.cumsum([layer[0] for layer in layers[:-1]])
    owner = np.searchsorted(interfaces, -source_z, side="right")
    if np.any(source_z >= 0):
        raise ValueError("sources must lie below z = 0")
    decay = layers[0][0] if subtract else float(-source_z.max())
    total = np.zeros((source_z.size, len(COLUMNS), r.size))
    for k, w in _wavenumbers(layers, float(r.max()), decay, fine):
        y = kernels(k, layers, source_z)
        for j in np.unique(owner) if subtract else ():
            mine = owner == j
            y[:, mine] -= kernels(k, [layers[j]], source_z[mine])
        y *= (k * w / (2 * np.pi))[:, None, None, None]
        bessel = [jv(n, np.outer(k, r)) for n in range(4)]
        for i, (s, c, n) in enumerate(COLUMNS):
            total[:, i] += y[:, :, c, s].T @ bessel[n]
    return total


def _assemble(g: Array, azimuth: Array, tensor: Array) -> Array:
    """Displacement (n, 3) from the radial functions (13, n) at azimuth (n,) and the tensor."""
    c, s = np.cos(azimuth), np.sin(azimuth)
    xx, yy, zz = np.diag(tensor)
    xy, xz, yz = tensor[0, 1], tensor[0, 2], tensor[1, 2]
    plus = (xx + yy) / 2
    minus = (xx - yy) / 2 * (c**2 - s**2) + 2 * xy * s * c
    rt = -(xx - yy) * s * c + xy * (c**2 - s**2)
    rz, tz = xz * c + yz * s, -xz * s + yz * c
    a0, a2, b0, c1, sa1, sa3, sb1, sc0, sc2, d1, d3, e0, e2 = g
    u_z = a0 * plus - a2 * minus + b0 * zz - c1 * rz
    u_r = (
        -sa1 * plus - (sa1 - sa3) / 2 * minus - sb1 * zz - (sc0 - sc2) / 2 * rz
        - (d1 + d3) / 2 * minus + (e0 + e2) / 2 * rz
    )  # fmt: skip
    u_t = -(sa1 + sa3) / 2 * rt - (sc0 + sc2) / 2 * tz - (d1 - d3) / 2 * rt + (e0 - e2) / 2 * tz
    return np.stack([u_r * c - u_t * s, u_r * s + u_t * c, u_z], axis=1)


def moment_tensor(
    points: ArrayLike, layers: Layers, source: ArrayLike, tensor: ArrayLike, subtract: bool = True,
    fine: float = 1.0,
) -> Array:  # fmt: skip
    """Displacement (n,3), m, at surface points (n,3), m, of a tensor (3,3), N m, at source (3,)."""
    points, source = np.atleast_2d(np.asarray(points, float)), np.asarray(source, float)
    tensor = np.asarray(tensor, float)
    offset = points - source
    r = np.hypot(offset[:, 0], offset[:, 1])
    g = greens(layers, source[2], r, subtract, fine)[0]
    u = _assemble(g, np.arctan2(offset[:, 1], offset[:, 0]), tensor)
    if subtract:
        u += point_source.moment_tensor(points, source, tensor, *_moduli(layers, source[2]))
    return u


def _moduli(layers: Layers, z: float) -> tuple[float, float]:
    interfaces = np.cumsum([layer[0] for layer in layers[:-1]])
    return layers[int(np.searchsorted(interfaces, -z, side="right"))][1:]


def rectangle(
    points: ArrayLike, layers: Layers, top_center: ArrayLike, length: float, width: float,
    strike_deg: float, dip_deg: float, slip: ArrayLike, n_along: int = 12, n_down: int = 12,
    fine: float = 1.0,
) -> Array:  # fmt: skip
    """Displacement (n,3), m, at surface points (n,3), m, of uniform slip (3,), m.

    The rectangle is cut at the interfaces. Each strip is an Okada rectangle of its layer plus the
    difference kernel at n_along × (at least n_down in all) Gauss points.
    """
    points = np.atleast_2d(np.asarray(points, float))
    geometry = (top_center, length, width, strike_deg, dip_deg)
    u = np.zeros_like(points)
    tensors = []
    strips, rows, along, weights = cut(layers, *geometry, n_along, n_down)
    for strip, strip_width, owner, n_rows in strips:
        moduli = layers[owner][1:]
        nu = moduli[0] / (2 * sum(moduli))
        u += okada.rectangle(points, strip, length, strip_width, strike_deg, dip_deg, slip, nu)
        tensors += [point_source.slip_tensor(strike_deg, dip_deg, slip, *moduli)] * n_rows
    if len(layers) > 1:
        knots = knots_over(points, rows, along, layers[0][0], fine)
        table = greens(layers, rows[:, 2], layers[0][0] * np.sinh(knots), True, fine)
        u += superpose(points, rows, along, weights, tensors, knots, layers[0][0], table)
    return u


def cut(
    layers: Sequence[tuple[Any, ...]], top_center: ArrayLike, length: float, width: float,
    strike_deg: float, dip_deg: float, n_along: int, n_down: int,
) -> tuple[list[tuple[Array, float, int, int]], Array, Array, Array]:  # fmt: skip
    """Strips (top centre (3,), width, layer, rows), rows (n,3), offsets (m,3), weights (n,m).

    Rows of point sources at Gauss depths of every strip, offset along strike.
    """
    top = np.asarray(top_center, float)
    phi, delta = np.radians([strike_deg, dip_deg])
    e_along = np.array([np.sin(phi), np.cos(phi), 0.0])
    e_down = np.array([np.cos(phi) * np.cos(delta), -np.sin(phi) * np.cos(delta), -np.sin(delta)])
    interfaces = np.cumsum([layer[0] for layer in layers[:-1]])
    cuts = np.array([0.0, width])
    if len(layers) > 1 and np.sin(delta) > 1e-9:
        inner = (interfaces + top[2]) / np.sin(delta)
        cuts = np.concatenate([[0.0], inner[(inner > 1e-9 * width) & (inner < width)], [width]])
    strips, down, w_down = [], [], []
    for first, last in pairwise(cuts):
        depth = -float((top + (first + last) / 2 * e_down)[2])
        m = max(3, int(np.ceil(n_down * (last - first) / width)))
        x, w = np.polynomial.legendre.leggauss(m)
        down += list((first + last) / 2 + x * (last - first) / 2)
        w_down += list(w * (last - first) / 2)
        owner = int(np.searchsorted(interfaces, depth, side="right"))
        strips.append((top + first * e_down, float(last - first), owner, m))
    x, w = np.polynomial.legendre.leggauss(n_along)
    rows, along = top + np.array(down)[:, None] * e_down, x[:, None] * length / 2 * e_along
    return strips, rows, along, np.outer(w_down, w * length / 2)


def knots_over(points: Array, rows: Array, along: Array, scale: float, fine: float) -> Array:
    """Values of arsinh(r/scale) up to the largest r: the functions vary over max(scale, r)."""
    offset = points[:, None, None] - (rows[:, None] + along)
    last = np.arcsinh(1.001 * np.hypot(offset[..., 0], offset[..., 1]).max() / scale)
    return np.linspace(0.0, last, int(40 * fine * last) + 20)


def superpose(
    points: Array, rows: Array, along: Array, weights: Array, tensors: Sequence[Array],
    knots: Array, scale: float, table: Array,
) -> Array:  # fmt: skip
    """Displacement (n,3) of tensors per area at rows + along; table: radial functions at knots."""
    u = np.zeros_like(points)
    offset = points[:, None, None] - (rows[:, None] + along)
    s = np.arcsinh(np.hypot(offset[..., 0], offset[..., 1]) / scale)
    azimuth = np.arctan2(offset[..., 1], offset[..., 0])
    for i, tensor in enumerate(tensors):
        g = CubicSpline(knots, table[i], axis=1)(s[:, i].ravel())
        part = _assemble(g, azimuth[:, i].ravel(), tensor)
        u += np.einsum("nac,a->nc", part.reshape(len(points), -1, 3), weights[i])
    return u


def disc_load(
    points: ArrayLike, layers: Layers, center: ArrayLike, radius: float, pressure: float,
    fine: float = 1.0,
) -> Array:  # fmt: skip
    """Displacement (n,3), m, at surface points of a uniform pressure, Pa, on a disc."""
    offset = np.atleast_2d(np.asarray(points, float))[:, :2] - np.asarray(center, float)[:2]
    r = np.linalg.norm(offset, axis=1)
    u = disc.disc(points, center, radius, pressure, *layers[0][1:])
    if len(layers) == 1:
        return u
    for k, w in _wavenumbers(layers, max(float(r.max()), radius), layers[0][0], fine):
        zero = np.zeros(1)
        y = (kernels(k, layers, zero, True) - kernels(k, layers[:1], zero, True))[:, 0, :, 0]
        # transform of the disc 2π a J1(ka)/k; U/k from the stress scale; (1/2π) ∫ k dk
        weight = w * pressure * radius * jv(1, k * radius) / k
        u[:, 2] += (weight * y[:, 0]) @ jv(0, np.outer(k, r))
        radial = -(weight * y[:, 1]) @ jv(1, np.outer(k, r))
        u[:, :2] += (radial / np.where(r > 0, r, 1.0))[:, None] * offset
    return u
