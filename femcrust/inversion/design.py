"""The problem of an inversion as arrays: unknown slips, their prior, rows of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from femcrust.errors import InputError
from femcrust.inversion.bounded import Limits
from femcrust.inversion.graph import Graph, patch_graph
from femcrust.inversion.library import Library
from femcrust.inversion.observations import Observations
from femcrust.inversion.schema import ALONG, Inversion, SlipSought, Smoothing
from femcrust.inversion.smoothing import Prior, check_size, laplacian, matern, stiffness
from femcrust.inversion.spectrum import System
from femcrust.mesh.mesh import Floats, Ints

ROW = {"strike": 0, "dip": 1, "opening": 2}  # of a patch's frame
STEEP = 0.05  # sine of the angle between an azimuth and a patch that has no part along it


@dataclass(frozen=True)
class Basis:
    """Which directions the unknowns of a patch have.

    names : (c,) components;  turn : (p, c, l) of the library's components, l of them
    frames : (p, c, 3) unit vectors;  in_plane : how many of them lie in the patch, first
    """

    names: tuple[str, ...]
    turn: Floats
    frames: Floats
    in_plane: int


@dataclass(frozen=True)
class Problem:
    """Everything that does not depend on weights; unknowns are patch by patch, components fastest.

    sets : rows of each data set;  groups : (k,) a number for each station, alike in all sets
    """

    library: Library
    data: Sequence[Observations]
    basis: Basis
    graph: Graph
    system: System
    sets: list[Ints]
    groups: Ints
    limits: Limits
    smoothing: Smoothing

    @property
    def area(self) -> Floats:
        """Of the patch of each unknown. (m,) m²"""
        return np.repeat(self.library.area, len(self.basis.names))

    def prior(self, reach: float | None = None) -> Prior:
        """That of the section `smoothing`; `reach` of a Matérn field, m."""
        closed = self.smoothing.edges == "closed"
        s = stiffness(self.graph, self.basis.frames, self.basis.in_plane, closed)
        if self.smoothing.model == "laplacian":
            return laplacian(s, self.area, closed and self.graph.pieces_with_rim)
        assert reach is not None
        return matern(s, self.area, reach, self.smoothing.alpha)


def make_problem(inversion: Inversion, library: Library, data: Sequence[Observations]) -> Problem:
    """Rows and unknowns; what does not fit together is refused."""
    sought = inversion.slip
    basis = make_basis(library, sought)
    check_size(len(library) * len(basis.names))
    sizes = np.cumsum([0, *(len(part) for part in data)])
    n_ramp = np.cumsum([0, *(part.ramp.shape[1] for part in data)])
    ramp = np.zeros((sizes[-1], n_ramp[-1]))
    covariance = np.zeros((sizes[-1], sizes[-1]))
    sets = [np.arange(a, b, dtype=np.int32) for a, b in pairwise(sizes)]
    for k, part in enumerate(data):
        ramp[sets[k], n_ramp[k] : n_ramp[k + 1]] = part.ramp
        covariance[np.ix_(sets[k], sets[k])] = part.covariance
    design = predictions(library, basis, data)
    graph = patch_graph(library)
    if len(graph.pairs) == 0 and len(library) > 1:
        raise InputError(
            f"{library.name}: no two patches share an edge, so there is nothing to smooth along;"
            " make the library of faults that are cut into patches"
        )
    return Problem(
        library=library,
        data=data,
        basis=basis,
        graph=graph,
        system=System(design, ramp, np.concatenate([part.values for part in data]), covariance),
        sets=sets,
        groups=np.concatenate([part.stations for part in data]).astype(np.int32),
        limits=_limits(inversion, library, basis, data[0].rate),
        smoothing=inversion.smoothing,
    )


def make_basis(library: Library, sought: SlipSought) -> Basis:
    """The components that are looked for."""
    frame, given = library.frame, library.components
    eye = np.zeros((len(library), 3, len(given)))
    for column, name in enumerate(given):
        eye[:, ROW[name], column] = 1.0
    if not sought.turned:
        rows = [ROW[name] for name in given]
        return Basis(given, eye[:, rows], frame[:, rows], sum(name != "opening" for name in given))
    if not {"strike", "dip"} <= set(given):
        key = "rake" if sought.rake is not None else "azimuth"
        raise InputError(f"slip.{key}: needs strike and dip; the library has {', '.join(given)}")
    if sought.rake is not None:
        angle = np.full(len(library), np.radians(sought.rake))
        part = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    else:
        assert sought.azimuth is not None
        north = np.radians(sought.azimuth)
        part = frame[:, :2] @ np.array([np.sin(north), np.cos(north), 0.0])
        length = np.linalg.norm(part, axis=1)
        if length.min() < STEEP:
            x = library.centre[int(length.argmin())] / 1e3
            raise InputError(
                f"slip.azimuth: the patch at ({x[0]:.4g}, {x[1]:.4g}, {x[2]:.4g}) km is all but"
                " normal to it; give a rake"
            )
        part /= length[:, None]
    turn = np.zeros((len(library), 3, len(given)))
    strike, dip = given.index("strike"), given.index("dip")
    turn[:, 0, strike], turn[:, 0, dip] = part[:, 0], part[:, 1]
    turn[:, 1, strike], turn[:, 1, dip] = -part[:, 1], part[:, 0]
    names, rows = [*ALONG], [0, 1]
    if not sought.across:
        names, rows = names[:1], rows[:1]
    in_plane = len(rows)
    if "opening" in given:
        turn[:, 2, given.index("opening")] = 1.0
        names, rows = [*names, "opening"], [*rows, 2]
    turn = turn[:, rows]
    columns = [ROW[name] for name in given]
    return Basis(tuple(names), turn, np.einsum("pcl,pli->pci", turn, frame[:, columns]), in_plane)


def predictions(library: Library, basis: Basis, data: Sequence[Observations]) -> Floats:
    """What a metre of each unknown does in each number. (k, m)"""
    moved = np.einsum("pcl,plna->napc", basis.turn, library.displacement)
    rows = [
        np.einsum("kapc,ka->kpc", moved[part.stations], part.direction).reshape(len(part), -1)
        for part in data
    ]
    return np.ascontiguousarray(np.concatenate(rows))


def _limits(inversion: Inversion, library: Library, basis: Basis, rate: bool) -> Limits:
    sought, count = inversion.slip, len(basis.names)
    low = np.full((len(library), count), -np.inf)
    high = np.full((len(library), count), np.inf)
    if sought.non_negative:
        low[:] = 0.0
    for name, ends in sought.bounds.items():
        if name not in basis.names:
            known = ", ".join(basis.names)
            raise InputError(f"slip.bounds: {name!r} is no component here; these are: {known}")
        for limit, end in zip((low, high), ends, strict=True):
            if end is None:
                continue
            if end.rate != rate:
                unit = "m/yr" if rate else "m"
                raise InputError(f"slip.bounds.{name}: its unit does not fit the data; use {unit}")
            limit[:, basis.names.index(name)] = end.value
    shares = np.repeat(library.area / library.area.sum(), count)
    return Limits(low.ravel(), high.ravel(), inversion.sparsity or 0.0, shares)
