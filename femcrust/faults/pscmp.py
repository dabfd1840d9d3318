"""Faults of PSCMP [WangEtAl06]: rectangles cut into patches, from a table or a whole input file.

    n  lat  lon  depth  length  width  strike  dip  np_st  np_di  start_time
       pos_s  pos_d  slip along strike  slip down dip  opening         (np_st np_di such lines)

Degrees, km, days, m. lat, lon, depth are those of the upper corner where strike starts; pos_s and
pos_d are the centre of a patch from there. What stands before the faults is skipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from femcrust.errors import InputError
from femcrust.faults.csv_table import number, text_lines
from femcrust.faults.geometry import frames
from femcrust.faults.patches import Patches, Project, projected
from femcrust.mesh.mesh import Floats

FAULT, PATCH = 11, 5  # numbers in a line
KM = 1e3
MOST = 1_000_000  # patches of a fault
Rows = list[tuple[int, list[str]]]


def read_pscmp(path: Path, project: Project | None = None) -> Patches:
    """Read the faults; complaints name file and line."""
    rows = [
        (at, line.split())
        for at, line in enumerate(text_lines(path), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    first = next((i for i, (_, cells) in enumerate(rows) if _is_fault(cells)), None)
    if first is None:
        raise InputError(
            f"{path}: has no line of a PSCMP fault, n lat lon depth length width strike dip np_st"
            " np_di start; check the file"
        )
    found: list[Floats] = []
    while first < len(rows):
        patches, first = _fault(rows, first, path, project)
        found.append(patches)
    x, y, z, length, width, strike, dip, *slip = np.concatenate(found).T
    if not np.any(slip):
        raise InputError(f"{path}: no patch slips; check its columns slp_stk, slp_ddip, open")
    return Patches(np.stack([x, y, z], axis=1), length, width, strike, dip, np.stack(slip, axis=1))


def _is_fault(cells: list[str]) -> bool:
    if len(cells) != FAULT:
        return False
    try:
        return all(np.isfinite(float(cell)) for cell in cells)
    except ValueError:
        return False


def _fault(rows: Rows, first: int, path: Path, project: Project | None) -> tuple[Floats, int]:
    """Patches (p, 10): top centre, length, width, strike, dip, components; and the next line."""
    at, cells = rows[first]
    if len(cells) != FAULT:
        raise InputError(
            f"{path}:{at}: {len(cells)} values where a fault has {FAULT} and a patch {PATCH};"
            " mend the line, or the counts np_st, np_di above it"
        )
    _, lat, lon, depth, length, width, strike, dip, n_along, n_down, _ = (
        number(cell, path, at, "fault") for cell in cells
    )
    if not (length > 0.0 and width > 0.0):
        raise InputError(f"{path}:{at}: length {length:g}, width {width:g} km must be positive")
    if not 0.0 <= dip <= 90.0:
        raise InputError(f"{path}:{at}: dip {dip:g} is not between 0 and 90 degrees")
    if not (n_along >= 1 and n_down >= 1 and n_along % 1 == 0 == n_down % 1):
        raise InputError(f"{path}:{at}: {n_along:g} x {n_down:g} patches; give whole numbers")
    count = n_along * n_down
    if count > MOST or first + count > len(rows) - 1:
        raise InputError(
            f"{path}:{at}: {count:g} patches belong to this fault, {len(rows) - 1 - first} lines"
            " follow; correct np_st, np_di or add lines"
        )
    lines = rows[first + 1 : first + 1 + int(count)]
    for line, values in lines:
        if len(values) != PATCH:
            raise InputError(
                f"{path}:{line}: {len(values)} values where {PATCH} of a patch belong (pos_s pos_d"
                " slp_stk slp_ddip open); mend the line"
            )
    table = np.array([[number(cell, path, line, "patch") for cell in v] for line, v in lines])
    origin = np.array([lon]), np.array([lat])
    x, y, turned = projected(*origin, project, f"{path}:{at}")
    frame = frames(strike + turned[0], dip)
    high = width / n_down
    along, down = table[:, 0], table[:, 1] - high / 2.0
    corner = np.array([x[0], y[0], -depth * KM])
    top = corner + KM * (along[:, None] * frame[0] - down[:, None] * frame[1])
    shape = np.array([length / n_along * KM, high * KM, strike + turned[0], dip])
    slip = np.stack([table[:, 2], -table[:, 3], table[:, 4]], axis=1)
    columns = [top, np.broadcast_to(shape, (len(top), 4)), slip]
    return np.concatenate(columns, axis=1), first + 1 + int(count)
