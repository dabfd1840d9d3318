"""Patches of Unicycle and RELAX, .flt [BarbotFialko10].

    n  slip  x1  x2  x3  length  width  strike  dip  rake

x1 north, x2 east, x3 down of the upper corner where strike starts. The files do not say whether
lengths are m or km: the case must (`units`). Slip is in metres.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from femcrust.errors import InputError
from femcrust.faults.csv_table import number, text_lines
from femcrust.faults.geometry import frames
from femcrust.faults.patches import Patches, raked

COLUMNS = 10
SCALE = {"m": 1.0, "km": 1e3}


def read_flt(path: Path, units: str | None) -> Patches:
    """Read the patches; complaints name file and line."""
    if units not in SCALE:
        raise InputError(
            f"{path}: does not say whether its lengths are m or km; write units: m or units: km"
            " beside file"
        )
    rows = []
    for at, line in enumerate(text_lines(path), start=1):
        cells = line.split("#", 1)[0].split()
        if not cells:
            continue
        if len(cells) != COLUMNS:
            raise InputError(
                f"{path}:{at}: {len(cells)} values where {COLUMNS} belong (n slip x1 x2 x3 length"
                " width strike dip rake); mend the line"
            )
        values = [number(cell, path, at, "value") for cell in cells]
        if not (values[5] > 0.0 and values[6] > 0.0):
            raise InputError(f"{path}:{at}: length and width must be positive; correct them")
        if not 0.0 <= values[8] <= 90.0:
            raise InputError(f"{path}:{at}: dip {values[8]:g} is not between 0 and 90 degrees")
        rows.append(values)
    if not rows:
        raise InputError(f"{path}: has no patches; give ten numbers a line")
    _, slip, north, east, down, length, width, strike, dip, rake = np.array(rows).T
    if not np.any(slip):
        raise InputError(f"{path}: no patch slips; check its second column")
    scale = SCALE[units]
    frame = frames(strike, dip)
    corner = scale * np.stack([east, north, -down], axis=1)
    return Patches(
        top_center=corner + frame[:, 0] * (scale * length / 2.0)[:, None],
        length=scale * length,
        width=scale * width,
        strike=strike,
        dip=dip,
        components=raked(slip, rake),
    )
