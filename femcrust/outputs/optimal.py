"""Coulomb stress change on the planes that the whole stress favours most [King94].

The whole stress is a regional one, of which one principal axis is vertical [Anderson05], and the
change. Its favoured planes hold the middle principal axis; their normals stand at ψ = ½ atan(1/μ′)
from the least compressive axis, to either side, where τ + μ′ σ_n is largest, on both the same. The
change on the two planes differs; the larger one is given.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from femcrust.mesh.mesh import Floats
from femcrust.sampling import PAIRS

# Which of the compressions s1 ≥ s2 ≥ s3 acts in the azimuth, across it, and upward.
AXES = {"strike_slip": (0, 2, 1), "thrust": (0, 1, 2), "normal": (1, 2, 0)}


def regional_stress(
    regime: str, azimuth: float, compressions: tuple[float, float, float]
) -> Floats:
    """Stress (3, 3), Pa, tension positive, of compressions s1 ≥ s2 ≥ s3, Pa.

    azimuth : of the greater horizontal compression, degrees clockwise from the model's north

    >>> regional_stress("thrust", 90.0, (3.0, 2.0, 1.0)).round(12).diagonal().tolist()
    [-3.0, -2.0, -1.0]
    """
    along, across, up = (compressions[i] for i in AXES[regime])
    phi = np.radians(azimuth)
    e = np.array([[np.sin(phi), np.cos(phi), 0.0], [np.cos(phi), -np.sin(phi), 0.0], [0, 0, 1.0]])
    return np.asarray(-(e.T * [along, across, up]) @ e)


def optimal_coulomb(change: Floats, regional: Floats, friction: float) -> Floats:
    """Coulomb stress change (…), Pa, of a change (…, 6) under a regional stress (3, 3)."""
    tensor = np.empty((*change.shape[:-1], 3, 3))
    for k, (i, j) in enumerate(PAIRS):
        tensor[..., i, j] = tensor[..., j, i] = change[..., k]
    _, axes = np.linalg.eigh(tensor + regional)  # the most compressive first
    psi = 0.5 * np.arctan2(1.0, friction)
    least, most = np.cos(psi) * axes[..., 2], np.sin(psi) * axes[..., 0]
    # across the normal, toward the least compressive axis: where the traction pulls
    ahead, aside = np.sin(psi) * axes[..., 2], np.cos(psi) * axes[..., 0]
    found = [
        _pair(ahead - sign * aside, tensor, least + sign * most)
        + friction * _pair(least + sign * most, tensor, least + sign * most)
        for sign in (1.0, -1.0)
    ]
    return np.asarray(np.maximum(*found))


def _pair(a: Floats, tensor: Floats, b: Floats) -> Floats:
    """a·σ·b"""
    return np.asarray(np.einsum("...i,...ij,...j", a, tensor, b))


def regional_of(receiver: Any) -> Floats:
    """The regional stress of a receiver of the case. (3, 3) Pa"""
    given = receiver.regional
    return regional_stress(given.regime, given.azimuth, (given.s1, given.s2, given.s3))
