"""Arrows that show strike and slip of faults, in plan and in section.

The normal toward the hanging wall follows from the potency P = A (b⊗n + n⊗b) / 2 and the mean
slip b: n = (2 P b̂ / A − (n·b̂) b) / |b| with n·b̂ = b̂·P b̂ / (A |b|).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from femcrust.faults.source import Source
from femcrust.mesh.mesh import Floats
from femcrust.outputs import figure_style as style
from femcrust.outputs.section import along_strike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KM = 1e-3
MOST_ARROWS = 40  # of one fault
STILL = 1e-12  # m: no slip to draw
STEEP = 0.35  # upward part of a normal: steeper faults (70°) get arrows on both sides in plan
OF_WINDOW = 0.11  # length of the longest arrow in plan


def hanging_normal(source: Source) -> Floats | None:
    """Mean unit normal from foot wall to hanging wall; None for a point or a still fault."""
    slip = np.asarray(source.arrows).reshape(-1, 6)[:, 3:]
    if not len(slip) or not source.area > 0.0:
        return None
    mean = slip.mean(axis=0)
    size = float(np.linalg.norm(mean))
    potency = np.asarray(source.potency, dtype=np.float64)
    if not size > STILL or potency.shape != (3, 3):
        return None
    b = mean / size
    pull = potency @ b / source.area
    normal = 2.0 * pull - (b @ pull) * b  # its length is the slip that the potency implies
    length = float(np.linalg.norm(normal))
    return None if not length > 0.0 else np.asarray(normal / length)


def in_plan(ax: Axes, sources: Sequence[Source], window: float) -> None:
    """Slip in place; for steep faults one pair of arrows, one on each side; strike in black."""
    biggest = max((float(_slip(s).max(initial=0.0)) for s in sources), default=0.0)
    if not biggest > STILL:
        return
    longest = OF_WINDOW * window
    for source in sources:
        points, slip = _thinned(source)
        if not len(points):
            continue
        normal = hanging_normal(source)
        if normal is not None and np.hypot(*normal[:2]) > 1e-3:
            _strike_arrow(ax, source, normal, longest)
        if normal is not None and abs(normal[2]) < STEEP:
            mean = slip[:, :2].mean(axis=0)
            across = normal[:2] / np.hypot(*normal[:2])
            arrow = mean / max(float(np.hypot(*mean)), STILL) * longest
            if np.hypot(*mean) < 0.02 * biggest:
                continue
            for sign, colour in ((1.0, style.WARN), (-1.0, style.ACCENT)):
                middle = np.asarray(source.center)[:2] + sign * 0.35 * longest * across
                _quiver(ax, (middle - sign * arrow / 2.0) * KM, sign * arrow * KM, 1.0, colour)
            continue
        shown = np.hypot(*slip[:, :2].T) > 0.02 * biggest
        length = min(longest, 1.4 * _spacing(points[:, :2]))
        _quiver(ax, points[shown, :2] * KM, slip[shown, :2], biggest / (length * KM))


def in_section(ax: Axes, sources: Sequence[Source], origin: Floats, strike: float) -> None:
    """Slip of the hanging wall projected on a vertical plane along `strike` (degrees)."""
    for source in sources:
        points, slip = _thinned(source)
        if not len(points):
            continue
        along, _ = along_strike(points, origin, strike)
        direction, _ = along_strike(slip, np.zeros(3), strike)
        at = np.column_stack([along, points[:, 2]])
        shown = np.column_stack([direction, slip[:, 2]])
        largest = float(np.hypot(*shown.T).max())
        if largest > 0.02 * float(np.linalg.norm(slip, axis=1).max()):
            _quiver(ax, at * KM, shown, largest / (1.2 * _spacing(at) * KM))


def _strike_arrow(ax: Axes, source: Source, normal: Floats, longest: float) -> None:
    """From the end of the outline that lies farthest along strike, onward."""
    along = np.array([-normal[1], normal[0]]) / np.hypot(*normal[:2])
    lines = [np.asarray(line) for line in source.outline if len(line) > 1]
    if not lines:
        return
    points = np.concatenate(lines)
    upper = points[points[:, 2] >= points[:, 2].max() - 0.1 * np.ptp(points[:, 2])]
    tip = upper[np.argmax(upper[:, :2] @ along), :2]
    arrow = 0.6 * longest * along
    _quiver(ax, tip * KM, arrow * KM, 1.0, style.FAULT)


def _slip(source: Source) -> Floats:
    slip = np.asarray(source.arrows, dtype=np.float64).reshape(-1, 6)[:, 3:]
    return np.asarray(np.linalg.norm(slip, axis=1))


def _thinned(source: Source) -> tuple[Floats, Floats]:
    """Points and slip vectors, (k, 3) each, at most MOST_ARROWS that slip."""
    arrows = np.asarray(source.arrows, dtype=np.float64).reshape(-1, 6)
    arrows = arrows[_slip(source) > STILL]
    arrows = arrows[:: max(1, -(-len(arrows) // MOST_ARROWS))]
    return arrows[:, :3], arrows[:, 3:]


def _spacing(points: Floats) -> float:
    """Median distance of each point (k, 2) to its nearest other, m."""
    if len(points) < 2:
        return 5e3
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    distance[distance < 1.0] = np.inf
    nearest = distance.min(axis=1)
    return float(np.median(nearest)) if np.isfinite(nearest).all() else 5e3


def _quiver(ax: Axes, at: Floats, vectors: Floats, scale: float, colour: str = style.WARN) -> None:
    x, y = np.atleast_2d(at).T
    u, v = np.atleast_2d(vectors).T
    arrows = ax.quiver(
        x,
        y,
        u,
        v,
        angles="xy",
        scale_units="xy",
        scale=scale,
        units="dots",
        width=1.3 * style.DPI / 72.0,
        headwidth=3.6,
        headlength=4.2,
        headaxislength=3.8,
        minlength=0.5,
        color=colour,
        zorder=7,
    )
    arrows.set_path_effects(style.halo(1.2))
