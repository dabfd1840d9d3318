"""The numeric variables of a netCDF file: classic by SciPy, netCDF-4 (HDF5) by h5py.

A damaged file is refused in one line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femcrust import hdf5
from femcrust.errors import InputError

Floats = NDArray[np.float64]
Variable = tuple[Floats, tuple[str, ...], str]  # values, dimension names, units

PACKING = ("_FillValue", "missing_value", "scale_factor", "add_offset")
ATTRIBUTES = ("CLASS", "REFERENCE_LIST", "units", *PACKING)


def contents_of(path: Path) -> dict[str, Variable]:
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


def _classic(path: Path) -> dict[str, Variable]:
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


def _netcdf4(path: Path) -> dict[str, Variable]:
    import h5py

    with h5py.File(path, "r") as file:
        hdf5.check(file, path)
        numeric = {
            name: v
            for name, v in file.items()
            if isinstance(v, h5py.Dataset) and v.shape and v.dtype.kind in "fiu"
        }
        attributes = {name: hdf5.attributes(v, ATTRIBUTES) for name, v in numeric.items()}
        dimensions = _dimensions(file, numeric, attributes)
        return {
            name: (
                _unpacked(hdf5.numbers(v, path), attributes[name]),
                tuple(dimensions[v.name]),
                _text(attributes[name].get("units", "")),
            )
            for name, v in numeric.items()
        }


def _dimensions(
    file: Any, datasets: dict[str, Any], attributes: dict[str, dict[str, Any]]
) -> dict[str, list[str]]:
    """Full name of each data set -> the scales of its axes, which themselves say where they belong.

    Not by DIMENSION_LIST, whose types HDF5 may not survive in a damaged file, nor by v.dims: HDF5's
    own walk over scales aborts the process.
    """
    found = {v.name: ["?"] * len(v.shape) for v in datasets.values()}
    for name, scale in datasets.items():
        if _text(attributes[name].get("CLASS", "")) != "DIMENSION_SCALE":
            continue
        found[scale.name] = [name]
        for reference, place in attributes[name].get("REFERENCE_LIST", ()):
            try:
                axes = found.get(file[reference].name, [])
            except (KeyError, ValueError):  # of a variable that was deleted
                continue
            if axes and axes[place] != "?":
                raise ValueError(f"{axes[place]!r} and {name!r} are scales of one axis")
            if axes:
                axes[place] = name
    return found
