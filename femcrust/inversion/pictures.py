"""Pictures of an inversion: slip, what is known of it, data beside predictions, the weight."""

from __future__ import annotations

from typing import Any

import numpy as np

from femcrust.inversion.fit_picture import fit_picture
from femcrust.inversion.panels import (
    SEQUENTIAL,
    Row,
    colour_patches,
    extent_of,
    is_steep,
    make_row,
    patch_outlines,
)
from femcrust.inversion.result import SlipModel
from femcrust.inversion.slip_vectors import shear_vectors
from femcrust.mesh.mesh import Floats
from femcrust.outputs import figure_style as style
from femcrust.outputs.map_frame import KM, labels
from femcrust.outputs.maps import file_name

ARROW = 0.09  # of the extent: the longest
MOST_ARROWS = 400  # more would be one dark patch


def pictures(model: SlipModel) -> dict[str, bytes]:
    """File name → picture."""
    import matplotlib

    with matplotlib.rc_context(style.STYLE):
        drawn = {"slip.png": slip_picture(model), "resolution.png": resolution_picture(model)}
        for k, part in enumerate(model.problem.data):
            drawn[f"fit_{file_name(part.name)}.png"] = fit_picture(model, k)
        if model.estimate.choice.curve is not None:
            drawn["weight.png"] = weight_picture(model)
    return drawn


def slip_picture(model: SlipModel) -> bytes:
    """Amount of slip by colour, its direction as arrows, stations where they fit."""
    library = model.problem.library
    steep, drawn = is_steep(library), patch_outlines(library)
    row = make_row(extent_of(drawn.lines), 1, upright=steep)
    amount = np.linalg.norm(model.slip, axis=1)
    unit = style.unit_for(float(amount.max()))
    per = "/yr" if model.rate else ""
    whole = model.moments[0]
    said = f"peak {whole.peak * unit.factor:.3g} {unit.name}{per}"
    said += "" if model.rate else f", magnitude {whole.magnitude:.2f}"
    row.head(f"Slip: {said}", model.inversion.title)
    label = f"slip ({unit.name}{per})"
    top = max(float(amount.max()) * unit.factor, 1e-12)
    colour_patches(row, 0, drawn, amount * unit.factor, label, cmap=SEQUENTIAL, vmin=0.0, vmax=top)
    _arrows(row, model, steep)
    if not steep:
        _stations(row, model)
    return style.png(row.fig)


def _arrows(row: Row, model: SlipModel, steep: bool) -> None:
    """Motion of the hanging wall: seen from above, or from the side."""
    library = model.problem.library
    vectors = shear_vectors(model)
    at = library.centre
    if steep:
        doubled = 2.0 * np.radians(library.strike)
        mean = np.arctan2(np.sin(doubled).mean(), np.cos(doubled).mean()) / 2.0
        across = np.array([[np.sin(mean), 0.0], [np.cos(mean), 0.0], [0.0, 1.0]])
        at = at - np.append(at[:, :2].mean(axis=0), 0.0)
    else:
        across = np.eye(3)[:, :2]
    place, flat = at @ across * KM, vectors @ across
    longest = float(np.linalg.norm(flat, axis=1).max())
    if not longest > 0.0:
        return
    some = slice(None, None, max(1, -(-len(place) // MOST_ARROWS)))
    ax = row.axes[0]
    reach = ARROW * max(np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim()))
    ax.quiver(
        *(*place[some].T, *flat[some].T),
        angles="xy", scale_units="xy", scale=longest / reach, width=0.0028,
        color=style.INK, zorder=5,
    )  # fmt: skip


def _stations(row: Row, model: SlipModel) -> None:
    ax, library = row.axes[0], model.problem.library
    used = np.unique(model.problem.groups)
    x, y = library.place[used, 0] * KM, library.place[used, 1] * KM
    (left, right), (bottom, top) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
    seen = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    ax.plot(x[seen], y[seen], "^", ms=4.2, mfc=style.STATION, mec=style.INK, mew=0.7, ls="",
            zorder=6)  # fmt: skip
    if 0 < seen.sum() <= 30:
        names = [style.shortened(library.stations[i], 14) for i in used[seen]]
        labels(ax, list(zip(x[seen].tolist(), y[seen].tolist(), names, strict=True)))


def resolution_picture(model: SlipModel) -> bytes:
    """Standard deviation of slip, and what share of each slip the data themselves tell."""
    library = model.problem.library
    drawn = patch_outlines(library)
    row = make_row(extent_of(drawn.lines), 2, upright=is_steep(library))
    spread: Floats = np.linalg.norm(model.deviation, axis=1)
    unit = style.unit_for(float(spread.max()))
    per = "/yr" if model.rate else ""
    total = float(model.estimate.resolution.sum())
    row.head(
        "What is known of the slip",
        f"left: standard deviation; right: resolution, mean of components, {total:.1f} in all",
    )
    top = max(float(spread.max()) * unit.factor, 1e-12)
    label = f"deviation ({unit.name}{per})"
    colour_patches(row, 0, drawn, spread * unit.factor, label, cmap="PuBu", vmin=0.0, vmax=top)
    told: Floats = model.resolution.mean(axis=1)
    top = max(float(told.max()), 1e-12)
    colour_patches(row, 1, drawn, told, "resolution", cmap="BuGn", vmin=0.0, vmax=top)
    return style.png(row.fig)


def weight_picture(model: SlipModel) -> bytes:
    """The criterion over the weight of smoothing, the chosen one marked."""
    choice = model.estimate.choice
    curve: Any = choice.curve
    fig = style.figure(110.0, 80.0)
    ax = style.axes_mm(fig, 20.0, 16.0, 84.0, 52.0)
    ax.semilogx(curve.weight, curve.value, color=style.ACCENT, lw=1.4)
    ax.axvline(choice.weight, color=style.WARN, lw=0.9, ls="--")
    least, most = float(curve.value.min()), float(np.median(curve.value))
    if most > least:  # the steep ends would flatten what matters
        ax.set_ylim(least - 0.1 * (most - least), least + 2.5 * (most - least))
    ax.set_xlabel("weight of smoothing (1/m²)")
    ax.set_ylabel(curve.name)
    ax.set_title(f"{curve.name[0].upper()}{curve.name[1:]}: least at {choice.weight:.3g} /m²")
    ax.spines[["top", "right"]].set_visible(False)
    return style.png(fig)
