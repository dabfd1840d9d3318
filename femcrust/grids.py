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
from femcrust.grid_files import contents_of

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
        interpolate = RegularGridInterpolator([a for _, a in self.axes], self.values)
        with np.errstate(invalid="ignore"):  # infinity times zero is nan, which readers refuse
            return np.asarray(interpolate(asked))

    def extent(self) -> str:
        """The ends of all axes, for messages."""
        return ", ".join(f"{name} {a[0]:g} to {a[-1]:g} m" for name, a in self.axes)


def read_grid(path: Path, variable: str | None, quantity: str, unit: str | None = None) -> Grid:
    """One variable of a netCDF file (classic or netCDF4); `unit` replaces its `units`."""
    contents = contents_of(path)
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
