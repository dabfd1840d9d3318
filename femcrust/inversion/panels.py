"""Maps in a row, each with its own colour bar, and patches as coloured outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from femcrust.greens.views import Outlines, outlines
from femcrust.inversion.library import Library
from femcrust.mesh.mesh import Floats
from femcrust.outputs import figure_style as style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL_MM = {1: 118.0, 2: 84.0, 3: 62.0}  # longer side, by number of panels
LEAST_MM = 34.0  # shorter side, at least
BAR_MM = 26.0  # room for a colour bar
STEEP = 60.0  # degrees: steeper faults are seen from the side
MARKER = 5.0  # of patches that are nodes, points
MARGIN = 0.05  # of the extent
SEQUENTIAL = "YlOrRd"

Extent = tuple[float, float, float, float]


@dataclass(frozen=True)
class Row:
    """Panels from left to right, the bars beside them, and where the row is, mm."""

    fig: Figure
    axes: list[Axes]
    bars: list[Axes]
    left: float
    top: float

    def head(self, title: str, below: str, above: float = 2.3) -> None:
        """Bold title and a line in grey, `above` the panels, mm."""
        w, h = self.fig.get_size_inches() / style.MM
        most = max(int((w - self.left) * 0.6), 40)
        place = self.left / w
        self.fig.text(place, (self.top + above + 4.2) / h, style.shortened(title, most),
                      fontsize=9.5, fontweight="bold")  # fmt: skip
        self.fig.text(place, (self.top + above) / h, style.shortened(below, int(1.25 * most)),
                      fontsize=7.5, color=style.SOFT)  # fmt: skip


def make_row(extent: Extent, count: int, *, upright: bool = False) -> Row:
    """`count` maps of one extent, km."""
    dx, dy = extent[1] - extent[0], extent[3] - extent[2]
    scale = PANEL_MM[count] / max(dx, dy)
    w, h = max(dx * scale, LEAST_MM), max(dy * scale, LEAST_MM)
    left, bottom = 16.0, 16.0
    fig = style.figure(left + count * (w + BAR_MM), bottom + h + 18.0)
    axes, bars = [], []
    for i in range(count):
        at = left + i * (w + BAR_MM)
        ax = style.axes_mm(fig, at, bottom, w, h)
        ax.set_xlim(*extent[:2])
        ax.set_ylim(*extent[2:])
        ax.set_aspect("equal", adjustable="datalim")
        ax.tick_params(direction="out", length=2.5)
        ax.set_xlabel("along strike (km)" if upright else "east (km)")
        if i == 0:
            ax.set_ylabel("z (km)" if upright else "north (km)")
        axes.append(ax)
        bars.append(style.axes_mm(fig, at + w + 2.5, bottom + 0.1 * h, 2.6, 0.8 * h))
    return Row(fig, axes, bars, left, bottom + h)


def extent_of(lines: Sequence[Floats]) -> Extent:
    """Around all points (k, 2), km, with a margin."""
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    edge = MARGIN * float(max((high - low).max(), 1.0))
    return float(low[0] - edge), float(high[0] + edge), float(low[1] - edge), float(high[1] + edge)


def is_steep(library: Library) -> bool:
    """Whether the faults are better seen from the side."""
    return bool(np.median(library.dip) > STEEP)


def patch_outlines(library: Library) -> Outlines:
    """The patches as flat outlines, km."""
    arrays: dict[str, Any] = {"patch_strike": library.strike}
    for i, axis in enumerate("xyz"):
        arrays[f"corner_{axis}"] = library.corners[:, :, i]
        arrays[f"patch_{axis}"] = library.centre[:, i]
    return outlines(arrays, upright=is_steep(library))


def colour_patches(
    row: Row, place: int, drawn: Outlines, values: Floats, label: str, **looks: Any
) -> None:
    """Patches by value, with the colour bar of that panel; looks: cmap, vmin, vmax."""
    from matplotlib.collections import PolyCollection

    ax = row.axes[place]
    limits = looks.pop("vmin"), looks.pop("vmax")
    shared: dict[str, Any] = {"edgecolors": style.SOFT, "linewidths": 0.25, **looks}
    cells: Any = None
    if drawn.polygons:
        cells = PolyCollection(drawn.polygons, array=values[drawn.of_polygon], **shared)
        cells.set_clim(*limits)
        ax.add_collection(cells)
    if len(drawn.nodes):
        cells = ax.scatter(
            drawn.nodes[:, 0], drawn.nodes[:, 1], c=values[drawn.of_node], s=MARKER**2, **shared
        )
        cells.set_clim(*limits)
    colour_bar(row, place, cells, label)


def colour_bar(row: Row, place: int, drawn: Any, label: str) -> None:
    """The bar beside a panel."""
    bar = row.fig.colorbar(drawn, cax=row.bars[place])
    bar.set_label(label, fontsize=7.5)
    bar.ax.tick_params(length=2.0, width=0.5, labelsize=7)
    bar.outline.set_linewidth(0.5)
