"""A subduction-like wedge with a thin weak channel on the plate interface: a mesh of bad cells.

The built-in mesher's cubes are pressed and bent. One layer of cells, `size` high, becomes the
channel, FLAT times thinner; what is above it becomes a wedge, thin at the trench and thick at
depth; what is below, the slab and the mantle. Then vertices of the well-shaped rest are moved
towards the opposite face of one of their cells until a dihedral angle is SLIVER degrees.

`python perf/wedge.py --size 5` prints counts and cell quality.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from femcrust.mesh.box import BoxSpec, box_mesh
from femcrust.mesh.exterior import exterior_faces
from femcrust.mesh.mesh import Floats, Ints, Mesh, ordered
from femcrust.mesh.quality import quality, smallest_dihedrals

KM = 1000.0
X, Y, BOTTOM = (-80 * KM, 80 * KM), (-60 * KM, 60 * KM), -90 * KM
INTERFACE = -20 * KM  # top of the channel before the bending
FAR, GROWTH = 20 * KM, 0.4  # of the cells away from the channel
FLAT = 35.0  # how much thinner: heights of its cells are 1/30 of their longest edges
TRENCH, DEEP = 5 * KM, 42 * KM  # depth of the channel's top at the two ends in x
SHARE = 0.08  # of the inner vertices that make slivers
WELL = 15.0  # degrees: a vertex is moved only where every cell around it has more
SLIVER, THIN = 3.0, 5.0  # degrees
SEED = 55_481_207
HALVINGS = 30

SLAB = 20 * KM  # its thickness
SHEAR_MODULI = {"crust": 30e9, "channel": 1e9, "slab": 70e9, "mantle": 65e9}  # from the top, Pa
CORNERS = [(X[0], Y[0]), (X[1], Y[0]), (X[1], Y[1]), (X[0], Y[1])]


def wedge(size_km: float) -> Mesh:
    """The mesh, its volumes named as in SHEAR_MODULI; cells of `size_km` at the channel."""
    high = size_km * KM
    interface = np.array([(x, y, INTERFACE - high / 2) for x, y in CORNERS])
    layers = (INTERFACE, INTERFACE - high, INTERFACE - high - SLAB)
    mesh = box_mesh(BoxSpec(X, Y, (BOTTOM, 0.0), high, FAR, GROWTH, (interface,), layers[:2]))
    z = mesh.points[mesh.tets, 2].mean(axis=1)
    layer = np.searchsorted(-np.array(layers), -z)
    volumes = {
        name: np.flatnonzero(layer == i).astype(np.int32) for i, name in enumerate(SHEAR_MODULI)
    }
    mesh = Mesh(_bent(mesh.points, high), mesh.tets, volumes, source="wedge")
    return ordered(replace(mesh, points=with_slivers(mesh, mesh.tets[volumes["channel"]])))


def shear_moduli(mesh: Mesh) -> Floats:
    """Of each tetrahedron, Pa. (n_tets,)"""
    mu = np.empty(mesh.n_tets)
    for name, members in mesh.volumes.items():
        mu[members] = SHEAR_MODULI[name]
    return mu


def _bent(points: Floats, high: float) -> Floats:
    """The channel pressed and all bent along it; ground and bottom stay flat."""
    x, y, z = points.T
    along = (x - X[0]) / (X[1] - X[0])
    top = -(TRENCH + (DEEP - TRENCH) * (0.35 * along + 0.65 * along**2))
    top *= 1.0 + 0.08 * np.sin(2 * np.pi * (y - Y[0]) / (Y[1] - Y[0]))
    low = top - high / FLAT
    bent = np.where(
        z >= INTERFACE,
        z * top / INTERFACE,
        np.where(
            z >= INTERFACE - high,
            top + (z - INTERFACE) / FLAT,
            low + (z - INTERFACE + high) * (BOTTOM - low) / (BOTTOM - INTERFACE + high),
        ),
    )
    return np.stack([x, y, bent], axis=1)


def with_slivers(mesh: Mesh, untouched: Ints) -> Floats:
    """Points, SHARE of the inner ones moved until a cell around them has an angle of SLIVER."""
    star_of, begin = _stars(mesh)
    angle = smallest_dihedrals(mesh)
    chosen = _far_apart(mesh, untouched, np.minimum.reduceat(angle[star_of], begin[:-1]) > WELL)
    stars = [star_of[begin[v] : begin[v + 1]] for v in chosen]
    cells = np.concatenate(stars)
    first = np.cumsum([0, *map(len, stars)])[:-1]
    corners = mesh.tets[cells[first]]
    faces = corners[corners != chosen[:, None]].reshape(-1, 3)
    goal, start = mesh.points[faces].mean(axis=1), mesh.points[chosen]
    inside, outside = np.zeros(len(chosen)), np.ones(len(chosen))  # of the way to the face
    points = mesh.points.copy()
    around = Mesh(points, mesh.tets[cells])
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        points[chosen] = start + middle[:, None] * (goal - start)
        flattest = np.minimum.reduceat(_signed_dihedrals(around), first)
        inside = np.where(flattest > SLIVER, middle, inside)
        outside = np.where(flattest > SLIVER, outside, middle)
    points[chosen] = start + inside[:, None] * (goal - start)
    return points


def _signed_dihedrals(mesh: Mesh) -> Floats:
    """Smallest dihedral angles, degrees; -1 for an inverted cell."""
    a, b, c = (mesh.points[mesh.tets[:, i]] - mesh.points[mesh.tets[:, 0]] for i in (1, 2, 3))
    inverted = np.einsum("ni,ni->n", a, np.cross(b, c)) <= 0
    return np.where(inverted, -1.0, smallest_dihedrals(mesh))


def _stars(mesh: Mesh) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Tetrahedra around each vertex: those of v are star_of[begin[v]:begin[v + 1]]."""
    order = np.argsort(mesh.tets.ravel(), kind="stable")
    begin = np.searchsorted(mesh.tets.ravel()[order], np.arange(mesh.n_points + 1))
    return order // 4, begin


