"""The bodies that the yardstick measures: three families of meshes, each in several sizes.

`box`          graded by an octree around a strike-slip fault; cells are well-shaped
`strike-slip`  gmsh, the example under hills (`meshes/strike_slip.py`); dihedral angles above 10°
`wedge`        a subduction-like wedge with flat cells and slivers (`wedge.py`)
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from wedge import shear_moduli, wedge

from femcrust.mesh.box import BoxSpec, box_mesh
from femcrust.mesh.exterior import exterior_faces
from femcrust.mesh.mesh import Floats, Ints, Mesh
from femcrust.mesh.read import read_mesh

KM = 1000.0
HALF = 105 * KM
FAULT = np.array([[0, -35, 0], [0, 35, 0], [0, 35, -16], [0, -35, -16]]) * KM
THRUST = np.array([[-20, -20, -8], [40, -20, -26], [40, 20, -26], [-20, 20, -8]]) * KM
LAYERS = (-4 * KM, -16 * KM, -32 * KM)
CRUST = (12e9, 30e9, 44e9, 240e9)  # shear moduli of the layers, Pa: a contrast of 20
NAMES = ("box", "strike-slip", "wedge")

# Nominal size: cells at the fault, km, and for boxes the growth with distance and the layers whose
# borders the cells follow. The unknowns come to within a quarter of the nominal number.
BOX = {
    "1e5": (4.0, 0.5, LAYERS[1:]),
    "5e5": (3.0, 0.3, LAYERS),
    "2e6": (1.0, 0.2, LAYERS),
    "1e7": (0.5, 0.1, LAYERS),
    "3e7": (0.35, 0.07, LAYERS),
}
STRIKE_SLIP = {"1e5": 4.0, "5e5": 0.75, "2e6": 0.3}
WEDGE = {"1e5": 7.5, "5e5": 3.5, "2e6": 2.0}
SIZES = {"box": tuple(BOX), "strike-slip": tuple(STRIKE_SLIP), "wedge": tuple(WEDGE)}


@dataclass(frozen=True)
class Body:
    """A mesh with the Lamé parameters of its cells, λ = μ, its fixed faces and its sheared cells.

    lam, mu : (n_tets,) Pa;  fixed : (k, 3) int, vertices of the faces that are held: all but the
    ground;  slipping : (m,) int, tetrahedra along a fault
    """

    mesh: Mesh
    lam: Floats
    mu: Floats
    fixed: Ints
    slipping: Ints


def body(name: str, size: str) -> Body:
    """One of the NAMES in one of its SIZES."""
    if name == "box":
        mesh = box_around_fault(*BOX[size])
    elif name == "strike-slip":
        mesh = _strike_slip(STRIKE_SLIP[size])
    else:
        mesh = wedge(WEDGE[size])
    mu = shear_moduli(mesh) if name == "wedge" else layered(mesh)
    exterior = exterior_faces(mesh)
    fixed = np.ascontiguousarray(exterior.faces[exterior.side != "top"])
    return Body(mesh, mu, mu, fixed, crossed(mesh, THRUST if name == "wedge" else FAULT))


def crossed(mesh: Mesh, rectangle: Floats) -> Ints:
    """Tetrahedra that touch a rectangle's plane and whose centroid projects onto it. (m,)"""
    along, down = rectangle[1] - rectangle[0], rectangle[3] - rectangle[0]
    height = (mesh.points - rectangle[0]) @ np.cross(along, down)
    foot = mesh.points[mesh.tets].mean(axis=1) - rectangle[0]
    inside = np.ones(mesh.n_tets, dtype=bool)
    for edge in (along, down):
        inside &= np.abs(foot @ edge / (edge @ edge) - 0.5) < 0.5
    of_cell = height[mesh.tets]
    inside &= (of_cell.min(axis=1) <= 0) & (of_cell.max(axis=1) > 0)
    return np.asarray(np.flatnonzero(inside), dtype=np.int32)


def box_around_fault(near: float, growth: float, layers: tuple[float, ...]) -> Mesh:
    sides = (-HALF, HALF)
    return box_mesh(
        BoxSpec(sides, sides, (-HALF, 0.0), near * KM, 20 * KM, growth, (FAULT,), layers)
    )


def _strike_slip(size: float) -> Mesh:
    sys.path.append(str(Path(__file__).resolve().parent.parent / "meshes"))
    from strike_slip import build

    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "mesh.msh", size)
        return read_mesh(Path(folder) / "mesh.msh")


def layered(mesh: Mesh) -> Floats:
    """Shear moduli of four layers, Pa."""
    z = mesh.points[mesh.tets, 2].mean(axis=1)
    return np.select([z > layer for layer in LAYERS], CRUST[:-1], CRUST[-1])
