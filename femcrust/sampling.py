"""Values of the solution at points: u = Σ N_a(x) (u_a + w_a) inside the element that holds x.

Gradients are those of that one element, too, as they are: between cells they jump, and a point on a
face or a vertex has those of the cell that the locator names. They are linear inside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from femcrust.discretisation import TET_EDGES, Discretisation
from femcrust.mesh.mesh import Floats, Ints

PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))  # xx, yy, zz, xy, xz, yz


class Jump(Protocol):
    """What sampling needs of a source: the known part w of the displacement, where there is one."""

    @property
    def elements(self) -> Ints: ...  # (m,)
    @property
    def offset(self) -> Floats | None: ...  # (m, 10, 3) m


class Eigenstrain(Protocol):
    """What strain needs of a source: ε* at the vertices of its elements."""

    @property
    def elements(self) -> Ints: ...  # (m,)
    @property
    def eigenstrain(self) -> Floats: ...  # (m, 4, 6)


def shape_values(barycentric: Floats) -> Floats:
    """The ten quadratic shape functions. (n, 4) → (n, 10)"""
    corners = barycentric * (2 * barycentric - 1)
    edges = [4 * barycentric[:, i] * barycentric[:, j] for i, j in TET_EDGES]
    return np.concatenate([corners, np.stack(edges, axis=1)], axis=1)


def nodal_at(space: Discretisation, sources: Sequence[Jump], u: Floats, tets: Ints) -> Floats:
    """u_a + w_a at the nodes of elements. (n, 10, 3) m"""
    nodal = u[space.elements[tets]]
    for source in sources:
        if source.offset is not None:
            here, place = places_in(source.elements, tets)
            nodal[here] += source.offset[place]
    return nodal


def quadratic_at(nodal: Floats, barycentric: Floats) -> Floats:
    """A quadratic field, from the values (n, 10, 3) at the nodes of each point's element."""
    return np.asarray(np.einsum("na,nac->nc", shape_values(barycentric), nodal))


def displacement_at(
    space: Discretisation, sources: Sequence[Jump], u: Floats, tets: Ints, barycentric: Floats
) -> Floats:
    """Displacement at points given as element and barycentric coordinates. (n, 3) m"""
    return quadratic_at(nodal_at(space, sources, u, tets), barycentric)


def tilt_at(
    space: Discretisation, sources: Sequence[Jump], u: Floats, tets: Ints, barycentric: Floats
) -> Floats:
    """Slope of a level line at points, ∂u_z/∂x, ∂u_z/∂y. (n, 2)"""
    return linear_at(slopes_in(space, sources, u, tets), barycentric)


def strain_at(
    space: Discretisation,
    sources: Sequence[Eigenstrain],
    u: Floats,
    tets: Ints,
    barycentric: Floats,
) -> Floats:
    """ε(u) − ε* at points. (n, 6)"""
    return linear_at(strain_in(space, sources, u, tets), barycentric)


def slopes_in(space: Discretisation, sources: Sequence[Jump], u: Floats, tets: Ints) -> Floats:
    """∂u_z/∂x and ∂u_z/∂y at the vertices of elements: positive where it rises that way. (n, 4, 2)

    In cells that a sheet of slip crosses they have the smeared jump in them, like the displacement.
    """
    rise = nodal_at(space, sources, u, tets)[:, :, 2]
    return np.asarray(np.einsum("na,niac->nic", rise, _gradients_in(space, tets)[..., :2]))


def strain_in(
    space: Discretisation, sources: Sequence[Eigenstrain], u: Floats, tets: Ints
) -> Floats:
    """ε(u) − ε*, without slip, at the vertices of elements: xx, yy, zz, xy, xz, yz; xy is half of
    the shear angle. (n, 4, 6)"""
    g = np.einsum("nac,niad->nicd", u[space.elements[tets]], _gradients_in(space, tets))
    strain = np.stack([(g[..., i, j] + g[..., j, i]) / 2 for i, j in PAIRS], axis=2)
    for source in sources:
        here, place = places_in(source.elements, tets)
        strain[here] -= source.eigenstrain[place]
    return strain


def _gradients_in(space: Discretisation, tets: Ints) -> Floats:
    """∇N_a at the vertices of elements. (n, 4, 10, 3)"""
    corners = space.nodes[space.elements[tets, :4]]
    ends = [np.broadcast_to(vertex, (len(tets), 4)) for vertex in np.eye(4)]
    return np.stack([shape_gradients(corners, end) for end in ends], axis=1)


def shape_gradients(corners: Floats, barycentric: Floats) -> Floats:
    """∇N_a of the ten shape functions, corners (n, 4, 3): (4 L_i − 1) ∇L_i at vertices, on edges
    4 (L_i ∇L_j + L_j ∇L_i). (n, 10, 3) 1/m"""
    inverse = np.linalg.inv(corners[:, 1:] - corners[:, :1])  # columns are ∇L_1 … ∇L_3
    linear = np.concatenate([-inverse.sum(axis=2)[:, None], inverse.transpose(0, 2, 1)], axis=1)
    at = barycentric[:, :, None]
    edges = [4 * (at[:, i] * linear[:, j] + at[:, j] * linear[:, i]) for i, j in TET_EDGES]
    return np.concatenate([(4 * at - 1) * linear, np.stack(edges, axis=1)], axis=1)


def places_in(elements: Ints, tets: Ints) -> tuple[Ints, Ints]:
    """Which of some tetrahedra are among `elements`, and their places there."""
    if not len(elements):
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)
    order = np.argsort(elements, kind="stable").astype(np.int32)
    place = order[np.minimum(np.searchsorted(elements, tets, sorter=order), len(elements) - 1)]
    here = np.flatnonzero(elements[place] == tets).astype(np.int32)
    return here, place[here]


def linear_at(vertex_values: Floats, barycentric: Floats) -> Floats:
    """A field linear inside elements, from the vertex values (n, 4, k) of each point's element."""
    return np.asarray(np.einsum("ni,nik->nk", barycentric, vertex_values))
