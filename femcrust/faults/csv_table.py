"""Numbers from a CSV file with a header, whose complaints name file and line."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats

LENGTHS = ("x", "y", "z", "depth", "length", "width")  # may stand in kilometres, e.g. x_km


def text_lines(path: Path) -> list[str]:
    """Lines of a text file, which may be gzipped; unreadable ones are the user's mistake."""
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")  # names with accents in old files
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: cannot be read ({reason}); check the name") from error
    if "\0" in text:
        raise InputError(f"{path}: is no text file; give a table in plain text")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def number(text: str, path: Path, line: int, what: str) -> float:
    """One finite number."""
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError(f"{path}:{line}: {what}: {text.strip()!r} is no number; correct it")
    return value


@dataclass(frozen=True)
class Table:
    """Columns of equal length, and the line of the file that each row stands in."""

    path: Path
    columns: dict[str, Floats]
    lines: list[int]

    def __len__(self) -> int:
        return len(self.lines)

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def column(self, name: str) -> Floats:
        """A column, 0 where the file has none. (n,)"""
        return self.columns.get(name, np.zeros(len(self)))


def read_table(path: Path, known: Sequence[str]) -> Table:
    """A table of numbers; '#' starts a comment, columns with `_km` become metres.

    known : the columns that may stand there
    """
    rows: list[tuple[int, list[str]]] = []
    lines = text_lines(path)
    for number_of_line, line in enumerate(lines, start=1):
        content = line.split("#", 1)[0]
        if content.strip(" \t,"):
            try:
                cells = next(csv.reader([content], skipinitialspace=True))
            except csv.Error as error:
                raise InputError(f"{path}:{number_of_line}: {error}; mend the line") from error
            rows.append((number_of_line, [cell.strip() for cell in cells]))
    if not rows:
        raise InputError(f"{path}: has no header; its first line must name the columns")
    head_line, header = rows[0]
    names = [name.lower() for name in header]
    for name in names:
        plain_name = name.removesuffix("_km")
        in_km = plain_name in known and plain_name in LENGTHS
        if name not in known and not in_km:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
            raise InputError(f"{path}:{head_line}: unknown column {name!r}{hint}")
    plain = [name.removesuffix("_km") for name in names]
    for name in plain:
        if plain.count(name) > 1:
            raise InputError(f"{path}:{head_line}: column {name!r} stands twice; remove one")
    if len(rows) == 1:
        raise InputError(f"{path}: has a header and no rows; add them")
    values = np.empty((len(rows) - 1, len(names)))
    for row, (line_number, cells) in enumerate(rows[1:]):
        if len(cells) != len(names):
            raise InputError(
                f"{path}:{line_number}: {len(cells)} values in {len(names)} columns; mend the line"
            )
        for column, cell in enumerate(cells):
            values[row, column] = number(cell, path, line_number, names[column])
    scale = [1e3 if name.endswith("_km") else 1.0 for name in names]
    return Table(
        path=path,
        columns={name: values[:, i] * scale[i] for i, name in enumerate(plain)},
        lines=[line_number for line_number, _ in rows[1:]],
    )


def required(table: Table, *names: str) -> None:
    """Complain if a column is missing."""
    missing = [name for name in names if name not in table]
    if missing:
        raise InputError(
            f"{table.path}:1: missing column {', '.join(missing)}; the header has "
            f"{', '.join(table.columns)}"
        )
