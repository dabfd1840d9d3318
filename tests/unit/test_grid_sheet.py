"""Triangle sheets from grids: on the surface, cropped, about so many triangles, holes left out."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import netCDF4
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from case_texts import Writer, told
from femcrust.case.schema_faults import Triangles
from femcrust.errors import InputError
from femcrust.faults.surface import make_surface
from femcrust.faults.triangles import read_sheet
from femcrust.model import projector
from femcrust.projection import unproject

KM = 1e3
CRS = "EPSG:32653"
RYUKYU = "slab2/ryu_slab2_dep_02.26.18.grd"


def depth(lon: Any, lat: Any) -> Any:
    """km, z up."""
    return -6.0 - 9.0 * (34.0 - lat) - 0.5 * (lon - 134.0) ** 2


def grid(path: Path, lon0: float = 130.0, down: bool = False, hole: bool = True) -> Path:
    """0.1 degree, nan beyond 50 km and in a corner."""
    lon, lat = np.linspace(lon0, lon0 + 8, 81), np.linspace(30.0, 34.0, 41)
    z = depth(*np.meshgrid(lon - lon0 + 130.0, lat))
    if hole:
        z[(z < -50.0)] = np.nan
        z[-6:, :9] = np.nan
    with netCDF4.Dataset(path, "w") as file:
        for name, axis in (("x", lon), ("y", lat[::-1] if down else lat)):
            file.createDimension(name, len(axis))
            file.createVariable(name, "f8", (name,))[:] = axis
        variable = file.createVariable("z", "f4", ("y", "x"), fill_value=np.nan, zlib=True)
        variable[:] = z[::-1] if down else z
    return path


def sheet(path: Path, **given: Any) -> tuple[np.ndarray, np.ndarray]:
    section = {"file": path.name, "units": "km", "crs": "EPSG:4326"} | given
    return read_sheet(Triangles.model_validate(section), path.parent, projector(CRS))


def areas(points: np.ndarray, facets: np.ndarray) -> np.ndarray:
    x = points[facets]
    return np.linalg.norm(np.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0]), axis=1) / 2


@pytest.mark.parametrize("changes", [{}, {"lon0": -230.0}, {"down": True}])
def test_points_lie_on_the_surface(changes: dict[str, Any], tmp_path: Path) -> None:
    points, facets = sheet(grid(tmp_path / "a.grd", **changes))
    lon, lat = unproject(CRS, points[:, :2]).T
    assert points[:, 2] / KM == pytest.approx(depth(lon, lat), abs=1e-4)
    assert len(facets) > 4000
    assert points[:, 2].min() >= -50 * KM
    up = np.cross(*(points[facets[:, i]] - points[facets[:, 0]] for i in (1, 2)))[:, 2]
    assert (up > 0).all() or (up < 0).all()


@pytest.mark.parametrize("count", [60, 300, 1500])
def test_about_so_many_triangles(count: int, tmp_path: Path) -> None:
    points, facets = sheet(grid(tmp_path / "a.grd"), count=count)
    assert len(facets) == pytest.approx(count, rel=0.08)
    lon, lat = unproject(CRS, points[:, :2]).T
    # bilinear in cells of 0.1 degree: 0.01 / 8 of the curvature
    assert points[:, 2] / KM == pytest.approx(depth(lon, lat), abs=0.002)
    whole = areas(*sheet(grid(tmp_path / "b.grd")))
    few = areas(points, facets)
    assert few.sum() == pytest.approx(whole.sum(), rel=0.35 if count < 100 else 0.2)
    assert few.max() < 2.5 * np.median(few)
    make_surface(points, facets, None, "faults.main")  # one orientation, no edge of three


def test_a_crop(tmp_path: Path) -> None:
    path = grid(tmp_path / "a.grd", lon0=-230.0)  # longitudes of the file run below −180
    points, _ = sheet(path, lon=(132.0, 135.0), lat=(31.5, 33.5), depth=(10 * KM, 20 * KM))
    lon, lat = unproject(CRS, points[:, :2]).T
    assert lon.min() > 132 - 1e-6
    assert lon.max() < 135 + 1e-6
    assert lat.min() > 31.5 - 1e-6
    assert -20 * KM <= points[:, 2].min() < points[:, 2].max() <= -10 * KM


def test_slab2(data: Path) -> None:
    section = Triangles.model_validate(
        {
            "file": RYUKYU, "units": "km", "crs": "EPSG:4326", "lon": (131.0, 138.0),
            "lat": (30.0, 36.0), "depth": (5 * KM, 50 * KM), "count": 900,
        }
    )  # fmt: skip
    points, facets = read_sheet(section, data, projector(CRS))
    assert len(facets) == pytest.approx(900, rel=0.1)
    assert -50 * KM <= points[:, 2].min() < points[:, 2].max() <= -5 * KM
    surface = make_surface(points, facets, None, "faults.nankai")
    dips = np.degrees(np.arccos(surface.normals[:, 2]))
    assert 5.0 < np.median(dips) < 20.0  # the plate dips gently under Shikoku
    assert surface.areas.sum() > 1e11


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (
            {"lon": (150.0, 160.0)},
            r"nothing of it lies in the wanted x 150 to 160; it covers 130 to",
        ),
        ({"depth": (300 * KM, 400 * KM)}, r"nothing of it lies at depths of 300000 to 400000 m"),
        ({"x": (0.0, 1e5)}, r"x does not go with a grid in degrees; give lon and lat"),
        (
            {"crs": None, "lon": (130.0, 131.0)},
            r"lon does not go with a grid in metres; give x",
        ),
        ({"crs": "EPSG:nine"}, r"crs 'EPSG:nine' is no coordinate system"),
    ],
)
def test_what_is_asked_wrongly(given_: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        sheet(grid(tmp_path / "a.grd"), **given_)


def test_depths_that_are_positive(tmp_path: Path) -> None:
    with netCDF4.Dataset(grid(tmp_path / "a.grd"), "a") as file:
        file["z"][:] = -file["z"][:]
    with pytest.raises(InputError, match=r"all of it lies above z = 0; depths must be negative"):
        sheet(tmp_path / "a.grd")


def test_a_crop_of_a_file_of_triangles(tmp_path: Path) -> None:
    text = """\
mesh: {file: mesh.msh}
materials: {rock: {E: 75 GPa, nu: 0.25}}
faults: {main: {triangles: {file: sheet.msh, depth: [5 km, 50 km]}, slip: {strike: 1 m}}}
"""
    said = told(Writer(tmp_path)(text))
    assert "faults.main.triangles.depth: goes with a grid only (.grd, .nc); remove it" in said


@pytest.mark.filterwarnings("ignore")  # of numpy, about numbers that overflow on the way
@given(seed=st.integers(0, 2**32))
def test_damaged_grids_are_read_or_refused_in_one_line(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance = random.Random(seed)
    path = grid(tmp_path_factory.mktemp("grids") / "a.grd")
    raw = bytearray(path.read_bytes())
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(raw) - 1)
        raw[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", chance.randbytes(4)))
    path.write_bytes(bytes(raw[: chance.randint(0, len(raw))] if chance.random() < 0.2 else raw))
    section = SimpleNamespace(
        file="a.grd", units="km", crs="EPSG:4326", count=chance.choice((None, 100)),
        lon=None, lat=None, x=None, y=None, depth=None,
    )  # fmt: skip
    try:
        points, facets = read_sheet(section, path.parent, projector(CRS))
    except InputError as error:
        message = str(error)
        assert "\n" not in message
        assert "a.grd" in message
    else:
        assert np.isfinite(points).all()
        assert facets.max() < len(points)
