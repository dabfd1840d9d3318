"""Draping a flat box over topography: z' = z + t(x, y) max(0, 1 + (z - top)/D).

t is the height of the ground above the flat top. The shift fades linearly over
D = min(height of the box, 10 max|t|), so columns are stretched by at most 10 % unless the box is
shallow. Everything above that depth follows: layers and faults are draped, too, a fault that
reaches the flat top reaches the ground.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats

Ground = Callable[[Floats, Floats], Floats]  # x (n,), y (n,) in m -> z (n,) in m

FADE = 10.0  # the shift is gone at this multiple of the largest height
MOST_STRETCH = 0.5  # of a column; beyond it cells get too flat


def drape(points: Floats, ground: Ground, z: tuple[float, float]) -> Floats:
    """The points after moving the flat top at z[1] to the ground; the bottom, z[0], stays. (n, 3)

    >>> top = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, -100.0]])
    >>> drape(top, lambda x, y: x + 1.0, (-100.0, 0.0))[:, 2].tolist()
    [1.0, -100.0]
    """
    bottom, top = z
    surface = np.asarray(ground(points[:, 0], points[:, 1]), dtype=np.float64)
    height = np.broadcast_to(surface, len(points)) - top
    if not np.isfinite(height).all():
        x, y = points[np.flatnonzero(~np.isfinite(height))[0], :2]
        raise InputError(
            f"mesh.box.topography: no height at x={x:g}, y={y:g} m; cover the whole box"
        )
    relief = float(np.abs(height).max(initial=0.0))
    if relief == 0.0:
        return points.copy()
    depth = min(top - bottom, FADE * relief)
    if relief > MOST_STRETCH * depth:
        raise InputError(
            f"mesh.box.topography: heights reach {relief:g} m above or below z={top:g} in a box "
            f"{top - bottom:g} m deep; deepen mesh.box.z or move its top to the mean height"
        )
    draped = points.copy()
    draped[:, 2] += height * np.maximum(0.0, 1.0 + (points[:, 2] - top) / depth)
    return draped


def undraped(points: Floats, ground: Ground | None, z: tuple[float, float]) -> Floats:
    """Where points (n, 3) of the draped box were in the flat one; outside of `ground` unmoved.

    The largest height is that at the points, so this is a little off, far less than a cell.

    >>> place = np.array([[3.0, 0.0, 2.0]])
    >>> undraped(place, lambda x, y: x + 1.0, (-100.0, 0.0))[:, 2].round(9).tolist()
    [-1.818181818]
    """
    if ground is None or len(points) == 0:
        return points
    bottom, top = z
    try:
        height = np.asarray(ground(points[:, 0], points[:, 1]), dtype=np.float64) - top
    except InputError:  # a fault that leaves the box is refused with more words later
        return points
    height = np.nan_to_num(np.broadcast_to(height, len(points)))
    depth = min(top - bottom, FADE * float(np.abs(height).max()))
    if depth == 0.0:
        return points
    moved = points.copy()
    above = top + (points[:, 2] - top - height) / (1.0 + height / depth)
    moved[:, 2] = np.where(above > top - depth, above, points[:, 2])
    return moved
