"""Results over time: written as the run goes on, in order, in years of 365.25 days, whole."""

from __future__ import annotations

import csv
import gc
import re
import weakref
from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree

import meshio
import numpy as np
import pytest
import xarray
import yaml

from femcrust import outputs
from femcrust.errors import InputError
from femcrust.outputs.archive import read_archive, read_record
from femcrust.outputs.series import Series
from femcrust.outputs.series_plot import chosen_stations
from femcrust.outputs.summary import check_summary
from femcrust.outputs.surface import ground
from unit.synthetic_result import formula, synthetic_result
from unit.synthetic_series import TAU, YEAR, YEARS, later, moved, synthetic_series

FIELDS = ["displacement", "velocity", "stress", "strain", "coulomb"]
FORMATS = ["vtu", "csv", "png", "html", "npz"]


@pytest.fixture(scope="module")
def results():
    return synthetic_series(3, fields=FIELDS, formats=FORMATS)


@pytest.fixture(scope="module")
def run(results, tmp_path_factory):
    """The folder of a whole run and the paths that `write` returned."""
    folder = tmp_path_factory.mktemp("run") / "results"
    series = Series(results[0].case, folder)
    for result in results:
        series.add(result)
    return folder, series.write(results[-1])


def asking(result, **output):
    """The same result of a case that wants other output."""
    changed = SimpleNamespace(**(vars(result.case.output) | output))
    case = SimpleNamespace(**(vars(result.case) | {"output": changed}))
    return replace(result, case=case)


def collection(folder):
    """(timestep, file) of every entry of fields.pvd, read as XML."""
    root = ElementTree.parse(folder / "fields.pvd").getroot()
    assert root.attrib["type"] == "Collection"
    return [(float(d.attrib["timestep"]), d.attrib["file"]) for d in root.iter("DataSet")]


def rows(folder):
    with (folder / "stations.csv").open() as file:
        return list(csv.DictReader(file))


# --- fields ---


def test_collection_names_every_time_in_years_of_365_and_a_quarter_days(run):
    folder, _ = run
    times, files = zip(*collection(folder), strict=True)
    np.testing.assert_allclose(times, YEARS, rtol=1e-11)
    assert files == tuple(f"fields_{i:04d}.vtu" for i in range(len(YEARS)))


def test_fields_of_each_time_are_those_of_its_result(run, results):
    folder, _ = run
    for result, (_, name) in zip(results, collection(folder), strict=True):
        read = meshio.read(folder / name)
        n = len(result.nodes)  # doubled fault nodes follow
        inside = np.abs(result.nodes[:, 0]) > 1.0
        expected = formula(result.nodes, np.sign(result.nodes[:, 0]))
        expected += moved(result.nodes, result.time_s)
        got = read.point_data["displacement"][:n]
        np.testing.assert_allclose(got[inside], expected[inside], atol=1e-12)
        np.testing.assert_array_equal(read.point_data["velocity"][:n], result.velocity)
        xx = result.stress.mean(axis=1)[:, 0]
        np.testing.assert_array_equal(read.cell_data["stress"][0][:, 0], xx)
    assert np.abs(results[0].velocity).max() > 10.0 * np.abs(results[-1].velocity).max()


def test_velocity_of_a_doubled_node_is_that_of_its_node(run, results):
    read = meshio.read(run[0] / "fields_0003.vtu")
    expected = 0.3 / TAU * np.exp(-results[3].time_s / TAU) * later(read.points)
    assert len(read.points) > len(results[3].nodes)
    np.testing.assert_allclose(read.point_data["velocity"], expected, rtol=1e-9, atol=1e-25)


# --- an end before the last time ---


