"""Data beside predictions: arrows and bars at GNSS stations, dots along a line of sight."""

from __future__ import annotations

from typing import Any

import numpy as np

from femcrust.inversion.observations import Observations
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
    small = style.unit_for(fit.wrms)
    per = "/yr" if model.rate else ""
    said = f"wrms {fit.wrms * small.factor:.3g} {small.name}{per}"
    said += f", variance reduced by {100 * fit.variance_reduction:.1f} %"
    draw = _sight if part.kind == "los" else _gnss
    row = draw(model, part, predicted, place, unit, per)
    row.head(f"{part.name}: {said}", model.inversion.title)
    return style.png(row.fig)


def _gnss(
    model: SlipModel, part: Observations, predicted: Floats, place: Floats, unit: Any, per: str
) -> Row:
    """Horizontal arrows; upward motion as bars."""
    row = make_row(extent_of([place]), 2)
    for bar in row.bars:
        bar.remove()
    named, first = np.unique(part.stations, return_index=True)
    xy = place[first]
    values: dict[str, Floats] = {}
    for key, numbers in (("observed", part.values), ("predicted", predicted)):
        table = np.full((len(named), 3), np.nan)
        for station, axis, value in zip(part.stations, part.axis, numbers, strict=True):
            column = ("east", "north", "up").index(axis)
            table[np.searchsorted(named, station), column] = value
        values[key] = table
    looks = {"observed": (style.INK, 0.0065), "predicted": (style.WARN, 0.0035)}
    level = np.hypot(*np.nan_to_num(values["observed"][:, :2]).T)
    rise = np.abs(np.nan_to_num(values["observed"][:, 2]))
    for ax, largest in zip(row.axes, (level.max(), rise.max()), strict=True):
        _outline(model, ax)
        ax.plot(*xy.T, "o", ms=2.0, color=style.SOFT, zorder=3)
        reach = ARROW * max(np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim()))
        for key, (colour, width) in looks.items():
            own = values[key] * unit.factor
            along = own[:, :2] if ax is row.axes[0] else np.stack([0 * own[:, 2], own[:, 2]], 1)
            seen = np.isfinite(along).all(axis=1)
            drawn = ax.quiver(
                *(*xy[seen].T, *along[seen].T), angles="xy", scale_units="xy",
                scale=max(float(largest) * unit.factor, 1e-12) / reach,
                width=width, color=colour, zorder=5,
            )  # fmt: skip
            size = style.nice(max(float(largest) * unit.factor, 1e-12))
            up = 0.93 if key == "observed" else 0.85
            ax.quiverkey(
                *(drawn, 0.03, up, size, f"{size:g} {unit.name}{per} {key}"),
                labelpos="E", coordinates="axes", fontproperties={"size": 7},
            )  # fmt: skip
    for ax, title in zip(row.axes, ("horizontal", "up"), strict=True):
        ax.set_title(title, fontsize=8, fontweight="normal", pad=3)
    return row


def _sight(
    model: SlipModel, part: Observations, predicted: Floats, place: Floats, unit: Any, per: str
) -> Row:
    """Three maps of dots."""
    row = make_row(extent_of([place]), 3)
    limit = float(np.abs(part.values).max()) * unit.factor or 1e-12
    left = part.values - predicted
    small = style.unit_for(float(np.abs(left).max()))
    shown = (
        ("observed", part.values * unit.factor, limit, unit.name),
        ("predicted", predicted * unit.factor, limit, unit.name),
        ("residual", left * small.factor, float(np.abs(left).max()) * small.factor, small.name),
    )
    for i, (title, values, most, name) in enumerate(shown):
        ax = row.axes[i]
        _outline(model, ax)
        dots = ax.scatter(*place.T, c=values, cmap=style.SIGNED, s=9, vmin=-most, vmax=most,
                          edgecolors=style.INK, linewidths=0.15, zorder=4)  # fmt: skip
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
