"""Fields for ParaView: a VTU file of quadratic tetrahedra with appended raw data.

Each array follows as one little-endian UInt64 byte count and its bytes [VTK, XML file formats].
Symmetric tensors take VTK's order xx, yy, zz, xy, yz, xz.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from femcrust.comm import ALONE, Comm
from femcrust.discretisation import Discretisation
from femcrust.mesh.mesh import Floats
from femcrust.outputs.atomic import replacing
from femcrust.outputs.coulomb import coulomb_changes, strain_from_stress
from femcrust.outputs.result import Result
from femcrust.outputs.split_nodes import OpenedNodes, opened
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
    """What `output.fields` asks for, with fault nodes doubled; stresses averaged per cell. Where
    ranks have the fields, this rank's rows of them; every rank takes part."""
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
    if result.ranks is None:
        return Fields(split.nodes, split.elements, point_data, cell_data)
    own, cells = joined(split, result.ranks)
    point_data = {name: values[own] for name, values in point_data.items()}
    return Fields(split.nodes[own], cells, point_data, cell_data)


def joined(split: OpenedNodes, space: Discretisation) -> tuple[Any, NDArray[np.int64]]:
    """Which points of a rank's part the rank itself writes (n,), and its elements by their numbers
    among those of all ranks. A node that several have is its owner's, but where a fault doubles it:
    each side may be another rank's."""
    own = space.owned()[split.original] | split.doubled[split.original]
    counts = np.zeros(space.comm.size)
    counts[space.comm.rank] = own.sum()
    first = int(space.totals(counts)[: space.comm.rank].sum())
    number = np.zeros(len(own), dtype=np.int64)
    number[own] = first + np.arange(int(own.sum()))
    theirs = space.agreed(number[: space.n_nodes, None].astype(np.float64))[:, 0]
    number[~own] = theirs[split.original[~own]].astype(np.int64)
    return own, number[split.elements]


def write_vtu(path: Path, fields: Fields, remark: str = "", comm: Comm = ALONE) -> Path:
    """Write the file; `remark` becomes an XML comment (title, versions). Of several ranks each
    brings its part of every array (`joined`), and rank 0 writes one after the other."""
    groups = _groups(fields, comm)
    arrays = [array for group in groups.values() for array in group.values()]
    rows = comm.gather([len(array) for array in arrays])
    if rows is None:
        for array in arrays:
            comm.send(np.ascontiguousarray(array), 0)
        return path
    lengths = [sum(of_ranks) for of_ranks in zip(*rows, strict=True)]
    with replacing(path) as file:
        file.write(_head(groups, lengths, remark).encode())
        for array, length in zip(arrays, lengths, strict=True):
            file.write(np.uint64(length * _bytes_a_row(array)).astype("<u8").tobytes())
            for rank in range(comm.size):
                part = array if rank == 0 else comm.receive(rank)
                little = np.ascontiguousarray(part, dtype=part.dtype.newbyteorder("<"))
                file.write(little.reshape(-1).view(np.uint8).data)
        file.write(b"\n</AppendedData>\n</VTKFile>\n")
    return path


Groups = dict[str, dict[str, NDArray[Any]]]  # arrays by group and name, as they follow in the file


def _groups(fields: Fields, comm: Comm) -> Groups:
    """This rank's part of all arrays."""
    counts = np.zeros((2, comm.size))
    counts[:, comm.rank] = len(fields.points), len(fields.cells)
    comm.sum(counts)
    n_points, before = int(counts[0].sum()), int(counts[1, : comm.rank].sum())
    n_cells = len(fields.cells)
    cells = {
        "connectivity": np.asarray(fields.cells, dtype=_index_type(n_points)).ravel(),
        "offsets": np.arange(before + 1, before + n_cells + 1, dtype=np.int64) * 10,
        "types": np.full(n_cells, QUADRATIC_TETRA, dtype=np.uint8),
    }
    return {
        "PointData": fields.point_data,
        "CellData": fields.cell_data,
        "Points": {"Points": np.asarray(fields.points, dtype=np.float64)},
        "Cells": cells,
    }


def _bytes_a_row(array: NDArray[Any]) -> int:
    return math.prod(array.shape[1:]) * array.itemsize


def _head(groups: Groups, lengths: Sequence[int], remark: str) -> str:
    """All before the arrays, which have these lengths in all; it tells where each begins."""
    offset, left = 0, iter(lengths)

    def declared(name: str, array: NDArray[Any]) -> str:
        nonlocal offset
        here, offset = offset, offset + 8 + next(left) * _bytes_a_row(array)
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

    body = "\n".join(group(tag, data) for tag, data in groups.items())
    n_points, n_cells = lengths[-4], lengths[-1]  # of Points, types
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f"<!-- {escape(remark).replace('-', ' ')} -->\n"  # '--' may not occur in a comment
        '<VTKFile type="UnstructuredGrid" version="1.0" byte_order="LittleEndian" '
        'header_type="UInt64">\n<UnstructuredGrid>\n'
        f'<Piece NumberOfPoints="{n_points}" NumberOfCells="{n_cells}">\n'
        f"{body}\n</Piece>\n</UnstructuredGrid>\n"
        '<AppendedData encoding="raw">\n_'
    )


def _index_type(n_points: int) -> type[np.signedinteger[Any]]:
    return np.int32 if n_points <= np.iinfo(np.int32).max else np.int64
