"""Materials: every pair of constants gives the same solid; an element has exactly one material."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
from scipy.io import netcdf_file

from femcrust.case.expressions import Expression
from femcrust.case.schema_materials import Material
from femcrust.errors import InputError
from femcrust.grids import read_grid
from femcrust.materials import elastic_fields, nearly_incompressible
from femcrust.materials.moduli import PAIRS, bulk_modulus, poisson_ratio
from femcrust.mesh.mesh import Mesh
from small_meshes import split_cubes

ULPS = 8 * float(np.finfo(np.float64).eps)  # a handful of products and one quotient
POSITION = ("x", "y", "z", "depth")
ROCK = {"mu": 30e9, "nu": 0.25}


def block(n: int = 4, top: float = 0.0) -> Mesh:
    """A block 8 x 8 x 4 km whose top is at `top`; n layers of elements."""
    return split_cubes(n, (8e3, 8e3, 4e3), (-4e3, -4e3, top - 4e3))


def centroids(mesh: Mesh) -> Any:
    return mesh.points[mesh.tets].mean(axis=1)


def refused(mesh: Mesh, materials: dict[str, Any], directory: Path | str = ".") -> str:
    with pytest.raises(InputError) as error:
        elastic_fields(mesh, materials, directory, lambda x, y: 0.0 * x)
    message = str(error.value)
    assert "\n" not in message
    return message


def write_classic(path: Path, axes: dict[str, Any], name: str, values: Any, unit: str) -> None:
    with netcdf_file(str(path), "w") as file:
        for axis, coordinates in axes.items():
            file.createDimension(axis, len(coordinates))
            variable = file.createVariable(axis, "d", (axis,))
            variable[:] = coordinates
            variable.units = "km"
        variable = file.createVariable(name, "d", tuple(axes))
        variable[:] = values
        if unit:
            variable.units = unit


# --- moduli ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", PAIRS)
def test_every_pair_of_constants_is_the_same_solid(pair: tuple[str, str]) -> None:
    lam, mu = 41e9, 29e9
    constants = {
        "E": mu * (3 * lam + 2 * mu) / (lam + mu),
        "nu": lam / (2 * (lam + mu)),
        "mu": mu,
        "lambda_": lam,
        "K": lam + 2 * mu / 3,
    }
    found = PAIRS[pair](constants[pair[0]], constants[pair[1]])
    np.testing.assert_allclose(found, (lam, mu), rtol=10 * ULPS)  # differences such as 9K − E
    wrong = PAIRS[pair](1.01 * constants[pair[0]], constants[pair[1]])
    assert not np.allclose(wrong, (lam, mu), rtol=1e-4)


def test_wave_speeds_give_back_the_waves() -> None:
    fields = elastic_fields(block(), {"crust": Material(vp=6000.0, vs=3460.0, rho=2700.0)})
    np.testing.assert_allclose(np.sqrt((fields.lam + 2 * fields.mu) / 2700.0), 6000.0, rtol=ULPS)
    np.testing.assert_allclose(np.sqrt(fields.mu / fields.rho), 3460.0, rtol=ULPS)


def test_density_is_nan_where_the_case_gives_none() -> None:
    mesh = block()
    half = {"where": {"depth": (0.0, 2e3)}}
    rest = {"where": {"depth": (2e3, 4e3)}, "rho": 3300.0}
    fields = elastic_fields(mesh, {"a": {**ROCK, **half}, "b": {**ROCK, **rest}})
    assert fields.names == ("a", "b")
    assert np.isnan(fields.rho[fields.index == 0]).all()
    assert (fields.rho[fields.index == 1] == 3300.0).all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mu": 30e9}, "exactly two"),
        ({"mu": 30e9, "nu": 0.25, "E": 75e9}, "exactly two"),
        ({"vp": 6e3, "vs": 3e3}, "vp, vs and rho"),
        ({"vp": 6e3, "vs": 3e3, "rho": 2.7e3, "nu": 0.25}, "exactly two"),
        ({"mu": 30e9, "nu": 0.5}, "solid.nu: value is 0.5"),
        ({"mu": -30e9, "nu": 0.25}, "solid.mu: value is -3e+10"),
        ({"mu": float("nan"), "nu": 0.25}, "solid.mu: value is nan"),
        ({"vp": 6e3, "vs": 0.0, "rho": 1e3}, "water"),
        ({"vp": 3.4e3, "vs": 3.0e3, "rho": 2.7e3}, "solid.K: value is -"),
        ({"lambda_": -30e9, "mu": 30e9}, "solid.K: value is -1e+10"),
        ({"K": 5e9, "E": 50e9}, "solid.mu: value is -"),
        ({"mu": 30e9, "nu": 0.25, "rho": -1.0}, "solid.rho"),
    ],
)
def test_no_stable_solid_is_refused(given: dict[str, float], said: str) -> None:
    assert said in refused(block(1), {"solid": given})


def test_message_names_the_place_of_a_bad_value() -> None:
    mesh = block()
    gradient = Expression("0.3 + depth/km/15", POSITION)  # 0.5 at a depth of 3 km
    message = refused(mesh, {"crust": {"mu": 30e9, "nu": gradient}})
    assert message.startswith("materials.crust.nu: value is 0.5")
    z = float(message.split("(")[1].split(")")[0].split(",")[2])
    assert z <= -3000.0


# --- where ----------------------------------------------------------------------------------------


def test_layers_share_no_element_and_leave_none() -> None:
    mesh = block(4)
    layers = {
        "upper": {**ROCK, "where": {"depth": (0.0, 1e3)}},
        "lower": {**ROCK, "mu": 65e9, "where": {"depth": (1e3, 4e3)}},
    }
    fields = elastic_fields(mesh, layers)
    depth = -centroids(mesh)[:, 2]
    assert np.array_equal(fields.index, (depth > 1e3).astype(int))
    assert np.array_equal(np.unique(fields.mu), [30e9, 65e9])
    assert (fields.index == 0).mean() == 0.25


def test_material_without_where_is_everything() -> None:
    fields = elastic_fields(block(2), {"rock": ROCK})
    assert (fields.index == 0).all()
    lens = {**ROCK, "where": {"depth": (0.0, 1e3)}}
    message = refused(block(4), {"rock": ROCK, "lens": lens})
    assert "materials.lens" in message
    assert "materials.rock" in message
    assert "96 of 384 elements" in message


def test_gap_is_refused_with_number_and_place() -> None:
    upper = {**ROCK, "where": {"depth": (0.0, 2e3)}}
    lower = {**ROCK, "where": {"depth": (3e3, 9e3)}}
    message = refused(block(4), {"upper": upper, "lower": lower})
    assert "96 of 384 elements" in message
    assert -3e3 < float(message.split("(")[1].split(")")[0].split(",")[2]) < -2e3


def test_mountains_need_a_range_that_begins_above_sea_level() -> None:
    crust = {**ROCK, "where": {"depth": (0.0, 9e3)}}
    assert "belong to none" in refused(block(4, top=1e3), {"crust": crust})
    draped = {**ROCK, "where": {"below_surface": (0.0, 9e3)}}
    fields = elastic_fields(block(4, top=1e3), {"c": draped}, ".", lambda x, y: 0 * x + 1e3)
    assert (fields.index == 0).all()


def test_draped_layer_follows_the_ground() -> None:
    mesh = block(6)
    slope = 0.1

    def ground(x: Any, y: Any) -> Any:
        return slope * (x - 4e3)

    mesh.points[:, 2] += ground(mesh.points[:, 0], 0.0) * (1 + mesh.points[:, 2] / 4e3)
    shallow = {**ROCK, "where": {"below_surface": (0.0, 700.0)}}
    deep = {**ROCK, "where": {"below_surface": (700.0, 9e3)}}
    fields = elastic_fields(mesh, {"shallow": shallow, "deep": deep}, ".", ground)
    x, _, z = centroids(mesh).T
    assert np.array_equal(fields.index == 0, ground(x, 0.0) - z < 700.0)
    assert not np.array_equal(fields.index == 0, -z < 700.0)
    with pytest.raises(InputError, match="height of the ground is unknown"):
        elastic_fields(mesh, {"shallow": shallow, "deep": deep})


def test_groups_expressions_and_depth_are_joined_by_and() -> None:
    mesh = block(4)
    x, _, z = centroids(mesh).T
    mesh.volumes["west"] = np.flatnonzero(x < 0).astype(np.int32)
    mesh.volumes["east"] = np.flatnonzero(x >= 0).astype(np.int32)
    near = Expression("abs(x) < 2*km", POSITION)
    far = Expression("not (abs(x) < 2*km)", POSITION)
    parts = {
        "near_west": {**ROCK, "where": {"group": "west", "expression": near}},
        "near_east": {**ROCK, "where": {"group": ("east",), "expression": near}},
        "shallow": {**ROCK, "where": {"depth": (0, 2e3), "expression": far}},
        "deep": {
            **ROCK,
            "where": {"depth": (2e3, 4e3), "group": ["west", "east"], "expression": far},
        },
    }
    index = elastic_fields(mesh, parts).index
    expected = np.where(np.abs(x) < 2e3, np.where(x < 0, 0, 1), np.where(z > -2e3, 2, 3))
    assert np.array_equal(index, expected)
    parts["near_west"]["where"]["group"] = "wset"
    assert "did you mean west?" in refused(mesh, parts)


def test_region_that_holds_nothing_is_refused() -> None:
    upside_down = {**ROCK, "where": {"depth": (-9e3, -5e3)}}
    assert "holds in no element" in refused(block(2), {"rock": ROCK, "mantle": upside_down})
    assert "is empty" in refused(block(2), {"a": {**ROCK, "where": {"depth": (2e3, 2e3)}}})
    assert "no comparison" in refused(
        block(2), {"a": {**ROCK, "where": {"expression": lambda x, y, z: x}}}
    )


# --- values that vary -----------------------------------------------------------------------------


def test_expression_and_function_agree() -> None:
    mesh = block(3)

    values = [
        Expression("30*GPa + MPa*depth + 0.1*MPa*x", POSITION),
        lambda x, y, z: 30e9 - 1e6 * z + 1e5 * x,
    ]
    x, _, z = centroids(mesh).T
    for value in values:
        mu = elastic_fields(mesh, {"rock": {"mu": value, "nu": 0.25}}).mu
        np.testing.assert_allclose(mu, 30e9 - 1e6 * z + 1e5 * x, rtol=ULPS)


TABLE = "depth_km,vp_km_s,vs_km_s,rho_kg_m3\n0,5,2.8,2500\n2,6,3.4,2700\n2,7,4,3000\n3,8,4.5,3300\n"


def table(directory: Path, text: str = TABLE, **options: Any) -> dict[str, Any]:
    (directory / "model.csv").write_text(text, encoding="utf-8")
    return {name: {"file": "model.csv", **options} for name in ("vp", "vs", "rho")}


def test_table_is_linear_between_rows_and_jumps_at_equal_depths(tmp_path: Path) -> None:
    mesh = block(4)
    fields = elastic_fields(mesh, {"crust": table(tmp_path)}, tmp_path)
    depth = -centroids(mesh)[:, 2]
    vp = np.sqrt((fields.lam + 2 * fields.mu) / fields.rho)
    expected = np.where(
        depth < 2e3, 5e3 + depth / 2, np.where(depth < 3e3, 7e3 + (depth - 2e3), 8e3)
    )
    np.testing.assert_allclose(vp, expected, rtol=ULPS)
    steps = elastic_fields(mesh, {"c": table(tmp_path, interpolation="constant")}, tmp_path)
    assert np.array_equal(np.unique(steps.rho), [2500.0, 3000.0, 3300.0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TABLE.replace("depth_km", "depth"), "depth: it has no unit"),
        (TABLE.replace("vp_km_s", "vp_km"), "unit 'km' is unknown there"),
        (TABLE.replace("vs_km_s", "qs_km_s"), "no column 'vs'"),
        (TABLE.replace("2,6,3.4,2700", "2,6,fast,2700"), "not finite in data row 2"),
        (TABLE.replace("2,6,3.4,2700", "2,6,3.4"), "model.csv:3: 3 values for 4 columns"),
        (TABLE.replace("3,8,4.5", "1,8,4.5"), "sort the rows"),
        ("1,2,3\n", "no header"),
        ("", "is empty"),
    ],
)
def test_mistakes_in_a_table_are_named(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(block(1), {"crust": table(tmp_path, text)}, tmp_path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    rock = {"mu": {"file": "absent.csv"}, "nu": 0.25}
    assert "absent.csv" in refused(block(1), {"rock": rock}, tmp_path)


@pytest.mark.parametrize("netcdf4", [False, True])
def test_grid_is_trilinear_and_never_extrapolates(tmp_path: Path, netcdf4: bool) -> None:
    mesh = block(3)
    axes = {
        "depth": np.array([0.0, 2.0, 9.0]),
        "y": np.array([5.0, -5.0]),
        "x": np.array([-5, 5.0]),
    }
    depth, y, x = np.meshgrid(*axes.values(), indexing="ij")
    values = 30 + depth + 0.5 * y - 0.25 * x
    path = tmp_path / "grid.nc"
    if netcdf4:
        with h5py.File(path, "w") as file:
            for name, coordinates in axes.items():
                file[name] = coordinates
                file[name].make_scale(name)
                file[name].attrs["units"] = np.bytes_("km")
            file["mu"] = values
            file["mu"].attrs["units"] = "GPa"
            for i, name in enumerate(axes):
                file["mu"].dims[i].attach_scale(file[name])
    else:
        write_classic(path, axes, "mu", values, "GPa")
    rock = {"rock": {"mu": {"file": "grid.nc"}, "nu": 0.25}}
    px, py, pz = centroids(mesh).T / 1e3
    expected = 1e9 * (30 - pz + 0.5 * py - 0.25 * px)
    np.testing.assert_allclose(elastic_fields(mesh, rock, tmp_path).mu, expected, rtol=4 * ULPS)
    wide = split_cubes(3, (12e3, 8e3, 4e3), (-4e3, -4e3, -4e3))
    message = refused(wide, rock, tmp_path)
    assert "the grid covers depth 0 to 9000 m, y -5000 to 5000 m, x -5000 to 5000 m" in message


def test_grid_without_unit_takes_the_one_of_the_case(tmp_path: Path) -> None:
    axes = {"y": np.array([-9.0, 9.0]), "x": np.array([-9.0, 9.0])}
    write_classic(tmp_path / "g.grd", axes, "z", np.full((2, 2), 3.0), "")
    rock: dict[str, Any] = {"mu": {"file": "g.grd"}, "nu": 0.25}
    assert "it has no unit" in refused(block(1), {"rock": rock}, tmp_path)
    rock["mu"]["unit"] = "GPa"
    mu = elastic_fields(block(1), {"rock": rock}, tmp_path).mu
    np.testing.assert_allclose(mu, 3e9, rtol=ULPS)


def test_hole_in_a_grid_is_refused(tmp_path: Path) -> None:
    axes = {"y": np.array([-9.0, 0.0, 9.0]), "x": np.array([-9.0, 0.0, 9.0])}
    values = np.full((3, 3), 30.0)
    values[1, 2] = np.nan
    write_classic(tmp_path / "g.nc", axes, "mu", values, "GPa")
    rock = {"mu": {"file": "g.nc"}, "nu": 0.25}
    assert "materials.rock.mu: value is nan at (" in refused(block(2), {"rock": rock}, tmp_path)


def test_grid_over_longitudes_does_not_cover_the_model(data: Path) -> None:
    grid = read_grid(data / "slab2" / "cas_slab2_dep_02.24.18.grd", None, "z", "km")
    with pytest.raises(InputError, match="the grid covers"):
        grid.at(centroids(block(1)))


@pytest.mark.parametrize("interpolation", ["nearest", "linear"])
def test_cloud_of_points(tmp_path: Path, interpolation: str) -> None:
    mesh = block(3)
    rng = np.random.default_rng(730112)
    points = rng.uniform((-9, -9, -9), (9, 9, 5), (500, 3))
    value = 30 + points @ [1.0, 0.5, -1.0]
    rows = "\n".join(",".join(f"{n!r}" for n in row) for row in np.c_[points, value].tolist())
    (tmp_path / "c.csv").write_text(f"x_km,y_km,z_km,value_GPa\n{rows}\n", encoding="utf-8")
    rock = {"mu": {"file": "c.csv", "interpolation": interpolation}, "nu": 0.25}
    mu = elastic_fields(mesh, {"rock": rock}, tmp_path).mu / 1e9
    center = centroids(mesh) / 1e3
    if interpolation == "linear":
        np.testing.assert_allclose(mu, 30 + center @ [1.0, 0.5, -1.0], rtol=1e-12)
        far = split_cubes(2, (1e5, 1e5, 4e3), (0.0, 0.0, -4e3))
        assert "outside the hull" in refused(far, {"rock": rock}, tmp_path)
    else:
        nearest = np.linalg.norm(center[:, None] - points, axis=2).argmin(axis=1)
        np.testing.assert_allclose(mu, value[nearest], rtol=ULPS)


def test_values_of_the_schema_are_understood(tmp_path: Path) -> None:
    (tmp_path / "model.csv").write_text(TABLE, encoding="utf-8")
    crust = Material(
        vp={"file": "model.csv"},
        vs={"file": "model.csv"},
        rho={"file": "model.csv"},
        where={"depth": (0.0, 2e3)},
    )
    deep = Material(mu=65e9, nu=0.25, where={"expression": "depth >= 2*km"})
    fields = elastic_fields(block(4), {"crust": crust, "deep": deep}, tmp_path)
    assert (fields.mu[fields.index == 1] == 65e9).all()
    assert 2500 < fields.rho[fields.index == 0].min() < fields.rho[fields.index == 0].max() < 2700


# --- public models --------------------------------------------------------------------------------


def test_jma2001_gives_the_crust_of_japan(data: Path) -> None:
    mesh = split_cubes((2, 2, 40), (8e3, 8e3, 80e3), (0.0, 0.0, -80e3))
    file = {"file": "lhm_jma2001.dat"}
    fields = elastic_fields(mesh, {"japan": {"vp": file, "vs": file, "rho": file}}, data / "crust")
    nu = poisson_ratio(fields.lam, fields.mu)
    assert 0.22 < nu.min() < nu.max() < 0.30
    order = np.argsort(-centroids(mesh)[:, 2])
    assert (np.diff(fields.mu[order]) >= -ULPS * 1e11).all()  # stiffer downward
    # At 4 km the file has vp 5.72, vs 3.375 km/s, rho 2.6594 g/cm³; μ = 30.3 GPa.
    at = SimpleNamespace(mu=np.interp(4e3, -centroids(mesh)[order, 2], fields.mu[order]))
    assert at.mu == pytest.approx(2659.4 * 3375.0**2, rel=0.01)


def test_crust1_columns_are_stable_solids(data: Path, tmp_path: Path) -> None:
    lines = (data / "crust" / "crust1_japan.csv").read_text(encoding="utf-8").splitlines()
    names = lines[1].split(",")
    row = dict(zip(names, map(float, lines[2].split(",")), strict=True))
    layers = [k for k in range(2, 9) if row[f"vs{k}"] > 0]
    text = ["depth_km,vp_km_s,vs_km_s,rho_g_cm3"]
    text += [f"{-row[f'top{k}']},{row[f'vp{k}']},{row[f'vs{k}']},{row[f'rho{k}']}" for k in layers]
    mesh = split_cubes((1, 1, 50), (8e3, 8e3, 50e3), (0.0, 0.0, -50e3))
    column = table(tmp_path, "\n".join(text), interpolation="constant")
    fields = elastic_fields(mesh, {"column": column}, tmp_path)
    assert (bulk_modulus(fields.lam, fields.mu) > 0).all()
    mantle = centroids(mesh)[:, 2] < row["top8"] * 1e3
    np.testing.assert_allclose(fields.mu[mantle], 1e9 * row["rho8"] * row["vs8"] ** 2, rtol=ULPS)


@pytest.mark.parametrize(("nu", "said"), [(0.4949, ""), (0.495, "materials.mud.nu is 0.495")])
def test_materials_that_hardly_change_volume_are_named(nu: float, said: str) -> None:
    mud = {"mu": 1e9, "nu": nu, "where": {"depth": (0.0, 2e3)}}
    both = {"mud": mud, "rock": ROCK | {"where": {"depth": (2e3, 9e3)}}}
    assert nearly_incompressible(elastic_fields(block(), both)) == said
