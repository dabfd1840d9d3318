"""What of the stations is solved for together the reciprocal way, and with how many loads each.

A kind of batch is a set of loads that are the transpose of reading a station: point forces for its
displacement, and for what is made of its gradient the gradients of the shape functions. Stress at
once is C of the strain; over time it needs loads of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

STATIONS = "station"  # displacement and lines of sight
LOADS = {STATIONS: 3, "tilt": 2, "strain": 6, "stress": 6}  # of a station, by kind


def kinds_of(fields: Sequence[str], over_time: bool) -> dict[str, tuple[str, ...]]:
    """Kind → the fields of stations that it makes.

    >>> kinds_of(["displacement", "stress"], over_time=False)
    {'station': ('displacement',), 'strain': ('stress',)}
    """
    found: dict[str, tuple[str, ...]] = {}
    for field in fields:
        kind = {"displacement": STATIONS, "stress": "stress" if over_time else "strain"}.get(field)
        found[kind or field] = (*found.get(kind or field, ()), field)
    return found
