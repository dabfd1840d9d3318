"""Tables of patches in the formats that people own; the format is told by ending and first lines.

CSV (`patches.py`), SRCMOD (`fsp.py`), PSCMP (`pscmp.py`), Coulomb (`coulomb_inp.py`), Unicycle and
RELAX (`unicycle.py`), corners of CSI and GMT (`corner_lists.py`).
"""

from __future__ import annotations

from pathlib import Path

from femcrust.faults.corner_lists import read_corner_lists
from femcrust.faults.coulomb_inp import read_coulomb
from femcrust.faults.csv_table import text_lines
from femcrust.faults.fsp import read_fsp
from femcrust.faults.patches import Project, read_patches
from femcrust.faults.polygons import Polygons, of_rectangles
from femcrust.faults.pscmp import read_pscmp
from femcrust.faults.unicycle import read_flt


def read_polygons(path: Path, project: Project | None, units: str | None = None) -> Polygons:
    """The patches of a file; complaints name file and line.

    units : of lengths in a file that does not tell, m or km
    """
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(".fsp"):
        return of_rectangles(read_fsp(path, project))
    if name.endswith(".flt"):
        return of_rectangles(read_flt(path, units))
    if name.endswith(".csv"):
        return of_rectangles(read_patches(path, project))
    lines = [line.strip() for line in text_lines(path)]
    if any("x-start" in line.lower() for line in lines):
        return of_rectangles(read_coulomb(path, project))
    if any(line.startswith(">") for line in lines):
        return read_corner_lists(path, project)
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if name.endswith((".inp", ".pscmp")) or not any(c.isalpha() for c in first):
        return of_rectangles(read_pscmp(path, project))
    return of_rectangles(read_patches(path, project))
