"""Fields for ParaView: a VTU file of quadratic tetrahedra with appended raw data.

Each array follows as one little-endian UInt64 byte count and its bytes [VTK, XML file formats].
Symmetric tensors take VTK's order xx, yy, zz, xy, yz, xz.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from femcrust.mesh.mesh import Floats
from femcrust.outputs.atomic import replacing
from femcrust.outputs.coulomb import coulomb_changes, strain_from_stress
from femcrust.outputs.result import Result
from femcrust.outputs.split_nodes import opened
from femcrust.outputs.strain import mean_strain, strain_rate

QUADRATIC_TETRA = 24  # VTK's local node order is ours
VTK_TENSOR = [0, 1, 2, 3, 5, 4]  # from xx, yy, zz, xy, xz, yz
COMPONENTS = {3: ("x", "y", "z"), 6: ("xx", "yy", "zz", "xy", "yz", "xz")}
VTK_TYPES = {
    "float64": "Float64",
    "float32": "Float32",
    "int32": "Int32",
    "int64": "Int64",
    "uint8": "UInt8",
}


@dataclass(frozen=True)
class Fields:
    """points (n, 3) m; cells (m, 10); point_data (n, …) and cell_data (m, …) by name."""

    points: Floats
    cells: NDArray[np.integer]
    point_data: dict[str, NDArray[Any]]
    cell_data: dict[str, NDArray[Any]]


def fields_for_vtu(result: Result) -> Fields:
    """What `output.fields` asks for, with fault nodes doubled; stresses averaged per cell."""
    split = opened(result)
    wanted = set(result.case.output.fields)
    point_data: dict[str, NDArray[Any]] = {}
    if "displacement" in wanted:
        point_data["displacement"] = split.displacement
    if "velocity" in wanted and split.velocity is not None:
        point_data["velocity"] = split.velocity
    cell_data: dict[str, NDArray[Any]] = {
        "material": np.asarray(result.elastic.index, dtype=np.int32)
    }
    crossed = np.zeros(len(split.elements), dtype=np.uint8)
    for source in result.sources:
        if source.crossed:
            crossed[source.elements] = 1
    cell_data["crossed"] = crossed
    stress = result.stress.mean(axis=1)
    if "stress" in wanted:
        cell_data["stress"] = stress[:, VTK_TENSOR]
    if "strain" in wanted:
        if result.of_a_series:  # where stress relaxes it no longer tells the strain
            strain = mean_strain(result)
        else:
            strain = strain_from_stress(stress, result.elastic.lam, result.elastic.mu)
        cell_data["strain"] = strain[:, VTK_TENSOR]
    if "strain_rate" in wanted and result.velocity is not None:
        cell_data["strain_rate"] = strain_rate(result)[:, VTK_TENSOR]
    if "coulomb" in wanted:
        for name, change in coulomb_changes(stress, result.case.output.coulomb).items():
            cell_data[f"coulomb_{name}"] = change
    return Fields(split.nodes, split.elements, point_data, cell_data)


def write_vtu(path: Path, fields: Fields, remark: str = "") -> Path:
    """Write the file; `remark` becomes an XML comment (title, versions)."""
    n_cells = len(fields.cells)
    arrays: list[NDArray[Any]] = []
    offset = 0

    def declared(name: str, array: NDArray[Any]) -> str:
        nonlocal offset
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        arrays.append(little)
        here, offset = offset, offset + 8 + little.nbytes
        width = f' NumberOfComponents="{array.shape[1]}"' if array.ndim == 2 else ""
        labels = COMPONENTS.get(array.shape[-1], ()) if array.ndim == 2 else ()
        names = "".join(f' ComponentName{i}="{label}"' for i, label in enumerate(labels))
        return (
            f'<DataArray type="{VTK_TYPES[array.dtype.name]}" Name={quoteattr(name)}'
            f'{width}{names} format="appended" offset="{here}"/>'
        )

    def group(tag: str, data: Mapping[str, NDArray[Any]]) -> str:
        lines = "\n".join(declared(name, array) for name, array in data.items())
        return f"<{tag}>\n{lines}\n</{tag}>"

    cells = {
        "connectivity": np.asarray(fields.cells, dtype=_index_type(len(fields.points))).ravel(),
        "offsets": np.arange(1, n_cells + 1, dtype=np.int64) * 10,
        "types": np.full(n_cells, QUADRATIC_TETRA, dtype=np.uint8),
    }
    body = "\n".join(
        [
            group("PointData", fields.point_data),
            group("CellData", fields.cell_data),
            group("Points", {"Points": np.asarray(fields.points, dtype=np.float64)}),
            group("Cells", cells),
        ]
    )
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f"<!-- {escape(remark).replace('-', ' ')} -->\n"  # '--' may not occur in a comment
        '<VTKFile type="UnstructuredGrid" version="1.0" byte_order="LittleEndian" '
        'header_type="UInt64">\n<UnstructuredGrid>\n'
        f'<Piece NumberOfPoints="{len(fields.points)}" NumberOfCells="{n_cells}">\n'
        f"{body}\n</Piece>\n</UnstructuredGrid>\n"
        '<AppendedData encoding="raw">\n_'
    )
    with replacing(path) as file:
        file.write(head.encode())
        for array in arrays:
            file.write(np.uint64(array.nbytes).astype("<u8").tobytes())
            file.write(array.reshape(-1).view(np.uint8).data)
        file.write(b"\n</AppendedData>\n</VTKFile>\n")
    return path


def _index_type(n_points: int) -> type[np.signedinteger[Any]]:
    return np.int32 if n_points <= np.iinfo(np.int32).max else np.int64
