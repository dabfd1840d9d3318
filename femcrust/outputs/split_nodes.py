"""Give each side of a split fault its own copy of the fault's nodes, so that u + w is nodal.

Inside element e the displacement is Σ N_a (u_a + w_ea). Wherever the elements around a node
disagree on w, the node is written once per distinct value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from femcrust.discretisation import Discretisation
from femcrust.faults.source import Source
from femcrust.mesh.mesh import Floats

SAME_OFFSET = 1e-9  # relative to the largest; sides differ by the slip, rounding by 1e-16


class Opening(Protocol):
    """What is opened: a result, or what has these of it."""

    @property
    def nodes(self) -> Floats: ...
    @property
    def elements(self) -> NDArray[np.integer]: ...
    @property
    def displacement(self) -> Floats: ...
    @property
    def sources(self) -> Sequence[Source]: ...
    @property
    def velocity(self) -> Floats | None: ...
    @property
    def slipping(self) -> Sequence[Source]: ...
    @property
    def ranks(self) -> Discretisation | None: ...


@dataclass(frozen=True)
class OpenedNodes:
    """nodes (n, 3) m; elements (n_tets, 10); displacement (n, 3) m, single-valued per copy.

    velocity : (n, 3) m/s, or None
    original : (n,) the node of the mesh that each one is or is a copy of
    doubled : (nodes of the mesh,) whether an offset makes it several, on some rank
    """

    nodes: Floats
    elements: NDArray[np.integer]
    displacement: Floats
    velocity: Floats | None
    original: NDArray[np.integer]
    doubled: NDArray[np.bool_]


def total_offset(sources: Sequence[Source], n_tets: int) -> tuple[NDArray[np.int64], Floats]:
    """Touched tetrahedra (t,) and their summed offsets (t, 10, 3), m, over all sources."""
    parts = [(s.elements, s.offset) for s in sources if s.offset is not None]
    if not parts:
        return np.empty(0, dtype=np.int64), np.empty((0, 10, 3))
    touched = np.unique(np.concatenate([elements for elements, _ in parts])).astype(np.int64)
    row = np.full(n_tets, -1, dtype=np.int64)
    row[touched] = np.arange(len(touched))
    total = np.zeros((len(touched), 10, 3))
    for elements, offset in parts:
        np.add.at(total, row[elements], offset)
    return touched, total


def opened(result: Opening) -> OpenedNodes:
    """The same mesh with fault nodes doubled; displacement and velocity include the offsets. Where
    ranks have the fields, every rank takes part."""
    nodes, elements = result.nodes, result.elements
    fields = [(result.displacement, result.sources)]
    if result.velocity is not None:
        fields.append((result.velocity, result.slipping))
    offsets = [total_offset(sources, len(elements)) for _, sources in fields]
    largest = np.array([float(np.abs(offset).max(initial=0.0)) for _, offset in offsets])
    affected = np.zeros(len(nodes), dtype=bool)
    if result.ranks is not None:
        result.ranks.comm.largest(largest)
    for (touched, offset), most in zip(offsets, largest, strict=True):
        affected[elements[touched][np.abs(offset).max(axis=2) > SAME_OFFSET * most]] = True
    if result.ranks is not None:
        affected = result.ranks.summed(affected[:, None].astype(np.float64))[:, 0] > 0
    if not affected.any():
        every = np.arange(len(nodes))
        velocity = result.velocity
        return OpenedNodes(nodes, elements, result.displacement, velocity, every, affected)

    # every (element, corner) that meets an affected node, with its offsets
    element, corner = np.nonzero(affected[elements])
    own = np.zeros((len(fields), len(element), 3))
    row = np.full(len(elements), -1, dtype=np.int64)
    for mine, (touched, offset) in zip(own, offsets, strict=True):
        row[:] = -1
        row[touched] = np.arange(len(touched))
        inside = row[element] >= 0
        mine[inside] = offset[row[element[inside]], corner[inside]]

    node = elements[element, corner].astype(np.int64)
    rounded = [
        np.rint(mine / (SAME_OFFSET * (most or 1.0))).astype(np.int64)
        for mine, most in zip(own, largest, strict=True)
    ]
    _, first, copy = np.unique(
        np.column_stack([node, *rounded]), axis=0, return_index=True, return_inverse=True
    )
    copy = copy.reshape(-1)
    original = node[first]
    is_first = np.r_[True, original[1:] != original[:-1]]  # keys are sorted by node
    number = original.copy()
    extra = np.flatnonzero(~is_first)
    number[extra] = len(nodes) + np.arange(len(extra))

    new_elements = np.array(elements, copy=True)
    new_elements[element, corner] = number[copy]
    source = np.concatenate([np.arange(len(nodes)), original[extra]])
    moved = []
    for (values, _), mine in zip(fields, own, strict=True):
        moved.append(values[source])
        moved[-1][number] += mine[first]
    velocity = moved[1] if len(moved) > 1 else None
    return OpenedNodes(nodes[source], new_elements, moved[0], velocity, source, affected)
