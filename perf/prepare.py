"""Write a problem for all solvers: `python perf/prepare.py box 1e5 FOLDER`.

Each solver's process loads what it needs from FOLDER: the body (vertices, tetrahedra, moduli,
fixed faces), the free nodes, two loads, and the assembled matrix as blocks and in PETSc's binary
format. Nothing here is timed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import assembled
import numpy as np
import scipy.sparse as sparse

import meshes
from femcrust.mesh.quality import quality, smallest_dihedrals

PETSC_MATRIX = 1211216  # the number that opens a matrix in PETSc's binary format
ROWS = 50_000  # of blocks written at once: bounds the memory


def write(name: str, size: str, folder: Path, with_matrix: bool = True) -> None:
    """The files of one problem; `about.json`, written last, says that all are there."""
    folder.mkdir(parents=True, exist_ok=True)
    body = meshes.body(name, size)
    points, tets = body.mesh.points, body.mesh.tets
    nodes = assembled.free_nodes(points, tets, body.fixed)
    arrays = {
        "points": points, "tets": tets, "lam": body.lam, "mu": body.mu, "fixed": body.fixed,
        "ends": nodes.ends, "nodes": nodes.points,
        "load-fault": assembled.fault_load(points, tets, body.mu, nodes, body.slipping),
        "load-random": assembled.random_load(nodes),
    }  # fmt: skip
    blocks = 0
    if with_matrix:
        matrix = assembled.assemble(points, tets, body.lam, body.mu, nodes)
        blocks = len(matrix.indices)
        arrays |= {"begin": matrix.indptr, "columns": matrix.indices, "blocks": matrix.data}
        write_petsc(folder / "matrix.petsc", matrix)
    else:
        arrays["elements"] = nodes.elements
    for key, array in arrays.items():
        np.save(folder / f"{key}.npy", array)
    found = quality(body.mesh)
    about = {
        "mesh": name,
        "size": size,
        "unknowns": nodes.n_dof,
        "n_tets": body.mesh.n_tets,
        "n_vertices": body.mesh.n_points,
        "matrix_blocks": blocks,
        "contrast": float(body.mu.max() / body.mu.min()),
        "min_dihedral_deg": found.min_dihedral_deg,
        "percent_below_5deg": float(100 * np.mean(smallest_dihedrals(body.mesh) < 5.0)),
        "max_edge_ratio": found.max_edge_ratio,
    }
    (folder / "about.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def write_petsc(path: Path, matrix: sparse.bsr_matrix) -> None:
    """A scalar matrix in PETSc's binary format: big-endian header, row lengths, columns, values.

    `matrix.petsc.info` gives the block size, which PETSc reads from beside the matrix.
    """
    n = len(matrix.indptr) - 1
    lengths = np.repeat(3 * np.diff(matrix.indptr), 3)
    with path.open("wb") as file:
        np.array([PETSC_MATRIX, 3 * n, 3 * n, lengths.sum()], dtype=">i4").tofile(file)
        lengths.astype(">i4").tofile(file)
        for rows in _scalar_rows(matrix):
            rows.indices.astype(">i4").tofile(file)
        for rows in _scalar_rows(matrix):
            rows.data.astype(">f8").tofile(file)
    path.with_name(path.name + ".info").write_text("-matload_block_size 3\n", encoding="utf-8")


def _scalar_rows(matrix: sparse.bsr_matrix) -> Iterator[sparse.csr_matrix]:
    """The matrix in scalar rows with sorted columns, ROWS block rows at a time."""
    n = len(matrix.indptr) - 1
    for start in range(0, n, ROWS):
        begin = matrix.indptr[start : start + ROWS + 1]
        part = slice(begin[0], begin[-1])
        shape = (3 * (len(begin) - 1), 3 * n)
        blocks = (matrix.data[part], matrix.indices[part], begin - begin[0])
        rows = sparse.bsr_matrix(blocks, shape=shape).tocsr()
        rows.sort_indices()
        yield rows


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mesh", choices=meshes.NAMES)
    parser.add_argument("size")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--no-matrix", action="store_true", help="of bodies too large for one")
    given = parser.parse_args()
    write(given.mesh, given.size, given.folder, not given.no_matrix)


if __name__ == "__main__":
    main()
