"""Triangle sheets as a wanted number of patches: cut where they are few, then merged.

Triangles are cut into four until there are CUTS for each patch. Then the smallest region is joined
with the neighbour with which it is most compact, until as many regions are left as are wanted: they
are connected by construction. At last triangles on borders go over to smaller or nearer neighbours
as long as this evens out areas and nothing falls apart.
"""

from __future__ import annotations

import heapq
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats, Ints

Longs = NDArray[np.int64]

CUTS = 8  # triangles for each patch, at least
SWEEPS = 30  # over the borders
COMPACT = 1.0  # how much distance to the centre counts beside evenness


def merged(points: Floats, facets: Ints, count: int, name: str) -> tuple[Floats, Ints, Longs]:
    """Points (n, 3) and triangles (k, 3) after cutting, and the patch of each triangle, (k,).

    Every cut triangle has the orientation of its parent. `name` heads complaints.
    """
    while len(facets) < CUTS * count:
        points, facets = quartered(points, facets)
    corners = points[facets]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    area = area / 2.0
    around = _neighbours(facets)
    region = _joined(corners.mean(axis=1), area, around, count, name)
    return points, facets, _evened(region, corners.mean(axis=1), area, around)


def quartered(points: Floats, facets: Ints) -> tuple[Floats, Ints]:
    """Every triangle cut into four by the middles of its edges."""
    ends = np.sort(facets[:, [(0, 1), (1, 2), (2, 0)]].reshape(-1, 2), axis=1)
    edges, at = np.unique(ends, axis=0, return_inverse=True)
    middle = (len(points) + at.reshape(-1, 3)).astype(np.int32)
    a, b, c = facets.T
    ab, bc, ca = middle.T
    cut = np.stack([(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)], axis=0)
    return (
        np.concatenate([points, points[edges].mean(axis=1)]),
        cut.transpose(2, 0, 1).reshape(-1, 3).astype(np.int32),
    )


def _neighbours(facets: Ints) -> list[list[int]]:
    """Triangles that share an edge with each."""
    of_edge: dict[tuple[int, int], list[int]] = defaultdict(list)
    for triangle, corners in enumerate(facets.tolist()):
        for i in range(3):
            a, b = corners[i], corners[i - 1]
            of_edge[min(a, b), max(a, b)].append(triangle)
    around: list[list[int]] = [[] for _ in facets]
    for pair in of_edge.values():
        for t in pair:
            around[t] += [other for other in pair if other != t]
    return around


def _joined(centre: Floats, area: Floats, around: list[list[int]], count: int, name: str) -> Longs:
    """The region of each triangle, numbered by the first triangle in it. (k,)"""
    size = dict(enumerate(area.tolist()))
    middle = dict(enumerate(centre))
    spread = dict.fromkeys(size, 0.0)  # ∫ |x − middle|² of the region's triangles
    near = {t: set(others) for t, others in enumerate(around)}
    members = {t: [t] for t in size}
    queue = [(a, t) for t, a in size.items()]
    heapq.heapify(queue)
    while len(size) > count:
        if not queue:
            raise InputError(
                f"{name}: its sheet has {len(size)} pieces, more than the {count} patches of"
                " greens.patches.count; give at least as many"
            )
        asked, t = heapq.heappop(queue)
        if size.get(t) != asked or not near[t]:
            continue  # has grown since, or stands alone

        def together(o: int, t: int = t) -> tuple[float, int]:
            gap = middle[t] - middle[o]
            whole = size[t] + size[o]
            moment = spread[t] + spread[o] + size[t] * size[o] / whole * float(gap @ gap)
            return moment / whole, o

        best = min(near[t], key=together)
        whole = size[t] + size[best]
        spread[best] = together(best)[0] * whole
        middle[best] = (size[t] * middle[t] + size[best] * middle[best]) / whole
        size[best] = whole
        members[best] += members.pop(t)
        for other in near.pop(t):
            near[other].discard(t)
            if other != best:
                near[other].add(best)
                near[best].add(other)
        del size[t], middle[t], spread[t]
        heapq.heappush(queue, (whole, best))
    region = np.empty(len(area), dtype=np.int64)
    for number, t in enumerate(sorted(members, key=lambda t: min(members[t]))):
        region[members[t]] = number
    return region


def _evened(region: Longs, centre: Floats, area: Floats, around: list[list[int]]) -> Longs:
    """Regions after their borders have moved."""
    region = region.copy()
    count = int(region.max()) + 1
    size = np.bincount(region, area, minlength=count)
    mean = size.mean()
    for _ in range(SWEEPS):
        middle = np.stack(
            [np.bincount(region, area * x, minlength=count) / size for x in centre.T], axis=1
        )
        changed = False
        for t in np.argsort(-size[region], kind="stable").tolist():
            own = int(region[t])
            others = {int(region[o]) for o in around[t]} - {own}
            if not others or not _stays_whole(t, own, region, around):
                continue

            found = [
                (_gain(area[t], size[own], size[o], mean, centre[t], middle[own], middle[o]), -o)
                for o in others
            ]
            gain, best = max(found)[0], -max(found)[1]
            if gain > 1e-9 * mean:
                region[t] = best
                size[own] -= area[t]
                size[best] += area[t]
                changed = True
        if not changed:
            break
    return region


def _gain(
    a: float, own: float, other: float, mean: float, x: Floats, here: Floats, there: Floats
) -> float:
    """What it is worth that a triangle of area `a` at x goes from its region to another, m².

    own, other, mean : areas of the two and of all;  here, there : centres of the two
    """
    before = (own - mean) ** 2 + (other - mean) ** 2
    after = (own - a - mean) ** 2 + (other + a - mean) ** 2
    farther = float((x - there) @ (x - there) - (x - here) @ (x - here))
    return (before - after - COMPACT * a * farther) / mean


def _stays_whole(t: int, own: int, region: Longs, around: list[list[int]]) -> bool:
    """Whether a region without its triangle t is not empty and still in one piece."""
    mates = [o for o in around[t] if region[o] == own]
    if not mates:
        return False
    reached, left = {mates[0]}, [mates[0]]
    while left and not all(m in reached for m in mates):
        for o in around[left.pop()]:
            if o != t and region[o] == own and o not in reached:
                reached.add(o)
                left.append(o)
    return all(m in reached for m in mates)
