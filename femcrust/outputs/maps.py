"""Maps of the displaced ground: vertical as colour, horizontal as arrows, lines of sight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from femcrust.mesh.mesh import Floats
from femcrust.outputs import figure_style as style
from femcrust.outputs import map_frame
from femcrust.outputs.figure_style import Picture
from femcrust.outputs.los import line_of_sight, los_vectors, to_true_north
from femcrust.outputs.map_frame import KM, Extent
from femcrust.outputs.netcdf import grid_convergence
from femcrust.outputs.raster import Sampling, sample
from femcrust.outputs.relief import shading
from femcrust.outputs.result import Record, Result
from femcrust.outputs.surface import Surface

ARROWS = 19  # along the longer side
LONGEST_ARROW = 1.9  # of the arrows' spacing
SAME_WINDOW = 0.6  # a close-up that shows more of the model than this is left out
FRINGES = {"C band": 0.0277, "L band": 0.118}  # half wavelengths, m
MOST_FRINGES = 25  # in the picture; more cannot be counted


@dataclass(frozen=True)
class View:
    """The ground inside a window: displacement (ny, nx, 3) m, tint (ny, nx) by the relief."""

    extent: Extent
    sampling: Sampling
    moved: Floats
    tint: Floats


def view(surface: Surface, extent: Extent) -> View:
    """Sample the ground at the pixels of a map."""
    x, y = map_frame.pixel_centres(extent)
    sampling = sample(surface.corners[:, :, :2], x, y)
    moved = sampling.blend_quadratic(surface.displacement)
    return View(extent, sampling, moved, shading(sampling.blend(surface.slopes)))


def windows(result: Result, surface: Surface) -> dict[str, Extent]:
    """'' -> around the faults; 'whole' -> the model, unless that is nearly the same."""
    whole = surface.extent
    close = map_frame.window(result.sources, whole)
    share = (close[1] - close[0]) * (close[3] - close[2])
    share /= (whole[1] - whole[0]) * (whole[3] - whole[2])
    if share > SAME_WINDOW or share <= 0.0:
        return {"": whole}
    return {"": close, "whole": whole}


def surface_maps(
    result: Result, surface: Surface, record: Record | None = None
) -> Iterator[Picture]:
    """All maps of the ground, the close-up of the displacement first."""
    frames = windows(result, surface)
    views = {name: view(surface, extent) for name, extent in frames.items()}
    for name, seen in views.items():
        yield displacement_map(result, seen, name)
    if record is not None and len(record.times) > 1:
        later = replace(surface, displacement=surface.displacement - record.first_ground)
        yield later_map(result, view(later, frames[""]), record)
    close = views[""]
    for name, unit in los_vectors(result.case.output.los).items():
        yield los_map(result, close, name, unit)


def displacement_map(result: Result, seen: View, which: str = "") -> Picture:
    """The whole displacement at the result's time."""
    title = "Surface displacement" + (", whole model" if which else "") + map_frame.when(result)
    return _arrow_map(
        result,
        seen,
        "map_displacement" + ("_whole" if which else ""),
        title,
        "Colour: vertical displacement, up positive. Arrows: horizontal displacement. "
        "Black: fault outlines, bold along the upper edge. Triangles: stations.",
    )


def later_map(result: Result, seen: View, record: Record) -> Picture:
    """What came after the first time: the postseismic part where that is an earthquake's."""
    first, last = (style.duration(float(t)) for t in (record.times[0], record.times[-1]))
    return _arrow_map(
        result,
        seen,
        "map_postseismic",
        f"Displacement from {first} to {last}",
        f"What the ground moved after {first}, the first time of the run: colour and arrows as "
        "in the map of the whole displacement.",
    )


def _arrow_map(result: Result, seen: View, name: str, title: str, caption: str) -> Picture:
    """Vertical displacement as colour, horizontal displacement as arrows."""
    import matplotlib

    up = seen.moved[..., 2]
    limit, beyond = style.symmetric_limit(up)
    unit = style.unit_for(limit)
    with matplotlib.rc_context(style.STYLE):
        frame = map_frame.frame(seen.extent, title, map_frame.subtitle(result.case))
        scale = limit * unit.factor
        map_frame.image(
            frame,
            up * unit.factor,
            seen.sampling.x,
            seen.sampling.y,
            seen.tint,
            limits=(-scale, scale),
            cmap=style.SIGNED,
            label=f"vertical displacement, up positive ({unit.name})",
            beyond=beyond,
        )
        map_frame.faults(frame.ax, result.sources)
        _arrows(frame, seen)
        if result.stations is not None:
            map_frame.stations(frame.ax, result.stations.xyz)
        map_frame.scale_bar(frame.ax)
        png = style.png(frame.fig)
    return Picture(name, title, caption, png)


