"""Pictures of a library: what one patch does at the stations, what one station sees of the patches.

Both are drawn from the file alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from femcrust.case.suggest import did_you_mean
from femcrust.errors import InputError
from femcrust.greens.epochs import at_epoch
from femcrust.greens.library import AXES, FILE, read_arrays
from femcrust.greens.page import extent_of, make_page
from femcrust.greens.views import Outlines, outlines
from femcrust.mesh.mesh import Floats
from femcrust.outputs import figure_style as style
from femcrust.outputs.atomic import write_bytes
from femcrust.outputs.map_frame import KM
from femcrust.outputs.maps import file_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN = 0.06  # of the extent
LONGEST_ARROW = 0.16  # of the panel's longer side; so is the margin where arrows are drawn
MARKER = 5.0  # of patches that are nodes, points
MEANING = {"strike": "left-lateral slip", "dip": "thrust slip", "opening": "opening"}


def plot(
    path: Path, patch: int | None = None, station: str | None = None, epoch: float | None = None
) -> Path:
    """Draw one patch or one station of a library, beside it; returns the picture.

    epoch : s, of a library over time; its last, if not given
    """
    if (patch is None) == (station is None):
        raise InputError(f"{path}: give --patch NUMBER or --station NAME")
    path = path / FILE if path.is_dir() else path
    arrays = read_arrays(path)
    if "displacement" not in arrays:
        raise InputError(f"{path}: has no patches; there is nothing to draw")
    arrays, when = at_epoch(arrays, epoch, path)
    if patch is not None:
        png, name = patch_picture(arrays, _known_patch(arrays, patch, path)), f"patch{patch}"
    else:
        assert station is not None
        found = _known_station(arrays, station, path)
        png, name = station_picture(arrays, found), f"station-{file_name(station)}"
    return write_bytes(path.with_name(f"{path.stem}-{name}{when}.png"), png)


def patch_picture(arrays: Mapping[str, Any], patch: int) -> bytes:
    """A map for each component: vertical displacement as coloured dots, horizontal as arrows."""
    import matplotlib

    moved: Floats = arrays["displacement"][patch]  # (component, station, axis)
    up, level = moved[..., 2], np.hypot(moved[..., 0], moved[..., 1])
    limit, longest = float(np.abs(up).max()) or 1e-12, float(level.max()) or 1e-12
    unit = style.unit_for(limit)
    drawn = outlines(arrays, upright=False)
    x, y = arrays["x"] * KM, arrays["y"] * KM
    with matplotlib.rc_context(style.STYLE):
        everything = [*drawn.lines, np.stack([x, y], axis=1)]
        page = make_page(extent_of(everything, LONGEST_ARROW), 1, len(moved))
        page.head(
            f"Patch {patch} of {arrays['patch_fault'][patch]}: displacement"
            f"{arrays['after']} for 1 m of slip",
            str(arrays["title"]),
        )
        arrow = LONGEST_ARROW * page.longer  # km of map
        for ax, component, values in zip(page.axes[0], arrays["component"], moved, strict=True):
            _lines(ax, drawn, patch)
            dots = ax.scatter(
                *(x, y),
                c=values[:, 2] * unit.factor,
                vmin=-limit * unit.factor,
                vmax=limit * unit.factor,
                cmap=style.SIGNED,
                s=16,
                edgecolors=style.INK,
                linewidths=0.4,
                zorder=5,
            )
            ax.quiver(
                *(x, y, values[:, 0], values[:, 1]),
                angles="xy",
                scale_units="xy",
                scale=longest / arrow,
                width=0.006,
                color=style.INK,
                zorder=6,
            )
            ax.set_title(MEANING.get(component, component), fontsize=8, fontweight="normal", pad=4)
            ax.set_xlabel("east (km)")
        page.axes[0][0].set_ylabel("north (km)")
        page.bar(dots, f"up ({unit.name})")
        size = style.unit_for(longest)
        page.foot(f"longest arrow: {longest * size.factor:.3g} {size.name}, horizontal")
        return style.png(page.fig)


def station_picture(arrays: Mapping[str, Any], station: int) -> bytes:
    """Every patch coloured by what it does at the station: rows are axes, columns components."""
    import matplotlib
    from matplotlib.collections import PolyCollection

    seen: Floats = arrays["displacement"][:, :, station]  # (patch, component, axis)
    limit = float(np.abs(seen).max()) or 1e-12
    unit = style.unit_for(limit)
    steep = bool(np.median(arrays["patch_dip"]) > 60.0)
    drawn = outlines(arrays, upright=steep)
    place = np.array([[arrays["x"][station], arrays["y"][station]]]) * KM
    with matplotlib.rc_context(style.STYLE):
        extent = extent_of(drawn.lines if steep else [*drawn.lines, place], MARGIN)
        page = make_page(extent, len(AXES), seen.shape[1])
        page.head(
            f"Station {style.shortened(str(arrays['station'][station]), 30)}: displacement"
            f"{arrays['after']} for 1 m of slip on each patch",
            str(arrays["title"]),
        )
        for row, axis in enumerate(AXES):
            for column, component in enumerate(arrays["component"]):
                ax = page.axes[row][column]
                values = seen[:, column, row] * unit.factor
                shared: dict[str, Any] = {
                    "cmap": style.SIGNED,
                    "edgecolors": style.SOFT,
                    "linewidths": 0.3,
                }
                cells: Any
                if drawn.polygons:
                    own = values[drawn.of_polygon]
                    cells = PolyCollection(drawn.polygons, array=own, **shared)
                    cells.set_clim(-limit * unit.factor, limit * unit.factor)
                    ax.add_collection(cells)
                if len(drawn.nodes):
                    at_x, at_y = drawn.nodes.T
                    own = values[drawn.of_node]
                    cells = ax.scatter(at_x, at_y, c=own, s=MARKER**2, **shared)
                    cells.set_clim(-limit * unit.factor, limit * unit.factor)
                if not steep:
                    ax.plot(*place.T, "^", ms=5, mfc=style.STATION, mec=style.INK, zorder=6)
                if row == 0:
                    meant = MEANING.get(component, component)
                    ax.set_title(meant, fontsize=8, fontweight="normal", pad=4)
                if row == len(AXES) - 1:
                    ax.set_xlabel("along strike (km)" if steep else "east (km)")
                if column == 0:
                    ax.set_ylabel(f"{axis}\n{'z (km)' if steep else 'north (km)'}")
        page.bar(cells, f"displacement ({unit.name})")
        if steep:
            page.foot("patches seen from the side, along their mean strike")
        return style.png(page.fig)


def _lines(ax: Axes, drawn: Outlines, chosen: int) -> None:
    """All patches in outline, one of them filled."""
    for number, polygon in zip(drawn.of_polygon, drawn.polygons, strict=True):
        ring = np.concatenate([polygon, polygon[:1]])
        is_it = number == chosen
        if is_it:
            ax.fill(*ring.T, color=style.WARN, alpha=0.5, zorder=3)
        ax.plot(*ring.T, color=style.WARN if is_it else style.SOFT,
                lw=1.2 if is_it else 0.3, zorder=4 if is_it else 2)  # fmt: skip
    for number, node in zip(drawn.of_node, drawn.nodes, strict=True):
        is_it = number == chosen
        ax.plot(*node, "o", ms=4 if is_it else 1.5, color=style.WARN if is_it else style.SOFT,
                zorder=4 if is_it else 2)  # fmt: skip


def _known_patch(arrays: Mapping[str, Any], patch: int, path: Path) -> int:
    count = len(arrays["patch"])
    if not 0 <= patch < count:
        raise InputError(f"--patch: {patch} is no patch of {path}; they are 0 to {count - 1}")
    if not np.isfinite(arrays["displacement"][patch]).all():
        raise InputError(f"{path}: patch {patch} is not computed yet; run `femcrust greens` again")
    return patch


def _known_station(arrays: Mapping[str, Any], station: str, path: Path) -> int:
    names = [str(name) for name in arrays["station"]]
    if station not in names:
        hint = did_you_mean(station, names)
        raise InputError(f"--station: {station!r} is no station of {path}{hint}")
    found = names.index(station)
    if not np.isfinite(arrays["displacement"][:, :, found]).all():
        raise InputError(
            f"{path}: station {station} is not computed yet; run `femcrust greens` again"
        )
    return found
