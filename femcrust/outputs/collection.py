"""fields.pvd: the collection through which ParaView sees the files of all times as one.

`timestep` counts years. The file is short and replaced whole, so it names finished files only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from femcrust.outputs.atomic import write_bytes
from femcrust.outputs.stations import SECONDS_PER_YEAR


def write_collection(path: Path, times: Sequence[float], names: Sequence[str]) -> Path:
    """Write the collection of the files `names` beside it; times in seconds."""
    entries = "".join(
        f'<DataSet timestep="{time / SECONDS_PER_YEAR:.12g}" part="0" file={quoteattr(name)}/>\n'
        for time, name in zip(times, names, strict=True)
    )
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<VTKFile type="Collection" version="1.0" byte_order="LittleEndian">\n'
        f"<!-- timestep in years of 365.25 days -->\n<Collection>\n{entries}</Collection>\n"
        "</VTKFile>\n"
    )
    return write_bytes(path, text.encode())
