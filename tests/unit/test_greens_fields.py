"""Tilt, strain and stress in libraries: both ways agree, and patches add up to a run's stations."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray
from small_greens import KM, PLANE, rectangle_case, surface_model, whole, worst
from small_greens_over_time import COARSE, YEAR, late_case

import femcrust
from femcrust import sampling
from femcrust.case import Case
from femcrust.discretisation import discretise
from femcrust.errors import InputError
from femcrust.greens import columns, forward, plan, read, reciprocal, station_loads
from femcrust.greens.exports import export
from femcrust.greens.pictures import plot
from femcrust.greens.seal import Sealed
from femcrust.model import Model, build_model
from femcrust.outputs.los import to_true_north
from femcrust.outputs.station_arrays import write_station_arrays
from femcrust.outputs.station_fields import FIELDS as FIELD
from femcrust.outputs.station_fields import in_true_axes
from femcrust.outputs.stations import columns_at
from femcrust.stations import case_stations

BOTH_WAYS = 1e-7  # of each column's peak; the solver's tolerance is 1e-12
ADDS_UP = 1e-8
BETWEEN = 1e-2  # of the first step, in which a quarter of the stress goes: third order of it
FIELDS = ("displacement", "tilt", "strain", "stress")
# E lies in a cell that the rectangle crosses, 1.5 km off it; W in rock that relaxes, if any does
DEEP = "name,x_km,y_km,z_km\nA,1,12,-2\nB,-10,5,-3\nE,3.5,1,-5\nW,-9,-8,-11\n"
IN_TWO_CELLS = "name,x_km,y_km,z_km\nE,3.5,1,-5\nW,-9,-8,-11\n"
OUTPUT = {"stations": "stations.csv", "station_fields": list(FIELDS)}
SOURCES = {
    "mesh": {"box": COARSE},
    "faults": {
        "main": {"rectangle": PLANE, "slip": {"strike": 1.0, "dip": -0.4, "open": 0.3}},
        "burst": {"point": {"at": (2 * KM, 9 * KM, -6 * KM)}, "moment": {"mxx": 1e17}},
    },
    "loads": {"ice": {"disc": {"center": (5 * KM, 6 * KM), "radius": 9 * KM}, "pressure": 1e6}},
    "greens": {"patches": {"along_strike": 2, "down_dip": 1}, "loads": ["ice"],
               "components": ["strike", "dip", "opening"]},
}  # fmt: skip


def made(case: Case, method: str, model: Model | None = None) -> Any:
    greens = case.greens.model_copy(update={"method": method})
    case = case.model_copy(update={"greens": greens})
    return femcrust.greens(case, model=None if model is None else replace(model, case=case))


def deep_case(folder: Path, **changes: Any) -> Case:
    return rectangle_case(folder, DEEP, **({"output": OUTPUT} | SOURCES | changes))


def late(folder: Path, **changes: Any) -> Case:
    """Two steps, an epoch between them."""
    case: dict[str, Any] = {
        "time": {"end": 2 * YEAR, "step": YEAR},
        "greens": {"patches": None, "components": ["strike", "dip", "opening"]},
        "output": OUTPUT | {"times": [0.5 * YEAR]},
    }
    return late_case(folder, IN_TWO_CELLS, **(case | changes))


def apart(one: Any, other: Any) -> dict[str, float]:
    """Of each field the worst column at any epoch, relative to its peak then."""
    found: dict[str, float] = dict.fromkeys(FIELDS, 0.0)
    for name in one.data_vars:
        field = name.rpartition("_")[2]
        if field in FIELDS and "station" in one[name].dims:
            a, b = (np.asarray(data[name]) for data in (one, other))
            if "epoch" in one[name].dims:
                a, b = np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0)
            a, b = (v.reshape(-1, *v.shape[-2:]) for v in (a, b))
            peak = np.abs(b).max(axis=(1, 2))
            assert (peak > 0).all()
            found[field] = max(found[field], float((np.abs(a - b).max(axis=(1, 2)) / peak).max()))
    return found


def in_run(stations: Any) -> dict[str, np.ndarray]:
    return {name: getattr(stations, name) for name in FIELDS}


def test_both_ways_agree_and_planted_errors_are_seen(tmp_path: Path, monkeypatch: Any) -> None:
    case = deep_case(tmp_path)
    model = build_model(case)
    right = made(case, "forward", model)
    assert right.point_strain.dims == ("point", "moment", "station", "tensor")
    found = apart(made(case, "reciprocal", model), right)
    assert max(found.values()) <= BOTH_WAYS, found
    shares = station_loads.StationLoads._shares
    with monkeypatch.context() as planted:  # engineering shear for the tensor's
        double = lambda self: shares(self) * np.where(self.kind == "strain", 2.0, 1.0)  # noqa: E731
        planted.setattr(station_loads.StationLoads, "_shares", double)
        wrong = apart(made(case, "reciprocal", model), right)
        assert wrong["strain"] > 1e5 * BOTH_WAYS < wrong["stress"]
        assert wrong["tilt"] <= BOTH_WAYS
    with monkeypatch.context() as planted:  # the slip of the station's own cell stays in
        planted.setattr(reciprocal.Reciprocal, "_take_slip", lambda *_: None)
        wrong = apart(made(case, "reciprocal", model), right)
        assert wrong["strain"] > 1e5 * BOTH_WAYS < wrong["stress"]


def test_they_agree_beside_split_nodes(tmp_path: Path, monkeypatch: Any) -> None:
    output = {"stations": "stations.csv", "station_fields": ["tilt", "strain"]}
    model = surface_model(tmp_path, (-8 * KM, 0.0), output=output)
    right = made(model.case, "forward", model)
    found = apart(made(model.case, "reciprocal", model), right)
    assert max(found.values()) <= BOTH_WAYS, found
    run = in_run(femcrust.run(model.case, model).stations)
    for name in ("tilt", "strain"):
        assert worst(whole(right, name), run[name]) <= ADDS_UP, name
    # planted: the other side of the fault
    monkeypatch.setattr(reciprocal.Reciprocal, "_add_offsets", lambda *_: None)
    assert apart(made(model.case, "reciprocal", model), right)["tilt"] > 1e5 * BOTH_WAYS


def test_over_time_stress_is_what_is_left_of_it(tmp_path: Path, monkeypatch: Any) -> None:
    case = late(tmp_path)
    model = build_model(case)
    right = made(case, "forward", model)
    backward = made(case, "reciprocal", model)
    found = apart(backward, right)
    assert max(found.values()) <= BOTH_WAYS, found
    in_soft = right.stress.sel(station="W")
    assert float(abs(in_soft.isel(epoch=-1)).max()) < 0.7 * float(abs(in_soft.isel(epoch=0)).max())
    times: list[Any] = []
    femcrust.run(case, model, times.append)
    for epoch, result in enumerate(times):
        run = in_run(result.stations)
        for name in FIELDS:
            # between steps a run's stress is on the cubic, a library's on the parabola
            between = name == "stress" and epoch == 1
            error = worst(whole(right.isel(epoch=epoch), name), run[name])
            assert error <= (BETWEEN if between else ADDS_UP), (name, epoch)
    path = tmp_path / "stations.nc"
    write_station_arrays(path, case, [r.time_s for r in times], [r.stations for r in times])
    with xarray.open_dataset(path, engine="scipy") as series:
        assert series.stress.dims == ("station", "time", "tensor")
        assert series.tilt.dims == ("station", "time", "tilt_axis")
        for name in ("tilt", "strain", "stress"):
            told = np.stack([in_run(r.stations)[name] for r in times], axis=1)
            assert np.array_equal(series[name].values, told), name
    with monkeypatch.context() as planted:  # stress is C : strain, as if none had relaxed
        planted.setattr(forward, "linear_at", lambda values, at: 0.0)
        wrong = apart(made(case, "forward", model), right)
        assert wrong["stress"] > 1e5 * BOTH_WAYS
        assert wrong["strain"] <= BOTH_WAYS
    with monkeypatch.context() as planted:  # rock does not know of the eigenstrain at the station
        planted.setattr(columns, "Offsets", Nowhere)
        output = case.output.model_copy(update={"station_fields": ("stress",)})
        alone = case.model_copy(update={"output": output})
        wrong = apart(made(alone, "reciprocal", model), backward)
        assert wrong["stress"] > 1e5 * BOTH_WAYS


class Nowhere:
    """Offsets of no cell."""

    def __init__(self, *_: Any) -> None:
        pass

    def at(self, _: Any) -> Any:
        return np.zeros(0, np.int32), np.zeros((0, 4, 6))


def test_degrees_turn_tensors_as_in_a_run(tmp_path: Path) -> None:
    far = {**PLANE, "top_center": (260 * KM, 4e6, -4 * KM)}
    box = {"x": (230 * KM, 290 * KM), "y": (4e6 - 30 * KM, 4e6 + 30 * KM), "z": (-25 * KM, 0.0)}
    case = rectangle_case(
        tmp_path,
        "name,lon,lat,height\nA,138.3,36.12,-2500\nB,138.4,36.05,-4000\n",
        case={"crs": "EPSG:32654"},
        mesh={"box": box | {"size": {"near": 9 * KM, "far": 20 * KM}}},
        faults={"main": {"rectangle": far, "slip": {"strike": 1.0, "dip": -0.4, "open": 0.3}}},
        greens=SOURCES["greens"] | {"loads": []},
        output=OUTPUT,
    )
    model = build_model(case)
    result = femcrust.run(case, model)
    table = columns_at(result.stations, 0.0, case.output)
    for method in ("forward", "reciprocal"):
        data = made(case, method, model)
        for name in FIELDS[1:]:
            run = np.stack([table[column] for column in FIELD[name].columns], axis=1)
            assert worst(whole(data, name), run) <= ADDS_UP, name
    stress = result.stations.stress  # in model axes
    turned = np.stack([table[column] for column in FIELD["stress"].columns], axis=1)
    assert worst(turned, stress) > 1e-3
    assert turned[:, :3].sum(axis=1) == pytest.approx(stress[:, :3].sum(axis=1))


def test_tensors_turn_as_the_vectors_that_they_are_made_of() -> None:
    rng = np.random.default_rng(27_182_818)
    v, w = rng.normal(size=(2, 5, 3))
    angle = rng.uniform(-3, 3, 5)
    i, j = np.array(sampling.PAIRS).T
    both = np.stack([v, to_true_north(v, angle)])  # in model axes, in true ones
    other = np.stack([w, to_true_north(w, angle)])
    six = (both[..., i] * other[..., j] + both[..., j] * other[..., i]) / 2
    for name in ("strain", "stress"):
        assert in_true_axes(name, six[0], angle) == pytest.approx(six[1])
    assert in_true_axes("tilt", v[:, :2], angle) == pytest.approx(both[1][:, :2])


def test_gradients_of_a_quadratic_field_are_exact(tmp_path: Path) -> None:
    model = build_model(deep_case(tmp_path))
    space, placed = discretise(model.mesh), case_stations(model.case, model)
    at = placed.tets, placed.barycentric
    x, y, z = space.nodes.T / KM
    u = np.stack([x * y, y * y - z * z, 3 * x * x - y * z], axis=1)
    (x, y, z), zero = placed.xyz.T / KM, np.zeros(len(placed.xyz))
    slope = np.array([[y, x, zero], [zero, 2 * y, -2 * z], [6 * x, -z, -y]]) / KM  # ∂u_i/∂x_j
    assert sampling.tilt_at(space, [], u, *at) == pytest.approx(slope[2, :2].T)
    exact = np.stack([(slope[i, j] + slope[j, i]) / 2 for i, j in sampling.PAIRS], axis=1)
    assert sampling.strain_at(space, [], u, *at) == pytest.approx(exact, abs=1e-12)


def test_named_axes_and_units(tmp_path: Path) -> None:
    data = made(deep_case(tmp_path), "auto")
    assert data.tilt.dims == ("patch", "component", "station", "tilt_axis")
    assert data.tilt_axis.values.tolist() == ["east", "north"]
    assert data.strain.dims == ("patch", "component", "station", "tensor")
    assert data.tensor.values.tolist() == ["ee", "nn", "uu", "en", "eu", "nu"]
    units = {name: data[name].attrs["units"] for name in ("tilt", "strain", "stress")}
    assert units == {"tilt": "rad m-1", "strain": "m-1", "stress": "Pa m-1"}
    assert data.load_stress.attrs["units"] == "Pa Pa-1"
    assert data.point_tilt.attrs["units"] == "rad N-1 m-1"
    half = femcrust.in_basis(data, np.full((1, 2), 0.5))
    assert half.stress.values[0] == pytest.approx(data.stress.values.mean(axis=0))


def test_slip_that_goes_on_strains(tmp_path: Path) -> None:
    one = {"faults": {"main": SOURCES["faults"]["main"]}, "greens": {"components": ["dip"]}}
    target = tmp_path / "greens.nc"
    data = femcrust.greens(late(tmp_path, **one), output=target)
    found = femcrust.convolved(data, [0.0], [[[2.0]]], at=[0.0, 2.0], response="strain")
    assert found.dims == ("time", "station", "tensor")
    assert found.values[-1] == pytest.approx(2 * data.strain.values[0, 0, ..., -1])
    assert plot(target, patch=0, epoch=0.5 * YEAR).exists()
    export(target, "csv", epoch=2 * YEAR)
    rows = (tmp_path / "greens-csv" / "stress.csv").read_text().splitlines()
    assert float(rows[1].split(",")[3]) == data.stress.values[0, 0, 0, 0, -1]


def test_a_library_is_continued_to_the_same_bits(tmp_path: Path) -> None:
    case = deep_case(tmp_path)
    backward = case.greens.model_copy(update={"method": "reciprocal"})
    case = case.model_copy(update={"greens": backward})
    target = tmp_path / "greens.nc"
    whole_one = femcrust.greens(case, output=target)
    with Sealed(target, writing=True) as sealed:
        kinds = [batch.kind for batch in sealed.batches]
        assert set(kinds) == {"station", "tilt", "strain"}  # stress comes with the strain
        region = sealed.regions["stress"]
        assert "strain at stations" in sealed.named(kinds.index("strain"))
    with target.open("r+b") as file:  # damage
        file.seek(region.offset)
        file.write(b"\0" * 8)
    with pytest.raises(InputError, match=r"\(strain at stations 0 to 1\) is damaged"):
        read(target)
    again = femcrust.greens(case, output=target)
    for name in whole_one.data_vars:
        assert np.array_equal(whole_one[name].values, again[name].values), name
    less = case.output.model_copy(update={"station_fields": ("tilt",)})
    differs = r"station_fields \(tilt, strain, stress there, tilt here\)"
    with pytest.raises(InputError, match=differs):
        femcrust.greens(case.model_copy(update={"output": less}), output=target)


def test_tables_have_them_and_other_formats_say_that_they_have_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "greens.nc"
    data = femcrust.greens(deep_case(tmp_path), output=target)
    export(target, "csv")
    with (tmp_path / "greens-csv" / "strain.csv").open() as file:
        rows = list(csv.reader(file))
    assert rows[0][3:] == [f"strain_{ij}" for ij in ("ee", "nn", "uu", "en", "eu", "nu")]
    assert [float(cell) for cell in rows[1][3:]] == data.strain.values[0, 0, 0].tolist()
    assert (
        (tmp_path / "greens-csv" / "tilt.csv")
        .read_text()
        .startswith("patch,component,station,tilt_east_rad,tilt_north_rad\n")
    )
    capsys.readouterr()
    export(target, "beat")
    line = "its tilt and strain and stress have no place in this format; --to csv writes them"
    assert line in capsys.readouterr().out
    assert plot(target, patch=1).exists()


def test_memory_is_forecast_for_the_loads_of_a_station() -> None:
    six = ("displacement", "strain")
    assert plan.fitting_width(1000, None, six) == 16
    with pytest.MonkeyPatch.context() as short:
        short.setattr("femcrust.machine.physical_memory", lambda: int(7e9))
        assert plan.fitting_width(8_000_000) == 4
        with pytest.raises(InputError, match="unknowns need about"):
            plan.fitting_width(8_000_000, None, six)
    seen = SimpleNamespace(fields=six)
    for method, wanted in (("forward", ("displacement",)), ("auto", six)):
        case = SimpleNamespace(greens=SimpleNamespace(method=method))
        assert plan.loaded_fields(case, seen) == wanted


ON_GROUND = (
    "output.stations: A: on the ground, where output.station_fields has no stress; give them a z"
    " below it, or leave stress out"
)


@pytest.mark.parametrize(
    ("stations", "fields", "message"),
    [
        ("name,x_km,y_km\nA,1,12\n", ["stress"], ON_GROUND),
        ("name,x_km,y_km,z_km\nA,1,12,3\nB,1,3,-2\n", ["stress"], ON_GROUND),
        ("name,x_km,y_km,z_km\nA,1,12,-99\n", ["strain"], "output.stations: A: below the mesh"),
        ("name,x_km,y_km\nA,1,99\n", ["tilt"], "output.stations: A: outside the mesh"),
    ],
)
def test_places_where_there_is_none(
    stations: str, fields: list[str], message: str, tmp_path: Path
) -> None:
    output = {"stations": "stations.csv", "station_fields": fields}
    case = rectangle_case(tmp_path, stations, output=output, mesh={"box": COARSE})
    with pytest.raises(InputError) as error:
        made(case, "auto")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_field_is_named(tmp_path: Path) -> None:
    output = {"stations": "stations.csv", "station_fields": ["strains"]}
    known = r"station_fields.*'strains' is none of displacement, tilt, strain, stress"
    with pytest.raises(InputError, match=known):
        rectangle_case(tmp_path, output=output)
