"""What all maps share: window, kilometre axes, colour image, faults, scale bar, labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from femcrust.faults.source import Source
from femcrust.mesh.mesh import Floats
from femcrust.outputs import figure_style as style
from femcrust.outputs.relief import shaded
from femcrust.outputs.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Extent = tuple[float, float, float, float]  # x low, x high, y low, y high, m

MAP_MM = 118.0  # longer side of a map
FOOT_MM = 14.0  # below the tick labels and the axis label
KM = 1e-3
PIXELS = 600  # along the longer side
AROUND = 1.0  # fault lengths of ground shown beyond the faults
MOST_NAMES = 30  # station names drawn; more would cover the map


@dataclass(frozen=True)
class Frame:
    """A figure with one map, one colour-bar axis beside it, and a line of notes below.

    foot : distance of that line below the map, in heights of the map
    """

    fig: Figure
    ax: Axes
    cax: Axes
    foot: float


def window(sources: Sequence[Source], whole: Extent) -> Extent:
    """The faults and `AROUND` fault lengths on every side of them, inside the model."""
    lines = [line for source in sources for line in source.outline if len(line)]
    points = np.concatenate(
        [*lines, *(np.reshape(s.center, (1, 3)) for s in sources), np.empty((0, 3))]
    )
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return whole
    low, high = points.min(axis=0), points.max(axis=0)
    reach = max(float((high - low)[:2].max()), float(-low[2]), 1.0) * AROUND
    return (
        max(whole[0], float(low[0]) - reach),
        min(whole[1], float(high[0]) + reach),
        max(whole[2], float(low[1]) - reach),
        min(whole[3], float(high[1]) + reach),
    )


def pixel_centres(extent: Extent, pixels: int = PIXELS) -> tuple[Floats, Floats]:
    """Centres of about square pixels, `pixels` of them along the longer side."""
    size = max(extent[1] - extent[0], extent[3] - extent[2]) / pixels
    axes = []
    for low, high in (extent[:2], extent[2:]):
        count = max(2, round((high - low) / size))
        step = (high - low) / count
        axes.append(low + step * (np.arange(count, dtype=np.float64) + 0.5))
    return axes[0], axes[1]


def subtitle(case: Any) -> str:
    """What stands under the title of every map: `output.title`, else the case's."""
    return str(getattr(case.output, "title", None) or case.case.title or "")


def when(result: Result) -> str:
    """The end of a title: the time of a result of a series, else nothing."""
    return f", {style.duration(result.time_s)}" if result.of_a_series else ""


def heading(ax: Axes, title: str, below: str, width: float) -> None:
    """Bold title and, under it, a line in grey; both cut to the map's width in mm."""
    ax.set_title(style.shortened(title, int(width * 0.62)), pad=16.0 if below else 6.0)
    ax.annotate(
        style.shortened(below, int(width * 0.75)),
        (0.0, 1.0),
        xycoords="axes fraction",
        xytext=(0.0, 4.5),
        textcoords="offset points",
        fontsize=7.5,
        color=style.SOFT,
    )


def frame(extent: Extent, title: str, below: str = "") -> Frame:
    """A map of the extent in kilometres with room for a colour bar."""
    dx, dy = extent[1] - extent[0], extent[3] - extent[2]
    scale = MAP_MM / max(dx, dy)
    w, h = max(dx * scale, 35.0), max(dy * scale, 35.0)
    fig = style.figure(w + 50.0, h + 40.0)
    ax = style.axes_mm(fig, 16.0, 20.0, w, h)
    cax = style.axes_mm(fig, 16.0 + w + 4.0, 20.0 + 0.1 * h, 3.6, 0.8 * h)
    ax.set_aspect("equal")
    ax.set_anchor("SW")
    ax.set_xlim(extent[0] * KM, extent[1] * KM)
    ax.set_ylim(extent[2] * KM, extent[3] * KM)
    ax.set_xlabel("east (km)")
    ax.set_ylabel("north (km)")
    ax.tick_params(direction="out", length=2.5)
    heading(ax, title, below, w)
    return Frame(fig, ax, cax, FOOT_MM / h)


def image(
    frame: Frame,
    values: Floats,
    x: Floats,
    y: Floats,
    tint: Floats | None = None,
    *,
    limits: tuple[float, float],
    cmap: str,
    label: str,
    beyond: bool = False,
) -> None:
    """Values (ny, nx) as colour over the map, tinted by the relief, and their colour bar."""
    import matplotlib
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    norm = Normalize(*limits)
    colours = matplotlib.colormaps[cmap](norm(np.where(np.isfinite(values), values, 0.0)))
    dx, dy = x[1] - x[0], y[1] - y[0]
    if tint is not None:
        colours = shaded(colours, tint)
    colours[~np.isfinite(values)] = (1.0, 1.0, 1.0, 0.0)
    box = (x[0] - dx / 2, x[-1] + dx / 2, y[0] - dy / 2, y[-1] + dy / 2)
    left, right, bottom, top = (edge * KM for edge in box)
    frame.ax.imshow(
        colours, origin="lower", extent=(left, right, bottom, top), interpolation="nearest"
    )
    frame.ax.set_aspect("equal")
    frame.ax.set_anchor("SW")
    bar = frame.fig.colorbar(
        ScalarMappable(norm, cmap), cax=frame.cax, extend="both" if beyond else "neither"
    )
    bar.set_label(label, labelpad=5)
    bar.ax.tick_params(length=2.0, width=0.5)
    bar.outline.set_linewidth(0.5)


