"""A dipping rectangular fault in a box, for comparison with Okada's half-space.

The middle of the fault's top edge is at x = y = 0. Usage:
python meshes/dipping.py out.msh --dip 30 --top 2 --size 1
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from gmsh_session import (
    KM,
    fragment,
    generate,
    grade,
    name_surface,
    name_volumes,
    report,
    session,
    write,
)


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
        volumes = [
            occ.addBox(-half, -half, -low, 2 * half, 2 * half, low - high)
            for high, low in pairwise(depths)
        ]
        points = [occ.addPoint(*corner) for corner in corners]
        lines = [occ.addLine(points[i], points[(i + 1) % 4]) for i in range(4)]
        fault = occ.addPlaneSurface([occ.addCurveLoop(lines)])
        *pieces, faces = fragment(gmsh, volumes, [fault])
        names = [f"layer_{i + 1}" for i in range(len(pieces))] if layers_km else ["crust"]
        name_volumes(gmsh, dict(zip(names, pieces, strict=True)))
        name_surface(gmsh, "fault", faces)
        grade(gmsh, faces, size_km * KM, half / 4, growth)
        generate(gmsh)
        write(gmsh, path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="the mesh to write, .msh")
    parser.add_argument("--length", type=float, default=20.0, help="km")
    parser.add_argument("--width", type=float, default=10.0, help="down dip, km")
    parser.add_argument("--strike", type=float, default=0.0, help="degrees from north")
    parser.add_argument("--dip", type=float, default=30.0, help="degrees")
    parser.add_argument("--top", type=float, default=2.0, help="depth of the upper edge, km")
    parser.add_argument("--size", type=float, default=1.0, help="size on the fault, km")
    parser.add_argument("--box", type=float, default=4.0, help="width of the box, fault lengths")
    parser.add_argument("--growth", type=float, default=0.25, help="size per distance")
    a = parser.parse_args()
    started = time.perf_counter()
    build(a.path, a.length, a.width, a.strike, a.dip, a.top, a.size, a.box, a.growth)
    report(a.path, started)


if __name__ == "__main__":
    main()
