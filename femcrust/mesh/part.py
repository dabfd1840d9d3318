"""What one rank has of a mesh: some tetrahedra and the vertices that they meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femcrust.mesh.mesh import Ints, Mesh

NOWHERE = -1


@dataclass(frozen=True)
class Part:
    """Numbers in the whole mesh of what the part has, ascending tetrahedra, and the way back.

    tets : (m,) int;  points : (n,) int
    tet_of, point_of : places in the part by numbers of the whole, or NOWHERE
    """

    tets: Ints
    points: Ints
    tet_of: Ints
    point_of: Ints


def part_of(mesh: Mesh, chosen: Ints) -> Part:
    """Of some tetrahedra, ascending; vertices in the order in which these meet them."""
    met, first = np.unique(mesh.tets[chosen].ravel(), return_index=True)
    points = met[np.argsort(first, kind="stable")].astype(np.int32)
    return Part(
        tets=chosen.astype(np.int32),
        points=points,
        tet_of=_places(chosen, mesh.n_tets),
        point_of=_places(points, mesh.n_points),
    )


def cut(mesh: Mesh, part: Part) -> Mesh:
    """The part as a mesh of its own; named groups stay with the whole."""
    tets = part.point_of[mesh.tets[part.tets]]
    return Mesh(np.ascontiguousarray(mesh.points[part.points]), tets, source=mesh.source)


def _places(chosen: Ints, n: int) -> Ints:
    places = np.full(n, NOWHERE, dtype=np.int32)
    places[chosen] = np.arange(len(chosen), dtype=np.int32)
    return places
