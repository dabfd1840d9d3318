"""One row for each comparison with a known solution; the run ends with all of them as one table.

Rows are kept before anything is asserted, so that the table also shows what failed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

HEADER = ("case", "element size", "error", "bound", "order", "", "note")


@dataclass(frozen=True)
class Row:
    """Result of one comparison.

    element_size_m : smallest wanted size, m; nan where size means nothing
    error, bound : fractions of what `note` or the test says, usually of the peak; a bound of
        infinity marks a row that shows convergence only
    order : observed order of convergence against the next coarser mesh, or None
    """

    case: str
    element_size_m: float
    error: float
    bound: float
    order: float | None
    note: str

    @property
    def holds(self) -> bool:
        """False for nan, too."""
        return self.error <= self.bound


ROWS: list[Row] = []


def record(
    case: str,
    element_size_m: float,
    error: float,
    bound: float,
    order: float | None = None,
    note: str = "",
) -> Row:
    """Append a row to the table that is printed at the end; the caller asserts."""
    row = Row(case, float(element_size_m), float(error), float(bound), order, note)
    ROWS.append(row)
    return row


def orders(sizes: list[float], errors: list[float]) -> list[float | None]:
    """Slopes of log error over log size between neighbours; the first has none.

    >>> orders([2.0, 1.0], [8.0, 2.0])
    [None, 2.0]
    """
    steps = zip(pairwise(sizes), pairwise(errors), strict=True)
    return [None, *(math.log2(e / f) / math.log2(h / k) for (h, k), (e, f) in steps)]


def text(rows: list[Row]) -> list[str]:
    """Lines of the table, columns aligned."""
    cells = [HEADER] + [
        (
            row.case,
            _size(row.element_size_m),
            f"{row.error:.3g}",
            "" if math.isinf(row.bound) else f"{row.bound:.3g}",
            "" if row.order is None else f"{row.order:.2f}",
            "" if row.holds else "ABOVE",
            row.note,
        )
        for row in rows
    ]
    widths = [max(len(line[i]) for line in cells) for i in range(len(HEADER))]
    lines = [
        "  ".join(
            cell.rjust(width) if i in (1, 2, 3, 4) else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    return lines


def _size(metres: float) -> str:
    if math.isnan(metres):
        return "-"
    return f"{metres / 1e3:.3g} km" if metres >= 1e3 else f"{metres:.3g} m"
