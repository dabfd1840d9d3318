"""Green's functions by the work theorem: what unit forces at the stations do to unit sources.

With K symmetric, u_station · a = f_source · u_a, where u_a answers to the force a at the station
[Aki02, sec. 2.3]. For an eigenstrain f · u = ∫ ε* : C : ε(u) dV; both factors are linear inside an
element, so that with σ* = C ε* the integral is V/20 Σ_j ε_j : (σ*_j + Σ_i σ*_i), exactly. Beside
split nodes the station also has the known offset w of its own element.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from femcrust import solvers
from femcrust.greens.problem import AXES, Problem, point_forces
from femcrust.mesh.mesh import Floats, Ints, tet_volumes
from femcrust.operators.load import hooke
from femcrust.sampling import shape_values

TWICE = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])  # xy stands for yx too


class Reciprocal:
    """The columns of a library as weights of the strain, and of the displacement at the ground."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    def __call__(self, first: int, last: int, watch: solvers.Watch | None = None) -> Floats:
        """Displacement at stations first … last of all columns. (n_columns, k, 3) m"""
        problem = self._problem
        u = problem.solved(point_forces(problem, first, last), watch)
        out = np.empty((len(problem.units), AXES * (last - first)))
        for i in range(out.shape[1]):
            one = np.ascontiguousarray(u[:, :, i])
            out[:, i] = self._forces @ one.ravel()
            if len(self._elements):
                strain = problem.operator.strain(self._elements, one)
                out[:, i] += self._weights @ strain.ravel()
        found = out.reshape(len(out), last - first, AXES)
        self._add_offsets(found, first)
        return found

    @cached_property
    def _elements(self) -> Ints:
        """All elements with eigenstrain, ascending."""
        parts = [unit.elements for unit in self._problem.units]
        return np.unique(np.concatenate(parts)).astype(np.int32)

    @cached_property
    def _weights(self) -> csr_array:
        """Of the strain at the vertices of those elements: (n_columns, elements 4 6)."""
        operator = self._problem.operator
        volumes = tet_volumes(operator.space.mesh)
        rows = []
        for unit in self._problem.units:
            e = unit.elements
            stress = hooke(unit.eigenstrain, operator.lam[e], operator.mu[e])
            weight = stress + stress.sum(axis=1, keepdims=True)
            rows.append((volumes[e, None, None] / 20.0 * weight * TWICE).ravel())
        begin = np.cumsum([0, *(len(row) for row in rows)])
        place = np.searchsorted(
            self._elements, np.concatenate([unit.elements for unit in self._problem.units])
        )
        columns = place[:, None] * 24 + np.arange(24)
        shape = (len(rows), 24 * len(self._elements))
        return csr_array((np.concatenate(rows), columns.ravel(), begin), shape=shape)

    @cached_property
    def _forces(self) -> csr_array:
        """Nodal forces of the tractions: (n_columns, n_nodes 3)."""
        space = self._problem.operator.space
        row, column, force = [], [], []
        for i, unit in enumerate(self._problem.units):
            if unit.traction is not None:
                nodes = space.face_nodes(unit.traction.faces)
                place = AXES * nodes.astype(np.int64)[..., None] + np.arange(AXES)
                row.append(np.full(place.size, i))
                column.append(place.ravel())
                force.append(unit.traction.forces.ravel())
        shape = (len(self._problem.units), AXES * space.n_nodes)
        if not row:
            return csr_array(shape)
        indices = np.concatenate(row), np.concatenate(column)
        return csr_array((np.concatenate(force), indices), shape=shape)

    def _add_offsets(self, found: Floats, first: int) -> None:
        """Add Σ N_a w_a to found (n_columns, k, 3), of stations from `first`."""
        placed = self._problem.receivers.placed
        some = slice(first, first + found.shape[1])
        tets, shape = placed.tets[some], shape_values(placed.barycentric[some])
        for column, unit in enumerate(self._problem.units):
            if unit.offset is None:
                continue
            place = np.minimum(np.searchsorted(unit.elements, tets), len(unit.elements) - 1)
            here = unit.elements[place] == tets
            jump = np.einsum("na,nac->nc", shape[here], unit.offset[place[here]])
            found[column, here] += jump
