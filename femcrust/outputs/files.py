"""The files of a result: which of them a case asks for, and each under its name.

Everything is written to a folder beside its destination first and renamed at the end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from femcrust.comm import ALONE
from femcrust.outputs.atomic import staged, write_bytes
from femcrust.outputs.result import Record, Result
from femcrust.outputs.summary import summary_json

PICTURE_FORMATS = {"png", "html"}


def asks_for_ground(output: Any) -> bool:
    """Whether files of a section `output` need the ground's displacement."""
    return bool((PICTURE_FORMATS | {"npz"}) & set(output.formats)) or output.grid is not None


def asks_for_whole(output: Any) -> bool:
    """Whether files of the last time need the fields of all ranks in one place."""
    formats = set(output.formats)
    deep = any(receiver.depth is not None for receiver in output.coulomb.values())
    return "npz" in formats or bool(deep and formats & PICTURE_FORMATS)


def write(result: Result, directory: Path, record: Record | None = None) -> list[Path]:
    """Write what `case.output` asks for; returns the files under their final names.

    summary.json and case.resolved.yaml always; stations.csv, fields.vtu, fields.npz, *.png and
    report.html by `output.formats`; surface.nc when `output.grid` is given. With the `record` of
    a series, which has written its tables, fields and grids already, the rest of them. Where
    ranks have the fields, each calls, and rank 0 writes.
    """
    if not result.writes:
        bring(result)
        return []
    directory = Path(directory)
    formats = set(result.case.output.formats)
    with staged(directory) as folder:
        if "csv" in formats and result.stations is not None and record is None:
            from femcrust.outputs.stations import stations_csv

            write_bytes(folder / "stations.csv", stations_csv(result).encode())
        if "vtu" in formats and record is None:
            write_fields(folder / "fields.vtu", result)
        if "npz" in formats:
            from femcrust.outputs.archive import write_archive

            write_archive(folder / "fields.npz", result, record)
        wants_grid = getattr(result.case.output, "grid", None) is not None and record is None
        if wants_grid or formats & PICTURE_FORMATS:
            _write_surface(result, folder, formats, wants_grid, record)
        from femcrust.outputs.resolved import resolved_yaml

        write_bytes(folder / "case.resolved.yaml", resolved_yaml(result.case).encode())
        write_bytes(folder / "summary.json", summary_json(result.summary).encode())
        names = sorted(file.name for file in folder.iterdir())
    return [directory / name for name in names]


def write_fields(path: Path, result: Result) -> Path:
    """The fields of one time for ParaView; where ranks have them, each calls."""
    from femcrust.outputs.vtu import fields_for_vtu, write_vtu

    versions = result.summary["versions"]
    remark = f"{result.case.case.title or ''}; femcrust {versions.get('femcrust', '')}"
    own = result.own or result
    comm = ALONE if own.ranks is None else own.ranks.comm
    return write_vtu(path, fields_for_vtu(own), remark, comm)


def bring(result: Result) -> None:
    """What ranks other than 0 do while it writes a result of one answer."""
    if "vtu" in result.case.output.formats:
        write_fields(Path(), result)


def write_summary(summary: dict[str, object], directory: Path) -> Path:
    """Only summary.json: what is left to say about a run that failed or did not converge."""
    directory = Path(directory)
    with staged(directory) as folder:
        write_bytes(folder / "summary.json", summary_json(summary).encode())
    return directory / "summary.json"


def plot(directory: Path) -> list[Path]:
    """Draw the pictures and the report of a results folder again, from its fields.npz."""
    from femcrust.outputs.archive import read_archive, read_record

    directory = Path(directory)
    result = read_archive(directory / "fields.npz")
    record = read_record(directory / "fields.npz")
    with staged(directory) as folder:
        _write_surface(result, folder, {"png", "html"}, False, record)
        names = sorted(file.name for file in folder.iterdir())
    return [directory / name for name in names]


def _write_surface(
    result: Result, folder: Path, formats: set[str], wants_grid: bool, record: Record | None
) -> None:
    from femcrust.outputs.surface import ground

    surface = ground(result)
    if wants_grid:
        from femcrust.outputs.netcdf import write_surface_grid

        write_surface_grid(folder / "surface.nc", result, surface)
    if formats & PICTURE_FORMATS:
        from femcrust.outputs.pictures import pictures
        from femcrust.outputs.report import report_html

        drawn = pictures(result, surface, record)
        if "png" in formats:
            for picture in drawn:
                write_bytes(folder / f"{picture.name}.png", picture.png)
        if "html" in formats:
            write_bytes(folder / "report.html", report_html(result, drawn).encode())
