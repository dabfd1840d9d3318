"""A triangle sheet from a grid of heights: Slab2 [HayesEtAl18] or any grid that GMT writes.

The grid is cropped, sampled on squares so large that about the wanted number of triangles is left,
and cut into triangles where it has values. z is up: depths are negative.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from femcrust.errors import InputError
from femcrust.grid_files import contents_of
from femcrust.mesh.mesh import Floats, Ints

ENDINGS = (".grd", ".nc", ".cdf")
X_NAMES, Y_NAMES = ("x", "lon", "longitude", "easting"), ("y", "lat", "latitude", "northing")
FARTHEST = 1e9  # m: larger than the Earth
TRIALS = 60  # of the size of the squares
MOST_TRIANGLES = 200_000
Grid = tuple[Floats, Floats, Floats]  # x (n,), y (m,), z (m, n)


def is_grid(path: Path) -> bool:
    """By its ending."""
    return path.name.lower().endswith(ENDINGS)


def read_grid_sheet(path: Path, given: Any, scale: float, degrees: bool) -> tuple[Floats, Ints]:
    """Points (n, 3) in the units of the file, z up, and triangles (k, 3).

    given : of the case: lon, lat (degrees) or x, y (m) to crop, depth (m), count
    scale : metres in a unit of lengths of the file;  degrees : x and y are longitude and latitude
    """
    x, y, z = _read(path)
    if degrees and (np.abs(x).max() > 360.0 or np.abs(y).max() > 90.0):
        raise InputError(
            f"{path}: covers {x[0]:g} to {x[-1]:g}, {y[0]:g} to {y[-1]:g}, no longitude and"
            " latitude; correct crs"
        )
    x, y, z = _cropped((x, y, z), path, given, scale, degrees)
    count = given.count
    if count is None:
        points, facets = _cut(x, y, z)
    else:
        aspect = np.cos(np.radians(y.mean())) if degrees else 1.0
        points, facets = _sampled(x, y, z, int(count), float(aspect))
    if len(facets) == 0:
        raise InputError(f"{path}: what is left of it has no triangle; crop less or raise count")
    if len(facets) > MOST_TRIANGLES:
        raise InputError(
            f"{path}: {len(facets):,} triangles; give count: 500 or so, at most {MOST_TRIANGLES:,}"
        )
    return _largest_piece(points, facets)


def _read(path: Path) -> Grid:
    if not path.is_file():
        raise InputError(f"{path}: no such file; check the name")
    contents = contents_of(path)
    fields = {name: v for name, v in contents.items() if len(v[1]) == 2}
    if len(fields) != 1:
        raise InputError(
            f"{path}: has {len(fields)} variables of two dimensions; give a grid of one, z(y, x)"
        )
    values, dimensions, _ = next(iter(fields.values()))
    axes = []
    for dimension, known in zip(dimensions, (Y_NAMES, X_NAMES), strict=True):
        if dimension.lower() not in known or dimension not in contents:
            raise InputError(
                f"{path}: dimension {dimension!r} is none of {', '.join(known)} with coordinates;"
                " give a grid z(y, x)"
            )
        axis = contents[dimension][0]
        if axis.ndim != 1 or len(axis) < 2 or not np.abs(axis).max() < FARTHEST:
            raise InputError(f"{path}: coordinate {dimension!r} is no list of numbers")
        axes.append(axis)
    y, x = axes
    if values.shape != (len(y), len(x)):
        raise InputError(f"{path}: its variable has another shape than its coordinates")
    for i, axis in enumerate((y, x)):
        if axis[0] > axis[-1]:
            values = np.flip(values, axis=i)
    x, y = np.sort(x), np.sort(y)
    if not ((np.diff(x) > 0).all() and (np.diff(y) > 0).all()):
        raise InputError(f"{path}: a coordinate stands twice; mend the grid")
    return x, y, np.where(np.isfinite(values), values, np.nan)


def _cropped(grid: Grid, path: Path, given: Any, scale: float, degrees: bool) -> Grid:
    x, y, z = grid
    if not np.isfinite(z).any():
        raise InputError(f"{path}: has no values; give a grid with depths")
    highest = float(np.nanmax(z)) * scale
    if highest > 0.0 and float(np.nanmin(z)) >= 0.0:
        raise InputError(
            f"{path}: all of it lies above z = 0; depths must be negative, for z is up: turn the"
            " sign (gmt grdmath GRID NEG = NEW)"
        )
    across = (given.lon, given.lat) if degrees else (given.x, given.y)
    for key in ("x", "y") if degrees else ("lon", "lat"):
        if getattr(given, key) is not None:
            raise InputError(
                f"{path}: {key} does not go with a grid in {'degrees' if degrees else 'metres'};"
                f" give {'lon and lat' if degrees else 'x and y, or crs: EPSG:4326'}"
            )
    keep = []
    for axis, limits, name in zip((x, y), across, ("x", "y"), strict=True):
        if limits is None:
            keep.append(np.ones(len(axis), dtype=bool))
            continue
        low, high = (limit if degrees else limit / scale for limit in limits)
        if degrees and name == "x":  # longitudes of the file may run from 0 or from −180
            turn = 360.0 * np.ceil((axis[0] - high) / 360.0)
            low, high = low + turn, high + turn
        keep.append((axis >= low) & (axis <= high))
        if keep[-1].sum() < 2:
            raise InputError(
                f"{path}: nothing of it lies in the wanted {name} {limits[0]:g} to {limits[1]:g};"
                f" it covers {axis[0]:g} to {axis[-1]:g}"
            )
    x, y, z = x[keep[0]], y[keep[1]], z[np.ix_(keep[1], keep[0])]
    if given.depth is not None:
        low, high = given.depth
        z = np.where((-z * scale >= low) & (-z * scale <= high), z, np.nan)
        if not np.isfinite(z).any():
            raise InputError(f"{path}: nothing of it lies at depths of {low:g} to {high:g} m")
    return x, y, z


def _cut(x: Floats, y: Floats, z: Floats) -> tuple[Floats, Ints]:
    """Triangles of all cells with values at three corners or four."""
    there = np.isfinite(z)
    number = np.full(z.shape, -1)
    number[there] = np.arange(there.sum())
    j, i = np.nonzero(there)
    points = np.stack([x[i], y[j], z[there]], axis=1)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]
    parts = [np.stack(t, axis=-1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))]
    whole = (np.stack([a, b, c, d]) >= 0).all(axis=0)
    for three in ((a, b, d), (b, c, d)):  # of cells that lack one corner off the diagonal a c
        facets = np.stack(three, axis=-1)
        parts.append(facets[~whole].reshape(-1, 3))
    facets = np.concatenate(parts)
    return points, facets[(facets >= 0).all(axis=1)].astype(np.int32)


def _sampled(x: Floats, y: Floats, z: Floats, count: int, aspect: float) -> tuple[Floats, Ints]:
    """The grid on squares of the size that comes nearest to `count` triangles.

    aspect : length of a unit of x over one of y
    """
    width, height = (x[-1] - x[0]) * aspect, y[-1] - y[0]
    low, high = 0.0, 2.0 * max(width, height)
    best: tuple[int, tuple[Floats, Ints]] | None = None
    size = np.sqrt(2.0 * width * height / count)
    for _ in range(TRIALS):
        nx, ny = (max(1, round(extent / size)) for extent in (width, height))
        if nx * ny > 50 * count + 1000:  # a narrow sheet in a large grid is still found
            low, size = size, (size + high) / 2.0
            continue
        found = _cut(*_on(x, y, z, nx, ny))
        miss = len(found[1]) - count
        if best is None or abs(miss) < abs(best[0]):
            best = miss, found
        if miss == 0:
            break
        low, high = (size, high) if miss > 0 else (low, size)
        size = (low + high) / 2.0
    assert best is not None
    return best[1]


def _on(x: Floats, y: Floats, z: Floats, nx: int, ny: int) -> Grid:
    """Bilinear values on nx by ny equal cells; nan where a corner that counts has none."""
    at_x, at_y = np.linspace(x[0], x[-1], nx + 1), np.linspace(y[0], y[-1], ny + 1)
    i = np.clip(np.searchsorted(x, at_x, side="right") - 1, 0, len(x) - 2)
    j = np.clip(np.searchsorted(y, at_y, side="right") - 1, 0, len(y) - 2)
    s, t = (at_x - x[i]) / (x[i + 1] - x[i]), (at_y - y[j]) / (y[j + 1] - y[j])
    rows = [_mixed(z[np.ix_(row, i)], z[np.ix_(row, i + 1)], s[None, :]) for row in (j, j + 1)]
    return at_x, at_y, _mixed(rows[0], rows[1], t[:, None])


def _mixed(one: Floats, other: Floats, share: Floats) -> Floats:
    """Linear between two; a share of 0 or 1 does not ask for the other."""
    mixed = (1.0 - share) * one + share * other
    return np.where(share == 0.0, one, np.where(share == 1.0, other, mixed))


def _largest_piece(points: Floats, facets: Ints) -> tuple[Floats, Ints]:
    """The triangles that hang together by edges, most of them; islands of a few nodes go."""
    ends = np.sort(facets[:, [(0, 1), (1, 2), (2, 0)]].reshape(-1, 2), axis=1)
    _, edge = np.unique(ends, axis=0, return_inverse=True)
    order = np.argsort(edge, kind="stable")
    shared = np.flatnonzero(edge[order][1:] == edge[order][:-1])
    one, other = order[shared] // 3, order[shared + 1] // 3
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(len(facets), len(facets)))
    _, piece = connected_components(graph, directed=False)
    facets = facets[piece == np.argmax(np.bincount(piece))]
    used, renumbered = np.unique(facets, return_inverse=True)
    return points[used], renumbered.reshape(-1, 3).astype(np.int32)
