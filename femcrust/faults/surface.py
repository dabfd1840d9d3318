"""A triangulated fault: facets oriented toward the hanging wall, their edges and outline.

The order in which facets and their corners come does not matter: neighbours are given the same
sense through their common edges, then each connected piece is turned toward the hanging side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femcrust.faults.geometry import Chart, chart_of_points, frames_of_normals
from femcrust.faults.orientation import toward_hanging_wall
from femcrust.mesh.exterior import row_ids
from femcrust.mesh.mesh import Floats, Ints


@dataclass(frozen=True)
class Surface:
    """Oriented facets of a fault.

    points : (n, 3) float, metres
    facets : (k, 3) int, counter-clockwise seen from the hanging wall
    normals : (k, 3) float, unit vectors from foot wall to hanging wall
    areas : (k,) float, m²
    edges : (n_edges, 2) int, ends in ascending order
    facet_edges : (k, 3) int, the edges (0,1), (1,2), (0,2) of each facet
    rim : (n_edges,) bool, edges of one facet only
    chart : along strike and down dip from the top centre, in the mean plane
    """

    points: Floats
    facets: Ints
    normals: Floats
    areas: Floats
    edges: Ints
    facet_edges: Ints
    rim: NDArray[np.bool_]
    chart: Chart

    @property
    def frames(self) -> Floats:
        """Strike, up-dip and normal of each facet. (k, 3, 3)"""
        return frames_of_normals(self.normals, self.chart.frame[0])


def make_surface(points: Floats, facets: Ints, hanging_side: str | None, name: str) -> Surface:
    """Orient facets; `name` (faults.main) stands at the head of complaints."""
    _, first = np.unique(row_ids(np.asarray(facets, dtype=np.int32)), return_index=True)
    facets = toward_hanging_wall(points, facets[np.sort(first)], hanging_side, name)
    corners = points[facets]
    doubled = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(doubled, axis=1)
    ends = np.sort(facets[:, [(0, 1), (1, 2), (0, 2)]].reshape(-1, 2), axis=1)
    edges, inverse, count = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
    mean = doubled.sum(axis=0)
    frame = frames_of_normals(mean / np.linalg.norm(mean))
    return Surface(
        points=points,
        facets=facets,
        normals=doubled / length[:, None],
        areas=length / 2.0,
        edges=edges.astype(np.int32),
        facet_edges=inverse.reshape(-1, 3).astype(np.int32),
        rim=count == 1,
        chart=chart_of_points(points[np.unique(facets)], frame),
    )


def polylines(points: Floats, edges: Ints) -> list[Floats]:
    """Edges (k, 2) joined end to end as far as they go: closed loops and open lines, (k, 3)."""
    at: dict[int, list[int]] = {}
    for number, (a, b) in enumerate(edges.tolist()):
        at.setdefault(a, []).append(number)
        at.setdefault(b, []).append(number)
    unused = set(range(len(edges)))
    # Open lines begin at their ends; what is left then is loops.
    starts = [v for v in sorted(at) if len(at[v]) == 1] + sorted(at)
    lines = []
    for start in starts:
        line = [start]
        while True:
            onward = [e for e in at[line[-1]] if e in unused]
            if not onward:
                break
            unused.remove(onward[0])
            a, b = edges[onward[0]].tolist()
            line.append(b if a == line[-1] else a)
        if len(line) > 1:
            lines.append(points[line])
    return lines
