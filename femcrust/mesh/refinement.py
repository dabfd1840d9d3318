"""Uniform refinement: large meshes from small ones, each tetrahedron into eight, k times.

Cells of a parent follow one another, so the mesh stays as local in memory as it was, and keep its
quality but for a first step [Bey00]; csrc/mesh/refinement.hpp tells how. The boundary needs no
search: each face becomes four of the same side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femcrust import backends
from femcrust.errors import InputError
from femcrust.mesh.exterior import OUTWARD_FACES, Exterior, exterior_faces
from femcrust.mesh.mesh import NUMBERED, Floats, Ints, Mesh


@dataclass(frozen=True)
class Counts:
    """How many there are of each in a conforming mesh of tetrahedra."""

    vertices: int
    edges: int
    faces: int
    tets: int

    @property
    def unknowns(self) -> int:
        """Of the quadratic space: three at each vertex and each edge."""
        return 3 * (self.vertices + self.edges)

    def refined(self, times: int) -> Counts:
        """The same after cutting every tetrahedron into eight, `times` times.

        >>> Counts(4, 6, 4, 1).refined(1)
        Counts(vertices=10, edges=25, faces=24, tets=8)
        """
        now = self
        for _ in range(times):
            now = Counts(
                now.vertices + now.edges,
                2 * now.edges + 3 * now.faces + now.tets,
                4 * now.faces + 8 * now.tets,
                8 * now.tets,
            )
        return now


@dataclass(frozen=True)
class Refined:
    """A refined mesh, its boundary, and the tetrahedron of the coarse mesh that each came from.

    Of the children of parent e, in the order of their numbers, the first is e * 8^times.
    """

    mesh: Mesh
    exterior: Exterior
    times: int

    def inherited(self, values: Floats) -> Floats:
        """Values of the coarse tetrahedra (n, …) for the fine ones (n 8^times, …)."""
        return np.repeat(values, 8**self.times, axis=0)


def count(mesh: Mesh) -> Counts:
    """Vertices, edges, faces and tetrahedra of a mesh."""
    core = backends.core()
    n_edges = len(core.quadratic(mesh.points, mesh.tets)[2])
    n_outer = len(core.single_faces(mesh.tets, mesh.n_points))
    return Counts(mesh.n_points, n_edges, (4 * mesh.n_tets + n_outer) // 2, mesh.n_tets)


def refined(mesh: Mesh, times: int) -> Refined:
    """The mesh with every tetrahedron cut into eight, `times` times, and its boundary.

    Groups are kept. The ground stays where it is: facets of a topography are cut, not bent.

    >>> from femcrust.mesh.box import BoxSpec, box_mesh
    >>> small = box_mesh(BoxSpec(x=(0, 2), y=(0, 2), z=(-2, 0), near=1, far=1))
    >>> refined(small, 2).mesh.n_tets
    6144
    """
    if times < 0:
        raise InputError(f"refinement: {times} times; give 0, 1, 2, …")
    _check(count(mesh).refined(times), times)
    outside = exterior_faces(mesh)
    triangles = [*mesh.surfaces.values(), np.zeros((0, 3), dtype=np.int32)]
    points, tets, faces, pieces = backends.core().refined(
        mesh.points, mesh.tets, _numbers(mesh, outside), np.concatenate(triangles), times
    )
    ends = np.cumsum([len(part) for part in mesh.surfaces.values()]) * 4**times
    surfaces = dict(zip(mesh.surfaces, np.split(pieces, ends)[:-1], strict=True))
    volumes = {name: _children(index, 8**times) for name, index in mesh.volumes.items()}
    fine = Mesh(points, tets, volumes, surfaces, mesh.source)
    return Refined(fine, _inherited(outside, tets, faces, 4**times), times)


def _check(asked: Counts, times: int) -> None:
    """InputError, before the work, where a number would not fit."""
    for what, number in (("unknowns", asked.unknowns), ("tetrahedra", asked.tets)):
        if number > NUMBERED:
            raise InputError(
                f"refinement: {times} times gives {number:,} {what}, more than {NUMBERED:,};"
                " refine less often"
            )


def _children(parents: Ints, each: int) -> Ints:
    numbers = parents[:, None] * np.int32(each) + np.arange(each, dtype=np.int32)
    return np.asarray(numbers.reshape(-1), dtype=np.int32)


def _numbers(mesh: Mesh, outside: Exterior) -> NDArray[np.int64]:
    """4 e + i of the boundary's faces: opposite to vertex i of tetrahedron e. (k,)"""
    on_face = (mesh.tets[outside.tets][:, :, None] == outside.faces[:, None, :]).any(axis=2)
    return np.asarray(4 * outside.tets.astype(np.int64) + np.argmin(on_face, axis=1))


def _inherited(outside: Exterior, tets: Ints, faces: Ints, each: int) -> Exterior:
    """The boundary, (k · each,) faces given as 4 e + i, with its parents' normals and sides."""
    corners = np.take_along_axis(tets[faces // 4], OUTWARD_FACES[faces % 4], axis=1)
    return Exterior(
        faces=corners.astype(np.int32),
        tets=(faces // 4).astype(np.int32),
        normals=np.repeat(outside.normals, each, axis=0),
        areas=np.repeat(outside.areas / each, each),
        side=np.repeat(outside.side, each),
    )
