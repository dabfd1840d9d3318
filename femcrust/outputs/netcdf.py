"""Surface displacement on a regular grid as netCDF that GMT, xarray and QGIS read.

COARDS: coordinates x(x), y(y), fields (y, x) in metres, nan outside the model; in a run with time
a file for each, with `time` in years.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats
from femcrust.outputs.atomic import write_bytes
from femcrust.outputs.los import line_of_sight, los_vectors, to_true_north
from femcrust.outputs.raster import sample
from femcrust.outputs.result import Result
from femcrust.outputs.stations import SECONDS_PER_YEAR
from femcrust.outputs.surface import Surface
from femcrust.projection import convergence_at

JULIAN_YEAR = "Julian_year"  # of 365.25 days in UDUNITS, whose year is another
MOST_POINTS = 100_000_000  # 400 MB per field; more is a spacing given in the wrong unit


def grid_axes(extent: tuple[float, float, float, float], spacing: float) -> tuple[Floats, Floats]:
    """Multiples of `spacing` inside the extent (x low, x high, y low, y high), m."""
    if not (np.isfinite(spacing) and spacing > 0.0):
        raise InputError(f"output.grid.spacing: {spacing:g} m is no spacing; write e.g. 500 m")
    limits = np.array(extent).reshape(2, 2) / spacing
    first, last = np.ceil(limits[:, 0] - 1e-9), np.floor(limits[:, 1] + 1e-9)
    counts = last - first + 1.0
    if not (counts >= 2.0).all() or counts.prod() > MOST_POINTS:
        raise InputError(
            f"output.grid.spacing: {spacing:g} m gives {counts[0]:.0f} x {counts[1]:.0f} points "
            f"over the extent; give 2 to {MOST_POINTS:,} points in all"
        )
    x, y = (spacing * np.arange(a, b + 1.0) for a, b in zip(first, last, strict=True))
    return x, y


def surface_grids(result: Result, surface: Surface, x: Floats, y: Floats) -> dict[str, Any]:
    """name -> (values (ny, nx), long name, unit) of elevation, displacement, lines of sight."""
    sampling = sample(surface.corners[:, :, :2], x, y)
    moved = sampling.blend_quadratic(surface.displacement)
    grids: dict[str, Any] = {
        "elevation": (sampling.blend(surface.corners)[..., 2], "height of the ground", "m"),
        "east": (moved[..., 0], "displacement along x", "m"),
        "north": (moved[..., 1], "displacement along y", "m"),
        "up": (moved[..., 2], "vertical displacement", "m"),
    }
    views = los_vectors(result.case.output.los)
    if views:
        true_north = to_true_north(moved, grid_convergence(result, x, y))
        for name, unit in views.items():
            grids[f"los_{name}"] = (
                line_of_sight(true_north, unit),
                f"displacement toward the satellite, {name}",
                "m",
            )
    return grids


def grid_convergence(result: Result, x: Floats, y: Floats) -> Floats:
    """Meridian convergence, (ny, nx) rad; zero without case.crs."""
    xx, yy = np.meshgrid(x, y)
    angle = convergence_at(result.case.case.crs, np.column_stack([xx.ravel(), yy.ravel()]))
    return angle.reshape(xx.shape)


def write_surface_grid(path: Path, result: Result, surface: Surface) -> Path:
    """Write output.grid: {spacing, extent?}; the extent is the model's unless given."""
    from scipy.io import netcdf_file

    grid = result.case.output.grid
    extent = getattr(grid, "extent", None)
    x, y = grid_axes(flat_extent(extent) if extent is not None else surface.extent, grid.spacing)
    buffer = KeptBytes()
    with netcdf_file(buffer, "w", version=2) as file:
        file.Conventions = "COARDS, CF-1.5"
        file.title = str(result.case.case.title or "").encode("utf-8")
        file.source = f"femcrust {result.summary['versions'].get('femcrust', '')}"
        if result.case.case.crs:
            file.crs = str(result.case.case.crs)
        if result.of_a_series:
            time = file.createVariable("time", "f8", ())
            time[...] = result.time_s / SECONDS_PER_YEAR
            time.long_name = "time"
            time.units = JULIAN_YEAR
        for name, axis in (("x", x), ("y", y)):
            file.createDimension(name, len(axis))
            variable = file.createVariable(name, "f8", (name,))
            variable[:] = axis
            variable.long_name = "easting" if name == "x" else "northing"
            variable.units = "m"
            variable.actual_range = np.array([axis[0], axis[-1]])
        for name, (values, long_name, unit) in surface_grids(result, surface, x, y).items():
            variable = file.createVariable(name, "f4", ("y", "x"))
            variable[:] = values.astype(np.float32)
            variable.long_name = long_name
            variable.units = unit
            variable._FillValue = np.float32(np.nan)
            if np.isfinite(values).any():
                variable.actual_range = np.array(
                    [np.nanmin(values), np.nanmax(values)], dtype=np.float32
                )
    return write_bytes(path, buffer.content)


class KeptBytes(io.BytesIO):
    """A buffer whose bytes outlive netcdf_file's closing it."""

    content = b""

    def close(self) -> None:
        if not self.closed:
            self.content = self.getvalue()
        super().close()


def flat_extent(extent: Any) -> tuple[float, float, float, float]:
    """(x low, x high, y low, y high) from that or from ((x low, x high), (y low, y high))."""
    if hasattr(extent, "x"):
        extent = (extent.x, extent.y)
    a, b, c, d = np.asarray(extent, dtype=np.float64).reshape(4).tolist()
    return a, b, c, d