def _far_apart(mesh: Mesh, untouched: Ints, may: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Random inner vertices of those that may, no two neighbours."""
    may = may.copy()
    may[np.unique(exterior_faces(mesh).faces)] = False
    wanted = int(SHARE * may.sum())
    may[untouched] = False
    rank = np.where(may, np.random.default_rng(SEED).permutation(mesh.n_points), -1)
    highest = rank.copy()  # of the vertex and its neighbours
    np.maximum.at(highest, mesh.tets, rank[mesh.tets].max(axis=1, keepdims=True))
    chosen = np.flatnonzero(may & (rank == highest))
    return np.asarray(np.sort(chosen[np.argsort(-rank[chosen], kind="stable")][:wanted]))


def flatness(mesh: Mesh, cells: Ints) -> Floats:
    """Longest edge over smallest height of tetrahedra; 1.2 for a regular one. (n,)"""
    x = mesh.points[mesh.tets[cells]]
    a, b, c = (x[:, i] - x[:, 0] for i in (1, 2, 3))
    normals = np.stack([np.cross(a, b), np.cross(b, c), np.cross(c, a), np.cross(b - a, c - a)])
    height = np.abs(np.einsum("ni,ni->n", a, np.cross(b, c)))
    height /= np.linalg.norm(normals, axis=2).max(axis=0)
    edges = np.stack([a, b, c, b - a, c - a, c - b])
    return np.asarray(np.linalg.norm(edges, axis=2).max(axis=0) / height)


def describe(mesh: Mesh) -> str:
    """Counts and shapes of the cells, and the share of the bad ones."""
    angle = smallest_dihedrals(mesh)
    return f"{quality(mesh).text()}\n{100 * np.mean(angle < THIN):.2f} % below {THIN:.0f}°"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=5.0, help="cells at the channel, km")
    mesh = wedge(parser.parse_args().size)
    channel = mesh.volumes["channel"]
    slivers = smallest_dihedrals(mesh) < THIN
    slivers[channel] = False
    sys.stdout.write(
        f"{describe(mesh)}\n{100 * len(channel) / mesh.n_tets:.2f} % in the channel, longest edge "
        f"over height {np.median(flatness(mesh, channel)):.0f} (median); "
        f"{100 * slivers.mean():.2f} % slivers elsewhere\n"
    )


if __name__ == "__main__":
    main()
