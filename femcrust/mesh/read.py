"""A mesh from a file: Gmsh 2/4, VTU, Abaqus, Exodus, MED, whatever meshio reads.

Groups are known by their names; groups that have only a number n appear as 'volume n' or
'surface n', for messages. Quadratic tetrahedra are taken by their corners: edges are straight.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femcrust.errors import InputError
from femcrust.mesh.check import checked, units_hint
from femcrust.mesh.exodus import exodus_groups
from femcrust.mesh.exterior import row_ids
from femcrust.mesh.mesh import Ints, Mesh, ordered

METRES = {"m": 1.0, "km": 1e3}
CORNERS = {"tetra": 4, "tetra10": 4, "triangle": 3, "triangle6": 3}  # of the kinds taken
IGNORED = {"vertex", "line", "line3"}  # mesh generators save them along the way
EXODUS = {".e", ".ex2", ".exo"}
NUMBERED = ("gmsh:physical", "medit:ref", "CellEntityIds", "avsucd:material", "material", "region")
FORMATS = ".msh (Gmsh), .vtu, .inp (Abaqus), .e or .exo (Exodus), .med"
DIMENSION = {4: "volume", 3: "surface"}

log = logging.getLogger("femcrust")


def read_mesh(path: str | Path, units: str = "m") -> Mesh:
    """Tetrahedra, named volumes and named surfaces of a mesh file, checked and ordered.

    units : 'm' or 'km', of the coordinates in the file
    """
    path = Path(path)
    if units not in METRES:
        raise InputError(f"mesh.units: {units!r} is no unit of length here; write m or km")
    if not path.is_file():
        raise InputError(f"mesh.file: {path} does not exist; give the path of a mesh file")
    if path.suffix.lower() == ".msh":
        _refuse_impossible_counts(path)
    with _refusing(path):
        data = _read_quietly(path)
        extra = exodus_groups(path) if path.suffix.lower() in EXODUS else {}
        mesh = _mesh(data, extra, METRES[units], path.name)
    mesh = checked(mesh)
    hint = units_hint(mesh)
    if hint and units == "m":
        log.warning(hint)
    return ordered(mesh)


@contextlib.contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Whatever goes wrong inside becomes an InputError of one line."""
    try:
        yield
    except InputError:
        raise
    except ImportError as error:
        raise InputError(
            f"{path}: reading this format needs {error.name}; pip install {error.name}"
        ) from error
    except (Exception, SystemExit) as error:  # meshio raises many kinds, and exits
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(
            f"{path}: cannot be read as a mesh ({why}); write it again as one of {FORMATS}"
        ) from error


def _read_quietly(path: Path) -> Any:
    import meshio

    said = io.StringIO()
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
    ):
        warnings.simplefilter("ignore")
        try:
            return meshio.read(path)
        except SystemExit as error:
            raise InputError(
                f"{path}: is damaged or not of the kind its name says "
                f"({' '.join(said.getvalue().split())[:200]}); write it again as one of {FORMATS}"
            ) from error


def _refuse_impossible_counts(path: Path) -> None:
    """A damaged count in a Gmsh file could ask for more memory than there is."""
    content = path.read_bytes()
    head = re.search(rb"\$MeshFormat\s+([0-9.]+)\s+([01])", content)
    if head is None:
        raise InputError(f"{path}: is no Gmsh mesh (no $MeshFormat); write it again with Gmsh")
    binary_4 = head[2] == b"1" and head[1].startswith(b"4")
    for section in re.finditer(rb"\$(Nodes|Elements)\r?\n", content):
        rest = content[section.end() : section.end() + 64]
        if binary_4:
            counts = np.frombuffer(rest[:16], dtype=np.uint64).tolist() if len(rest) > 16 else []
        else:
            line = rest.split(b"\n")[0].split()[:2]
            counts = [int(word) for word in line if word.isdigit()]
        if any(count > len(content) for count in counts):
            raise InputError(
                f"{path}: {section[1].decode()} announces {max(counts)} items, more than the file "
                "holds; it is damaged, write it again"
            )


