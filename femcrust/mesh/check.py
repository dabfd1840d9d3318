"""Whether a mesh is one a finite-element method can use, with a message that says where it is not.

Refused: positions that are not finite, vertex numbers that do not exist, flat or repeated
tetrahedra, faces shared by three, tetrahedra that overlap a neighbour, coincident vertices (cells
that only seem to touch), separate pieces, surface triangles that are no faces of tetrahedra.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from femcrust.errors import InputError
from femcrust.mesh.exterior import OUTWARD_FACES, members, row_ids, sorted_rows, tet_faces
from femcrust.mesh.mesh import CHUNK, Floats, Mesh, tet_volumes

# |V| / (longest edge)³ of a flat tetrahedron: rounding of coordinates 1e6 edges from the origin
# gives 1e-10; a sliver with an angle of 0.001° still has 1e-6.
FLAT = 1e-10
COINCIDENT = 1e-9  # of the extent: far above rounding in files, far below any element
EARTH = 1.3e7  # m, diameter
SMALL = 2e3  # m: no crustal model in metres is narrower, most in kilometres are


def checked(mesh: Mesh) -> Mesh:
    """The mesh with all tetrahedra positively oriented, or InputError."""
    _refuse_bad_numbers(mesh)
    volumes = tet_volumes(mesh)
    _refuse(
        mesh, np.abs(volumes) <= FLAT * _longest(mesh) ** 3, "has no volume; delete or remesh it"
    )
    _refuse(mesh, _repeats(row_ids(mesh.tets)), "occurs twice; delete the copies")
    negative = volumes < 0
    if negative.any():
        tets = mesh.tets.copy()
        tets[negative] = tets[negative][:, [1, 0, 2, 3]]
        mesh = replace(mesh, tets=tets)
    _check_faces(mesh)
    return replace(mesh, surfaces={name: _surface(mesh, name) for name in mesh.surfaces})


def _longest(mesh: Mesh) -> Floats:
    """Of five edges of each tetrahedron, m. (n_tets,)"""
    longest = np.empty(mesh.n_tets)
    for start in range(0, mesh.n_tets, CHUNK):
        part = slice(start, start + CHUNK)
        corners = mesh.points[mesh.tets[part]]
        spans = [corners[:, i] - corners[:, j] for i, j in ((0, 1), (1, 2), (2, 0), (0, 3), (1, 3))]
        longest[part] = np.sqrt(np.max([np.einsum("ni,ni->n", d, d) for d in spans], axis=0))
    return longest


def units_hint(mesh: Mesh) -> str | None:
    """A sentence if the size of the mesh suggests kilometres taken for metres.

    Raises InputError for a mesh larger than the Earth, the opposite mistake.
    """
    width = float(np.ptp(mesh.points, axis=0).max())
    if width > EARTH:
        raise InputError(
            f"{mesh.source}: the mesh is {width / 1e3:,.0f} km wide, more than the Earth; "
            "is it in metres? write units: m"
        )
    if width < SMALL:
        return f"{mesh.source}: the mesh is {width:g} m wide; is the mesh in km? write units: km"
    return None


def _repeats(ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray(np.bincount(ids)[ids] > 1)


def _refuse(mesh: Mesh, bad: NDArray[np.bool_], what: str) -> None:
    """InputError naming the first bad tetrahedron, its place and how many there are."""
    if bad.any():
        first, count = int(np.argmax(bad)), int(bad.sum())
        x, y, z = mesh.points[mesh.tets[first]].mean(axis=0)
        others = f" ({count} in all)" if count > 1 else ""
        raise InputError(
            f"{mesh.source}: tetrahedron {first + 1}{others} near x={x:g}, y={y:g}, z={z:g} m "
            f"{what}"
        )


def _refuse_bad_numbers(mesh: Mesh) -> None:
    if mesh.n_tets == 0:
        raise InputError(f"{mesh.source}: the mesh has no tetrahedra; mesh the volumes (3-D)")
    wild = ~((mesh.tets >= 0) & (mesh.tets < mesh.n_points)).all(axis=1)
    if wild.any():
        raise InputError(
            f"{mesh.source}: tetrahedron {int(np.argmax(wild)) + 1} ({int(wild.sum())} in all) "
            f"names a vertex that is not among the {mesh.n_points}; write the mesh again"
        )
    # 1e30 m: finite, but its cube would overflow.
    bad = ~(np.abs(mesh.points) < 1e30).all(axis=1)
    used = np.zeros(mesh.n_points, dtype=bool)
    used[mesh.tets] = True
    bad &= used
    if bad.any():
        first = int(np.argmax(bad))
        raise InputError(
            f"{mesh.source}: vertex {first + 1} ({int(bad.sum())} in all) has the position "
            f"{mesh.points[first].tolist()}; write the mesh again with finite coordinates"
        )


def _check_faces(mesh: Mesh) -> None:
    """How tetrahedra meet: at most two at a face, on opposite sides of it, all in one piece."""
    order, first = sorted_rows(tet_faces(mesh.tets))
    begin = np.append(np.flatnonzero(first), len(order))
    count = np.diff(begin)
    bad = np.zeros(mesh.n_tets, dtype=bool)
    if (count > 2).any():
        bad[order[np.repeat(count > 2, count)] // 4] = True
    _refuse(mesh, bad, "shares a face with two others; remove what overlaps")

    twice = begin[:-1][count == 2]
    shared = np.stack([order[twice], order[twice + 1]], axis=1)
    del order, first, begin, count, twice
    for start in range(0, len(shared), CHUNK):
        one, other = shared[start : start + CHUNK].T
        same = _turn(_faces(mesh, one)) == _turn(_faces(mesh, other))
        bad[one[same] // 4] = bad[other[same] // 4] = True
    _refuse(mesh, bad, "overlaps the tetrahedron beyond one of its faces; remesh there")

    _refuse_coincident(mesh)
    pairs = (shared // 4).astype(np.int32)
    del shared
    graph = coo_array(
        (np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])),
        shape=(mesh.n_tets, mesh.n_tets),
    )
    pieces, label = connected_components(graph, directed=False)
    if pieces > 1:
        sizes = np.bincount(label)
        _refuse(
            mesh,
            label != np.argmax(sizes),
            f"hangs on the largest piece of the mesh by no face ({pieces} pieces); join the "
            "volumes (in gmsh: fragment or Coherence) or remove the others",
        )


def _faces(mesh: Mesh, places: NDArray[np.int64]) -> NDArray[np.int32]:
    """Rows of `tet_faces`."""
    return np.take_along_axis(mesh.tets[places // 4], OUTWARD_FACES[places % 4], axis=1)


def _turn(triples: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether the triple runs through its vertices in ascending cyclic order."""
    a, b, c = triples.T
    return np.asarray(((a < b).astype(int) + (b < c) + (c < a)) == 2)


