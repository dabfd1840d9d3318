"""Libraries of Green's functions: what unit sources do at stations, for slip inversion.

sources (patches, hats, points, discs) + receivers → plan → forward or reciprocal solves, at once or
over time → file
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from femcrust import comm
from femcrust.case import Case
from femcrust.greens.compute import greens_file, make, planned
from femcrust.greens.convolution import convolved
from femcrust.greens.library import FILE, read
from femcrust.greens.plan import described, forecast, loaded_fields
from femcrust.model import Model

__all__ = [
    "convolved",
    "described",
    "forecast",
    "greens",
    "greens_file",
    "loaded_fields",
    "planned",
    "read",
]


def greens(
    case: Case,
    stations: str | Path | None = None,
    *,
    output: str | Path | None = None,
    model: Model | None = None,
) -> Any:
    """The library of a case as an xarray.Dataset: patch, component, station, axis; and epoch, where
    the case has a section `time`.

    stations : a file in place of output.stations, relative to the folder of the case
    output : the library is kept there, and continued if a run was stopped; None keeps no file
    model : of the same case, when it was made before
    """
    if stations is not None:
        named = case.output.model_copy(update={"stations": str(stations)})
        case = case.model_copy(update={"output": named})
    if output is not None:
        return _made(case, Path(output), model)
    with tempfile.TemporaryDirectory() as folder:
        return _made(case, Path(folder) / FILE, model)


def _made(case: Case, target: Path, model: Model | None) -> Any:
    """The library in a file, on every rank; rank 0 has the file."""
    make(case, target, model)
    world = comm.world()
    return world.broadcast(read(target).load() if world.rank == 0 else None)


class _Callable(ModuleType):
    """`femcrust.greens(case)` calls `greens` above although this package has the same name."""

    def __call__(
        self,
        case: Case,
        stations: str | Path | None = None,
        *,
        output: str | Path | None = None,
        model: Model | None = None,
    ) -> Any:
        return greens(case, stations, output=output, model=model)


sys.modules[__name__].__class__ = _Callable