def _mesh(data: Any, extra: dict[str, list[Ints | None]], metre: float, source: str) -> Mesh:
    """The mesh as read, not yet checked; `extra` are further groups, by block like cell_sets."""
    kinds = [str(block.type) for block in data.cells]
    refused = {k: 0 for k in kinds if k not in CORNERS and k not in IGNORED}
    for kind, block in zip(kinds, data.cells, strict=True):
        if kind in refused:
            refused[kind] += len(block.data)
    if refused:
        found = ", ".join(f"{n} {kind}" for kind, n in refused.items())
        raise InputError(
            f"{source}: has {found} cells, but only tetrahedra (with triangles on surfaces) can be "
            "used; mesh with tetrahedra, e.g. by splitting the cells"
        )
    points = np.asarray(data.points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 3:
        raise InputError(f"{source}: its points are not 3-D; mesh the volumes in three dimensions")

    n_corners = [CORNERS.get(kind, 0) for kind in kinds]
    cells = [np.asarray(b.data)[:, :n] for b, n in zip(data.cells, n_corners, strict=True)]
    tets = _stack(cells, n_corners, 4)
    triangles = _stack(cells, n_corners, 3)
    start = [sum(len(c) for c, m in zip(cells[:i], n_corners, strict=False) if m == n)
             for i, n in enumerate(n_corners)]  # fmt: skip
    volumes: dict[str, Ints] = {}
    surfaces: dict[str, Ints] = {}
    for name, per_block in _groups(data, extra, n_corners).items():
        for n in (4, 3):
            chosen = [
                start[i] + np.asarray(index, dtype=np.int64)
                for i, index in per_block
                if n_corners[i] == n and len(index)
            ]
            if chosen and n == 4:
                volumes[name] = np.unique(np.concatenate(chosen)).astype(np.int32)
            elif chosen:
                surfaces[name] = triangles[np.unique(np.concatenate(chosen))]
    return _merged(Mesh(points * metre, tets, volumes, surfaces, source))


def _merged(mesh: Mesh) -> Mesh:
    """Gmsh 2 repeats a tetrahedron for each of its groups: keep the first, in all its groups.

    Copies within one group, or in none, stay for `checked` to refuse.
    """
    ids = row_ids(mesh.tets)
    _, first, copies = np.unique(ids, return_index=True, return_counts=True)
    if len(first) == mesh.n_tets:
        return mesh
    grouped = np.zeros(mesh.n_tets, dtype=bool)
    for index in mesh.volumes.values():
        if len(np.unique(ids[index])) < len(index):
            return mesh
        grouped[index] = True
    if not grouped[copies[ids] > 1].all():
        return mesh
    kept = np.sort(first)
    new = np.empty(len(first), dtype=np.int32)  # by id
    new[ids[kept]] = np.arange(len(kept), dtype=np.int32)
    volumes = {name: np.sort(new[ids[index]]) for name, index in mesh.volumes.items()}
    return replace(mesh, tets=mesh.tets[kept], volumes=volumes)


def _stack(cells: list[NDArray[Any]], n_corners: list[int], n: int) -> Ints:
    chosen = [c for c, m in zip(cells, n_corners, strict=True) if m == n]
    if not chosen:
        return np.empty((0, n), dtype=np.int32)
    return np.ascontiguousarray(np.concatenate(chosen), dtype=np.int32)


Groups = dict[str, list[tuple[int, NDArray[Any]]]]  # name -> (block, cells of it)


def _groups(data: Any, extra: dict[str, list[Ints | None]], n_corners: list[int]) -> Groups:
    """Groups of cells by name, from whatever place this format keeps them in."""
    groups: Groups = {}
    sets = {k: v for k, v in data.cell_sets.items() if not k.startswith("gmsh:")} | extra
    for name, per_block in sets.items():
        groups[name] = [
            (i, np.asarray(index))
            for i, index in enumerate(per_block)
            if index is not None and len(index)
        ]
    named: dict[tuple[str, int], list[str]] = {}  # (volume or surface, number) -> names
    for name, (number, dimension) in _physical_names(data):
        named[("volume" if dimension == 3 else "surface", number)] = [name]
    families = getattr(data, "cell_tags", {})  # MED
    for number, names in families.items():
        named[("volume", int(number))] = named[("surface", int(number))] = list(names)
    for key in ("cell_tags", *NUMBERED):
        if key not in data.cell_data:
            continue
        for i, numbers in enumerate(data.cell_data[key]):
            if n_corners[i] == 0:
                continue
            kind, numbers = DIMENSION[n_corners[i]], np.asarray(numbers).ravel()
            for number in np.unique(numbers[numbers != 0]).tolist():
                if number != int(number):
                    continue  # a field, not a numbering
                for name in named.get((kind, int(number)), [f"{kind} {int(number)}"]):
                    if name not in sets:
                        where = np.flatnonzero(numbers == number)
                        groups.setdefault(name, []).append((i, where))
        break
    return groups


def _physical_names(data: Any) -> Iterator[tuple[str, tuple[int, int]]]:
    """Gmsh's names with (number, dimension); other formats keep other things in field_data."""
    for name, value in data.field_data.items():
        pair = np.asarray(value).ravel()
        if len(pair) == 2 and pair.dtype.kind in "iu":
            yield str(name), (int(pair[0]), int(pair[1]))
