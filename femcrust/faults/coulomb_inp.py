"""Source faults of a Coulomb input file, .inp [TodaEtAl11].

    #  X-start  Y-start  X-fin  Y-fin  Kode  rt.lat  reverse  dip  top  bot     (or rake, netslip)

km east and north of the upper edge, from which the fault dips to the right of start → finish;
depths of its upper and lower edge, km; right-lateral and reverse slip, or rake and net slip, m.
Only Kode 100, slip on a plane, is read. With a projection, "zero lon" and "zero lat" of the map are
the origin.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from femcrust.errors import InputError
from femcrust.faults.csv_table import number, text_lines
from femcrust.faults.patches import Patches, Project, projected, raked

COLUMNS = 11
KM = 1e3
SLIP = "100"  # the Kode
ZERO = re.compile(r"zero\s+(lon|lat)\s*=\s*(\S+)", re.IGNORECASE)
FLATTEST = 0.1  # degrees; flatter ones would be endless between two depths


def read_coulomb(path: Path, project: Project | None = None) -> Patches:
    """Read the elements; complaints name file and line."""
    lines = text_lines(path)
    head = next((i for i, line in enumerate(lines) if _is_header(line)), None)
    if head is None:
        raise InputError(f"{path}: has no table 'X-start Y-start ...'; is it a Coulomb .inp file?")
    by_rake = "rake" in lines[head].lower()
    rows: list[list[float]] = []
    for at, line in enumerate(lines[head + 1 :], start=head + 2):
        cells = line.split()
        if cells and set(cells[0].lower()) == {"x"}:  # xxx xxxxxxxxxx ...
            continue
        if not cells or "grid" in line.lower():
            if rows:
                break
            continue
        if len(cells) < COLUMNS:
            raise InputError(f"{path}:{at}: {len(cells)} of {COLUMNS} values; mend the line")
        if cells[5] != SLIP:
            raise InputError(
                f"{path}:{at}: Kode {cells[5]} is not read, only {SLIP} (slip on a plane); remove"
                " the element"
            )
        rows.append([number(cell, path, at, "element") for cell in cells[:COLUMNS]] + [float(at)])
    if not rows:
        raise InputError(f"{path}: its table of elements is empty; check the file")
    table = np.array(rows)
    start, end = KM * table[:, 1:3], KM * table[:, 3:5]
    first, second, dip, top, bottom, at_line = table[:, 6:12].T
    run = end - start
    length = np.hypot(*run.T)
    for bad, why in (
        (length == 0.0, "start and finish are one point"),
        ((dip < FLATTEST) | (dip > 90.0), "dip must lie above 0 and not above 90 degrees"),
        ((bottom <= top) | (top < 0.0), "depths must fulfil 0 <= top < bot"),
    ):
        if np.any(bad):
            raise InputError(f"{path}:{at_line[np.argmax(bad)]:.0f}: {why}; correct it")
    slip = raked(second, first) if by_rake else np.stack([-first, second, 0 * first], axis=1)
    if not np.any(slip):
        raise InputError(f"{path}: no element slips; check its columns")
    strike = np.degrees(np.arctan2(run[:, 0], run[:, 1]))
    middle, turned = (start + end) / 2.0, 0.0
    if project is not None:
        middle, turned = _placed(middle, lines, path, project)
    return Patches(
        top_center=np.column_stack([middle, -KM * top]),
        length=length,
        width=KM * (bottom - top) / np.sin(np.radians(dip)),
        strike=strike + turned,
        dip=dip,
        components=slip,
    )


def _is_header(line: str) -> bool:
    words = line.lower().split()
    return "x-start" in words and "kode" in words


def _placed(
    middle: np.ndarray, lines: list[str], path: Path, project: Project
) -> tuple[np.ndarray, float]:
    """Points (n, 2), m, in the model, and the azimuth of true north there, degrees."""
    zero: dict[str, float] = {}
    for at, line in enumerate(lines, start=1):
        for name, text in ZERO.findall(line):
            zero.setdefault(name.lower(), number(text, path, at, f"zero {name}"))
    if set(zero) != {"lon", "lat"}:
        raise InputError(
            f"{path}: has no 'zero lon' and 'zero lat', so it cannot be placed by case.crs; add"
            " them, or leave case.crs out"
        )
    x, y, turned = projected(np.array([zero["lon"]]), np.array([zero["lat"]]), project, str(path))
    angle = np.radians(turned[0])
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, s], [-s, c]])  # clockwise
    return middle @ turn.T + [x[0], y[0]], float(turned[0])