def test_run_that_dies_after_two_times_leaves_a_readable_collection(results, tmp_path, monkeypatch):
    series = Series(results[0].case, tmp_path / "r")
    series.add(results[0])
    series.add(results[1])

    def dies(path, *_):
        path.with_name(f".{path.name}-half").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("femcrust.outputs.vtu.write_vtu", dies)
    with pytest.raises(KeyboardInterrupt):
        series.add(results[2])
    found = collection(tmp_path / "r")
    assert [time for time, _ in found] == [0.0, 0.5]
    for _, name in found:
        assert len(meshio.read(tmp_path / "r" / name).points) > len(results[0].nodes)
    assert {row["time_yr"] for row in rows(tmp_path / "r")} == {"0", "0.5"}
    assert not (tmp_path / "r" / "summary.json").exists()
    assert not (tmp_path / "r" / "fields_0002.vtu").exists()


def test_files_of_a_longer_run_before_do_not_mix_with_ours(results, tmp_path):
    for name in ("fields_0007.vtu", "surface_0007.nc", "summary.json", "stations.nc", "notes.txt"):
        (tmp_path / name).write_text("old")
    Series(results[0].case, tmp_path).add(results[0])
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"fields_0000.vtu", "surface_0000.nc", "fields.pvd", "stations.csv", "notes.txt"}


def test_times_ascend(results, tmp_path):
    series = Series(results[0].case, tmp_path)
    series.add(results[1])
    for again in (results[1], results[0]):
        with pytest.raises(ValueError, match="does not follow"):
            series.add(again)


def test_results_are_not_kept(results, tmp_path):
    series = Series(results[0].case, tmp_path)
    own = replace(results[0], displacement=results[0].displacement.copy())
    gone = [weakref.ref(own), weakref.ref(own.displacement)]
    series.add(own)
    del own
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


# --- stations ---


def test_table_has_a_row_for_each_time_and_station(run, results):
    table = rows(run[0])
    names = results[0].stations.names
    assert [row["name"] for row in table] == list(names) * len(YEARS)
    np.testing.assert_allclose(
        [float(row["time_yr"]) for row in table], np.repeat(YEARS, len(names)), rtol=1e-11
    )
    xyz = results[0].stations.xyz
    expected = [formula(xyz, np.sign(xyz[:, 0])) + moved(xyz, t * YEAR) for t in YEARS]
    read = [[float(row[k]) for k in ("east_m", "north_m", "up_m")] for row in table]
    np.testing.assert_allclose(read, np.concatenate(expected), rtol=1e-10, atol=1e-15)


def test_rates_are_metres_a_year(run, results):
    table = rows(run[0])[len(results[0].stations.names) :]  # after half a year
    expected = results[1].stations.velocity[:, 1] * 31_557_600.0
    read = [float(row["north_m_per_yr"]) for row in table[: len(expected)]]
    np.testing.assert_allclose(read, expected, rtol=1e-10)


def test_lines_of_sight_and_coulomb_changes_are_those_of_each_time(run, results):
    table = rows(run[0])
    unit = np.array([-0.6, -0.1, 0.79]) / np.linalg.norm([-0.6, -0.1, 0.79])
    los = np.concatenate([r.stations.displacement @ unit for r in results])
    read = [float(row["los_track18_m"]) for row in table]
    np.testing.assert_allclose(read, los, rtol=1e-9, atol=1e-13)
    change = np.reshape([float(row["coulomb_north_branch_Pa"]) for row in table], (len(YEARS), -1))
    fading = np.exp(-np.array(YEARS) * YEAR / TAU)
    np.testing.assert_allclose(change, fading[:, None] * change[0], rtol=1e-9)


def test_a_column_that_an_early_time_lacks_is_empty_there(results, tmp_path):
    series = Series(results[0].case, tmp_path)
    slipped = replace(results[1].stations, side=("main:hanging", *[None] * 13))
    series.add(results[0])
    series.add(replace(results[1], stations=slipped))
    sides = [row["side"] for row in rows(tmp_path)]
    assert sides == [""] * 14 + ["main:hanging"] + [""] * 13


