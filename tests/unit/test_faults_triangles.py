"""Triangulated sheets from files, in model axes, and slip on them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from femcrust.errors import InputError
from femcrust.faults import build
from femcrust.faults.triangles import read_triangles
from femcrust.mesh.locate import Locator
from small_meshes import split_cubes
from unit.small_faults import KM, MU, slip, source, uniform, written

BOX = split_cubes(8, (40 * KM, 40 * KM, 20 * KM), (-20 * KM, -20 * KM, -20 * KM))


def test_triangles_of_a_rectangle_are_the_rectangle(tmp_path) -> None:
    corners = [(0.2, -4, -3), (0.2, 4, -3), (4.2, 4, -6), (4.2, -4, -6)]
    nodes = "".join(f"{i} {y} {x} {-z}\n" for i, (x, y, z) in enumerate(corners, 1))
    written(tmp_path, "sheet.ned", nodes)
    written(tmp_path, "sheet.tri", "1 1 2 3\n2 1 3 4\n")
    given_file = SimpleNamespace(file="sheet.ned", units="km")
    one = source(
        BOX, directory=tmp_path, triangles=given_file, slip=slip(strike=1.0, dip=2.0, open=0.1)
    )
    dip = np.degrees(np.arctan2(3, 4))
    at = SimpleNamespace(
        top_center=(200.0, 0.0, -3 * KM), length=8 * KM, width=5 * KM, strike=0.0, dip=dip
    )
    two = source(BOX, rectangle=at, slip=slip(strike=1.0, dip=2.0, open=0.1))
    np.testing.assert_array_equal(one.elements, two.elements)
    np.testing.assert_allclose(one.eigenstrain, two.eigenstrain, atol=1e-12)
    assert one.moment == pytest.approx(two.moment)


@pytest.mark.parametrize(
    ("top", "lost"), [(3, (8 + 5) * 1.0 - 4 / 3), (0, (8 + 2 * 5) / 2 - 2 / 3)]
)
def test_taper_on_triangles_begins_at_buried_edges(top, lost, tmp_path) -> None:
    """A roof of 8 x 5 km, 1 km wide eaves: as high at the ground as in the middle."""
    corners = [(0.2, -4, 0), (0.2, 4, 0), (4.2, 4, -3), (4.2, -4, -3)]
    nodes = "".join(f"{i} {y} {x} {top - z}\n" for i, (x, y, z) in enumerate(corners, 1))
    written(tmp_path, "sheet.ned", nodes)
    written(tmp_path, "sheet.tri", "1 1 2 3\n2 1 3 4\n")
    sheet = SimpleNamespace(file="sheet.ned", units="km")
    fine = split_cubes((24, 24, 24), (12 * KM, 12 * KM, 12 * KM), (-4 * KM, -6 * KM, -12 * KM))
    given_slip = slip(strike=1.0, taper=1 * KM)
    found = source(fine, directory=tmp_path, triangles=sheet, slip=given_slip)
    # Kinks of the roof inside elements of half its eaves.
    assert found.moment == pytest.approx(MU * (40.0 - lost) * KM**2, rel=5e-3)


def test_triangles_of_a_mesh_file_are_read(tmp_path) -> None:
    import meshio

    points = np.array([[9.0, 9, 9], [0, 0, -1], [1, 0, -2], [0, 1, -1.5]])
    meshio.write_points_cells(tmp_path / "a.vtu", points, {"triangle": np.array([[1, 2, 3]])})
    found, facets = read_triangles(tmp_path / "a.vtu", "km", None, None)
    np.testing.assert_allclose(found[facets[0]], 1e3 * points[1:])


@pytest.mark.parametrize(
    ("nodes", "triangles", "complaint"),
    [
        ("1 0 0 1\n2 0 1 1\n3 1 0\n", "1 1 2 3\n", r"a\.ned:3: 3 values"),
        ("1 0 0 1\n1 0 1 1\n", "1 1 2 3\n", r"same number"),
        ("1 0 0 1\n2 0 1 1\n", "1 1 2 3\n", r"does not exist"),
        ("1 0 0 1\n2 0 1 x\n", "1 1 2 3\n", r"a\.ned:2: value: 'x'"),
        ("1 0 0 1\n2 0 1 1\n", "", r"a\.tri: is empty"),
    ],
)
def test_wrong_triangles_are_refused(nodes, triangles, complaint, tmp_path) -> None:
    written(tmp_path, "a.ned", nodes)
    written(tmp_path, "a.tri", triangles)
    with pytest.raises(InputError, match=complaint):
        read_triangles(tmp_path / "a.ned", "m", None, None)


def test_gorkha_is_read_in_the_right_place(data) -> None:
    path = data / "events" / "gorkha_qiu15_geo.ned.gz"

    def utm(lon, lat):
        import pyproj

        return pyproj.Transformer.from_crs(4326, 32645, always_xy=True).transform(lon, lat)

    points, facets = read_triangles(path, "m", "EPSG:4326", utm)
    assert facets.shape == (2841, 3)
    x, y = utm(85.0, 28.0)
    assert np.hypot(points[:, 0] - x, points[:, 1] - y).min() < 20e3
    assert -60e3 < points[:, 2].min() < points[:, 2].max() <= 0.0


@pytest.mark.parametrize(
    ("name", "count"), [("cascadia", 1841), ("japan", 2621), ("nankai", 1902), ("sagami", 231)]
)
def test_plate_interfaces_are_read(name, count, data) -> None:
    def flat(lon, lat):
        return 1e5 * lon, 1e5 * lat

    points, facets = read_triangles(data / "mesh" / f"{name}.msh", "km", "EPSG:4326", flat)
    assert len(facets) == count
    assert -120e3 < points[:, 2].min() < -10e3
    assert np.abs(points[:, 0]).max() < 180e5  # Cascadia counts from 0 to 360


def test_sagami_slips_in_a_box(data) -> None:
    """A real, curved sheet in a coarse box: potency is kept, and its slip is up-dip."""

    def local(lon, lat):
        return (lon - 140.0) * 90e3, (lat - 35.0) * 111e3

    box = split_cubes(9, (400 * KM, 400 * KM, 120 * KM), (-200 * KM, -200 * KM, -120 * KM))
    sheet = SimpleNamespace(file="sagami.msh", units="km", crs="EPSG:4326")
    fault = SimpleNamespace(triangles=sheet, slip=slip(dip=1.0))
    elastic = uniform(box)
    (found,) = build(box, elastic, {"main": fault}, Locator(box), data / "mesh", local)
    assert found.moment == pytest.approx(MU * found.area, rel=1e-9)
    assert np.all(found.arrows[:, 5] > 0.0)
