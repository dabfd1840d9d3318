"""A page of panels of one extent, with a title, a colour bar beside them and a line below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from femcrust.mesh.mesh import Floats
from femcrust.outputs import figure_style as style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL_MM = 62.0  # longer side of a panel
LEAST_MM = 24.0  # shorter side, at least
GAP_MM = (8.0, 13.0)  # between columns and rows


@dataclass(frozen=True)
class Page:
    """Panels of one extent; mm from the lower left: their left, bottom, right, top."""

    fig: Figure
    axes: list[list[Axes]]
    box: tuple[float, float, float, float]
    longer: float  # side of the extent, km

    def head(self, title: str, below: str) -> None:
        """Bold title and a line in grey over the panels."""
        w, h = self.fig.get_size_inches() / style.MM
        left, _, right, top = self.box
        most = int((right - left) * 0.62) + 20
        lines: tuple[tuple[str, float, dict[str, Any]], ...] = (
            (title, 13.5, {"fontsize": 9.5, "fontweight": "bold"}),
            (below, 9.0, {"fontsize": 7.5, "color": style.SOFT}),
        )
        for text, up, looks in lines:
            self.fig.text(left / w, (top + up) / h, style.shortened(text, most), looks)

    def foot(self, text: str) -> None:
        """A line of notes below the panels."""
        w, h = self.fig.get_size_inches() / style.MM
        self.fig.text(self.box[2] / w, (self.box[1] - 13.0) / h, text, ha="right", fontsize=7.5)

    def bar(self, drawn: Any, label: str) -> None:
        """The colour bar of all panels, beside them."""
        _, bottom, right, top = self.box
        height = min(top - bottom, 2 * PANEL_MM)
        cax = style.axes_mm(self.fig, right + 4.0, (bottom + top - height) / 2, 3.2, height)
        bar = self.fig.colorbar(drawn, cax=cax)
        bar.set_label(label)
        bar.outline.set_linewidth(0.5)


def make_page(extent: tuple[float, float, float, float], rows: int, columns: int) -> Page:
    dx, dy = extent[1] - extent[0], extent[3] - extent[2]
    scale = PANEL_MM / max(dx, dy)
    w, h = max(dx * scale, LEAST_MM), max(dy * scale, LEAST_MM)
    left, bottom = 18.0, 20.0
    right = left + columns * w + (columns - 1) * GAP_MM[0]
    top = bottom + rows * h + (rows - 1) * GAP_MM[1] / (1 if rows == 1 else 2)
    fig = style.figure(right + 30.0, top + 24.0)
    axes: list[list[Axes]] = []
    for row in range(rows):
        up = top - h - row * (h + GAP_MM[1] / 2)
        line = []
        for column in range(columns):
            ax = style.axes_mm(fig, left + column * (w + GAP_MM[0]), up, w, h)
            ax.set_xlim(*extent[:2])
            ax.set_ylim(*extent[2:])
            ax.set_aspect("equal", adjustable="datalim")
            ax.tick_params(direction="out", length=2.5)
            if column:
                ax.set_yticklabels([])
            if row < rows - 1:
                ax.set_xticklabels([])
            line.append(ax)
        axes.append(line)
    return Page(fig, axes, (left, bottom, right, top), max(dx, dy))


def extent_of(lines: Sequence[Floats], margin: float) -> tuple[float, float, float, float]:
    """Around all points (k, 2), km, with a margin."""
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    edge = margin * float(max((high - low).max(), 1.0))
    return float(low[0] - edge), float(high[0] + edge), float(low[1] - edge), float(high[1] + edge)
