"""A dipping rectangular fault in a box, for comparison with Okada's half-space.

The middle of the fault's top edge is at x = y = 0. Usage:
python meshes/dipping.py out.msh --dip 30 --top 2 --size 1
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gmsh_session import KM, command_line, finish, fragment, session, stacked_boxes


def build(
    path: str | Path,
    length_km: float = 20.0,
    width_km: float = 10.0,
    strike_deg: float = 0.0,
    dip_deg: float = 30.0,
    top_km: float = 2.0,
    size_km: float = 1.0,
    box_lengths: float = 4.0,
    growth: float = 0.25,
    layers_km: Sequence[float] = (),
) -> None:
    """Write the mesh: volumes 'crust' (or 'layer_1' … from above), surface 'fault'.

    top_km : depth of the upper edge; 0 reaches the surface
    box_lengths : width and length of the box in fault lengths; it is half as deep
    """
    half = box_lengths * length_km * KM / 2
    phi, dip = np.radians(strike_deg), np.radians(dip_deg)
    along = np.array([np.sin(phi), np.cos(phi), 0.0])
    # Down dip: to the right of strike, and down.
    down = np.array([np.cos(phi) * np.cos(dip), -np.sin(phi) * np.cos(dip), -np.sin(dip)])
    top = np.array([0.0, 0.0, -top_km * KM])
    ends = [top + s * along * length_km * KM / 2 for s in (-1, 1)]
    corners = [ends[0], ends[1], *(end + width_km * KM * down for end in ends[::-1])]
    with session("dipping") as gmsh:
        occ = gmsh.model.occ
        depths = [0.0, *(d * KM for d in layers_km), half]
        volumes = stacked_boxes(gmsh, half, depths)
        points = [occ.addPoint(*corner) for corner in corners]
        lines = [occ.addLine(points[i], points[(i + 1) % 4]) for i in range(4)]
        fault = occ.addPlaneSurface([occ.addCurveLoop(lines)])
        *pieces, faces = fragment(gmsh, volumes, [fault])
        names = [f"layer_{i + 1}" for i in range(len(pieces))] if layers_km else ["crust"]
        named = dict(zip(names, pieces, strict=True))
        finish(gmsh, path, named, ("fault", faces), (size_km * KM, half / 4, growth))


if __name__ == "__main__":
    command_line(
        build,
        length_km="of the fault",
        width_km="of the fault, down dip",
        strike_deg="from north",
        dip_deg="to the right of strike",
        top_km="depth of the upper edge",
        size_km="size on the fault",
        box_lengths="width of the box in fault lengths",
        growth="of the size per distance",
        layers_km="depths of layers' bottoms",
    )
