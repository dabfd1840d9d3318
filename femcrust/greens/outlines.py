"""The table of patches that are flat polygons, one or many each, with the line around each."""

from __future__ import annotations

import numpy as np

from femcrust.faults.geometry import frames_of_normals
from femcrust.faults.sheet import Longs, Sheet
from femcrust.faults.surface import polylines
from femcrust.greens.patches import CORNERS, PatchTable, angles_of, padded
from femcrust.mesh.mesh import Floats

KINDS = {3: "triangle", 4: "rectangle"}


def patch_table(
    sheet: Sheet, patch_of: Longs, name: str, area: Floats, rigidity: Floats
) -> PatchTable:
    """Rows of the patches.

    patch_of : (p,) the patch of each polygon;  area : (p,) m², of the polygons
    rigidity : Pa, of the patches;  name : of the fault, e.g. faults.main
    """
    order = np.argsort(patch_of, kind="stable")
    whole = np.bincount(patch_of, area).astype(np.float64)
    groups = np.split(order, np.cumsum(np.bincount(patch_of))[:-1])
    pieces, rings, kinds = [], [], []
    for group in groups:
        own = sheet.corners[group, : int(sheet.n_corners[group[0]])]
        pieces.append(own)
        single = len(group) == 1
        rings.append(own[0] if single else outline(own))
        kinds.append(KINDS[own.shape[1]] if single else "triangles")
    most = max(CORNERS, *(len(ring) for ring in rings))
    weight = area / whole[patch_of]
    middle = np.stack([piece.mean(axis=0) for piece in _rings(sheet)])
    centre = _sums(patch_of, weight[:, None] * middle)
    normal = _sums(patch_of, weight[:, None] * sheet.frames[:, 2])
    strike, dip = angles_of(_frames(sheet, groups, normal))
    return PatchTable(
        fault=np.full(len(groups), name.rpartition(".")[2]),
        kind=np.array(kinds),
        corners=np.concatenate([padded(ring[None], most) for ring in rings]),
        centre=centre,
        strike=strike,
        dip=dip,
        area=whole,
        rigidity=rigidity,
        pieces=tuple(pieces),
    )


def outline(triangles: Floats) -> Floats:
    """The longest line around connected triangles (k, 3, 3), its corners in order. (c, 3)"""
    points, at = np.unique(triangles.reshape(-1, 3), axis=0, return_inverse=True)
    facets = at.reshape(-1, 3)
    ends = np.sort(facets[:, [(0, 1), (1, 2), (2, 0)]].reshape(-1, 2), axis=1)
    edges, count = np.unique(ends, axis=0, return_counts=True)
    lines = polylines(points, edges[count == 1].astype(np.int32))
    return max(lines, key=lambda line: float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum()))[
        :-1
    ]


def _sums(patch_of: Longs, values: Floats) -> Floats:
    """Of the rows of each patch. (q, 3)"""
    return np.stack([np.bincount(patch_of, x).astype(np.float64) for x in values.T], axis=1)


def _rings(sheet: Sheet) -> list[Floats]:
    return [ring[:n] for ring, n in zip(sheet.corners, sheet.n_corners, strict=True)]


def _frames(sheet: Sheet, groups: list[Longs], normal: Floats) -> Floats:
    """Of single polygons their own, of many that of the mean normal. (q, 3, 3)"""
    return np.stack(
        [
            sheet.frames[group[0]] if len(group) == 1 else frames_of_normals(n / np.linalg.norm(n))
            for group, n in zip(groups, normal, strict=True)
        ]
    )
