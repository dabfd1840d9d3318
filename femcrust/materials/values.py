"""Evaluates what a case gives for a property at points: number, expression, function or file.

Files are read once per run: `DataFiles` owns what was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from femcrust.case.expressions import evaluate
from femcrust.errors import InputError
from femcrust.grids import Grid, read_grid
from femcrust.materials.clouds import cloud_of
from femcrust.materials.columns import Columns, read_columns
from femcrust.materials.tables import table_of
from femcrust.mesh.mesh import Floats

GRID_SUFFIXES = (".nc", ".grd", ".nc4", ".h5", ".hdf5")


def entry(thing: Any, name: str) -> Any:
    """A named part of a mapping or of an object; None where it is absent.

    >>> entry({"file": "a.csv"}, "file"), entry({}, "file")
    ('a.csv', None)
    """
    if isinstance(thing, Mapping):
        return thing.get(name)
    return getattr(thing, name, None)


@dataclass
class DataFiles:
    """Data files of a case, read when first asked for; relative names start at `directory`."""

    directory: Path
    columns: dict[Path, Columns] = field(default_factory=dict)
    grids: dict[tuple[Path, str | None, str, str | None], Grid] = field(default_factory=dict)

    def sample(self, reference: Any, quantity: str, points: Floats) -> Floats:
        """Values of a {file: …} reference at points (n, 3) m. (n,) SI

        .nc and .grd are grids; text with columns x, y, z is a cloud, with depth a table.
        """
        path = self.directory / str(entry(reference, "file"))
        kind = entry(reference, "interpolation")
        if path.suffix.lower() in GRID_SUFFIXES:
            return self._grid(reference, path, quantity).at(points)
        if path not in self.columns:
            self.columns[path] = read_columns(path)
        columns = self.columns[path]
        column = entry(reference, "column") or (
            "value" if "value" in columns.place and quantity not in columns.place else quantity
        )
        if {"x", "y", "z"} <= set(columns.place):
            return cloud_of(columns, column, quantity, kind or "nearest").at(points)
        return table_of(columns, column, quantity, kind or "linear").at_depth(-points[:, 2])

    def _grid(self, reference: Any, path: Path, quantity: str) -> Grid:
        variable, unit = entry(reference, "variable"), entry(reference, "unit")
        key = (path, variable, quantity, unit)
        if key not in self.grids:
            self.grids[key] = read_grid(path, variable, quantity, unit)
        return self.grids[key]


def evaluated(value: Any, quantity: str, points: Floats, files: DataFiles, where: str) -> Floats:
    """A property at points (n, 3) m: (n,) float; raises InputError where it is not finite.

    value : float, expression of the case, function f(x, y, z), or a reference with .file
    """
    x, y, z = points.T
    try:
        if entry(value, "file") is not None:
            numbers = files.sample(value, quantity, points)
        else:
            numbers = evaluate(value, where, x=x, y=y, z=z, depth=-z)
    except (TypeError, ValueError):
        raise InputError(f"{where}: value is {value!r}; give one number per place") from None
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise InputError(
            f"{where}: value is {numbers[bad[0]]:g} at {place(points[bad[0]])}; "
            "give a finite number everywhere"
        )
    return numbers


def place(point: Floats) -> str:
    """A position for messages.

    >>> place(np.array([1.0, -2000.0, -500.0]))
    '(1, -2000, -500) m'
    """
    return "({:.6g}, {:.6g}, {:.6g}) m".format(*point)
