"""Libraries of Green's functions: both ways agree, and patches add up to the whole fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_greens import BOX, KM, PLANE, ROCK, STATIONS, rectangle_case, surface_model, whole, worst

import femcrust
from femcrust.case import Case
from femcrust.errors import InputError
from femcrust.greens import reciprocal, station_loads
from femcrust.greens.hats import hats
from femcrust.greens.plan import fitting_width
from femcrust.model import Model, build_model

BOTH_WAYS = 1e-7  # of each column's peak; the solver's tolerance is 1e-12
ADDS_UP = 1e-8
COMPONENTS = ["strike", "dip", "opening"]
SHEET = """\
$MeshFormat
2.2 0 8
$EndMeshFormat
$Nodes
5
1 -6000 -5000 -4000
2 7000 -6000 -5000
3 6500 5000 -9000
4 -5500 6000 -8000
5 500 300 -6500
$EndNodes
$Elements
4
1 2 2 1 1 1 2 5
2 2 2 1 1 2 3 5
3 2 2 1 1 3 4 5
4 2 2 1 1 4 1 5
$EndElements
"""


def made(case: Case, method: str, model: Model | None = None) -> Any:
    greens = case.greens.model_copy(update={"method": method})
    case = case.model_copy(update={"greens": greens})
    model = None if model is None else replace(model, case=case)
    return femcrust.greens(case, model=model)


def both(case: Case, model: Model | None = None) -> tuple[Any, Any]:
    return made(case, "forward", model), made(case, "reciprocal", model)


def agree(one: Any, other: Any) -> float:
    """The worst over all arrays of the worst column, relative to its peak."""
    found = []
    for name in one.data_vars:
        if name.endswith(("displacement", "los")):
            a, b = (np.asarray(data[name]) for data in (one, other))
            a, b = (v.reshape(-1, *v.shape[-2:]) for v in (a, b))
            peak = np.abs(b).max(axis=(1, 2))
            assert (peak > 0).all()
            found.append(np.abs(a - b).max(axis=(1, 2)) / peak)
    return float(np.concatenate(found).max())


def table(folder: Path) -> dict[str, Any]:
    """Two rectangles in a file."""
    (folder / "rows.csv").write_text(
        "x,y,z,length,width,strike,dip,rake,slip\n"
        "0,0,-4000,8000,6000,20,40,90,1\n2000,8000,-5000,7000,5000,40,90,0,2\n"
    )
    return {"main": {"file": "rows.csv"}}


def sheet(folder: Path) -> dict[str, Any]:
    """Four triangles in a file."""
    (folder / "sheet.msh").write_text(SHEET)
    slip = {"strike": 1.0, "dip": -0.4, "open": 0.3}
    return {"main": {"triangles": {"file": "sheet.msh"}, "slip": slip}}


SINKS = {"sides": {"displacement": {"x": 0.1, "y": "2e-7*x", "z": 0.0}}, "bottom": "fixed"}
EVERYTHING = {
    "faults": {
        "main": {"rectangle": PLANE, "slip": {"strike": 1.0, "dip": -0.4, "open": 0.3}},
        "burst": {"point": {"at": (2 * KM, 9 * KM, -6 * KM)}, "moment": {"mxx": 1e17}},
    },
    "loads": {"ice": {"disc": {"center": (5 * KM, 6 * KM), "radius": 9 * KM}, "pressure": 1e6}},
    "greens": {"patches": {"along_strike": 2, "down_dip": 1}, "components": COMPONENTS,
               "loads": ["ice"]},
}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [EVERYTHING, {"boundaries": SINKS}, {"gravity": 9.81}],
    ids=["points and loads too", "prescribed displacement", "gravity"],
)
def test_forward_and_reciprocal_agree(changes: dict[str, Any], tmp_path: Path) -> None:
    forward, reciprocal = both(rectangle_case(tmp_path, **changes))
    assert forward.attrs["method"] == "forward"
    assert reciprocal.attrs["method"] == "reciprocal"
    assert agree(forward, reciprocal) <= BOTH_WAYS


@pytest.mark.parametrize("make", [table, sheet])
def test_they_agree_for_patches_of_files(make: Any, tmp_path: Path) -> None:
    case = rectangle_case(tmp_path, faults=make(tmp_path))
    assert agree(*both(case)) <= BOTH_WAYS


@pytest.mark.parametrize("z", [(-8 * KM, 0.0), (-12 * KM, -4 * KM)], ids=["at the ground", "deep"])
def test_they_agree_beside_split_nodes(z: tuple[float, float], tmp_path: Path) -> None:
    model = surface_model(tmp_path, z)
    assert agree(*both(model.case, model)) <= BOTH_WAYS


def test_a_wrong_weight_or_offset_is_seen(monkeypatch: Any, tmp_path: Path) -> None:
    model = surface_model(tmp_path, (-8 * KM, 0.0))
    right = made(model.case, "forward", model)
    with monkeypatch.context() as planted:  # an engineering strain taken for a strain
        planted.setattr(reciprocal, "TWICE", np.ones(6))
        assert agree(made(model.case, "reciprocal", model), right) > 1e3 * BOTH_WAYS
    with monkeypatch.context() as planted:  # the station on the other side of the fault
        planted.setattr(reciprocal.Reciprocal, "_add_offsets", lambda *_: None)
        assert agree(made(model.case, "reciprocal", model), right) > 1e3 * BOTH_WAYS


def test_what_is_prescribed_is_no_answer_to_a_unit_source(monkeypatch: Any, tmp_path: Path) -> None:
    case = rectangle_case(tmp_path, boundaries=SINKS)
    held = rectangle_case(tmp_path, boundaries={"sides": "fixed", "bottom": "fixed"})
    right = made(held, "forward")
    assert agree(made(case, "forward"), right) <= 1e-9
    monkeypatch.setattr("femcrust.greens.compute.without_prescribed", lambda operator: operator)
    assert agree(made(case, "forward"), right) > 0.1


@pytest.mark.parametrize("method", ["forward", "reciprocal"])
@pytest.mark.parametrize("make", [lambda _: None, sheet], ids=["rectangle", "triangles"])
def test_patches_add_up_to_the_fault(make: Any, method: str, tmp_path: Path) -> None:
    faults = make(tmp_path)
    case = rectangle_case(tmp_path, **({} if faults is None else {"faults": faults}))
    model = build_model(case)
    data = made(case, method, model)
    stations = femcrust.run(case, model).stations
    assert worst(whole(data), stations.displacement) <= ADDS_UP
    # planted: a patch is missing
    assert worst(whole(data.isel(patch=slice(1, None))), stations.displacement) > 1e5 * ADDS_UP


@pytest.mark.parametrize("z", [(-8 * KM, 0.0), (-12 * KM, -4 * KM)], ids=["at the ground", "deep"])
def test_hats_add_up_to_the_fault(z: tuple[float, float], tmp_path: Path) -> None:
    model = surface_model(tmp_path, z)
    data = made(model.case, "auto", model)
    stations = femcrust.run(model.case, model).stations
    assert worst(whole(data), stations.displacement) <= ADDS_UP
    assert set(data.patch_kind.values) == {"node"}
    assert data.patch_area.sum() == pytest.approx(model.sources[0].area)
    assert data.patch_rigidity.values == pytest.approx(ROCK["mu"])


def test_a_hat_is_one_at_its_vertex_and_half_between(tmp_path: Path) -> None:
    model = surface_model(tmp_path, (-8 * KM, 0.0))
    rows, units = hats(model, model.case.faults["main"], "faults.main", [2])
    opens = [np.abs(unit.offset).max() for unit in units]
    assert max(opens) == pytest.approx(0.5, rel=0.02)  # half on either side
    buried = rows.centre[:, 2] < -7.9 * KM
    assert buried.sum() == 5
    top = np.flatnonzero(np.abs(rows.centre[:, 2]) < 1.0)
    assert len(top) == 5


def test_lines_of_sight_are_those_of_a_run(tmp_path: Path) -> None:
    from femcrust.outputs.stations import columns_at

    case = rectangle_case(tmp_path)
    model = build_model(case)
    data = made(case, "auto", model)
    table = columns_at(femcrust.run(case, model).stations, 0.0, case.output)
    assert data.view.values.tolist() == ["left", "right"]
    for name, seen in zip(data.view.values, whole(data, "los").T, strict=True):
        assert worst(seen, table[f"los_{name}_m"]) <= ADDS_UP


def test_degrees_turn_to_true_north_as_in_a_run(tmp_path: Path) -> None:
    far = {**PLANE, "top_center": (260 * KM, 4e6, -4 * KM)}
    box = {"x": (230 * KM, 290 * KM), "y": (4e6 - 30 * KM, 4e6 + 30 * KM), "z": (-25 * KM, 0.0)}
    case = rectangle_case(
        tmp_path,
        "name,lon,lat\nA,138.3,36.12\nB,138.4,36.05\n",
        case={"crs": "EPSG:32654"},
        mesh={"box": box | {"size": {"near": 5 * KM, "far": 15 * KM}}},
        faults={"main": {"rectangle": far, "slip": {"strike": 1.0, "dip": -0.4, "open": 0.3}}},
    )
    model = build_model(case)
    forward, reciprocal = both(case, model)
    stations = femcrust.run(case, model).stations
    assert np.abs(stations.convergence).min() > 0.01  # rad: to leave it out would be seen
    for data in (forward, reciprocal):
        assert worst(whole(data), stations.displacement) <= ADDS_UP
    assert forward.lon.values.tolist() == [138.3, 138.4]
    assert float(forward.patch_lat.mean()) == pytest.approx(36.1, abs=0.1)


def test_the_table_of_patches(tmp_path: Path) -> None:
    data = made(rectangle_case(tmp_path), "auto")
    assert data.sizes["patch"] == 6
    assert data.component.values.tolist() == COMPONENTS
    assert data.station.values.tolist() == list("ABCDEFG")
    assert data.axis.values.tolist() == ["east", "north", "up"]
    assert data.displacement.attrs["units"] == "m m-1"
    assert data.patch_area.values == pytest.approx(6 * KM * 4.5 * KM)
    assert data.patch_strike.values == pytest.approx(25.0)
    assert data.patch_dip.values == pytest.approx(55.0)
    # rows from the top, each along strike; corners lie around the centre
    depth, along = data.patch_z.values, data.patch_x.values
    assert (depth[:3] > -7 * KM).all()
    assert (depth[3:] < -7 * KM).all()
    assert np.all(np.diff(along[:3]) > 0)
    corners = np.stack([data[f"corner_{name}"] for name in "xyz"], axis=-1)
    centres = np.stack([data[f"patch_{name}"] for name in "xyz"], axis=-1)
    assert corners.mean(axis=1) == pytest.approx(centres)
    mu = data.patch_rigidity.values
    assert mu[:3].max() < 40e9 < mu[3:].min()  # two layers


def test_a_station_in_the_ground_stays_there(tmp_path: Path) -> None:
    data = made(rectangle_case(tmp_path), "auto")
    assert data.z.sel(station="D") == -1.5 * KM
    assert (data.z.drop_sel(station="D") == 0.0).all()


@pytest.mark.parametrize(
    ("cells", "stations", "method"),
    [((5, 4), 7, "reciprocal"), ((2, 1), 7, "forward"), ((5, 4), 60, "forward")],
)
def test_auto_takes_the_way_with_fewer_batches(
    cells: tuple[int, int], stations: int, method: str, tmp_path: Path
) -> None:
    lines = STATIONS
    if stations > 7:
        lines = "name,x_km,y_km\n" + "".join(f"S{i},{i % 8},{i // 8}\n" for i in range(stations))
    patches = {"along_strike": cells[0], "down_dip": cells[1]}
    case = rectangle_case(tmp_path, lines, greens={"patches": patches})
    *_, plan = femcrust.greens.planned(build_model(case))
    assert plan.method == method


def test_stations_may_be_named_in_the_call(tmp_path: Path) -> None:
    case = rectangle_case(tmp_path, output={}, greens=None)
    data = femcrust.greens(case, "stations.csv")
    assert data.sizes["station"] == 7
    assert data.sizes["patch"] == 1  # without a section the whole rectangle
    assert "los" not in data


def test_forces_are_the_transpose_of_sampling(tmp_path: Path) -> None:
    from femcrust.greens.compute import planned
    from femcrust.run import build
    from femcrust.sampling import displacement_at

    case = rectangle_case(tmp_path, materials={"rock": ROCK})
    model = build_model(case)
    _, seen, _ = planned(model)
    operator, _ = build(case, model)
    at = seen.placed
    corners = operator.space.nodes[operator.space.elements[at.tets, :4]]
    loads = station_loads.StationLoads(at, corners, "station", 2, 5)
    forces = np.stack(loads.forces(operator), axis=2)
    u = np.random.default_rng(81_620_733).normal(size=operator.space.nodes.shape)
    sampled = displacement_at(operator.space, (), u, at.tets, at.barycentric)[2:5]
    assert np.einsum("ni,nik->k", u, forces) == pytest.approx(sampled.ravel(), rel=1e-12)


@pytest.mark.parametrize("method", ["forward", "reciprocal"])
def test_a_device_makes_the_same_library(on_device: Any, method: str, tmp_path: Path) -> None:
    pytest.importorskip("xarray")  # a bare machine has none
    coarse = {"mesh": {"box": BOX | {"size": {"near": 10 * KM, "far": 20 * KM}}}}
    host = rectangle_case(tmp_path, **coarse)
    device = host.model_copy(update={"solver": host.solver.model_copy(update={"backend": "cuda"})})
    assert agree(made(device, method), made(host, method)) <= BOTH_WAYS


@pytest.mark.parametrize(("gigabytes", "width"), [(100.0, 16), (12.0, 8), (7.0, 4)])
def test_batches_are_as_wide_as_the_memory_allows(
    gigabytes: float, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("femcrust.machine.physical_memory", lambda: int(gigabytes * 1e9))
    assert fitting_width(8_000_000) == width
    with pytest.raises(InputError, match=r"mesh: 800,000,000 unknowns need about .* GiB"):
        fitting_width(800_000_000)


def test_narrow_batches_give_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    case = rectangle_case(tmp_path)
    wide = made(case, "reciprocal")
    monkeypatch.setattr("femcrust.greens.compute.fitting_width", lambda *_: 4)
    assert agree(made(case, "reciprocal"), wide) <= BOTH_WAYS
