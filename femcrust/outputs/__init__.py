"""Results on the disk: summary.json, stations.csv, fields, surface grid, maps, report.

`write` leaves those of one answer, `Series` those of a run over time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from femcrust.errors import InputError
from femcrust.faults.source import Source
from femcrust.mesh.mesh import Floats, Mesh
from femcrust.outputs.atomic import check_directory, write_bytes
from femcrust.outputs.files import plot, write, write_summary
from femcrust.outputs.result import ElasticFields, Record, Result, Stations
from femcrust.outputs.series import EACH_TIME, Series
from femcrust.outputs.summary import make_summary

__all__ = [
    "Record",
    "Result",
    "Series",
    "Stations",
    "check_directory",
    "check_grid",
    "check_inputs_survive",
    "draw_check",
    "make_summary",
    "plot",
    "write",
    "write_summary",
]

TABLES = {"summary.json", "case.resolved.yaml", "stations.csv", "fields.vtu", "fields.npz",
          "surface.nc", "report.html", "stations.nc", "fields.pvd"}  # fmt: skip


def check_inputs_survive(case: Any, directory: Path) -> None:
    """InputError, before any work, where results would replace a file that the case reads."""
    for key, name in (("mesh.file", case.mesh.file), ("output.stations", case.output.stations)):
        if name is None:
            continue
        given = (case.directory / name).resolve()
        ours = given.name in TABLES or EACH_TIME.fullmatch(given.name)
        if ours and given.parent == Path(directory).resolve():
            raise InputError(
                f"output.directory: the results would replace {given.name}, which {key} names;"
                " choose another folder"
            )


def check_grid(case: Any, mesh: Mesh) -> None:
    """InputError, before any work, where output.grid has too few or too many points."""
    grid = case.output.grid
    if grid is not None:
        from femcrust.outputs.netcdf import flat_extent, grid_axes

        (x, y, _), (x_end, y_end, _) = mesh.points.min(axis=0), mesh.points.max(axis=0)
        own = (float(x), float(x_end), float(y), float(y_end))
        grid_axes(own if grid.extent is None else flat_extent(grid.extent), grid.spacing)


def draw_check(
    mesh: Mesh,
    elastic: ElasticFields,
    sources: Sequence[Source],
    path: Path,
    station_xyz: Floats | None = None,
    station_names: Sequence[str] = (),
    title: str = "",
) -> Path:
    """Write the picture of the set-up, before any solve, to `path` (PNG)."""
    from femcrust.outputs.check_figure import check_figure

    picture = check_figure(mesh, elastic, sources, station_xyz, station_names, title)
    return write_bytes(Path(path), picture.png)
