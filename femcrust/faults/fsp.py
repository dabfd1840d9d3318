"""Finite-fault models in the SRCMOD format (.fsp) [Mai14]: patches of each segment with their slip.

Each line of data gives the top centre of a subfault: latitude, longitude, X east and Y north of the
epicentre (km), depth Z (km), slip (m), and rake if a column of that name exists, else the event's.
With a projection, longitude and latitude place the patches; without one, X and Y do, about the
epicentre as origin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from femcrust.errors import InputError
from femcrust.faults.csv_table import number, text_lines
from femcrust.faults.patches import Patches, Project, projected, raked

KEYS = {"strike": ("STRIKE", "STRK"), "dip": ("DIP",), "rake": ("RAKE",), "dx": ("Dx",)}
KEYS["dz"] = ("Dz",)
_NUMBER = r"\s*=\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
PATTERNS = {
    key: re.compile(r"(?<![A-Za-z])(?:" + "|".join(words) + ")" + _NUMBER)
    for key, words in KEYS.items()
}
SEGMENT = re.compile(r"^\s*SEGMENT\s*#", re.IGNORECASE)
MISSING = 999.0  # SRCMOD's mark for a number that the authors did not give
NEEDED = ("LAT", "LON", "X==EW", "Y==NS", "Z", "SLIP")


def read_fsp(path: Path, project: Project | None = None) -> Patches:
    """Read a model; complaints name file and line."""
    event: dict[str, float] = {}
    segment: dict[str, float] = {}
    columns: list[str] = []
    rows: list[list[float]] = []
    lines: list[int] = []
    for at, line in enumerate(text_lines(path), start=1):
        if line.lstrip().startswith("%"):
            comment = line.replace("%", " ")
            words = comment.upper().split()
            if SEGMENT.match(comment):
                segment = {}
            if "LAT" in words and "SLIP" in words:
                columns = words
            for key, pattern in PATTERNS.items():
                found = pattern.search(comment)
                if found:
                    segment[key] = float(found[1])
                    event.setdefault(key, float(found[1]))
        elif line.strip() and columns:
            rows.append(_row(line, columns, {**event, **segment}, path, at))
            lines.append(at)
    if not rows:
        raise InputError(f"{path}: has no subfaults; is it a SRCMOD .fsp file?")
    lat, lon, x, y, depth, slip, strike, dip, rake, length, width = np.array(rows).T
    if not np.any(slip):
        raise InputError(f"{path}: no subfault slips; check its column SLIP")
    if project is not None:
        x, y, turned = projected(lon, lat, project, str(path))
        strike = strike + turned
    else:
        x, y = 1e3 * x, 1e3 * y
    return Patches(
        top_center=np.stack([x, y, -1e3 * depth], axis=1),
        length=1e3 * length,
        width=1e3 * width,
        strike=strike,
        dip=dip,
        components=raked(slip, rake),
    )


def _row(
    line: str, columns: Sequence[str], known: dict[str, float], path: Path, at: int
) -> list[float]:
    """Numbers of one subfault: those of `NEEDED`, then strike, dip, rake, length, width."""
    cells = line.split()
    if len(cells) != len(columns):
        raise InputError(
            f"{path}:{at}: {len(cells)} values in {len(columns)} columns "
            f"({' '.join(columns)}); mend the line"
        )
    values = {name: number(cell, path, at, name) for name, cell in zip(columns, cells, strict=True)}
    for name in NEEDED:
        if name not in values:
            raise InputError(f"{path}:{at}: no column {name}; columns are {' '.join(columns)}")
    rake = values.get("RAKE", known.get("rake"))
    given = {**known, "rake": rake}
    for name in KEYS:
        value = given.get(name)
        if value is None or value == MISSING or not np.isfinite(value):
            raise InputError(f"{path}:{at}: no {name} for this subfault; add it to the header")
    if not 0.0 <= known["dip"] <= 90.0:
        raise InputError(f"{path}:{at}: dip {known['dip']:g} is not between 0 and 90 degrees")
    if not min(known["dx"], known["dz"]) > 0.0:
        raise InputError(f"{path}:{at}: Dx and Dz of a subfault must be positive; correct them")
    shape = [known["strike"], known["dip"], float(given["rake"] or 0.0), known["dx"], known["dz"]]
    return [values[name] for name in NEEDED] + shape
