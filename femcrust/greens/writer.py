"""Variables of a netCDF-4 file, written by h5py: dimensions are scales attached to data sets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

FILL = np.nan
AT_ONCE = 1 << 20  # numbers written at a time


class Writer:
    """Puts variables into a file, with their dimensions as netCDF-4 wants them."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def axis(self, name: str, labels: Any, about: str, unit: str = "") -> None:
        """A dimension with its labels."""
        if len(labels):
            self.put(name, labels, (), unit, about)
            self.file[name].make_scale(name)

    def put(
        self, name: str, values: Any, dims: Sequence[str], unit: str = "", about: str = ""
    ) -> None:
        """A variable over dimensions that are there."""
        import h5py

        array = np.asarray(values)
        if array.dtype.kind in "UO":
            data = self.file.create_dataset(name, array.shape, dtype=h5py.string_dtype())
            data[...] = array.astype(object)
        else:
            data = self.file.create_dataset(name, data=array)
        self._describe(data, dims, unit, about)

    def empty(
        self, name: str, shape: tuple[int, ...], dims: Sequence[str], unit: str, about: str
    ) -> None:
        """Doubles that are nan, in one piece on the disk."""
        data = self.file.create_dataset(name, shape, dtype="<f8", fillvalue=FILL)
        rows = max(1, AT_ONCE // max(1, math.prod(shape[1:])))
        for first in range(0, shape[0], rows):  # takes the room now; one scalar is slow in h5py
            last = min(first + rows, shape[0])
            data[first:last] = np.full((last - first, *shape[1:]), FILL)
        self._describe(data, dims, unit, about)
        data.attrs["_FillValue"] = FILL

    def _describe(self, data: Any, dims: Sequence[str], unit: str, about: str) -> None:
        for i, dim in enumerate(dims):
            data.dims[i].attach_scale(self.file[dim])
        data.attrs["long_name"] = about
        if unit:
            data.attrs["units"] = unit
