"""Results on the disk: summary.json, stations.csv, fields, surface grid, maps, report.

Everything is written to a folder beside its destination first and renamed at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from femcrust.errors import InputError
from femcrust.faults.source import Source
from femcrust.mesh.mesh import Floats, Mesh
from femcrust.outputs.atomic import check_directory, staged, write_bytes
from femcrust.outputs.result import ElasticFields, Result, Stations
from femcrust.outputs.summary import make_summary, summary_json

__all__ = [
    "Result",
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

PICTURE_FORMATS = {"png", "html"}
TABLES = {"summary.json", "case.resolved.yaml", "stations.csv", "fields.vtu", "fields.npz",
          "surface.nc", "report.html"}  # fmt: skip


def check_inputs_survive(case: Any, directory: Path) -> None:
    """InputError, before any work, where results would replace a file that the case reads."""
    for key, name in (("mesh.file", case.mesh.file), ("output.stations", case.output.stations)):
        if name is None:
            continue
        given = (case.directory / name).resolve()
        if given.name in TABLES and given.parent == Path(directory).resolve():
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


def write(result: Result, directory: Path) -> list[Path]:
    """Write what `case.output` asks for; returns the files under their final names.

    summary.json and case.resolved.yaml always; stations.csv, fields.vtu, fields.npz, *.png and
    report.html by `output.formats`; surface.nc when `output.grid` is given.
    """
    directory = Path(directory)
    formats = set(result.case.output.formats)
    with staged(directory) as folder:
        if "csv" in formats and result.stations is not None:
            from femcrust.outputs.stations import stations_csv

            write_bytes(folder / "stations.csv", stations_csv(result).encode())
        if formats & {"vtu", "npz"}:
            _write_fields(result, folder, formats)
        wants_grid = getattr(result.case.output, "grid", None) is not None
        if wants_grid or formats & PICTURE_FORMATS:
            _write_surface(result, folder, formats, wants_grid)
        from femcrust.outputs.resolved import resolved_yaml

        write_bytes(folder / "case.resolved.yaml", resolved_yaml(result.case).encode())
        write_bytes(folder / "summary.json", summary_json(result.summary).encode())
        names = sorted(file.name for file in folder.iterdir())
    return [directory / name for name in names]


def write_summary(summary: dict[str, object], directory: Path) -> Path:
    """Only summary.json: what is left to say about a run that failed or did not converge."""
    directory = Path(directory)
    with staged(directory) as folder:
        write_bytes(folder / "summary.json", summary_json(summary).encode())
    return directory / "summary.json"


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


def plot(directory: Path) -> list[Path]:
    """Draw the pictures and the report of a results folder again, from its fields.npz."""
    from femcrust.outputs.archive import read_archive

    directory = Path(directory)
    result = read_archive(directory / "fields.npz")
    with staged(directory) as folder:
        _write_surface(result, folder, {"png", "html"}, wants_grid=False)
        names = sorted(file.name for file in folder.iterdir())
    return [directory / name for name in names]


def _write_fields(result: Result, folder: Path, formats: set[str]) -> None:
    from femcrust.outputs.archive import write_archive
    from femcrust.outputs.vtu import fields_for_vtu, write_vtu

    if "vtu" in formats:
        versions = result.summary["versions"]
        remark = f"{result.case.case.title or ''}; femcrust {versions.get('femcrust', '')}"
        write_vtu(folder / "fields.vtu", fields_for_vtu(result), remark)
    if "npz" in formats:
        write_archive(folder / "fields.npz", result)


def _write_surface(result: Result, folder: Path, formats: set[str], wants_grid: bool) -> None:
    from femcrust.outputs.surface import ground

    surface = ground(result)
    if wants_grid:
        from femcrust.outputs.netcdf import write_surface_grid

        write_surface_grid(folder / "surface.nc", result, surface)
    if formats & PICTURE_FORMATS:
        from femcrust.outputs.pictures import pictures
        from femcrust.outputs.report import report_html

        drawn = pictures(result, surface)
        if "png" in formats:
            for picture in drawn:
                write_bytes(folder / f"{picture.name}.png", picture.png)
        if "html" in formats:
            write_bytes(folder / "report.html", report_html(result, drawn).encode())