def faults(ax: Axes, sources: Sequence[Source]) -> None:
    """Outlines in plan: thin all round, bold along the upper edge; points as stars."""
    for source in sources:
        if not any(len(line) > 1 for line in source.outline):
            cx, cy = np.asarray(source.center)[:2] * KM
            ax.plot(cx, cy, "*", color=style.FAULT, mec="white", mew=0.5, ms=9, zorder=6)
        for line in source.outline:
            if len(line) < 2:
                continue
            ax.plot(*(line[:, :2].T * KM), color=style.FAULT, lw=0.7, zorder=5)
            for a, b in upper_edge(np.asarray(line)):
                ax.plot(
                    *(np.array([a, b])[:, :2].T * KM),
                    color=style.FAULT,
                    lw=1.9,
                    solid_capstyle="round",
                    zorder=5,
                )


def upper_edge(line: Floats) -> list[tuple[Floats, Floats]]:
    """Segments of an outline that lie within a tenth of its height from its top."""
    top = line[:, 2].max()
    near = line[:, 2] >= top - 0.1 * np.ptp(line[:, 2])
    return [(line[i], line[i + 1]) for i in range(len(line) - 1) if near[i] and near[i + 1]]


def note(frame: Frame, text: str, right: float = 1.0) -> None:
    """A line of small text below the map, ending at `right` (widths of the map)."""
    frame.ax.text(
        right,
        -frame.foot,
        text,
        transform=frame.ax.transAxes,
        ha="right",
        va="center",
        fontsize=7.5,
    )


def scale_bar(ax: Axes) -> None:
    """A bar of a round number of kilometres in the lower left corner."""
    from matplotlib.patches import Rectangle

    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    length = style.nice(0.27 * (right - left))
    x0, y0 = left + 0.045 * (right - left), bottom + 0.04 * (top - bottom)
    height = 0.009 * max(top - bottom, right - left)
    for i, colour in enumerate((style.INK, "white")):
        ax.add_patch(
            Rectangle(
                (x0 + i * length / 2, y0),
                length / 2,
                height,
                facecolor=colour,
                edgecolor=style.INK,
                lw=0.6,
                zorder=8,
            )
        )
    ax.text(
        x0 + length / 2,
        y0 + 1.9 * height,
        f"{length:g} km",
        ha="center",
        va="bottom",
        fontsize=7.5,
        path_effects=style.halo(),
        zorder=8,
    )


def stations(ax: Axes, xyz: Floats, names: Sequence[str] = ()) -> None:
    """Stations as triangles; their names where these fit without touching each other."""
    (left, right), (bottom, top) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
    x, y = xyz[:, 0] * KM, xyz[:, 1] * KM
    seen = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    ax.plot(
        x[seen], y[seen], "^", ms=4.2, mfc=style.STATION, mec=style.INK, mew=0.7, ls="", zorder=6
    )
    if 0 < np.count_nonzero(seen) <= MOST_NAMES and len(names):
        shown = [
            (float(x[i]), float(y[i]), style.shortened(names[i], 14))
            for i in np.flatnonzero(seen).tolist()
        ]
        labels(ax, shown)


def labels(ax: Axes, items: Sequence[tuple[float, float, str]], size: float = 6.5) -> None:
    """Place each text on the first free side of its point; leave out what fits nowhere."""
    width = ax.get_window_extent().width / style.DPI * 72.0  # points
    per_point = abs(ax.get_xlim()[1] - ax.get_xlim()[0]) / width
    (left, right), (bottom, top) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
    r = 3.0 * per_point
    taken: list[tuple[float, float, float, float]] = [
        (x - r, x + r, y - r, y + r) for x, y, _ in items
    ]
    for x, y, text in items:
        w, h = 0.62 * size * len(text) * per_point, 1.1 * size * per_point
        gap = 4.0 * per_point
        for dx, dy in ((gap, -h / 2), (-gap - w, -h / 2), (-w / 2, gap), (-w / 2, -gap - h)):
            box = (x + dx, x + dx + w, y + dy, y + dy + h)
            outside = box[0] < left or box[1] > right or box[2] < bottom or box[3] > top
            if outside or any(_overlap(box, other) for other in taken):
                continue
            taken.append(box)
            ax.text(
                box[0] + w / 2,
                box[2] + h / 2,
                text,
                fontsize=size,
                ha="center",
                va="center",
                path_effects=style.halo(1.6),
                zorder=9,
            )
            break


def _overlap(a: Sequence[float], b: Sequence[float]) -> Any:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
