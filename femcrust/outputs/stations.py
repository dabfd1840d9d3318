"""stations.csv: displacement at stations, with lines of sight and Coulomb changes as columns.

One row for each station, and in a run with time for each time and station, times ascending.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from femcrust.mesh.mesh import Floats
from femcrust.outputs.coulomb import coulomb_changes
from femcrust.outputs.los import line_of_sight, los_vectors, to_true_north
from femcrust.outputs.result import Result, Stations
from femcrust.outputs.station_fields import FIELDS, in_order, in_true_axes

SECONDS_PER_YEAR = 365.25 * 86400.0
Columns = dict[str, list[str] | Floats]
FIXED = ("name", "time_yr", "x_m", "y_m", "z_m", "east_m", "north_m", "up_m")
DIGITS = ".12g"  # runs on different rank counts are compared to 1e-9 of the peak


def station_columns(result: Result) -> Columns:
    """Column name -> values. All columns but names, degrees, strain and sides end in their unit."""
    stations = result.stations
    return {} if stations is None else columns_at(stations, result.time_s, result.case.output)


def columns_at(stations: Stations, time: float, output: Any) -> Columns:
    """The columns of one time, s; `output` is the case's section."""
    count = len(stations.names)
    columns: Columns = {
        "name": list(stations.names),
        "time_yr": np.full(count, time / SECONDS_PER_YEAR),
        "x_m": stations.xyz[:, 0],
        "y_m": stations.xyz[:, 1],
        "z_m": stations.xyz[:, 2],
        "east_m": stations.displacement[:, 0],
        "north_m": stations.displacement[:, 1],
        "up_m": stations.displacement[:, 2],
    }
    if stations.lonlat is not None:
        columns["lon"] = stations.lonlat[:, 0]
        columns["lat"] = stations.lonlat[:, 1]
    if stations.velocity is not None:
        for name, rate in zip(("east", "north", "up"), stations.velocity.T, strict=True):
            columns[f"{name}_m_per_yr"] = rate * SECONDS_PER_YEAR
    true_north = in_true_north(stations)
    for name, unit in los_vectors(output.los).items():
        columns[f"los_{name}_m"] = line_of_sight(true_north, unit)
    if stations.stress is not None:
        changes = coulomb_changes(stations.stress, output.coulomb)
        for name, change in changes.items():
            columns[f"coulomb_{name}_Pa"] = change
    for name in in_order(output.station_fields or ()):
        if name != "displacement" and getattr(stations, name) is not None:
            columns |= dict(zip(FIELDS[name].columns, at_stations(stations, name).T, strict=True))
    if any(stations.side):
        columns["side"] = [side or "" for side in stations.side]
    return columns


def at_stations(stations: Stations, name: str) -> Floats:
    """A field of `station_fields`, (n, k), in the axes of the displacement."""
    values: Floats = getattr(stations, name)
    if name != "stress" or stations.lonlat is None:
        return values
    return in_true_axes(name, values, stations.convergence)


def in_true_north(stations: Stations) -> Floats:
    """Displacement (n, 3) in true east, true north, up: what a satellite's heading refers to."""
    if stations.lonlat is not None:
        return stations.displacement
    return to_true_north(stations.displacement, stations.convergence)


def stations_csv(result: Result) -> str:
    """The whole file as text."""
    return csv_text([station_columns(result)])


def csv_text(tables: Sequence[Columns]) -> str:
    """Tables one below the other; a cell is empty where its table lacks the column."""
    header = list(dict.fromkeys(name for columns in tables for name in columns))
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
    writer.writeheader()
    for columns in tables:
        cells = [
            column if isinstance(column, list) else [format(float(v), DIGITS) for v in column]
            for column in columns.values()
        ]
        writer.writerows(dict(zip(columns, row, strict=True)) for row in zip(*cells, strict=True))
    return text.getvalue()
