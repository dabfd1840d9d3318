"""A layered half-space over depth at one horizontal wavenumber, by linear finite elements."""

from __future__ import annotations

import numpy as np


def depth_line(
    k: float, layers, n: int, lower: float, buoyancy=()
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes and (U, S) per upward unit force per area, wavenumber k, by n elements to -lower.

    layers: (thickness, λ, μ), real or complex; buoyancy: Δρ g, Pa/m, at the top of each.
    """
    z = np.linspace(0.0, -lower, n + 1)
    h = lower / n
    stiffness = np.zeros((2 * n + 2, 2 * n + 2), np.result_type(float, *layers[0], *layers[-1]))
    interfaces = np.cumsum([layer[0] for layer in layers[:-1]])
    for e in range(n):
        lam, mu = layers[int(np.searchsorted(interfaces, -(z[e] + z[e + 1]) / 2))][1:]
        for t in (-1 / np.sqrt(3), 1 / np.sqrt(3)):
            shape, slope = np.array([(1 - t) / 2, (1 + t) / 2]), np.array([-1, 1]) / -h
            xx, zz, xz = np.zeros((3, 4))
            xx[1::2], zz[::2] = -k * shape, slope  # e_xx = -kS, e_zz = U'
            xz[1::2], xz[::2] = slope, k * shape  # 2 e_xz = S' + kU
            energy = lam * np.outer(xx + zz, xx + zz) + mu * np.outer(xz, xz)
            energy += 2 * mu * (np.outer(xx, xx) + np.outer(zz, zz))
            dofs = np.arange(2 * e, 2 * e + 4)
            stiffness[np.ix_(dofs, dofs)] += energy * h / 2
    for depth, weight in zip([0.0, *interfaces], buoyancy, strict=False):
        node = 2 * int(np.argmin(np.abs(z + depth)))
        stiffness[node, node] += weight
    force = np.zeros(2 * n)
    force[0] = 1.0
    y = np.append(np.linalg.solve(stiffness[:-2, :-2], force), [0, 0])
    return z, y[::2], y[1::2]
