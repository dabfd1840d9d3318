"""A quantity on a regular netCDF grid, trilinear in (x, y, depth) or bilinear in (x, y).

Outside the grid nothing is guessed; the message states the extent.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from femcrust.data_units import factor
from femcrust.errors import InputError

Floats = NDArray[np.float64]

# Downward axes are depth; 'z' is upward.
AXIS_NAMES = {"x": "x", "easting": "x", "y": "y", "northing": "y", "z": "z", "depth": "depth"}
ROUNDING = 1e-9  # of an axis' length: an element on the rim counts as inside


@dataclass(frozen=True)
class Grid:
    """axes: name ('x', 'y', 'depth') and ascending coordinates, m, in the order of values' axes."""

    axes: tuple[tuple[str, Floats], ...]
    values: Floats
    path: Path

    def at(self, points: Floats) -> Floats:
        """Values at points (n, 3); (n,)."""
        by_name = {"x": points[:, 0], "y": points[:, 1], "depth": -points[:, 2]}
        asked = np.stack([by_name[name] for name, _ in self.axes], axis=1)
        for i, (name, axis) in enumerate(self.axes):
            slack = ROUNDING * (axis[-1] - axis[0])
            out = np.flatnonzero((asked[:, i] < axis[0] - slack) | (asked[:, i] > axis[-1] + slack))
            if len(out):
                raise InputError(
                    f"{self.path}: {len(out)} points lie outside, e.g. {name} = "
                    f"{asked[out[0], i]:g} m; the grid covers {self.extent()}; enlarge the grid"
                )
            asked[:, i] = asked[:, i].clip(axis[0], axis[-1])
        return np.asarray(RegularGridInterpolator([a for _, a in self.axes], self.values)(asked))

    def extent(self) -> str:
        """The ends of all axes, for messages."""
        return ", ".join(f"{name} {a[0]:g} to {a[-1]:g} m" for name, a in self.axes)


def read_grid(path: Path, variable: str | None, quantity: str, unit: str | None = None) -> Grid:
    """One variable of a netCDF file (classic or netCDF4); `unit` replaces its `units`."""
    contents = _contents(path)
    name = _chosen(path, contents, variable, quantity)
    values, dimensions, units = contents[name]
    written = unit if unit is not None else units
    values = values * factor(quantity, written, f"{path}: variable {name!r}")
    axes = []
    for i, dimension in enumerate(dimensions):
        axis, coordinates = _axis(path, contents, dimension)
        if coordinates.shape != (values.shape[i],):
            raise InputError(f"{path}: coordinate {dimension!r} has another length than its axis")
        if len(coordinates) and coordinates[0] > coordinates[-1]:
            coordinates, values = coordinates[::-1], np.flip(values, axis=i)
        if len(coordinates) < 2 or not (np.diff(coordinates) > 0.0).all():
            raise InputError(
                f"{path}: coordinate {dimension!r} must rise or fall strictly; sort it"
            )
        axes.append((axis, coordinates))
    return Grid(tuple(axes), np.ascontiguousarray(values), path)


def _axis(path: Path, contents: dict[str, Any], dimension: str) -> tuple[str, Floats]:
    axis = AXIS_NAMES.get(dimension.lower())
    if axis is None or dimension not in contents:
        raise InputError(
            f"{path}: dimension {dimension!r} is no x, y, depth or z in metres; "
            "project the grid to the model's axes"
        )
    coordinates, _, units = contents[dimension]
    scale = factor(axis, units or "m", f"{path}: coordinate {dimension!r}")
    if axis == "z":
        return "depth", -coordinates * scale
    return axis, coordinates * scale


def _chosen(path: Path, contents: dict[str, Any], variable: str | None, quantity: str) -> str:
    fields = [n for n, (_, dimensions, _) in contents.items() if dimensions and n not in dimensions]
    if variable is None:
        variable = quantity if quantity in fields else None
        if variable is None and len(fields) == 1:
            variable = fields[0]
    if variable not in fields:
        raise InputError(
            f"{path}: variable {(variable or quantity)!r} is not in it; "
            f"name one of {', '.join(map(repr, fields))}"
        )
    return variable


def _contents(path: Path) -> dict[str, tuple[Floats, tuple[str, ...], str]]:
    """name -> (values, dimension names, units) of every numeric variable."""
    try:
        with open(path, "rb") as stream:
            magic = stream.read(4)
        return _classic(path) if magic.startswith(b"CDF") else _netcdf4(path)
    except Exception as error:  # in a damaged file scipy and h5py fail in any way there is
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{path}: is no netCDF grid ({why}); check the name") from None


def _unpacked(values: Any, attributes: dict[str, Any]) -> Floats:
    """Numbers after fill value, scale and offset of the CF conventions."""
    numbers = np.array(values, dtype=np.float64)
    for key in ("_FillValue", "missing_value"):
        if key in attributes:
            numbers[np.asarray(values) == np.ravel(attributes[key])[0]] = np.nan
    scale, offset = attributes.get("scale_factor", 1.0), attributes.get("add_offset", 0.0)
    return np.asarray(numbers * np.ravel(scale)[0] + np.ravel(offset)[0])


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _classic(path: Path) -> dict[str, tuple[Floats, tuple[str, ...], str]]:
    from scipy.io import netcdf_file

    with netcdf_file(str(path), "r", mmap=False) as file:
        return {
            name: (
                _unpacked(v[:], v._attributes),
                tuple(v.dimensions),
                _text(v._attributes.get("units", "")),
            )
            for name, v in file.variables.items()
            if v.shape and np.dtype(v.data.dtype).kind in "fiu"
        }


def _netcdf4(path: Path) -> dict[str, tuple[Floats, tuple[str, ...], str]]:
    import h5py

    found = {}
    with h5py.File(path, "r") as file:
        for name, v in file.items():
            if not isinstance(v, h5py.Dataset) or not v.shape or v.dtype.kind not in "fiu":
                continue
            attributes = dict(v.attrs)
            if _text(attributes.get("CLASS", "")) == "DIMENSION_SCALE":
                dimensions: tuple[str, ...] = (name,)
            else:
                # Not by v.dims: HDF5's own walk over scales aborts the process in a damaged file.
                lists = attributes.get("DIMENSION_LIST", [()] * len(v.shape))
                dimensions = tuple(
                    str(file[scales[0]].name).split("/")[-1] if len(scales) else "?"
                    for scales in lists
                )
            found[name] = (
                _unpacked(v[...], attributes),
                dimensions,
                _text(attributes.get("units", "")),
            )
    return found
