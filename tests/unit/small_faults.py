"""Small meshes with faults in them, for the tests of faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from femcrust.faults import Source, build
from femcrust.mesh.exterior import exterior_faces, tet_faces
from femcrust.mesh.locate import Locator
from femcrust.mesh.mesh import Floats, Mesh, tet_volumes
from small_meshes import split_cubes

KM = 1e3
MU, LAM = 3e10, 4e10
SIX = ((0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2))


def inside_rectangle(y: tuple[float, float], z: tuple[float, float]) -> Callable[[Floats], Any]:
    """Points (…, 3) of the plane x = 0 in a rectangle, metres."""
    return lambda x: (
        (np.abs(x[..., 0]) < 1.0)
        & (x[..., 1] > y[0] - 1)
        & (x[..., 1] < y[1] + 1)
        & (x[..., 2] > z[0] - 1)
        & (x[..., 2] < z[1] + 1)
    )


def cut_box(
    z: tuple[float, float] = (-12 * KM, -4 * KM),
    bend: Callable[[Floats], Floats] = lambda x: x,
    n: int = 8,
) -> Mesh:
    """A 16 km cube of 2 km cells below z = 0 whose plane x = 0, |y| < 4 km, is group 'fault'.

    `bend` moves the points afterwards.
    """
    box = split_cubes(n, (16 * KM, 16 * KM, 16 * KM), (-8 * KM, -8 * KM, -16 * KM))
    faces = tet_faces(box.tets)
    chosen = inside_rectangle((-4 * KM, 4 * KM), z)(box.points[faces]).all(axis=1)
    facets = np.unique(np.sort(faces[chosen], axis=1), axis=0).astype(np.int32)
    return replace(box, points=bend(box.points), surfaces={"fault": facets})


def sheared(dip: float) -> Callable[[Floats], Floats]:
    """Turns the plane x = 0 into one of strike 0 and this dip, degrees, to the east."""
    slope = 1.0 / np.tan(np.radians(dip))
    return lambda x: np.stack([x[:, 0] - x[:, 2] * slope, x[:, 1], x[:, 2]], axis=1)


def wavy(x: Floats) -> Floats:
    """A curved fault, in elements of which no two are alike."""
    bulge = 400.0 * np.sin(x[:, 1] / (3 * KM)) * np.cos(x[:, 2] / (4 * KM))
    return np.stack([x[:, 0] + bulge, x[:, 1] + 0.3 * bulge, x[:, 2]], axis=1)


def uniform(mesh: Mesh) -> SimpleNamespace:
    """The same moduli everywhere."""
    return SimpleNamespace(lam=np.full(mesh.n_tets, LAM), mu=np.full(mesh.n_tets, MU))


def source(mesh: Mesh, elastic: Any = None, directory: Any = ".", **fault: Any) -> Source:
    """The only source of a case with one fault, main."""
    elastic = elastic if elastic is not None else uniform(mesh)
    faults = {"main": SimpleNamespace(**fault)}
    (found,) = build(mesh, elastic, faults, Locator(mesh), directory)
    return found


def slip(**components: Any) -> SimpleNamespace:
    return SimpleNamespace(**components)


def total_eigenstrain(mesh: Mesh, found: Source) -> Floats:
    """∫ ε* dV, (6,) m³: the integral of a linear field is V times the mean of its vertices."""
    volume = tet_volumes(mesh)[found.elements]
    return np.asarray(np.einsum("m,mvc->c", volume / 4.0, found.eigenstrain))


def outer_term(mesh: Mesh, found: Source) -> Floats:
    """∮ sym(w⊗ν) dA over the outside of the mesh, (6,) m³; P2 faces: A/3 Σ of mid-edges."""
    assert found.offset is not None
    exterior = exterior_faces(mesh)
    row = np.full(mesh.n_tets, -1)
    row[found.elements] = np.arange(len(found.elements))
    total = np.zeros((3, 3))
    edges = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))
    for face, tet, normal, area in zip(
        exterior.faces, exterior.tets, exterior.normals, exterior.areas, strict=True
    ):
        if row[tet] < 0:
            continue
        corners = mesh.tets[tet]
        for node, (i, j) in enumerate(edges, start=4):
            if corners[i] in face and corners[j] in face:
                total += area / 3.0 * np.outer(found.offset[row[tet], node], normal)
    return ((total + total.T) / 2.0)[SIX]


def written(folder: Path, name: str, text: str) -> Path:
    """A file of this text in the folder."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
