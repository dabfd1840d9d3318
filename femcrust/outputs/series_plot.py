"""Lines of displacement over years at a few stations: the whole, and what followed the first time.

Without the coseismic jump the small motions after an earthquake fill the right-hand panels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from femcrust.mesh.mesh import Floats
from femcrust.outputs import figure_style as style
from femcrust.outputs import map_frame
from femcrust.outputs.figure_style import Picture
from femcrust.outputs.result import Record, Stations
from femcrust.outputs.stations import SECONDS_PER_YEAR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST = 0.02  # height of a panel, of the largest motion
MOST_LINES = 6
MOVING = 0.1  # of the largest motion: a station that moves less comes only after those that do
MOST_DOTS = 60  # times; beyond, the dots would run into a band
PANEL_MM = (74.0, 32.0)
GAP_MM = (20.0, 5.0)
LEFT_MM, FOOT_MM, LEGEND_MM, LABEL_MM = 16.0, 22.0, 13.0, 10.5
NAMES = ("east", "north", "up")


def chosen_stations(motion: Floats, xyz: Floats, most: int = MOST_LINES) -> list[int]:
    """The station that moves most, then, among those that move, ever the farthest from the chosen.

    motion : (n,) m; xyz : (n, 3) m
    """
    moving = motion >= MOVING * motion.max(initial=0.0)
    picked = [int(np.argmax(motion))] if len(motion) else []
    while len(picked) < min(most, len(motion)):
        distance = np.linalg.norm(xyz[:, None] - xyz[picked], axis=2).min(axis=1)
        worth = np.where(moving, 1.0 + distance, motion / max(motion.max(), 1e-300))
        worth[picked] = -1.0
        picked.append(int(np.argmax(worth)))
    return sorted(picked)


def series_plot(record: Record, stations: Stations, subtitle: str = "") -> Picture:
    """Panels of east, north and up; two columns where the first time has moved already."""
    import matplotlib

    moved = record.displacement
    later = moved - moved[0]
    motion = np.linalg.norm(later if later.any() else moved, axis=2).max(axis=0)
    picked = chosen_stations(motion, stations.xyz)
    columns = {"Displacement": moved}
    if moved[0].any():
        columns[f"Since {style.duration(float(record.times[0]))}"] = later
    width, height = PANEL_MM
    across, up = width + GAP_MM[0], height + GAP_MM[1]
    with matplotlib.rc_context(style.STYLE):
        fig = style.figure(LEFT_MM + len(columns) * across, FOOT_MM + 3 * up + 14.0)
        for column, (title, values) in enumerate(columns.items()):
            largest = float(np.abs(values[:, picked]).max(initial=0.0))
            unit = style.unit_for(largest)
            for row, name in enumerate(NAMES):
                corner = LEFT_MM + column * across, FOOT_MM + (2 - row) * up
                ax = style.axes_mm(fig, *corner, width, height)
                _lines(ax, record.times, values[:, picked, row] * unit.factor)
                _widen(ax, LEAST * largest * unit.factor)
                _dress(ax, f"{name} ({unit.name})", years=row == 2)
                if row == 0:
                    map_frame.heading(ax, title, " " if column else subtitle, width)
        handles = fig.axes[0].get_lines()[: len(picked)]
        fig.axes[2].legend(
            handles,
            [style.shortened(stations.names[station], 16) for station in picked],
            loc="upper left",
            bbox_to_anchor=(0.0, -LEGEND_MM / height),
            ncols=MOST_LINES if len(columns) == 2 else MOST_LINES // 2,
            borderaxespad=0.0,
            handlelength=1.6,
        )
        picture = style.png(fig)
    return Picture("series", "Displacement over time", _caption(stations, picked, columns), picture)


def _lines(ax: Axes, times: Floats, values: Floats) -> None:
    for line, column in enumerate(values.T):
        ax.plot(
            times / SECONDS_PER_YEAR,
            column,
            "o-" if len(times) <= MOST_DOTS else "-",
            color=style.LINES[line],
            ms=2.2,
            lw=1.1,
        )


def _widen(ax: Axes, least: float) -> None:
    """What is zero but for rounding looks like zero."""
    low, high = ax.get_ylim()
    if high - low < least:
        ax.set_ylim((low + high - least) / 2, (low + high + least) / 2)


def _dress(ax: Axes, label: str, years: bool) -> None:
    """Labels, a soft grid, the zero line."""
    ax.set_ylabel(label)
    ax.yaxis.set_label_coords(-LABEL_MM / PANEL_MM[0], 0.5)  # one below the other
    ax.grid(True, lw=0.3, color="#dddddd")
    ax.set_axisbelow(True)
    low, high = ax.get_ylim()
    if low < 0.0 < high:
        ax.axhline(0.0, color=style.SOFT, lw=0.5, zorder=1)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.tick_params(labelbottom=years)
    if years:
        ax.set_xlabel("time (yr)")


def _caption(stations: Stations, picked: list[int], columns: dict[str, Floats]) -> str:
    count = len(stations.names)
    parts = []
    if len(picked) < count:
        parts.append(f"{len(picked)} of {count} stations, far apart among those that move most.")
    parts.append(
        "True east and north." if stations.lonlat is not None else "Along the model's axes."
    )
    if len(columns) == 2:
        parts.append("Right: less the displacement of the first time.")
    return " ".join(parts)