def test_arrays_are_labelled_by_station_time_and_axis(run, results):
    with xarray.open_dataset(run[0] / "stations.nc") as data:
        assert data.displacement.dims == data.velocity.dims == ("station", "time", "axis")
        assert data.time.attrs["units"] == "Julian_year"
        one = data.displacement.sel(station="GP04", axis="up").sel(time=20.0)
        assert float(one) == results[5].stations.displacement[4, 2]
        rate = data.velocity.sel(station="GP04", axis="north").sel(time=2.0)
        assert float(rate) == results[2].stations.velocity[4, 1]
        assert data.los_track18.dims == data.coulomb_north_branch.dims == ("station", "time")
        assert data.coulomb_north_branch.attrs["units"] == "Pa"


def test_names_of_any_script_and_missing_rates_survive(results, tmp_path):
    names = ("東京", "Zürich", *results[0].stations.names[2:])
    still = [replace(results[0].stations, names=names, velocity=None)]
    still += [replace(results[1].stations, names=names)]
    table = [asking(result, formats=["csv"]) for result in results[:2]]  # no font has them all
    series = Series(table[0].case, tmp_path)
    for result, stations in zip(table, still, strict=True):
        series.add(replace(result, stations=stations))
    series.write(replace(table[1], stations=still[1]))
    with xarray.open_dataset(tmp_path / "stations.nc") as data:
        assert data.station.values[:2].tolist() == ["東京", "Zürich"]
        assert np.isnan(data.velocity.isel(time=0)).all()
        assert np.isfinite(data.velocity.isel(time=1)).all()


# --- ground, pictures, report ---


def test_grid_of_each_time_knows_its_time(run):
    for i, year in enumerate(YEARS):
        with xarray.open_dataset(run[0] / f"surface_{i:04d}.nc") as grid:
            assert float(grid.time) == pytest.approx(year, rel=1e-12)
            if i == 0:
                first = grid.up.load()
            later_up = grid.up.load()
    assert float(abs(later_up - first).max()) > 0.05


def test_the_record_is_what_the_pictures_need(run, results):
    record = read_record(run[0] / "fields.npz")
    np.testing.assert_allclose(record.times, np.array(YEARS) * YEAR)
    np.testing.assert_array_equal(record.displacement[3], results[3].stations.displacement)
    np.testing.assert_array_equal(record.first_ground, ground(results[0]).displacement)
    read = read_archive(run[0] / "fields.npz")
    assert read.time_s == 50.0 * YEAR
    np.testing.assert_array_equal(read.velocity, results[-1].velocity)
    np.testing.assert_array_equal(read.stations.velocity, results[-1].stations.velocity)


def test_all_files_are_returned_and_there(run):
    folder, written = run
    assert sorted(written) == sorted(folder.iterdir())
    names = {path.name for path in written}
    assert {
        "series.png",
        "map_postseismic.png",
        "report.html",
        "stations.nc",
        "summary.json",
    } < names
    assert not {"fields.vtu", "surface.nc"} & names


def test_later_map_shows_the_last_time_less_the_first(results, monkeypatch):
    from femcrust.outputs import maps

    shown = {}

    def keep(result, seen, name, title, caption):
        shown[name] = seen, title
        return None

    monkeypatch.setattr(maps, "_arrow_map", keep)
    series = [asking(r, los={}) for r in (results[0], results[-1])]
    record = outputs.Record(
        times=np.array([0.0, 50.0 * YEAR]),
        displacement=np.zeros((2, 14, 3)),
        first_ground=ground(series[0]).displacement,
    )
    list(maps.surface_maps(series[1], ground(series[1]), record))
    seen, title = shown["map_postseismic"]
    assert title == "Displacement from 0 yr to 50 yr"
    x, y = np.meshgrid(seen.sampling.x, seen.sampling.y)
    points = np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)])
    expected = moved(points, 50.0 * YEAR).reshape(*x.shape, 3)
    peak = np.abs(expected).max()
    assert np.abs(seen.moved - expected).max() < 0.2 * peak  # coarse triangles, low hills
    assert np.abs(shown["map_displacement"][0].moved - expected).max() > 2.0 * peak  # the slip