def _refuse_coincident(mesh: Mesh) -> None:
    used = np.unique(mesh.tets)
    points = mesh.points[used]
    low = points.min(axis=0)
    step = COINCIDENT * float(np.ptp(points, axis=0).max())
    # Rounded on two grids half a step apart: neighbours that one grid separates meet in the other.
    for shift in (0.0, 0.5):
        cells = np.floor((points - low) / step + shift).astype(np.int64)
        order = np.lexsort(cells.T)
        same = np.flatnonzero(np.all(cells[order[1:]] == cells[order[:-1]], axis=1))
        if len(same):
            x, y, z = points[order[same[0]]]
            raise InputError(
                f"{mesh.source}: vertices {used[order[same[0]]] + 1} and "
                f"{used[order[same[0] + 1]] + 1} ({len(same)} pairs in all) coincide at x={x:g}, "
                f"y={y:g}, z={z:g} m; merge them in the mesher, femcrust splits faults by itself"
            )


def _surface(mesh: Mesh, name: str) -> NDArray[np.int32]:
    """The triangles of a surface group, each once, all of them faces of tetrahedra."""
    triples = mesh.surfaces[name]
    if len(triples) == 0:
        raise InputError(f"{mesh.source}: surface {name!r} has no triangles; remove the group")
    _, first = np.unique(row_ids(triples), return_index=True)
    triples = triples[np.sort(first)]
    _, found = members(tet_faces(mesh.tets), triples)
    if not found.all():
        x, y, z = mesh.points[triples[np.argmin(found)]].mean(axis=0)
        raise InputError(
            f"{mesh.source}: surface {name!r}: {int((~found).sum())} of {len(found)} triangles are "
            f"no faces of tetrahedra, the first near x={x:g}, y={y:g}, z={z:g} m; embed the "
            "surface in the volumes before meshing"
        )
    return np.ascontiguousarray(triples, dtype=np.int32)
