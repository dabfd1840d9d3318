"""Values of the solution at points: u = Σ N_a(x) (u_a + w_a) inside the element that holds x."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from femcrust.discretisation import TET_EDGES, Discretisation
from femcrust.mesh.mesh import Floats, Ints


class Jump(Protocol):
    """What sampling needs of a source: the known part w of the displacement, where there is one."""

    @property
    def elements(self) -> Ints: ...  # (m,)
    @property
    def offset(self) -> Floats | None: ...  # (m, 10, 3) m


def shape_values(barycentric: Floats) -> Floats:
    """The ten quadratic shape functions. (n, 4) → (n, 10)"""
    corners = barycentric * (2 * barycentric - 1)
    edges = [4 * barycentric[:, i] * barycentric[:, j] for i, j in TET_EDGES]
    return np.concatenate([corners, np.stack(edges, axis=1)], axis=1)


def nodal_at(space: Discretisation, sources: Sequence[Jump], u: Floats, tets: Ints) -> Floats:
    """u_a + w_a at the nodes of elements. (n, 10, 3) m"""
    nodal = u[space.elements[tets]]
    for source in sources:
        if source.offset is None:
            continue
        place = np.full(len(space.elements), -1)
        place[source.elements] = np.arange(len(source.elements))
        here = place[tets]
        nodal[here >= 0] += source.offset[here[here >= 0]]
    return nodal


def quadratic_at(nodal: Floats, barycentric: Floats) -> Floats:
    """A quadratic field, from the values (n, 10, 3) at the nodes of each point's element."""
    return np.asarray(np.einsum("na,nac->nc", shape_values(barycentric), nodal))


def displacement_at(
    space: Discretisation, sources: Sequence[Jump], u: Floats, tets: Ints, barycentric: Floats
) -> Floats:
    """Displacement at points given as element and barycentric coordinates. (n, 3) m"""
    return quadratic_at(nodal_at(space, sources, u, tets), barycentric)


def linear_at(vertex_values: Floats, barycentric: Floats) -> Floats:
    """A field linear inside elements, from the vertex values (n, 4, k) of each point's element."""
    return np.asarray(np.einsum("ni,nik->nk", barycentric, vertex_values))
