"""Names of element blocks in an Exodus II file [Schoof94], which meshio leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from femcrust.mesh.mesh import Ints


def exodus_groups(path: Path) -> dict[str, list[Ints | None]]:
    """Element blocks by name, as meshio's cell_sets: cells of each block of the file, or None.

    Blocks without a name are called 'volume n' by their number in the file.
    """
    import netCDF4

    with netCDF4.Dataset(path) as file:
        blocks = [key for key in file.variables if key.startswith("connect")]
        names = _names(file, "eb_names")
        groups: dict[str, list[Ints | None]] = {}
        for i, key in enumerate(blocks):
            number = int(key[len("connect") :])
            name = names[number - 1] if number <= len(names) else ""
            cells: list[Ints | None] = [None] * len(blocks)
            cells[i] = np.arange(len(file.variables[key]), dtype=np.int32)
            groups[name or f"volume {number}"] = cells
        return groups


def _names(file: Any, key: str) -> list[str]:
    if key not in file.variables:
        return []
    table = file.variables[key]
    table.set_auto_mask(False)
    return [b"".join(row).split(b"\0")[0].decode().strip() for row in table[:]]
