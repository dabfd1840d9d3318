"""Give each side of a split fault its own copy of the fault's nodes, so that u + w is nodal.

Inside element e the displacement is Σ N_a (u_a + w_ea). Wherever the elements around a node
disagree on w, the node is written once per distinct value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femcrust.faults.source import Source
from femcrust.mesh.mesh import Floats

SAME_OFFSET = 1e-9  # relative to the largest; sides differ by the slip, rounding by 1e-16


@dataclass(frozen=True)
class OpenedNodes:
    """nodes (n, 3) m; elements (n_tets, 10); displacement (n, 3) m, single-valued per copy.

    original : (n,) the node of the mesh that each one is or is a copy of
    """

    nodes: Floats
    elements: NDArray[np.integer]
    displacement: Floats
    original: NDArray[np.integer]


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


def opened(
    nodes: Floats,
    elements: NDArray[np.integer],
    displacement: Floats,
    sources: Sequence[Source],
) -> OpenedNodes:
    """The same mesh with fault nodes doubled; displacement includes the offsets."""
    touched, offset = total_offset(sources, len(elements))
    largest = float(np.abs(offset).max(initial=0.0))
    if largest == 0.0:
        return OpenedNodes(nodes, elements, displacement, np.arange(len(nodes)))
    affected = np.zeros(len(nodes), dtype=bool)
    moves = np.abs(offset).max(axis=2) > SAME_OFFSET * largest
    affected[elements[touched][moves]] = True

    # every (element, corner) that meets an affected node, with its offset
    element, corner = np.nonzero(affected[elements])
    row = np.full(len(elements), -1, dtype=np.int64)
    row[touched] = np.arange(len(touched))
    own = np.zeros((len(element), 3))
    inside = row[element] >= 0
    own[inside] = offset[row[element[inside]], corner[inside]]

    node = elements[element, corner].astype(np.int64)
    key = np.column_stack([node, np.rint(own / (SAME_OFFSET * largest)).astype(np.int64)])
    _, first, copy = np.unique(key, axis=0, return_index=True, return_inverse=True)
    copy = copy.reshape(-1)
    original = node[first]
    is_first = np.r_[True, original[1:] != original[:-1]]  # keys are sorted by node
    number = original.copy()
    extra = np.flatnonzero(~is_first)
    number[extra] = len(nodes) + np.arange(len(extra))

    new_elements = np.array(elements, copy=True)
    new_elements[element, corner] = number[copy]
    new_nodes = np.concatenate([nodes, nodes[original[extra]]])
    moved = np.concatenate([displacement, displacement[original[extra]]])
    moved[number] += own[first]
    source = np.concatenate([np.arange(len(nodes)), original[extra]])
    return OpenedNodes(new_nodes, new_elements, moved, source)
