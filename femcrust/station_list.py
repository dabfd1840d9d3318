"""Read the user's stations: a CSV file with a header, in metres, kilometres or degrees.

`name,x,y[,z]`, `name,x_km,y_km[,z_km]` or `name,lon,lat[,height]` (with a crs). Heights in metres.
Every mistake is reported with file and line.
"""

from __future__ import annotations

import csv
import io
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from femcrust.errors import InputError
from femcrust.projection import convergence, convergence_at, project

Floats = NDArray[np.float64]

HORIZONTAL = {  # pair of columns -> metres per unit; None = degrees
    ("x", "y"): 1.0,
    ("x_m", "y_m"): 1.0,
    ("x_km", "y_km"): 1e3,
    ("lon", "lat"): None,
    ("longitude", "latitude"): None,
}
VERTICAL = {"z": 1.0, "z_m": 1.0, "z_km": 1e3, "height": 1.0, "height_m": 1.0}
AMBIGUOUS = (
    "depth",
    "elevation",
    "elev",
    "alt",
    "altitude",
    "h",
)  # never guess their sign or datum
EXAMPLES = "name,x,y[,z] or name,x_km,y_km or name,lon,lat[,height]"


@dataclass(frozen=True)
class StationList:
    """Where the user wants the displacement.

    names : unique names; x, y : (n,) m, model axes; z : (n,) m, nan = on the surface
    lonlat : (n, 2) degrees if the file gives them, else None
    convergence : (n,) rad, see `projection.convergence`; zero without a crs
    """

    names: tuple[str, ...]
    x: Floats
    y: Floats
    z: Floats
    lonlat: Floats | None
    convergence: Floats


def read_station_list(path: Path, crs: str | None = None) -> StationList:
    """Read and check a stations file."""
    rows = _rows(path)
    header_line, header = next(rows, (1, []))
    columns = [cell.strip().lower() for cell in header]
    horizontal, scale = _horizontal(path, header_line, columns)
    vertical = _vertical(path, header_line, columns)
    if scale is None and not crs:
        raise InputError(
            f"{path}:{header_line}: {horizontal[0]},{horizontal[1]} need a projection; "
            "give case.crs, e.g. EPSG:32654, or use x,y"
        )
    lines: list[int] = []
    line_of_name: dict[str, int] = {}
    values: list[tuple[float, float, float]] = []
    for line, row in rows:
        if len(row) != len(columns):
            raise InputError(
                f"{path}:{line}: {len(row)} cells under {len(columns)} columns; "
                f"the header is {','.join(columns)}"
            )
        cells = {column: cell.strip() for column, cell in zip(columns, row, strict=True)}
        name = cells["name"]
        if not name:
            raise InputError(f"{path}:{line}: the name is empty; give every station a name")
        if any(unicodedata.category(c) == "Cc" for c in name):
            raise InputError(f"{path}:{line}: name {name!r} has a control character; remove it")
        if name in line_of_name:
            raise InputError(
                f"{path}:{line}: name {name!r} occurs on line {line_of_name[name]} already; "
                "rename one of them"
            )
        first, second = (_number(path, line, column, cells[column]) for column in horizontal)
        if scale is None:
            _check_degrees(path, line, first, second)
        height = math.nan
        if vertical and cells[vertical]:
            height = _number(path, line, vertical, cells[vertical]) * VERTICAL[vertical]
        line_of_name[name] = line
        lines.append(line)
        values.append((first * (scale or 1.0), second * (scale or 1.0), height))
    if not values:
        raise InputError(f"{path}: no stations; add lines below the header {EXAMPLES}")
    table = np.array(values, dtype=np.float64)
    names = tuple(line_of_name)
    if scale is not None:
        x, y, z = table.T
        angle = convergence_at(crs, table[:, :2])
        angle[~np.isfinite(angle)] = 0.0  # outside what the projection covers: local axes
        return StationList(names, x.copy(), y.copy(), z.copy(), None, angle)
    lonlat = table[:, :2].copy()
    return _projected(path, lines, names, lonlat, table[:, 2].copy(), str(crs))


def _projected(
    path: Path, lines: list[int], names: tuple[str, ...], lonlat: Floats, z: Floats, crs: str
) -> StationList:
    xy = project(crs, lonlat)
    angle = convergence(crs, lonlat)
    unreachable = np.flatnonzero(~(np.isfinite(xy).all(axis=1) & np.isfinite(angle)))
    if len(unreachable):
        i = int(unreachable[0])
        raise InputError(
            f"{path}:{lines[i]}: {names[i]!r} at lon {lonlat[i, 0]:g}, lat {lonlat[i, 1]:g} "
            f"cannot be projected to {crs}; check the position or case.crs"
        )
    return StationList(names, xy[:, 0].copy(), xy[:, 1].copy(), z, lonlat, angle)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of every line that is neither empty nor a # comment."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}: the file is not UTF-8; save it as UTF-8 CSV") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: cannot be read ({reason}); check output.stations") from error
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for row in reader:
            blank = not any(cell.strip() for cell in row)
            if blank or row[0].lstrip().startswith("#"):
                continue
            yield reader.line_num, row
    except csv.Error as error:
        raise InputError(
            f"{path}:{reader.line_num}: no CSV ({error}); write e.g. {EXAMPLES}"
        ) from error


def _horizontal(path: Path, line: int, columns: list[str]) -> tuple[tuple[str, str], float | None]:
    shown = ",".join(columns) or "empty"
    if len(set(columns)) != len(columns):
        raise InputError(f"{path}:{line}: the header {shown} names a column twice; remove one")
    found = [pair for pair in HORIZONTAL if set(pair) <= set(columns)]
    if "name" not in columns or not found:
        hint = " (separated by commas)" if ";" in shown or "\t" in shown else ""
        raise InputError(f"{path}:{line}: the header is {shown[:80]}; write {EXAMPLES}{hint}")
    if len(found) > 1:
        both = " and ".join(",".join(pair) for pair in found)
        raise InputError(f"{path}:{line}: the header gives {both}; keep one of them")
    return found[0], HORIZONTAL[found[0]]


def _vertical(path: Path, line: int, columns: list[str]) -> str | None:
    found = [column for column in columns if column in VERTICAL]
    unclear = [column for column in columns if column in AMBIGUOUS]
    if unclear or len(found) > 1:
        which = " and ".join(found + unclear)
        raise InputError(
            f"{path}:{line}: {which} as vertical position is unclear; "
            "give one column z (metres, upward, zero at the model's datum)"
        )
    return found[0] if found else None


def _number(path: Path, line: int, column: str, cell: str) -> float:
    try:
        value = float(cell) if "_" not in cell else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        what = repr(cell[:40]) if cell else "empty"
        raise InputError(f"{path}:{line}: {column} is {what}; write a number, e.g. 1250.5")
    return value


def _check_degrees(path: Path, line: int, lon: float, lat: float) -> None:
    if not (-180.0 <= lon <= 360.0 and -90.0 <= lat <= 90.0):
        raise InputError(
            f"{path}:{line}: lon {lon:g}, lat {lat:g} is no position on Earth; "
            "lon is -180 to 360, lat -90 to 90, in degrees"
        )
