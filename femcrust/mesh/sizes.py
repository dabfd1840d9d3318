"""The wanted edge length around targets: min(far, near + growth * distance to the nearest)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from femcrust.mesh.mesh import Floats

CORNERS_AGREE = 1e-6  # relative; corners are typed or computed, not measured


def is_rectangle(corners: Floats) -> bool:
    """Whether four points, (k, 3), are a rectangle's corners in cyclic order."""
    if len(corners) != 4:
        return False
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    scale = float(np.linalg.norm(along) * np.linalg.norm(down))
    closes = np.abs(corners[0] + along + down - corners[2]).max() ** 2 <= CORNERS_AGREE**2 * scale
    return scale > 0 and bool(closes and abs(along @ down) <= CORNERS_AGREE * scale)


def distance(points: Floats, targets: tuple[NDArray[np.float64], ...]) -> Floats:
    """Distance, m, from points (n, 3) to the nearest target; infinite without targets. (n,)

    targets : each (4, 3), the corners of a rectangle, or (k, 3), points

    >>> float(distance(np.zeros((1, 3)), (np.array([[0.0, 3.0, 4.0]]),))[0])
    5.0
    """
    nearest = np.full(len(points), np.inf)
    loose = [target for target in targets if not is_rectangle(target)]
    if loose and len(points):
        nearest = cKDTree(np.concatenate(loose)).query(points)[0]
    for corners in filter(is_rectangle, targets):
        along, down = corners[1] - corners[0], corners[3] - corners[0]
        offset = points - corners[0]
        foot = sum(
            np.clip(offset @ edge / (edge @ edge), 0.0, 1.0)[:, None] * edge
            for edge in (along, down)
        )
        nearest = np.minimum(nearest, np.linalg.norm(offset - foot, axis=1))
    return np.asarray(nearest)


def wanted_size(separation: Floats, near: float, far: float, growth: float) -> Floats:
    """Edge length, m, at a distance, m, from the nearest target. (n,)"""
    if growth == 0.0:  # inf * 0 would be nan where there is no target
        return np.where(np.isinf(separation), far, near)
    return np.asarray(np.minimum(far, near + growth * separation))
