"""Tables: patches.csv, stations.csv, displacement.csv: a row for each patch, component, station.

Lengths in m, angles in degrees, displacement in m for 1 m of slip: east, north, up, and along each
line of sight toward the satellite. tilt.csv, strain.csv, stress.csv, where the library has them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from femcrust.greens.exports.content import Exported
from femcrust.mesh.mesh import Floats
from femcrust.outputs.station_fields import FIELDS

AXES = ("x", "y", "z")


def files(content: Exported) -> dict[str, bytes]:
    """All of them, by name."""
    return {
        "patches.csv": _patches(content),
        "stations.csv": _stations(content),
        "displacement.csv": _displacement(content),
        **{
            f"{name}.csv": _responses(content, FIELDS[name].columns, values)
            for name, values in content.more.items()
        },
    }


def _patches(content: Exported) -> bytes:
    n_corners = content.corners.shape[1]
    header = ["patch", "fault", "kind", *(f"{axis}_m" for axis in AXES)]
    header += ["strike_deg", "dip_deg", "area_m2", "rigidity_Pa"]
    header += [f"corner{i}_{axis}_m" for i in range(n_corners) for axis in AXES]
    numbers = np.column_stack(
        [
            *(content.centre, content.strike, content.dip, content.area, content.rigidity),
            content.corners.reshape(len(content.corners), -1),
        ]
    )
    places = content.patch_lonlat
    if places is not None:
        header += ["lon", "lat"]
        numbers = np.column_stack([numbers, places])
    labels = zip(range(len(numbers)), content.faults, content.kinds, strict=True)
    return _table(
        header, ([*label, *_told(row)] for label, row in zip(labels, numbers, strict=True))
    )


def _stations(content: Exported) -> bytes:
    header, numbers = ["name", *(f"{axis}_m" for axis in AXES)], content.xyz
    if content.station_lonlat is not None:
        header += ["lon", "lat"]
        numbers = np.column_stack([numbers, content.station_lonlat])
    rows = zip(content.stations, numbers, strict=True)
    return _table(header, ([name, *_told(row)] for name, row in rows))


def _displacement(content: Exported) -> bytes:
    header = ["east_m", "north_m", "up_m", *(f"los_{view}_m" for view in content.views)]
    return _responses(content, header, np.concatenate([content.displacement, content.los], axis=3))


def _responses(content: Exported, header: Sequence[str], values: Floats) -> bytes:
    """A table of (patch, component, station, k)."""
    rows = (
        [patch, component, station, *_told(values[patch, i, j])]
        for patch in range(len(values))
        for i, component in enumerate(content.components)
        for j, station in enumerate(content.stations)
    )
    return _table(["patch", "component", "station", *header], rows)


def _told(row: Any) -> list[str]:
    """Numbers that read back to the same bits; nothing for nan."""
    return ["" if np.isnan(value) else repr(value) for value in np.asarray(row).tolist()]


def _table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
