"""The plate interface under south-west Japan as a case: sheet, ground, stations, layers.

Read from $FEMCRUST_DATA: the interface (`mesh/nankai.msh`, from celeri), the ground and sea floor
(`topo/gebco_10m_japan.nc`, GEBCO). Near the trench the sheet lies above the sea floor; it is drawn
down to CLEARANCE below it. Layers have means of JMA2001 and are draped under the ground; their ends
are multiples of 16 km, so that cells on them need not be smaller than those at the interface.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import meshio
import numpy as np
import yaml

from femcrust.faults.triangles import read_triangles
from femcrust.grid_files import contents_of
from femcrust.mesh.mesh import Floats
from femcrust.model import projector
from femcrust.projection import project, unproject

KM = 1e3
CRS = "EPSG:32653"
MARGIN, DEPTH = 250 * KM, 256 * KM  # of the box around the sheet
GRID = 5 * KM  # of the ground
CLEARANCE = 1 * KM
N_STATIONS = 400
LAND = 5.0  # m: a station stands higher
LAYERS = {  # lower end, km below the ground; vp, vs, km/s; density, kg/m³
    "upper_crust": (16.0, 5.8, 3.35, 2700),
    "lower_crust": (32.0, 6.7, 3.85, 2900),
    "mantle": (1000.0, 7.8, 4.4, 3300),
}


def write_case(folder: Path, data: Path, near_km: float, patches: int, stations: int) -> Path:
    """Everything that `femcrust greens` needs, in a folder; returns the case."""
    folder.mkdir(parents=True, exist_ok=True)
    points, facets = read_triangles(data / "mesh" / "nankai.msh", "km", "EPSG:4326", projector(CRS))
    low, high = points.min(axis=0) - MARGIN, points.max(axis=0) + MARGIN
    x, y, height = ground(data / "topo" / "gebco_10m_japan.nc", low, high)
    write_grid(folder / "ground.nc", x, y, height)
    floor = bilinear(x, y, height, points[:, 0], points[:, 1])
    points[:, 2] = np.minimum(points[:, 2], floor - CLEARANCE)
    meshio.write(folder / "interface.vtk", meshio.Mesh(points, [("triangle", facets)]))
    places = on_land(x, y, height, points, stations)
    lines = (f"S{i:03},{lon:.5f},{lat:.5f}\n" for i, (lon, lat) in enumerate(places.tolist()))
    (folder / "stations.csv").write_text("name,lon,lat\n" + "".join(lines), encoding="utf-8")
    path = folder / "case.yaml"
    path.write_text(yaml.safe_dump(sections(low, high, near_km, patches), sort_keys=False), "utf-8")
    return path


def sections(low: Floats, high: Floats, near_km: float, patches: int) -> dict[str, object]:
    """The case."""
    box = {axis: [f"{low[i] / KM:.0f} km", f"{high[i] / KM:.0f} km"] for i, axis in enumerate("xy")}
    box |= {"z": [f"{-DEPTH / KM:.0f} km", "0 km"], "topography": {"file": "ground.nc"}}
    box |= {"size": {"near": f"{near_km} km", "far": "64 km"}}
    materials, top = {}, 0.0
    for name, (end, vp, vs, rho) in LAYERS.items():
        if end < near_km:  # its lower end would ask for smaller cells all over the box
            continue
        where = {"below_surface": [f"{top} km", f"{end} km"]}
        materials[name] = {"vp": f"{vp} km/s", "vs": f"{vs} km/s", "rho": f"{rho} kg/m^3"}
        materials[name] |= {"where": where}
        top = end
    sheet = {"triangles": {"file": "interface.vtk"}, "slip": {"dip": "1 m"}}
    return {
        "case": {"title": "The Nankai interface under layers and topography", "crs": CRS},
        "mesh": {"box": box},
        "materials": materials,
        "faults": {"interface": sheet},
        "boundaries": {"sides": "infinite", "bottom": "infinite", "top": "free"},
        "greens": {"patches": {"count": patches}, "components": ["strike", "dip"]},
        "output": {"directory": "results", "stations": "stations.csv"},
    }


def ground(path: Path, low: Floats, high: Floats) -> tuple[Floats, Floats, Floats]:
    """Height on a regular grid in the model's axes that covers the box: x, y, (y, x) m."""
    contents = contents_of(path)
    lon, lat, elevation = (contents[name][0] for name in ("lon", "lat", "elevation"))
    x, y = (np.arange(a - GRID, b + 2 * GRID, GRID) for a, b in zip(low[:2], high[:2], strict=True))
    nodes = np.stack([axis.ravel() for axis in np.meshgrid(x, y)], axis=1)
    lonlat = unproject(CRS, nodes)
    inside = (lonlat > [lon[0], lat[0]]) & (lonlat < [lon[-1], lat[-1]])
    if not inside.all():
        raise SystemExit(f"{path}: does not cover the box; make MARGIN smaller")
    height = bilinear(lon, lat, elevation, lonlat[:, 0], lonlat[:, 1])
    return x, y, height.reshape(len(y), len(x))


def bilinear(x: Floats, y: Floats, values: Floats, at_x: Floats, at_y: Floats) -> Floats:
    """Values (y, x) between the lines of a grid."""
    i = np.clip(np.searchsorted(x, at_x) - 1, 0, len(x) - 2)
    j = np.clip(np.searchsorted(y, at_y) - 1, 0, len(y) - 2)
    s, t = (at_x - x[i]) / (x[i + 1] - x[i]), (at_y - y[j]) / (y[j + 1] - y[j])
    lower = (1 - s) * values[j, i] + s * values[j, i + 1]
    upper = (1 - s) * values[j + 1, i] + s * values[j + 1, i + 1]
    return np.asarray((1 - t) * lower + t * upper)


def write_grid(path: Path, x: Floats, y: Floats, height: Floats) -> None:
    """A netCDF-4 grid of heights."""
    with h5py.File(path, "w") as file:
        for name, axis in (("x", x), ("y", y)):
            file[name] = axis
            file[name].make_scale(name)
            file[name].attrs["units"] = "m"
        file["elevation"] = height
        file["elevation"].attrs["units"] = "m"
        for i, name in enumerate("yx"):
            file["elevation"].dims[i].attach_scale(file[name])


def on_land(x: Floats, y: Floats, height: Floats, sheet: Floats, count: int) -> Floats:
    """Longitudes and latitudes of evenly spread places on land above and beside the sheet."""
    nodes = np.stack([axis.ravel() for axis in np.meshgrid(x, y)], axis=1)
    low, high = sheet[:, :2].min(axis=0), sheet[:, :2].max(axis=0)
    within = (nodes > low).all(axis=1) & (nodes < high).all(axis=1) & (height.ravel() > LAND)
    nodes = nodes[within]
    chosen = [0]  # each next one is the farthest from all before
    gap = np.linalg.norm(nodes - nodes[0], axis=1)
    while len(chosen) < count:
        chosen.append(int(np.argmax(gap)))
        gap = np.minimum(gap, np.linalg.norm(nodes - nodes[chosen[-1]], axis=1))
    lonlat = unproject(CRS, nodes[chosen])
    assert np.isfinite(project(CRS, lonlat)).all()
    return lonlat
