"""What a run hands to the writers: the solved fields, their mesh, and the run's own numbers.

The displacement inside an element is Σ N_a (u_a + w_a): u is continuous and stored per node,
w is the known offset of the elements that touch a split fault (`Source.offset`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from femcrust.discretisation import Discretisation
from femcrust.faults.source import Source
from femcrust.mesh.mesh import Floats, Ints, Mesh


class ElasticFields(Protocol):
    """Moduli per tetrahedron; index[t] points into names."""

    @property
    def lam(self) -> Floats: ...  # (n_tets,) Pa
    @property
    def mu(self) -> Floats: ...  # (n_tets,) Pa
    @property
    def rho(self) -> Floats: ...  # (n_tets,) kg/m³, nan where the case gives none
    @property
    def names(self) -> Sequence[str]: ...
    @property
    def index(self) -> Any: ...  # (n_tets,) int


@dataclass(frozen=True)
class Stations:
    """Displacement, and where asked stress, at the stations.

    names : station names, in the order of the user's file
    xyz : (n, 3) m, model axes
    displacement : (n, 3) m; (true east, true north, up) when lonlat is given, else model axes
    convergence : (n,) rad, meridian convergence: grid north is that far clockwise of true north;
        zero without a crs
    lonlat : (n, 2) degrees as the user gave them, or None
    stress : (n, 6) Pa in *model* axes, or None
    velocity : (n, 3) m/s in the axes of the displacement, or None in a run without time
    tilt : (n, 2) rad, east and north, in the axes of the displacement, or None
    strain : (n, 6), in these axes, too, or None; `station_fields` tells signs and components
    side : name of the fault side per station on a trace, None elsewhere; () if none is
    """

    names: tuple[str, ...]
    xyz: Floats
    displacement: Floats
    convergence: Floats
    lonlat: Floats | None = None
    stress: Floats | None = None
    velocity: Floats | None = None
    tilt: Floats | None = None
    strain: Floats | None = None
    side: tuple[str | None, ...] = ()


@dataclass(frozen=True)
class Result:
    """Everything that is written of one time.

    case : the resolved case (attributes as in the schema)
    nodes : (n_nodes, 3) m, vertices then edge midpoints
    elements : (n_tets, 10) int
    sources : as they stand at `time_s`: eigenstrain and offset times the factor of their history
    displacement : (n_nodes, 3) m, the continuous part u
    stress : (n_tets, 4, 6) Pa at each element's own vertices; xx, yy, zz, xy, xz, yz
    summary : as `summary.make_summary` builds it
    history : relative residual after 0, 1, 2, … iterations
    time_s : 0 in a run without time
    velocity : (n_nodes, 3) m/s, du/dt of the continuous part, or None in a run without time
    slipping : the sources that slip just then: eigenstrain and offset of a second of it

    Where a command runs over ranks, these keep the fields: each has a result of its part, and
    that of rank 0 tells of the whole, without rows of nodes, elements, displacement, stress and
    velocity unless files need them.

    ranks : in a result of a part, the space there, which knows those of the others
    own : on rank 0 that of its part
    below_ground : there, (k, 10, 3) m, displacement in the tetrahedra of the ground's triangles
    """

    case: Any
    mesh: Mesh
    elastic: ElasticFields
    sources: Sequence[Source]
    nodes: Floats
    elements: Ints
    displacement: Floats
    stress: Floats
    summary: Mapping[str, Any]
    stations: Stations | None = None
    history: Sequence[float] = field(default=())
    time_s: float = 0.0
    velocity: Floats | None = None
    slipping: Sequence[Source] = ()
    ranks: Discretisation | None = None
    own: Result | None = None
    below_ground: Floats | None = None

    @property
    def writes(self) -> bool:
        """Whether this rank writes; others bring what they have."""
        return self.ranks is None

    @property
    def of_a_series(self) -> bool:
        """Whether this is one time of several: the case has a section `time`."""
        return getattr(self.case, "time", None) is not None


@dataclass(frozen=True)
class Record:
    """What is kept of all times of a run, for its table, its picture of lines and its maps.

    times : (t,) s, ascending
    displacement : (t, n, 3) m at the stations, (t, 0, 3) without any
    first_ground : (k, 6, 3) m, `Surface.displacement` at the first time
    """

    times: Floats
    displacement: Floats
    first_ground: Floats
