"""Columns of a text file with a header, in SI units.

Two layouts: comma-separated with names such as `depth_km,vp_km_s`, and blank-separated with the
names in the last comment line that has as many words as there are columns,
`# depth(km) rho(g/cc) vp(km/s)` [JMA2001].
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from femcrust.data_units import factor
from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats

JOINED = ("lambda_", "mu_kelvin", "eta_kelvin")  # names that hold the sign before a unit
BRACKETED = re.compile(rf"^({'|'.join(JOINED)}|[A-Za-z]+_?)\s*[(\[](.*)[)\]]$")
ALIASES = {"lambda": "lambda_", "lam": "lambda_", "e": "E", "k": "K", "density": "rho"}
POSITIONS = ("x", "y", "z")  # metres without a unit, as in stations files


@dataclass(frozen=True)
class Columns:
    """Numbers as written and the unit of each column ('' if the header has none)."""

    path: Path
    numbers: Floats  # (n_rows, n_columns)
    place: dict[str, int]
    units: dict[str, str]

    def si(self, name: str, quantity: str) -> Floats:
        """Column `name` in the SI unit of a quantity. (n_rows,)"""
        if name not in self.place:
            raise InputError(f"{self.path}: no column '{name}'; it has {', '.join(self.place)}")
        unit = self.units[name]
        if not unit and name in POSITIONS:
            unit = "m"
        values = self.numbers[:, self.place[name]] * factor(quantity, unit, str(self.path))
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise InputError(
                f"{self.path}: column '{name}' is not finite in data row {bad[0] + 1}; "
                "remove the row"
            )
        return np.asarray(values)


def read_columns(path: Path) -> Columns:
    """Read a text table; see the top of this file for its layouts."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); check the name") from None
    comments = [line.lstrip("# ").split() for line in lines if line.startswith("#")]
    body = [(i, _cells(line)) for i, line in enumerate(lines, 1) if _is_data(line)]
    if not body:
        raise InputError(f"{path}: is empty; give a header and rows of numbers")
    if _number(body[0][1][0]) is None:
        header = body.pop(0)[1]
    else:
        width = len(body[0][1])
        fitting = [words for words in comments if len(words) == width]
        if not fitting:
            raise InputError(f"{path}: no header; start it with e.g. depth_km,vp_km_s,vs_km_s")
        header = fitting[-1]
    if not body:
        raise InputError(f"{path}: has a header and no rows; add numbers")
    rows = [_row(path, i, cells, len(header)) for i, cells in body]
    named = [_name_and_unit(word) for word in header]
    names = [name for name, _ in named]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise InputError(f"{path}: two columns are called '{twice}'; rename one")
    return Columns(path, np.array(rows), {n: i for i, n in enumerate(names)}, dict(named))


def _is_data(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _cells(line: str) -> list[str]:
    return [c.strip() for c in line.split(",")] if "," in line else line.split()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _row(path: Path, line: int, cells: list[str], width: int) -> list[float]:
    if len(cells) != width:
        raise InputError(f"{path}:{line}: {len(cells)} values for {width} columns; complete it")
    row = []
    for text in cells:
        number = _number(text)
        # Words (names, remarks) are allowed in columns that nobody asks for.
        row.append(np.nan if number is None else number)
    return row


def _name_and_unit(word: str) -> tuple[str, str]:
    """Name and unit of a header: 'vp_km_s' and 'vp(km/s)' are ('vp', 'km_s') and ('vp', 'km/s')."""
    bracketed = BRACKETED.match(word.strip())
    if bracketed:
        name, unit = bracketed.groups()
    elif word in ALIASES:
        name, unit = word, ""
    elif joined := next((name for name in JOINED if word.startswith(name)), None):
        name, unit = joined, word.removeprefix(joined).lstrip("_")
    else:
        name, _, unit = word.partition("_")
    return ALIASES.get(name, ALIASES.get(name.lower(), name)), unit
