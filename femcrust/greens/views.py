"""Patches as flat outlines for pictures: from above, or from the side where they are steep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from femcrust.mesh.mesh import Floats, Ints
from femcrust.outputs.map_frame import KM


@dataclass(frozen=True)
class Outlines:
    """polygons (c, 2) and nodes (n, 2), km, and the numbers of the patches that they are."""

    polygons: list[Floats]
    of_polygon: Ints
    nodes: Floats
    of_node: Ints

    @property
    def lines(self) -> list[Floats]:
        """All points, in lists."""
        return [*self.polygons, self.nodes]


def outlines(arrays: Mapping[str, Any], *, upright: bool) -> Outlines:
    """The patches of a library; `upright`: along their mean strike and z, in place of x and y."""
    corners = np.stack([arrays[f"corner_{name}"] for name in "xyz"], axis=-1)
    centres = np.stack([arrays[f"patch_{name}"] for name in "xyz"], axis=-1)
    across = np.eye(3)[:, :2]
    if upright:
        # strikes mod 180 degrees have a mean by their doubled angles
        doubled = 2.0 * np.radians(arrays["patch_strike"])
        mean = np.arctan2(np.sin(doubled).mean(), np.cos(doubled).mean()) / 2.0
        across = np.array([[np.sin(mean), 0.0], [np.cos(mean), 0.0], [0.0, 1.0]])
        middle = np.append(centres[:, :2].mean(axis=0), 0.0)
        corners, centres = corners - middle, centres - middle
    flat = corners @ across * KM
    has_corners = np.isfinite(flat[:, 0, 0])
    of_polygon, of_node = np.flatnonzero(has_corners), np.flatnonzero(~has_corners)
    polygons = [flat[i][np.isfinite(flat[i, :, 0])] for i in of_polygon]
    return Outlines(
        polygons,
        of_polygon.astype(np.int32),
        centres[of_node] @ across * KM,
        of_node.astype(np.int32),
    )
