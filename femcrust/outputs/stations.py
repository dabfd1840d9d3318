"""stations.csv: displacement at stations, with lines of sight and Coulomb changes as columns."""

from __future__ import annotations

import csv
import io

import numpy as np

from femcrust.mesh.mesh import Floats
from femcrust.outputs.coulomb import coulomb_changes
from femcrust.outputs.los import line_of_sight, los_vectors, to_true_north
from femcrust.outputs.result import Result, Stations

SECONDS_PER_YEAR = 365.25 * 86400.0
FIXED = ("name", "time_yr", "x_m", "y_m", "z_m", "east_m", "north_m", "up_m")
DIGITS = ".12g"  # runs on different rank counts are compared to 1e-9 of the peak


def station_columns(result: Result, time: float = 0.0) -> dict[str, list[str] | Floats]:
    """Column name -> values; `time` in seconds. Sight and Coulomb columns end in their unit."""
    stations = result.stations
    if stations is None:
        return {}
    count = len(stations.names)
    columns: dict[str, list[str] | Floats] = {
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
    true_north = in_true_north(stations)
    for name, unit in los_vectors(result.case.output.los).items():
        columns[f"los_{name}_m"] = line_of_sight(true_north, unit)
    if stations.stress is not None:
        changes = coulomb_changes(stations.stress, result.case.output.coulomb)
        for name, change in changes.items():
            columns[f"coulomb_{name}_Pa"] = change
    if any(stations.side):
        columns["side"] = [side or "" for side in stations.side]
    return columns


def in_true_north(stations: Stations) -> Floats:
    """Displacement (n, 3) in true east, true north, up: what a satellite's heading refers to."""
    if stations.lonlat is not None:
        return stations.displacement
    return to_true_north(stations.displacement, stations.convergence)


def stations_csv(result: Result, time: float = 0.0) -> str:
    """The whole file as text."""
    columns = station_columns(result, time)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    cells = [
        column if isinstance(column, list) else [format(float(v), DIGITS) for v in column]
        for column in columns.values()
    ]
    writer.writerows(zip(*cells, strict=True))
    return text.getvalue()
