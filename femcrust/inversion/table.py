"""A table of observations: CSV with a header whose columns say their unit, e.g. east_mm.

    name,lon,lat,east_mm,north_mm,up_mm,sigma_east_mm,sigma_north_mm,sigma_up_mm[,corr_en,...]
    name,x_km,y_km,los_mm,sigma_mm[,unit_east,unit_north,unit_up]

A cell may be empty, with that of its sigma: nothing was observed there. Velocities have
east_mm_per_yr and so on. Places are those of a stations file.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from femcrust.case.suggest import did_you_mean
from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats
from femcrust.station_list import HORIZONTAL, VERTICAL, StationList, read_station_list

UNITS = {"m": 1.0, "cm": 1e-2, "mm": 1e-3}
_MEASURED = re.compile(r"(?P<what>[a-z_]+?)_(?P<unit>mm|cm|m)(?P<rate>_per_yr|_yr)?")
PLACES = {"name", *(column for pair in HORIZONTAL for column in pair), *VERTICAL}


@dataclass(frozen=True)
class Table:
    """Columns of a file by name: metres, or metres a year; nan where a cell is empty.

    rate : whether they are of a year;  lines : (n,) line of the file of each row
    """

    path: Path
    listed: StationList
    columns: dict[str, Floats]
    rate: bool
    lines: list[int]

    def where(self, row: int) -> str:
        """File and line of a row."""
        return f"{self.path}:{self.lines[row]}"


def read_observations(
    path: Path, crs: str, measured: Sequence[str], plain: Sequence[str], rate: bool | None
) -> Table:
    """Read and check a table.

    measured : columns with a unit;  plain : without
    rate : True for velocities, False for offsets, None where the columns may say
    """
    header, rows = _cells(path)
    if not crs and {"lon", "lat", "longitude", "latitude"} & set(header):
        raise InputError(
            f"{path}:1: has lon,lat, but the library has no coordinate system; give x,y, or make"
            " the library of a case with crs"
        )
    listed = read_station_list(path, crs or None)
    scales: dict[str, tuple[str, float]] = {}
    rates: dict[str, bool] = {}
    for column in header:
        if column in PLACES:
            continue
        name, scale, per_year = _meaning(path, column, measured, plain)
        if name in (known for known, _ in scales.values()):
            raise InputError(f"{path}:1: {name} stands twice, with two units; keep one of them")
        scales[column] = (name, scale)
        if per_year is not None:
            rates[column] = per_year
    columns = {
        name: np.array([_number(path, line, column, row[column]) for line, row in rows]) * scale
        for column, (name, scale) in scales.items()
    }
    return Table(path, listed, columns, _one_rate(path, rates, rate), [line for line, _ in rows])


def _meaning(
    path: Path, column: str, measured: Sequence[str], plain: Sequence[str]
) -> tuple[str, float, bool | None]:
    """Name, factor to metres and whether it is of a year, of a column."""
    if column in plain:
        return column, 1.0, None
    found = _MEASURED.fullmatch(column)
    if found is not None and found["what"] in measured:
        return found["what"], UNITS[found["unit"]], found["rate"] is not None
    if column in measured:
        raise InputError(f"{path}:1: column {column!r} has no unit; write e.g. {column}_mm")
    known = [*(f"{name}_mm" for name in measured), *plain]
    raise InputError(f"{path}:1: unknown column {column!r}{did_you_mean(column, known)}")


def _one_rate(path: Path, rates: dict[str, bool], wanted: bool | None) -> bool:
    """Whether the columns are of a year: all or none of them, and as the data set says."""
    if len(set(rates.values())) > 1:
        first = {value: name for name, value in reversed(rates.items())}
        raise InputError(
            f"{path}:1: mixes units: {first[False]} is a displacement, {first[True]} a velocity;"
            " keep one kind in a file"
        )
    found = next(iter(rates.values()), bool(wanted))
    if wanted is not None and found != wanted:
        kinds = ("offsets", "velocities")
        raise InputError(
            f"{path}:1: {next(iter(rates))} belongs to {kinds[found]}, not {kinds[wanted]}; change"
            " the key or the unit"
        )
    return found


def _cells(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Header and (line, cells by column) of every row; places are checked elsewhere."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8; save it as UTF-8 CSV") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: cannot be read ({reason}); check the name") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    header: list[str] = []
    rows = []
    try:
        for row in reader:
            if not any(cell.strip() for cell in row) or row[0].lstrip().startswith("#"):
                continue
            if not header:
                header = [cell.strip().lower() for cell in row]
                continue
            rows.append(
                (reader.line_num, dict(zip(header, (c.strip() for c in row), strict=False)))
            )
            if len(row) != len(header):
                raise InputError(
                    f"{path}:{reader.line_num}: {len(row)} cells under {len(header)} columns; the"
                    f" header is {','.join(header)[:80]}"
                )
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num}: no CSV ({error}); mend the line") from None
    if not header:
        raise InputError(f"{path}: is empty; its first line must name the columns")
    return header, rows


def _number(path: Path, line: int, column: str, cell: str) -> float:
    """A finite number, nan where nothing is written."""
    if not cell:
        return math.nan
    try:
        value = float(cell) if "_" not in cell else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"{path}:{line}: {column} is {cell[:40]!r}; write a number, or nothing where there is"
            " no observation"
        )
    return value
