"""Loads that are the transpose of reading a station: their work on u is what the station tells.

  displacement  u_i = Σ N_a u_ai                 a point force, N_a at the nodes of the cell
  tilt          ∂u_z/∂x_j = Σ ∂_j N_a u_az       a couple of vertical forces
  strain        sym Σ u_a ⊗ ∇N_a                 couples of forces
  stress        σ(x) = Σ L_i(x) σ_i              an eigenstrain of the cell, the same linear inside

For stress that has relaxed nodal forces do not do. With the weights of ∫ a : b dV = Σ a_i M_ij b_j,
M = V/20 (1 + δ_ij), the eigenstrain M⁻¹ L ⊗ e has ∫ ε* : σ dV = e : σ(x), and M⁻¹ L is
20/V (L_i − 1/5). It starts at 0 and stays, as slip does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from femcrust import operators
from femcrust.boundaries.conditions import Conditions
from femcrust.greens.kinds import LOADS, STATIONS
from femcrust.greens.unit import UnitSource
from femcrust.mesh.mesh import Floats
from femcrust.operators import ElasticOperator
from femcrust.sampling import PAIRS, shape_gradients, shape_values
from femcrust.stations import PlacedStations

AXES = 3


@dataclass(frozen=True)
class StationLoads:
    """Those of one kind at stations first … last, the loads of a station side by side.

    corners : (n, 4, 3) m, of the cells of all stations
    """

    placed: PlacedStations
    corners: Floats
    kind: str
    first: int
    last: int

    @property
    def eigenstrains(self) -> Sequence[UnitSource | None]:
        """Of each load; None where it is of forces."""
        if self.kind != "stress":
            return [None] * (LOADS[self.kind] * (self.last - self.first))
        units = np.array([np.eye(3)[i][:, None] * np.eye(3)[j] for i, j in PAIRS])
        six = np.array([[(e[i, j] + e[j, i]) / 2 for i, j in PAIRS] for e in units])
        found = []
        for k in range(self.first, self.last):
            edges = self.corners[k, 1:] - self.corners[k, 0]
            volume = abs(float(np.linalg.det(edges))) / 6
            weights = 20 / volume * (self.placed.barycentric[k] - 0.2)
            cell = self.placed.tets[k : k + 1]
            found += [UnitSource(cell, np.outer(weights, e)[None]) for e in six]
        return found

    def forces(self, operator: ElasticOperator) -> list[Floats]:
        """(n_nodes, 3) N each, for a load of 1 N, 1 N m or 1 m³."""
        if self.kind == "stress":
            nothing = Conditions()
            return [operators.load(operator, [unit], nothing) for unit in self.eigenstrains if unit]
        space, loads = operator.space, []
        cells = space.elements[self.placed.tets[self.first : self.last]]
        for where, shares in zip(cells, self._shares(), strict=True):
            for share in shares:
                load = np.zeros((space.n_nodes, AXES))
                load[where] = share
                loads.append(load)
        return loads

    def _shares(self) -> Floats:
        """Of the nodes of a station's cell. (k, loads, 10, 3)"""
        some = slice(self.first, self.last)
        barycentric = self.placed.barycentric[some]
        if self.kind == STATIONS:
            return np.asarray(np.einsum("na,ij->niaj", shape_values(barycentric), np.eye(AXES)))
        slopes = shape_gradients(self.corners[some], barycentric)
        out = np.zeros((len(slopes), LOADS[self.kind], *slopes.shape[1:]))
        if self.kind == "tilt":
            out[:, 0, :, 2], out[:, 1, :, 2] = slopes[:, :, 0], slopes[:, :, 1]
            return out
        for load, (i, j) in enumerate(PAIRS):
            out[:, load, :, i] += slopes[:, :, j] / 2
            out[:, load, :, j] += slopes[:, :, i] / 2
        return out