def test_report_has_the_lines_and_the_steps(run):
    text = (run[0] / "report.html").read_text()
    assert "Displacement over time" in text
    assert "After 50 yr." in text
    header = re.search(r"<tr>(<th[^>]*>time \(yr\).*?)</tr>", text).group(1)
    titles = re.findall(r">([^<]+)</th>", header)
    assert titles[:4] == ["time (yr)", "step (yr)", "iterations", "relative residual"]
    assert "error estimate" in titles
    last = re.findall(r"<tr>((?:<td[^>]*>.*?</td>)+)</tr>", text.split("error estimate")[1])[10]
    assert re.findall(r">([^<]+)<", last)[:3] == ["50", "20", "3"]


def test_pictures_are_drawn_again_with_the_lines(run, tmp_path):
    (tmp_path / "fields.npz").write_bytes((run[0] / "fields.npz").read_bytes())
    names = {path.name for path in outputs.plot(tmp_path)}
    assert {"series.png", "map_postseismic.png"} < names
    assert (tmp_path / "series.png").read_bytes() == (run[0] / "series.png").read_bytes()


def test_stations_drawn_move_most_and_lie_far_apart():
    xyz = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [50, 0, 0], [99, 0, 0], [999, 0, 0]], float)
    motion = np.array([1.0, 0.9, 0.8, 0.7, 0.6, 0.01])
    assert chosen_stations(motion, xyz, 3) == [0, 3, 4]  # the far one hardly moves
    assert chosen_stations(motion, xyz, 6) == [0, 1, 2, 3, 4, 5]
    assert chosen_stations(np.zeros(2), xyz[:2]) == [0, 1]
    assert chosen_stations(np.zeros(0), xyz[:0]) == []


def test_one_time_and_no_stations_are_written(results, tmp_path):
    bare = replace(asking(results[0], formats=["vtu", "csv", "png"], grid=None), stations=None)
    written = Series(bare.case, tmp_path / "r").write(bare)
    names = {path.name for path in written}
    assert {"fields_0000.vtu", "fields.pvd", "map_displacement.png", "summary.json"} < names
    assert not {"series.png", "map_postseismic.png", "stations.csv", "stations.nc"} & names


# --- what stays as it was ---


def test_run_without_time_writes_what_it_always_did(tmp_path):
    result = synthetic_result(3, formats=["vtu", "csv", "npz"], grid=None)
    plain = outputs.write(result, tmp_path / "plain")
    series = Series(result.case, tmp_path / "series")
    series.add(result)
    assert not (tmp_path / "series").exists()
    assert [p.name for p in series.write(result)] == [p.name for p in plain]
    for path in plain:
        if path.suffix != ".npz":
            assert (tmp_path / "series" / path.name).read_bytes() == path.read_bytes()
    assert yaml.safe_load((tmp_path / "plain" / "case.resolved.yaml").read_text())


@pytest.mark.parametrize("name", ["fields_0003.vtu", "fields.pvd", "surface_0012.nc"])
def test_results_do_not_replace_what_the_case_reads(results, tmp_path, name):
    case = SimpleNamespace(
        directory=tmp_path,
        mesh=SimpleNamespace(file=f"results/{name}"),
        output=SimpleNamespace(stations=None),
    )
    with pytest.raises(InputError, match="would replace"):
        outputs.check_inputs_survive(case, tmp_path / "results")


def test_steps_have_length_and_error_both_or_neither(results):
    summary = dict(results[0].summary)
    check_summary(summary)
    half = {key: value for key, value in summary["steps"][0].items() if key != "error"}
    with pytest.raises(ValueError, match="error"):
        check_summary(summary | {"steps": [half]})
