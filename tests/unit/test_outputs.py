"""Files of a run: whole or absent, with the contract's keys and columns, safe against odd input."""

from __future__ import annotations

import csv
import errno
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from femcrust import outputs
from femcrust.errors import DiskError, InputError
from femcrust.outputs.archive import read_archive
from femcrust.outputs.atomic import check_directory, replacing, staged, write_bytes
from femcrust.outputs.los import to_true_north
from femcrust.outputs.netcdf import grid_axes, write_surface_grid
from femcrust.outputs.raster import sample
from femcrust.outputs.report import report_html
from femcrust.outputs.resolved import resolved_yaml
from femcrust.outputs.slip_arrows import hanging_normal
from femcrust.outputs.stations import FIXED, stations_csv
from femcrust.outputs.summary import KEYS, check_summary, summary_json
from femcrust.outputs.surface import ground
from unit.synthetic_result import SLIP, formula, hills, synthetic_result

CONTRACT = """status, title, n_elements, n_nodes, n_dof, backend, device, ranks, threads, precision,
preconditioner, steps, faults, setup_s, solve_s, total_s, peak_memory_bytes, device_memory_bytes,
versions"""


@pytest.fixture(scope="module")
def result():
    return synthetic_result(4)


@pytest.fixture(scope="module")
def surface(result):
    return ground(result)


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    directory = tmp_path_factory.mktemp("run") / "results"
    outputs.write(result, directory)
    return directory


# --- files that appear whole or not at all ---


