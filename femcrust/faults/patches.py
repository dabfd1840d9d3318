"""Tables of rectangular patches with constant slip each.

Position, one of: x, y, z of the top centre (z up) or lon, lat, depth (of the top centre, down).
Size: length (along strike), width (down dip). Metres, or kilometres in columns that end in _km.
Angles: strike, dip, degrees. Slip, metres: slip with rake, or strike_slip, dip_slip; and open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from femcrust.errors import InputError
from femcrust.faults.csv_table import Table, read_table, required
from femcrust.mesh.mesh import Floats

Project = Callable[[Floats, Floats], tuple[Floats, Floats]]  # lon, lat, degrees → x, y, metres

COLUMNS = (
    *("x", "y", "z", "lon", "lat", "depth", "length", "width", "strike", "dip"),
    *("rake", "slip", "strike_slip", "dip_slip", "open"),
)
MERIDIAN_STEP = 1e-4  # deg, about 11 m: error of the direction far below 1e-9 rad


@dataclass(frozen=True)
class Patches:
    """Rectangles in model axes.

    top_center : (p, 3) float, metres;  length, width : (p,) float, metres
    strike, dip : (p,) float, degrees, strike clockwise from the model's north
    components : (p, 3) float, metres, strike, dip, opening
    """

    top_center: Floats
    length: Floats
    width: Floats
    strike: Floats
    dip: Floats
    components: Floats


def raked(amount: Floats, rake: Floats) -> Floats:
    """Strike, dip, opening = 0 of slip amounts, metres, with rakes, degrees. (p, 3)"""
    angle = np.radians(rake)
    return np.stack([amount * np.cos(angle), amount * np.sin(angle), np.zeros_like(amount)], axis=1)


def projected(
    lon: Floats, lat: Floats, project: Project | None, what: str
) -> tuple[Floats, Floats, Floats]:
    """x, y, metres, and the azimuth of true north in the model, degrees clockwise, of points."""
    if project is None:
        raise InputError(f"{what}: has longitudes; give case.crs, e.g. crs: EPSG:32654")
    x, y = (np.asarray(v, dtype=np.float64) for v in project(lon, lat))
    x1, y1 = project(lon, lat + MERIDIAN_STEP)
    x0, y0 = project(lon, lat - MERIDIAN_STEP)
    ok = np.isfinite(x) & np.isfinite(y)
    if not np.all(ok):
        i = int(np.argmin(ok))
        raise InputError(
            f"{what}: longitude {lon[i]:g}, latitude {lat[i]:g} cannot be projected; "
            "check both and case.crs"
        )
    return x, y, np.degrees(np.arctan2(np.asarray(x1) - x0, np.asarray(y1) - y0))


def read_patches(path: Path, project: Project | None) -> Patches:
    """Read a table of patches; complaints name file and line."""
    table = read_table(path, COLUMNS)
    turned: Floats | float = 0.0
    required(table, "length", "width", "strike", "dip")
    if "lon" in table:
        required(table, "lat", "depth")
        x, y, turned = projected(table.column("lon"), table.column("lat"), project, str(path))
        z = -table.column("depth")
    else:
        required(table, "x", "y", "z")
        x, y, z = (table.column(name) for name in "xyz")
    if "slip" in table:
        required(table, "rake")
        components = raked(table.column("slip"), table.column("rake"))
    elif not any(name in table for name in ("strike_slip", "dip_slip", "open")):
        raise InputError(f"{path}:1: no slip; add columns rake, slip or strike_slip, dip_slip")
    else:
        components = np.stack(
            [table.column("strike_slip"), table.column("dip_slip"), np.zeros(len(table))], axis=1
        )
    components[:, 2] = table.column("open")
    length, width, dip = (table.column(name) for name in ("length", "width", "dip"))
    _refuse(table, length <= 0.0, "length must be positive")
    _refuse(table, width <= 0.0, "width must be positive")
    _refuse(table, (dip < 0.0) | (dip > 90.0), "dip must lie between 0 and 90 degrees")
    if not np.any(components):
        raise InputError(f"{path}: no patch has slip; check the column of slip")
    return Patches(
        top_center=np.stack([x, y, z], axis=1),
        length=length,
        width=width,
        strike=table.column("strike") + turned,
        dip=dip,
        components=components,
    )


def _refuse(table: Table, bad: NDArray[np.bool_], rule: str) -> None:
    if np.any(bad):
        raise InputError(f"{table.path}:{table.lines[int(np.argmax(bad))]}: {rule}; correct it")
