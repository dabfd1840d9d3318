"""Data beside predictions: arrows and bars at GNSS stations, dots along a line of sight."""

from __future__ import annotations

from typing import Any

import numpy as np

from femcrust.inversion.observations import AXES, Observations
from femcrust.inversion.panels import Row, colour_bar, extent_of, make_row, patch_outlines
from femcrust.inversion.result import SlipModel
from femcrust.mesh.mesh import Floats
from femcrust.outputs import figure_style as style
from femcrust.outputs.map_frame import KM

ARROW = 0.2  # of the extent: the longest


def fit_picture(model: SlipModel, which: int) -> bytes:
    """One data set."""
    part = model.problem.data[which]
    predicted = model.estimate.predicted[model.problem.sets[which]]
    fit = model.fits[which]
    place = model.problem.library.place[part.stations, :2] * KM
    unit = style.unit_for(float(np.abs(part.values).max()))
    small = style.unit_for(fit.wrms, style.LENGTHS[:3])
    per = "/yr" if model.rate else ""
    said = f"wrms {fit.wrms * small.factor:.3g} {small.name}{per}"
    said += f", variance reduced by {fit.percent} %"
    draw = _sight if part.kind == "los" else _gnss
    row = draw(model, part, predicted, place, unit, per)
    row.head(f"{part.name}: {said}", model.inversion.title, 5.8)
    return style.png(row.fig)


def _gnss(
    model: SlipModel, part: Observations, predicted: Floats, place: Floats, unit: Any, per: str
) -> Row:
    """Horizontal arrows, and upward motion as arrows."""
    named, first = np.unique(part.stations, return_index=True)
    xy = place[first]
    tables = [_by_station(part, named, numbers) for numbers in (part.values, predicted)]
    level = [table[:, :2] for table in tables]
    rise = [np.stack([0.0 * table[:, 2], table[:, 2]], axis=1) for table in tables]
    panels = [
        (title, both)
        for title, both in (("horizontal", level), ("up", rise))
        if np.isfinite(both[0]).all(axis=1).any()
    ]
    reach = ARROW * max(float(np.ptp(place, axis=0).max()), 1.0)
    scales = [float(np.nanmax(np.linalg.norm(both[0], axis=1))) / reach for _, both in panels]
    scales = [scale or 1e-12 for scale in scales]
    tips = [
        (xy + arrows / scale)[np.isfinite(arrows).all(axis=1)]
        for (_, both), scale in zip(panels, scales, strict=True)
        for arrows in both
    ]
    row = make_row(extent_of([xy, *tips]), len(panels))
    for i, ((title, both), scale) in enumerate(zip(panels, scales, strict=True)):
        ax = row.axes[i]
        row.bars[i].remove()
        _outline(model, ax)
        ax.plot(*xy.T, "o", ms=2.0, color=style.SOFT, zorder=3)
        for arrows, colour, width in zip(both, (style.INK, style.WARN), (7e-3, 3e-3), strict=True):
            seen = np.isfinite(arrows).all(axis=1)
            ax.quiver(*(*xy[seen].T, *arrows[seen].T), angles="xy", scale_units="xy",
                      scale=scale, width=width, color=colour, zorder=5)  # fmt: skip
        ax.set_title(title, fontsize=8, fontweight="normal", pad=3)
        ax.set_title(
            f"longest {scale * reach * unit.factor:.3g} {unit.name}{per}; black observed,"
            " orange predicted",
            fontsize=7, fontweight="normal", loc="right", pad=3, color=style.SOFT,
        )  # fmt: skip
    return row


def _by_station(part: Observations, named: Any, numbers: Floats) -> Floats:
    """Numbers as (n, 3): east, north, up; nan where there is none."""
    table = np.full((len(named), 3), np.nan)
    for station, axis, value in zip(part.stations, part.axis, numbers, strict=True):
        table[np.searchsorted(named, station), AXES.index(axis)] = value
    return table


def _sight(
    model: SlipModel, part: Observations, predicted: Floats, place: Floats, unit: Any, per: str
) -> Row:
    """Three maps of dots."""
    row = make_row(extent_of([place]), 3)
    limit = float(np.abs(part.values).max()) * unit.factor or 1e-12
    left = part.values - predicted
    small = style.unit_for(float(np.abs(left).max()), style.LENGTHS[:3])
    shown = (
        ("observed", part.values * unit.factor, limit, unit.name),
        ("predicted", predicted * unit.factor, limit, unit.name),
        ("residual", left * small.factor, float(np.abs(left).max()) * small.factor, small.name),
    )
    for i, (title, values, most, name) in enumerate(shown):
        ax = row.axes[i]
        _outline(model, ax)
        dots = ax.scatter(
            *(place[:, 0], place[:, 1]),
            c=values,
            cmap=style.SIGNED,
            s=9,
            vmin=-most,
            vmax=most,
            edgecolors=style.INK,
            linewidths=0.15,
            zorder=4,
        )
        ax.set_title(title, fontsize=8, fontweight="normal", pad=3)
        colour_bar(row, i, dots, f"toward satellite ({name}{per})")
    return row


def _outline(model: SlipModel, ax: Any) -> None:
    """The patches from above, faintly."""
    from matplotlib.collections import PolyCollection

    library = model.problem.library
    corners = library.corners[:, :, :2] * KM
    rings = [ring[np.isfinite(ring[:, 0])] for ring in corners if np.isfinite(ring[0, 0])]
    if rings:
        ax.add_collection(PolyCollection(rings, facecolors="none", edgecolors="#b9c0c6",
                                         linewidths=0.25, zorder=1))  # fmt: skip
    else:
        ax.plot(*patch_outlines(library).nodes.T, ".", ms=1.5, color="#b9c0c6", zorder=1)
