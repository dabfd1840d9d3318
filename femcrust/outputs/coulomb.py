"""Coulomb stress change on a receiver fault: ΔCFS = Δτ + μ′ Δσ_n [King94].

Δτ = d·σ·n is the shear stress in the receiver's slip direction d (of the hanging wall), and
Δσ_n = n·σ·n the normal stress, tension positive; n points from foot wall to hanging wall.
Positive values bring the receiver closer to failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats
from femcrust.outputs.optimal import optimal_coulomb, regional_of

MAX_FRICTION = 2.0  # well above any rock; catches a friction given in percent


def receiver_frame(strike: float, dip: float, rake: float) -> tuple[Floats, Floats]:
    """Normal n (foot wall -> hanging wall) and slip direction d of a receiver; degrees.

    Strike is clockwise from the model's north (y), dip to its right, rake by Aki & Richards:
    d = cos λ e_strike + sin λ e_updip [Aki02, ch. 4].

    >>> normal, slip = receiver_frame(0.0, 90.0, 0.0)
    >>> normal.round(12).tolist(), slip.round(12).tolist()
    ([1.0, -0.0, 0.0], [0.0, 1.0, 0.0])
    """
    if not (np.isfinite(strike) and np.isfinite(rake) and 0.0 <= dip <= 90.0):
        raise InputError(
            f"coulomb: strike {strike:g}, dip {dip:g}, rake {rake:g} are no fault; "
            "dip is 0 to 90 deg"
        )
    phi, delta, lam = np.radians([strike, dip, rake])
    along = np.array([np.sin(phi), np.cos(phi), 0.0])
    updip = np.array([-np.cos(delta) * np.cos(phi), np.cos(delta) * np.sin(phi), np.sin(delta)])
    normal = np.array([np.sin(delta) * np.cos(phi), -np.sin(delta) * np.sin(phi), np.cos(delta)])
    return normal, np.asarray(np.cos(lam) * along + np.sin(lam) * updip)


def bilinear(stress: Floats, a: Floats, b: Floats) -> Floats:
    """a·σ·b for stress (…, 6) in xx, yy, zz, xy, xz, yz."""
    weights = np.array(
        [
            a[0] * b[0],
            a[1] * b[1],
            a[2] * b[2],
            a[0] * b[1] + a[1] * b[0],
            a[0] * b[2] + a[2] * b[0],
            a[1] * b[2] + a[2] * b[1],
        ]
    )
    return np.asarray(stress @ weights)


def coulomb(
    stress: Floats, strike: float, dip: float, rake: float, friction: float = 0.4
) -> Floats:
    """Coulomb stress change, Pa, on receivers of one orientation.

    stress : (…, 6) Pa, change of stress, tension positive; returns (…)
    strike, dip, rake : degrees; friction : effective coefficient μ′

    East-west compression loads a north-striking thrust:

    >>> squeeze = np.array([-2.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    >>> float(coulomb(squeeze, 0.0, 45.0, 90.0, friction=0.5).round(12))
    0.5
    """
    if not 0.0 <= friction <= MAX_FRICTION:
        raise InputError(f"coulomb.friction: {friction:g} is no effective friction; write e.g. 0.4")
    normal, slip = receiver_frame(strike, dip, rake)
    return bilinear(stress, slip, normal) + friction * bilinear(stress, normal, normal)


def coulomb_changes(stress: Floats, receivers: Mapping[str, Any] | None) -> dict[str, Floats]:
    """name -> ΔCFS (…) for every receiver in `output.coulomb`; stress (…, 6) Pa, model axes."""
    return {name: change_on(stress, receiver) for name, receiver in (receivers or {}).items()}


def change_on(stress: Floats, receiver: Any) -> Floats:
    """ΔCFS (…) on one receiver of the case: of its orientation, or the optimal one."""
    if receiver.regional is not None:
        return optimal_coulomb(stress, regional_of(receiver), receiver.friction)
    return coulomb(stress, receiver.strike, receiver.dip, receiver.rake, receiver.friction)


def strain_from_stress(stress: Floats, lam: Floats, mu: Floats) -> Floats:
    """Elastic strain (σ − λ/(3λ+2μ) tr σ I) / 2μ; stress (n, …, 6), lam and mu (n,)."""
    shape = (-1,) + (1,) * (stress.ndim - 2)
    ratio = (lam / (3.0 * lam + 2.0 * mu)).reshape(shape)
    strain = np.array(stress, dtype=np.float64, copy=True)
    strain[..., :3] -= (ratio * stress[..., :3].sum(axis=-1))[..., None]
    return np.asarray(strain / (2.0 * mu).reshape(*shape, 1))