def test_interrupted_write_leaves_the_older_file(tmp_path):
    path = write_bytes(tmp_path / "a.txt", b"old")

    def half():
        with replacing(path) as file:
            file.write(b"half of the new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_disk_failure_names_path_and_remedy(tmp_path, monkeypatch, code):
    def refuse(*_):
        raise OSError(code, "made to fail")

    monkeypatch.setattr("femcrust.outputs.atomic.os.fsync", refuse)
    with pytest.raises(DiskError, match=r"b\.txt: cannot be written .*output\.directory"):
        write_bytes(tmp_path / "b.txt", b"data")
    assert list(tmp_path.iterdir()) == []


def test_failed_run_leaves_no_folder(tmp_path):
    def fail():
        with staged(tmp_path / "results") as inside:
            write_bytes(inside / "stations.csv", b"x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_rerun_replaces_its_files_and_keeps_the_users(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "summary.json").write_text("old")
    with staged(tmp_path) as inside:
        write_bytes(inside / "summary.json", b"new")
    assert (tmp_path / "summary.json").read_text() == "new"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes.txt", "summary.json"]


def test_results_folder_that_is_a_file_is_refused_before_the_solve(tmp_path):
    blocked = tmp_path / "results"
    blocked.write_text("a file")
    with pytest.raises(InputError, match=r"output\.directory"):
        check_directory(blocked)
    with pytest.raises(InputError, match=r"output\.directory"):
        check_directory(blocked / "deeper")


def test_possible_folder_is_accepted_and_not_created(tmp_path):
    check_directory(tmp_path / "new" / "results")
    assert list(tmp_path.iterdir()) == []


# --- summary.json ---


def test_summary_has_exactly_the_contracts_keys(folder):
    written = json.loads((folder / "summary.json").read_text())
    assert list(written) == [key.strip() for key in CONTRACT.split(",")] == list(KEYS)
    assert set(written["faults"][0]) == {"name", "area_m2", "moment_Nm", "magnitude"}


def test_numbers_that_are_none_become_null(result):
    broken = dict(result.summary)
    broken["steps"] = [dict(broken["steps"][0], relative_residual=float("nan"))]
    broken["faults"] = [{"name": "f", "area_m2": 1.0, "moment_Nm": 0.0, "magnitude": -np.inf}]

    def refuse(constant):
        raise AssertionError(constant)

    read = json.loads(summary_json(broken), parse_constant=refuse)
    assert read["steps"][0]["relative_residual"] is None
    assert read["faults"][0]["magnitude"] is None


@pytest.mark.parametrize("change", [{"extra": 1}, {"status": "fine"}])
def test_broken_summary_is_our_bug(result, change):
    with pytest.raises(ValueError, match="summary"):
        check_summary(dict(result.summary) | change)


# --- stations.csv ---


def test_station_table_has_the_contracts_columns_and_all_digits(result):
    rows = list(csv.DictReader(io.StringIO(stations_csv(result))))
    assert tuple(rows[0])[:8] == FIXED
    assert tuple(rows[0])[8:] == ("los_track18_m", "los_track120_m", "coulomb_north_branch_Pa")
    read = np.array([[float(row[k]) for k in ("east_m", "north_m", "up_m")] for row in rows])
    # twelve digits: runs are compared to 1e-9 of the peak
    np.testing.assert_allclose(read, result.stations.displacement, rtol=1e-11)


def test_line_of_sight_column_is_the_projection(result):
    rows = list(csv.DictReader(io.StringIO(stations_csv(result))))
    unit = np.array([-0.6, -0.1, 0.79])
    expected = result.stations.displacement @ unit / np.linalg.norm(unit)
    read = [float(row["los_track18_m"]) for row in rows]
    np.testing.assert_allclose(read, expected, rtol=1e-10, atol=1e-14)


def test_same_line_of_sight_from_metres_or_degrees(result):
    # the same vector, once along the grid's axes, once already turned to true north
    angle = np.full(14, 0.03)
    grid = replace(result.stations, convergence=angle)
    turned = to_true_north(grid.displacement, angle)
    true = replace(grid, displacement=turned, lonlat=np.zeros((14, 2)))
    tables = [stations_csv(replace(result, stations=s)).splitlines() for s in (grid, true)]
    los = [[float(row["los_track18_m"]) for row in csv.DictReader(lines)] for lines in tables]
    np.testing.assert_allclose(los[0], los[1], rtol=1e-9, atol=1e-13)


def test_degrees_and_sides_are_echoed(result):
    sides = ("main: hanging wall", *[None] * 13)
    lonlat = np.column_stack([np.linspace(140, 141, 14), np.linspace(35, 36, 14)])
    stations = replace(result.stations, lonlat=lonlat, side=sides)
    rows = list(csv.DictReader(io.StringIO(stations_csv(replace(result, stations=stations)))))
    assert float(rows[13]["lon"]) == 141.0
    assert [row["side"] for row in rows[:2]] == ["main: hanging wall", ""]


# --- ground, grids ---


def test_ground_keeps_the_jump_at_a_surface_rupture(surface):
    sampling = sample(surface.corners[:, :, :2], np.array([-1.0, 1.0]), np.array([10.0, 20.0]))
    moved = sampling.blend_quadratic(surface.displacement)
    jump = moved[:, 1, 1] - moved[:, 0, 1]
    np.testing.assert_allclose(jump, SLIP, rtol=1e-3)  # 1 m off the trace of a 10 km decay


def test_ground_is_the_whole_top(result, surface):
    a, b, c = surface.corners.transpose(1, 0, 2)
    doubled = np.cross(b - a, c - a)[:, 2]  # in plan
    assert (doubled > 0).all()
    assert doubled.sum() / 2 == pytest.approx(1.2e5**2)


@given(st.integers(0, 2**31), st.integers(2, 40))
def test_every_grid_point_finds_a_triangle_and_linear_fields_are_exact(seed, n):
    rng = np.random.default_rng(seed)
    points = np.concatenate([[[0, 0], [1, 0], [0, 1], [1, 1]], rng.uniform(0, 1, (12, 2))])
    from scipy.spatial import Delaunay

    corners = points[Delaunay(points).simplices]
    x, y = np.linspace(0.0, 1.0, n), np.linspace(0.0, 1.0, n + 1)
    sampling = sample(corners, x, y)
    assert sampling.inside.all()
    found = sampling.blend(3.0 * corners[..., 0] - 2.0 * corners[..., 1] + 1.0)
    np.testing.assert_allclose(found, 3.0 * x - 2.0 * y[:, None] + 1.0, atol=1e-7)


def test_horizontal_cut_through_tetrahedra_is_exact_for_linear_fields(result):
    corners = result.nodes[result.elements[:, :4]]
    x = np.linspace(-5e4, 5e4, 41)
    sampling = sample(corners, x, x, -7.3e3)
    assert sampling.inside.all()
    found = sampling.blend(corners[..., 0] - 2.0 * corners[..., 2])
    np.testing.assert_allclose(found, np.broadcast_to(x + 14.6e3, found.shape), atol=1e-3)


def test_surface_grid_reads_as_a_georeferenced_field(folder):
    import xarray

    with xarray.open_dataset(folder / "surface.nc") as grid:
        assert grid.attrs["Conventions"].startswith("COARDS")
        assert grid.up.dims == ("y", "x")
        assert grid.x.values.tolist() == list(np.arange(-6e4, 6.1e4, 2e3))
        here = grid.sel(x=2e4, y=6e3)
        # hill tops are cut by coarse triangles: 20 km cells under an 8 km hill
        assert 0.0 < float(here.elevation) <= 900.0
        point = np.array([[2e4, 6e3, float(here.elevation)]])
        # quadratic elements of 5-20 km on a field that decays over 10 km
        assert float(here.north) == pytest.approx(formula(point, 1.0)[0, 1], abs=0.15)
        expected = np.array([-0.6, -0.1, 0.79]) / np.linalg.norm([-0.6, -0.1, 0.79])
        parts = expected @ [float(here.east), float(here.north), float(here.up)]
        assert float(here.los_track18) == pytest.approx(parts, abs=1e-6)  # float32


@pytest.mark.parametrize("spacing", [0.0, -1.0, np.nan, 1e9, 1e-3])
def test_senseless_grid_spacing_is_refused(spacing):
    with pytest.raises(InputError, match=r"output\.grid\.spacing"):
        grid_axes((-6e4, 6e4, -6e4, 6e4), spacing)


def test_grid_outside_the_model_is_blank(result, surface, tmp_path):
    import xarray

    wide = SimpleNamespace(spacing=4e4, extent=(-1.2e5, 1.2e5, -4e4, 4e4))
    output = SimpleNamespace(**(vars(result.case.output) | {"grid": wide}))
    case = SimpleNamespace(**(vars(result.case) | {"output": output}))
    write_surface_grid(tmp_path / "wide.nc", replace(result, case=case), surface)
    with xarray.open_dataset(tmp_path / "wide.nc") as grid:
        assert np.isnan(grid.up.sel(x=-1.2e5)).all()
        assert np.isfinite(grid.up.sel(x=4e4)).all()


# --- pictures, report ---


def test_every_picture_is_drawn(folder):
    names = {path.stem for path in folder.glob("*.png")}
    assert names == {
        "map_displacement",
        "map_displacement_whole",
        "map_los_track18",
        "map_los_track120",
        "map_coulomb_north_branch",
        "check",
        "mesh",
        "convergence",
    }
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.glob("*.png"))


@pytest.mark.parametrize("opening", [0.0, 0.7, -1.3])
def test_hanging_side_is_recovered_from_the_potency(result, opening):
    normal = np.array([0.6, 0.0, 0.8])
    slip = np.array([0.0, 1.5, 0.0]) + opening * normal
    potency = 3e8 * (np.outer(slip, normal) + np.outer(normal, slip)) / 2.0
    arrows = np.tile(np.r_[0.0, 0.0, -1e3, slip], (4, 1))
    source = replace(result.sources[0], area=3e8, potency=potency, arrows=arrows)
    np.testing.assert_allclose(hanging_normal(source), normal, atol=1e-12)


class Links(HTMLParser):
    """Collects tags and whatever a browser would fetch."""

    def __init__(self):
        super().__init__()
        self.tags, self.fetched = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.fetched += [v for k, v in attrs if k in {"src", "href", "srcset", "data"}]


def test_report_is_one_page_that_fetches_nothing(folder):
    text = (folder / "report.html").read_text()
    links = Links()
    links.feed(text)
    assert len(links.fetched) == 8
    assert all(link.startswith("data:image/png;base64,") for link in links.fetched)
    assert "script" not in links.tags
    assert not re.search(r"url\(|@import|https?://", text)


def test_report_escapes_what_users_write(result):
    evil = "<script>alert(1)</script> & \"q\" 'r'"
    about = SimpleNamespace(title=evil, authors=[evil], reference=evil, crs=None)
    case = SimpleNamespace(**(vars(result.case) | {"case": about}))
    stations = replace(result.stations, names=(evil, *result.stations.names[1:]))
    source = replace(result.sources[0], name=evil)
    elastic = SimpleNamespace(**(vars(result.elastic) | {"names": (evil, "mantle")}))
    page = report_html(
        replace(result, case=case, stations=stations, sources=[source], elastic=elastic), []
    )
    links = Links()
    links.feed(page)
    assert "script" not in links.tags
    assert page.count("&lt;script&gt;") >= 8


def test_set_up_is_drawn_without_a_solution_and_dollar_signs_are_characters(result, tmp_path):
    names = ["$\\frac{", "a$b$"] + ["x"] * 12
    xyz = result.stations.xyz
    path = tmp_path / "check.png"
    title = "costs $5_ and \\alpha$"
    outputs.draw_check(result.mesh, result.elastic, [], path, xyz, names, title)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_still_ground_and_points_without_outline_are_drawn(result, surface):
    from femcrust.outputs.maps import surface_maps

    point = replace(
        result.sources[0],
        outline=[], arrows=np.empty((0, 6)), offset=None, area=0.0,
        center=np.array([0.0, 0.0, -8e3]),
    )  # fmt: skip
    still = replace(surface, displacement=np.zeros_like(surface.displacement))
    pictures = list(surface_maps(replace(result, sources=[point], stations=None), still))
    assert len(pictures) == 4


def test_resolved_case_reads_back_the_same(result):
    read = yaml.safe_load(resolved_yaml(result.case))
    assert read["materials"]["crust"]["E"] == 7.5e10
    assert read["solver"]["tolerance"] == 1e-8
    assert read["case"]["title"] == result.case.case.title
    assert "crs" not in read["case"]


@given(st.floats(allow_nan=False))
def test_numbers_survive_the_resolved_case(value):
    read = yaml.safe_load(resolved_yaml({"v": value}))["v"]
    assert isinstance(read, float)
    assert read == value


def test_unwanted_formats_are_not_written(result, tmp_path):
    output = SimpleNamespace(**(vars(result.case.output) | {"formats": ["npz"], "grid": None}))
    case = SimpleNamespace(**(vars(result.case) | {"output": output}))
    files = outputs.write(replace(result, case=case, stations=None), tmp_path / "r")
    assert [f.name for f in files] == ["case.resolved.yaml", "fields.npz", "summary.json"]
    with np.load(tmp_path / "r" / "fields.npz") as fields:
        assert len(fields["displacement"]) == len(fields["nodes"]) > len(result.nodes)


def test_pictures_are_drawn_again_from_the_archive_alone(result, tmp_path):
    output = SimpleNamespace(**(vars(result.case.output) | {"formats": ["npz"], "grid": None}))
    case = SimpleNamespace(**(vars(result.case) | {"output": output}))
    outputs.write(replace(result, case=case), tmp_path)
    read = read_archive(tmp_path / "fields.npz")
    np.testing.assert_array_equal(read.nodes, result.nodes)
    np.testing.assert_array_equal(read.elements, result.elements)
    np.testing.assert_array_equal(ground(read).displacement, ground(result).displacement)
    assert stations_csv(read) == stations_csv(result)
    files = outputs.plot(tmp_path)
    assert [f.name for f in files if f.suffix == ".html"] == ["report.html"]
    assert len([f for f in files if f.suffix == ".png"]) == 8
    before = report_html(result, []).split("<h2>Case</h2>")[0]
    assert report_html(read, []).split("<h2>Case</h2>")[0] == before


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 broken", b"text"])
def test_folder_without_an_archive_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "fields.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"fields\.npz.* run the case again"):
        outputs.plot(tmp_path)


def test_hills_rise_above_the_flat(result, surface):
    assert surface.corners[..., 2].max() <= hills(2e4, 5e3) + 1.0