def _arrows(frame: map_frame.Frame, seen: View) -> None:
    """Horizontal displacement on a regular grid of points, with a reference arrow."""
    x, y = seen.sampling.x, seen.sampling.y
    step = max(1, max(len(x), len(y)) // ARROWS)
    lines = np.arange(step // 2, len(y), step)
    columns = np.arange(step // 2, len(x), step)
    at = np.ix_(lines, columns)
    east, north = seen.moved[..., 0][at].ravel(), seen.moved[..., 1][at].ravel()
    xx, yy = (grid.ravel() * KM for grid in np.meshgrid(x[columns], y[lines]))
    length = np.hypot(east, north)
    longest = float(np.nanmax(length, initial=0.0)) if np.isfinite(length).any() else 0.0
    if longest == 0.0:
        return
    spacing = step * (x[1] - x[0]) * KM
    scale = longest / (LONGEST_ARROW * spacing)  # m per km of map
    drawn = length > 0.01 * longest
    arrows = frame.ax.quiver(
        xx[drawn],
        yy[drawn],
        east[drawn],
        north[drawn],
        angles="xy",
        scale_units="xy",
        scale=scale,
        width=0.0028,
        headwidth=4.0,
        headlength=4.5,
        headaxislength=4.0,
        color=style.INK,
        zorder=4,
    )
    arrows.set_path_effects(style.halo(1.2))
    unit = style.unit_for(longest)
    reference = style.nice(longest * unit.factor)
    width = abs(frame.ax.get_xlim()[1] - frame.ax.get_xlim()[0])
    share = reference / unit.factor / scale / width  # length of the reference arrow on the map
    frame.ax.quiverkey(
        arrows, 1.0 - share / 2.0, -frame.foot, reference / unit.factor, "", coordinates="axes"
    )
    map_frame.note(frame, f"horizontal {reference:g} {unit.name}", right=1.0 - share - 0.02)


def los_map(result: Result, seen: View, name: str, unit_vector: Floats) -> Picture:
    """Displacement toward the satellite; fringes beside it where they can be counted."""
    import matplotlib

    angle = grid_convergence(result, seen.sampling.x, seen.sampling.y)
    toward = line_of_sight(to_true_north(seen.moved, angle), unit_vector)
    limit, beyond = style.symmetric_limit(toward)
    unit = style.unit_for(limit)
    title = f"Line of sight {name}{map_frame.when(result)}"
    with matplotlib.rc_context(style.STYLE):
        frame = map_frame.frame(seen.extent, title, map_frame.subtitle(result.case))
        scale = limit * unit.factor
        map_frame.image(
            frame,
            toward * unit.factor,
            seen.sampling.x,
            seen.sampling.y,
            seen.tint,
            limits=(-scale, scale),
            cmap=style.SIGNED,
            label=f"displacement toward the satellite ({unit.name})",
            beyond=beyond,
        )
        _fringe_lines(frame, seen, toward)
        map_frame.faults(frame.ax, result.sources)
        map_frame.scale_bar(frame.ax)
        _look_arrow(frame, unit_vector)
        png = style.png(frame.fig)
    return Picture(
        f"map_los_{file_name(name)}",
        title,
        f"Displacement toward the satellite; unit vector (east, north, up) = "
        f"({unit_vector[0]:.3f}, {unit_vector[1]:.3f}, {unit_vector[2]:.3f}).",
        png,
    )


def _fringe_lines(frame: map_frame.Frame, seen: View, toward: Floats) -> None:
    """Contours at multiples of half a radar wavelength, in the first band that gives a few."""
    span = float(np.nanmax(toward) - np.nanmin(toward))
    countable = [
        (name, half) for name, half in FRINGES.items() if 2.0 <= span / half <= MOST_FRINGES
    ]
    if not countable:
        return
    band, half = countable[0]
    lowest, highest = np.nanmin(toward) / half, np.nanmax(toward) / half
    levels = half * (np.arange(np.floor(lowest), np.ceil(highest)) + 0.5)  # not at zero: noise
    frame.ax.contour(
        seen.sampling.x * KM,
        seen.sampling.y * KM,
        toward,
        levels=levels,
        colors=style.INK,
        linewidths=0.35,
        linestyles="solid",
        alpha=0.65,
    )
    map_frame.note(frame, f"lines every {half * 100:.3g} cm, one {band} fringe")


def _look_arrow(frame: map_frame.Frame, unit_vector: Floats) -> None:
    """The horizontal direction from satellite to ground, in the upper right corner."""
    horizontal = -unit_vector[:2]
    length = float(np.hypot(*horizontal))
    if length < 0.05:
        return
    box = frame.ax.get_window_extent()
    reach = 0.045 * max(box.width, box.height)
    middle = np.array([box.x1 - 1.7 * reach, box.y1 - 1.7 * reach])
    step = reach * horizontal / length
    to_axes = frame.ax.transAxes.inverted()
    tail, head = to_axes.transform([middle - step, middle + step])
    arrow = frame.ax.annotate(
        "",
        xy=(head[0], head[1]),
        xytext=(tail[0], tail[1]),
        xycoords="axes fraction",
        textcoords="axes fraction",
        arrowprops={"arrowstyle": "-|>", "lw": 1.1, "color": style.INK, "shrinkA": 0, "shrinkB": 0},
        zorder=8,
    )
    if arrow.arrow_patch is not None:
        arrow.arrow_patch.set_path_effects(style.halo(2.2))
    below = to_axes.transform(middle - [0.0, abs(step[1]) + 0.3 * reach])
    frame.ax.text(
        below[0],
        below[1],
        "look",
        transform=frame.ax.transAxes,
        ha="center",
        va="top",
        fontsize=7,
        path_effects=style.halo(),
        zorder=8,
    )


def file_name(name: str) -> str:
    """A user's name as a part of a file name."""
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)[:60] or "unnamed"
