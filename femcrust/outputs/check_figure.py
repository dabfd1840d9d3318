"""The picture that `check` draws: faults with strike and slip arrows, stations, mesh; map, section.

Wrong hanging sides, swapped strikes and kilometres taken for metres are seen here before a solve.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from femcrust.faults.source import Source
from femcrust.mesh.mesh import Floats, Mesh
from femcrust.outputs import figure_style as style
from femcrust.outputs import map_frame, slip_arrows
from femcrust.outputs.figure_style import Picture
from femcrust.outputs.map_frame import KM, Extent
from femcrust.outputs.result import ElasticFields
from femcrust.outputs.section import along_strike, vertical_section
from femcrust.outputs.surface import ground_faces

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAP_MM = 105.0
DEEPEST = 1.8  # of the faults' reach: depth of the section


def check_figure(
    mesh: Mesh,
    elastic: ElasticFields,
    sources: Sequence[Source],
    station_xyz: Floats | None = None,
    station_names: Sequence[str] = (),
    subtitle: str = "",
) -> Picture:
    """Map and section around the faults; needs no solution.

    station_xyz : (n, 3) m; subtitle : the case's title
    """
    import matplotlib

    ground = mesh.points[ground_faces(mesh)[0]]
    (west, south), (east, north) = mesh.points[:, :2].min(axis=0), mesh.points[:, :2].max(axis=0)
    extent = (float(west), float(east), float(south), float(north))
    seen = map_frame.window(sources, extent)
    strike = _strike(sources)
    centre = _centre(sources, seen)
    with matplotlib.rc_context(style.STYLE):
        dx, dy = seen[1] - seen[0], seen[3] - seen[2]
        scale = MAP_MM / max(dx, dy)
        w, h = max(dx * scale, 40.0), max(dy * scale, 40.0)
        reach = np.hypot(dx, dy) / 2.0
        bottom, top = _depths(mesh, sources, reach)
        section_w = 110.0
        section_h = min(max(section_w * (top - bottom) / (2.0 * reach), 22.0), 90.0)
        fig = style.figure(16.0 + max(w, section_w) + 12.0, h + section_h + 62.0)
        ax = style.axes_mm(fig, 16.0, section_h + 46.0, w, h)
        _map(ax, seen, ground, sources, centre, strike)
        if station_xyz is not None:
            map_frame.stations(ax, station_xyz, station_names)
        map_frame.scale_bar(ax)
        map_frame.heading(ax, "Set-up", subtitle, w)
        below = style.axes_mm(fig, 16.0, 24.0, section_w, section_h)
        _section(below, mesh, elastic, sources, centre, strike, reach, bottom, top)
        picture = style.png(fig)
    return Picture(
        "check",
        "Set-up",
        "Map: triangles of the ground, fault outlines (bold along the upper edge), strike "
        "(black arrow), slip of the hanging wall (vermilion) and of the foot wall (blue, steep "
        "faults only), stations, line of the section (dashed). Section: materials and mesh along "
        "that line, slip of the hanging wall projected on it.",
        picture,
    )


def _map(
    ax: Axes,
    seen: Extent,
    ground: Floats,
    sources: Sequence[Source],
    centre: Floats,
    strike: float,
) -> None:
    from matplotlib.collections import PolyCollection

    ax.set_aspect("equal")
    ax.set_xlim(seen[0] * KM, seen[1] * KM)
    ax.set_ylim(seen[2] * KM, seen[3] * KM)
    ax.set_xlabel("east (km)")
    ax.set_ylabel("north (km)")
    low, high = ground[:, :, :2].min(axis=1), ground[:, :, :2].max(axis=1)
    near = (high[:, 0] >= seen[0]) & (low[:, 0] <= seen[1])
    near &= (high[:, 1] >= seen[2]) & (low[:, 1] <= seen[3])
    ax.add_collection(
        PolyCollection(
            list(ground[near][:, :, :2] * KM), facecolors="#f7f7f5", edgecolors="#b8b8b8", lw=0.3
        ),
        autolim=False,
    )
    along = np.array([np.sin(np.radians(strike)), np.cos(np.radians(strike))])
    reach = np.hypot(seen[1] - seen[0], seen[3] - seen[2]) / 2.0
    ends = (centre[:2] + np.outer([-reach, reach], along)) * KM
    ax.plot(*ends.T, "--", color=style.ACCENT, lw=0.7, dashes=(6, 4), zorder=3)
    map_frame.faults(ax, sources)
    slip_arrows.in_plan(ax, sources, max(seen[1] - seen[0], seen[3] - seen[2]))


def _section(
    ax: Axes,
    mesh: Mesh,
    elastic: ElasticFields,
    sources: Sequence[Source],
    centre: Floats,
    strike: float,
    reach: float,
    bottom: float,
    top: float,
) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.patches import Patch

    cut = vertical_section(mesh, centre, strike)
    inside = (cut.polygons[:, :, 0].max(axis=1) > -reach) & (
        cut.polygons[:, :, 0].min(axis=1) < reach
    )
    inside &= cut.polygons[:, :, 1].max(axis=1) > bottom
    index = np.asarray(elastic.index)[cut.tets[inside]]
    colours = [style.CATEGORIES[int(i) % len(style.CATEGORIES)] for i in index]
    ax.add_collection(
        PolyCollection(
            list(cut.polygons[inside] * KM), facecolors=colours, edgecolors="#8a8a8a", lw=0.25
        ),
        autolim=False,
    )
    ax.set_xlim(-reach * KM, reach * KM)
    ax.set_ylim(bottom * KM, top * KM)
    ax.set_xlabel(f"distance along azimuth {strike:.0f}° (km)")
    ax.set_ylabel("z (km)")
    ax.set_title("Section along the strike")
    for source in sources:
        for line in source.outline:
            along, _ = along_strike(np.asarray(line), centre, strike)
            ax.plot(along * KM, line[:, 2] * KM, color=style.FAULT, lw=1.2)
    slip_arrows.in_section(ax, sources, centre, strike)
    names = [style.shortened(str(name), 24) for name in elastic.names]
    handles = [
        Patch(
            facecolor=style.CATEGORIES[i % len(style.CATEGORIES)], edgecolor="#8a8a8a", label=name
        )
        for i, name in enumerate(names)
        if i in set(index.tolist())
    ]
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.0, -14.0 / (ax.get_window_extent().height / style.DPI / style.MM)),
        ncols=4,
        borderaxespad=0.0,
        handlelength=1.2,
    )


def _strike(sources: Sequence[Source]) -> float:
    """Direction of the longest horizontal extent of all outlines, degrees, 0 to 180."""
    lines = [np.asarray(line)[:, :2] for s in sources for line in s.outline if len(line) > 1]
    if not lines:
        return 90.0
    points = np.unique(np.concatenate(lines), axis=0)  # a closed outline repeats a corner
    axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2]
    return float(np.degrees(np.arctan2(axes[0, 0], axes[0, 1])) % 180.0)


def _centre(sources: Sequence[Source], seen: Extent) -> Floats:
    centres = [np.asarray(s.center, dtype=np.float64) for s in sources]
    if centres and np.isfinite(centres).all():
        return np.asarray(np.mean(centres, axis=0))
    return np.array([(seen[0] + seen[1]) / 2.0, (seen[2] + seen[3]) / 2.0, 0.0])


def _depths(mesh: Mesh, sources: Sequence[Source], reach: float) -> tuple[float, float]:
    low, top = float(mesh.points[:, 2].min()), float(mesh.points[:, 2].max())
    deepest = [float(np.asarray(line)[:, 2].min()) for s in sources for line in s.outline]
    deepest += [float(np.asarray(s.center)[2]) for s in sources]
    wanted = DEEPEST * min(deepest) if deepest else -reach
    bottom = max(low, min(wanted, top - 0.25 * reach))
    return bottom, top + 0.03 * (top - bottom)
