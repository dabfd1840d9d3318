"""Green's functions by the work theorem: what loads at the stations do to unit sources.

With K symmetric, u_station · a = f_source · u_a, where u_a answers to the force a at the station
[Aki02, sec. 2.3]. For an eigenstrain f · u = ∫ ε* : C : ε(u) dV; both factors are linear inside an
element, so that with σ* = C ε* the integral is V/20 Σ_j ε_j : (σ*_j + Σ_i σ*_i), exactly. Beside
split nodes the station also has the known offset w of its own element. What reads a gradient is a
load like any other (`station_loads`); strain and stress are without the slip of their own cell.

Over time, with force and slip that start at 0 and stay, σ takes the place of C : ε,
  u_station(t) · a = ∫ ε* : σ_a(t) dV,   σ_a = C : ε(u_a) − Σ 2 μ_k v_k,
also where the source lies in rock that flows. For v obeys M⁻¹ dv/dt = g − H v with M⁻¹ and H
symmetric, where H is the second derivative of the energy by v with u in balance, and g is linear in
what acts. Whatever steps a Runge-Kutta scheme takes, v = R g with one symmetric R, and what v adds
to u_station · a is g_a · R g_source: the same both ways. So it is in each stage, and therefore on
the parabola between steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from femcrust.greens.columns import Answer
from femcrust.greens.evolution import Report, answers
from femcrust.greens.forward import stress_of
from femcrust.greens.kinds import LOADS, STATIONS, kinds_of
from femcrust.greens.problem import Problem
from femcrust.greens.station_loads import AXES, StationLoads
from femcrust.mesh.mesh import Floats, Ints, tet_volumes
from femcrust.operators.load import hooke
from femcrust.sampling import linear_at, places_in, shape_gradients, shape_values

TWICE = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])  # xy stands for yx too


class Reciprocal:
    """The columns of a library as weights of strain and relaxed stress, and of the displacement at
    the ground."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._volumes = tet_volumes(problem.operator.space.mesh)

    def __call__(self, kind: str, first: int, last: int, report: Report) -> dict[str, Floats]:
        """What stations first … last tell of all columns: the fields that a kind of loads makes.
        Field → (n_epochs, n_columns, stations, k)"""
        problem, each = self._problem, LOADS[kind]
        placed, space = problem.receivers.placed, problem.operator.space
        corners = space.nodes[space.elements[placed.tets, :4]]
        acting = StationLoads(placed, corners, kind, first, last)
        out = np.empty((problem.n_epochs, len(problem.units), each * (last - first)))
        for epoch, answer in enumerate(answers(problem, acting, report)):
            for i in range(out.shape[2]):
                out[epoch, :, i] = self._work(answer, i)
        found = out.reshape(*out.shape[:2], last - first, each)
        if kind in (STATIONS, "tilt"):
            self._add_offsets(found, first, corners)
        else:
            self._take_slip(found, first, kind)
        fields = kinds_of(problem.receivers.fields, problem.body is not None)[kind]
        return {
            name: stress_of(problem, found, first)
            if (name, kind) == ("stress", "strain")
            else found
            for name in fields
        }

    def _work(self, answer: Answer, force: int) -> Floats:
        """What all sources do on the answer to a force. (n_columns,) J"""
        u = answer.displacement(force)
        work = self._forces @ u.ravel()
        if len(self._elements):
            work += self._weights @ self._problem.operator.strain(self._elements, u).ravel()
        relaxed = answer.relaxed(force)
        if relaxed is not None and len(self._flowing):
            work -= self._relaxed_weights @ relaxed[self._flowing].ravel()
        return np.asarray(work)

    @cached_property
    def _elements(self) -> Ints:
        """All elements with eigenstrain, ascending."""
        parts = [unit.elements for unit in self._problem.units]
        return np.unique(np.concatenate(parts)).astype(np.int32)

    @cached_property
    def _flowing(self) -> Ints:
        """The places of those that flow among all that do."""
        body = self._problem.body
        assert body is not None
        flowing = np.isin(body.relaxing.elements, self._elements)
        return np.flatnonzero(flowing).astype(np.int32)

    @cached_property
    def _weights(self) -> csr_array:
        """Of the strain at the vertices of those elements: (n_columns, elements 4 6)."""
        lam, mu = self._problem.operator.lam, self._problem.operator.mu
        rows = []
        for unit in self._problem.units:
            e = unit.elements
            rows.append((e, hooke(unit.eigenstrain, lam[e], mu[e])))
        return self._integrals(rows, self._elements)

    @cached_property
    def _relaxed_weights(self) -> csr_array:
        """Of the stress that has relaxed in those that flow: (n_columns, flowing elements 4 6)."""
        body = self._problem.body
        assert body is not None
        elements = body.relaxing.elements[self._flowing]
        rows = []
        for unit in self._problem.units:
            flows = np.isin(unit.elements, elements)
            rows.append((unit.elements[flows], unit.eigenstrain[flows]))
        return self._integrals(rows, elements)

    def _integrals(self, rows: Sequence[tuple[Ints, Floats]], elements: Ints) -> csr_array:
        """∫ a : b dV as weights of b at the vertices of `elements`; each row has elements (m,) of
        them and a there, (m, 4, 6)."""
        values = [
            self._volumes[e, None, None] / 20.0 * (a + a.sum(axis=1, keepdims=True)) * TWICE
            for e, a in rows
        ]
        begin = np.cumsum([0, *(value.size for value in values)])
        place = np.searchsorted(elements, np.concatenate([e for e, _ in rows]))
        columns = place[:, None] * 24 + np.arange(24)
        data = np.concatenate([value.ravel() for value in values])
        return csr_array((data, columns.ravel(), begin), shape=(len(rows), 24 * len(elements)))

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

    def _add_offsets(self, found: Floats, first: int, corners: Floats) -> None:
        """Add Σ N_a w_a, or ∂_j N_a w_az, to found (n_epochs, n_columns, stations, k), of stations
        from `first`."""
        placed = self._problem.receivers.placed
        some = slice(first, first + found.shape[2])
        barycentric = placed.barycentric[some]
        shape, slopes = shape_values(barycentric), shape_gradients(corners[some], barycentric)
        for column, unit in enumerate(self._problem.units):
            if unit.offset is None:
                continue
            here, place = places_in(unit.elements, placed.tets[some])
            offset = unit.offset[place]
            if found.shape[3] == AXES:
                found[:, column, here] += np.einsum("na,nac->nc", shape[here], offset)
            else:
                tilt = np.einsum("na,nac->nc", offset[:, :, 2], slopes[here][:, :, :2])
                found[:, column, here] += tilt

    def _take_slip(self, found: Floats, first: int, kind: str) -> None:
        """Take ε*, or C : ε*, of the stations' own cells from found, alike."""
        placed, operator = self._problem.receivers.placed, self._problem.operator
        some = slice(first, first + found.shape[2])
        for column, unit in enumerate(self._problem.units):
            here, place = places_in(unit.elements, placed.tets[some])
            slip = unit.eigenstrain[place]
            if kind == "stress":
                cells = placed.tets[some][here]
                slip = hooke(slip, operator.lam[cells], operator.mu[cells])
            found[:, column, here] -= linear_at(slip, placed.barycentric[some][here])
