"""Makes sheet.msh, stations.csv and gnss.csv of the Gorkha earthquake of 25 April 2015.

    python prepare.py [FOLDER OF PUBLIC DATA] [--size 10]

`femcrust data` tells where the two files in its folder events/ come from: offsets of GNSS stations
by ARIA, and the fault of Qiu et al. (2016), 2,841 triangles, cut anew into triangles of one size.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import meshio
import numpy as np
import pyproj
from matplotlib.tri import LinearTriInterpolator, Triangulation

CRS = "+proj=tmerc +lat_0=28 +lon_0=85 +datum=WGS84 +units=m"  # as in case.yaml
STRIKE = 287.0  # of the rows of triangles, degrees
SHALLOWEST = 3e3  # m: the fault above it is left out; it is farther from the stations than the slip


def sheet(folder: Path, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 3), m, and triangles of a regular cut of the fault, `size` long."""
    nodes = np.loadtxt(folder / "gorkha_qiu15_geo.ned.gz")  # number, latitude, longitude, depth
    corners = np.loadtxt(folder / "gorkha_qiu15_geo.tri.gz").astype(int)[:, 1:] - 1
    to_plane = pyproj.Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
    xy = np.stack(to_plane.transform(nodes[:, 2], nodes[:, 1]), axis=1)
    phi = np.radians(STRIKE)
    axes = np.array([[np.sin(phi), np.cos(phi)], [np.cos(phi), -np.sin(phi)]])  # strike, down dip
    uv = xy @ axes.T
    depth = LinearTriInterpolator(Triangulation(*uv.T, corners), nodes[:, 3])
    used = uv[np.unique(corners)]
    u, v = (np.arange(low, high, size) for low, high in zip(used.min(0), used.max(0), strict=True))
    uu, vv = np.meshgrid(u, v, indexing="ij")
    at = np.ma.filled(depth(uu, vv), np.nan)
    number = np.arange(uu.size).reshape(uu.shape)
    a, b, c, d = (
        n.ravel() for n in (number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:])
    )
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    whole = (at.ravel()[triangles] > SHALLOWEST).all(axis=1)  # nan outside the fault
    kept, triangles = np.unique(triangles[whole], return_inverse=True)
    flat = np.stack([uu.ravel(), vv.ravel()], axis=1)[kept] @ axes
    return np.column_stack([flat, -at.ravel()[kept]]), triangles.reshape(-1, 3)


def offsets(path: Path) -> list[list[str]]:
    """Rows of the table: latitude, longitude, site, east, north, up, sigmas, cm."""
    lines = path.read_text().splitlines()
    return [line.split() for line in lines if line.strip() and not line.startswith("#")]


def prepare(data: Path, target: Path, size: float) -> None:
    """Write the three files."""
    points, triangles = sheet(data / "events", size)
    tags = {name: [np.ones(len(triangles), int)] for name in ("gmsh:physical", "gmsh:geometrical")}
    meshio.write_points_cells(
        *(target / "sheet.msh", points, [("triangle", triangles)]),
        cell_data=tags,
        file_format="gmsh22",
        binary=False,
    )
    rows = offsets(data / "events" / "gorkha2015_ARIA_offsets_v4.txt")
    places = [f"{site},{lon},{lat}" for lat, lon, site, *_ in rows]
    (target / "stations.csv").write_text("\n".join(["name,lon,lat", *places]) + "\n")
    header = "name,lon,lat,east_cm,north_cm,up_cm,sigma_east_cm,sigma_north_cm,sigma_up_cm"
    values = [",".join(row[3:]) for row in rows]
    lines = [f"{place},{numbers}" for place, numbers in zip(places, values, strict=True)]
    (target / "gnss.csv").write_text("\n".join([header, *lines]) + "\n")
    print(f"{len(triangles)} triangles of {size / 1e3:g} km, {len(rows)} stations")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=os.environ.get("FEMCRUST_DATA"))
    parser.add_argument("--size", type=float, default=10.0, help="legs of the triangles, km")
    given = parser.parse_args()
    if given.data is None:
        parser.error("name the folder of public data, or set FEMCRUST_DATA")
    prepare(Path(given.data), Path(__file__).resolve().parent, given.size * 1e3)
