"""`femcrust invert` from files to files, on a library of seconds."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

import femcrust
from femcrust.case.load import build_section, load_file
from femcrust.cli import main
from femcrust.inversion import Inversion
from femcrust.inversion.library import read_library
from tiny_case import CASE

PNG = b"\x89PNG"
SECTION = "greens: {patches: {along_strike: 4, down_dip: 3}}\n"
VIEW = "los: {sky: {unit: [-0.6, -0.1, 0.79]}}"
GRID = [(f"S{i}{j}", -24 + 12 * i, -24 + 12 * j) for i in range(5) for j in range(5)]
UP = np.array([-0.6, -0.1, 0.79])
UNIT = UP / np.linalg.norm(UP)
FILES = {
    *("slip.csv", "fit.csv", "inversion.nc", "inversion.resolved.yaml", "summary.json"),
    *("slip.png", "resolution.png", "weight.png", "fit_gnss.png", "fit_track.png"),
}


def slip_of(patches: int) -> np.ndarray:
    """Known slip, m: left-lateral and thrust, largest in the middle."""
    i, j = np.meshgrid(np.arange(4), np.arange(3))
    shape = np.exp(-((i - 1.5) ** 2 + (j - 1.0) ** 2) / 2.0).ravel()
    assert patches == len(shape)
    return np.stack([0.4 * shape, 1.1 * shape], axis=1)


def gnss_table(library: Any, slip: np.ndarray, sigma: float, seed: int, rate: str = "") -> str:
    moved = np.einsum("pcna,pc->na", library.displacement, slip)
    moved += np.random.default_rng(seed).normal(size=moved.shape) * sigma
    axes = ("east", "north", "up")
    head = [f"{axis}_mm{rate}" for axis in axes]
    head += [f"sigma_{axis}_mm{rate}" for axis in axes]
    lines = [",".join(["name,x_km,y_km", *head])]
    for name, (x, y, _), u in zip(library.stations, library.place, moved, strict=True):
        numbers = [*(f"{1e3 * v:.6f}" for v in u), *[f"{1e3 * sigma:g}"] * 3]
        lines.append(",".join([name, f"{x / 1e3:g}", f"{y / 1e3:g}", *numbers]))
    return "\n".join(lines) + "\n"


def los_table(library: Any, slip: np.ndarray, shift: float) -> str:
    moved = np.einsum("pcna,pc,a->n", library.displacement, slip, UNIT) + shift
    lines = ["name,x_km,y_km,los_cm,sigma_cm,unit_east,unit_north,unit_up"]
    for name, (x, y, _), u in zip(library.stations, library.place, moved, strict=True):
        look = ",".join(f"{v:.12f}" for v in UNIT)
        lines.append(f"{name},{x / 1e3:g},{y / 1e3:g},{100 * u:.7f},0.1,{look}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two libraries, of soft and of stiff deep rock, and data of known slip."""
    folder = tmp_path_factory.mktemp("inversion")
    (folder / "stations.csv").write_text(
        "name,x_km,y_km\n" + "".join(f"{n},{x},{y}\n" for n, x, y in GRID)
    )
    text = CASE.replace("output: {", f"{SECTION}output: {{{VIEW}, ")
    (folder / "case.yaml").write_text(text)
    layers = (
        "  rock: {mu: 20 GPa, nu: 0.25, where: {depth: [0 km, 8 km]}}\n"
        "  deep: {mu: 45 GPa, nu: 0.25, where: {depth: [8 km, 40 km]}}"
    )
    text = text.replace("  rock: {mu: 30 GPa, nu: 0.25}", layers)
    (folder / "layers.yaml").write_text(text.replace("stations.csv", "reversed.csv"))
    (folder / "reversed.csv").write_text(
        "name,x_km,y_km\n" + "".join(f"{n},{x},{y}\n" for n, x, y in GRID[::-1])
    )
    for name in ("case", "layers"):
        words = ["greens", str(folder / f"{name}.yaml"), "--quiet", "-o", f"{folder}/{name}.nc"]
        assert main(words) == 0
    library = read_library(folder / "case.nc")
    slip = slip_of(len(library))
    (folder / "gnss.csv").write_text(gnss_table(library, slip, 1e-3, 55_102_937))
    (folder / "rates.csv").write_text(gnss_table(library, slip, 1e-3, 55_102_937, "_per_yr"))
    (folder / "los.csv").write_text(los_table(library, slip, 0.05))
    (folder / "inversion.yaml").write_text(
        "title: tiny\nlibrary: case.nc\n"
        "data:\n  gnss: {offsets: gnss.csv}\n  track: {los: los.csv, ramp: offset}\n"
    )
    return folder


def test_the_command_leaves_files_that_agree(desk: Path, capsys: Any) -> None:
    assert main(["invert", str(desk / "inversion.yaml")]) == 0
    said = capsys.readouterr().out
    assert "100 numbers, 24 unknown slips" in said
    assert "magnitude" in said
    results = desk / "inversion"
    assert {path.name for path in results.iterdir()} == FILES
    for name in FILES:
        if name.endswith(".png"):
            assert (results / name).read_bytes().startswith(PNG)
    summary = json.loads((results / "summary.json").read_text())
    with xarray.open_dataset(results / "inversion.nc") as data:
        assert data.slip.dims == ("patch", "component")
        assert data.component.values.tolist() == ["strike", "dip"]
        assert data.slip_covariance.shape == (24, 24)
        assert data.slip.attrs["units"] == "m"
        spread = np.sqrt(np.diag(data.slip_covariance)).reshape(12, 2)
        assert data.slip_sd.values == pytest.approx(spread)
        with (results / "slip.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert [float(row["dip_m"]) for row in rows] == pytest.approx(
            data.slip.sel(component="dip").values.tolist(), rel=1e-9
        )
        moment = np.sum(30e9 * data.patch_area * np.hypot(*data.slip.values.T))
        assert summary["slip"][0]["moment_Nm"] == pytest.approx(float(moment))
        magnitude = (np.log10(float(moment)) - 9.1) / 1.5
        assert summary["slip"][0]["magnitude"] == pytest.approx(magnitude)
        left = data.datum_observed - data.datum_predicted
        assert data.datum_residual.values == pytest.approx(left.values)
    with (results / "fit.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["set"] == "gnss"]
    left = np.array([float(row["residual_m"]) for row in rows])
    assert len(rows) == 75
    assert summary["data"][0]["wrms_m"] == pytest.approx(np.sqrt(np.mean(left**2)), rel=1e-6)


def test_known_slip_and_shift_are_found(desk: Path) -> None:
    model = femcrust.invert(desk / "inversion.yaml")
    wanted = slip_of(12)
    # smoothing takes from the peak; what is left is within what the inversion says it knows
    assert np.abs(model.slip - wanted).max() < 3.0 * model.deviation.max()
    assert np.corrcoef(model.slip.ravel(), wanted.ravel())[0, 1] > 0.95
    assert model.estimate.ramps == pytest.approx([0.05], abs=2e-3)
    true = np.sum(30e9 * model.problem.library.area * np.hypot(*wanted.T))
    assert model.moments[0].moment == pytest.approx(true, rel=0.05)
    assert model.fits[0].variance_reduction > 0.99


def test_plain_data_and_the_file_give_the_same(desk: Path) -> None:
    sections = {
        "library": "case.nc",
        "data": {"gnss": {"offsets": "gnss.csv"}, "track": {"los": "los.csv", "ramp": "offset"}},
    }
    found = femcrust.invert(sections, desk)
    assert found.slip.tolist() == femcrust.invert(desk / "inversion.yaml").slip.tolist()


def test_velocities_give_slip_a_year(desk: Path) -> None:
    offsets = femcrust.invert({"library": "case.nc", "data": {"a": {"offsets": "gnss.csv"}}}, desk)
    rates = femcrust.invert(
        {"library": "case.nc", "data": {"a": {"velocities": "rates.csv"}}}, desk
    )
    assert rates.rate
    assert rates.slip == pytest.approx(offsets.slip)
    assert "magnitude" not in rates.summary["slip"][0]
    assert "moment_Nm_per_yr" in rates.summary["slip"][0]


def test_along_and_across_a_rake_are_strike_and_dip_turned(desk: Path) -> None:
    given: dict[str, Any] = {"library": "case.nc", "data": {"a": {"offsets": "gnss.csv"}}}
    plain = femcrust.invert(given, desk)
    turned = femcrust.invert(given | {"slip": {"rake": 60.0}}, desk)
    c, s = np.cos(np.radians(60.0)), np.sin(np.radians(60.0))
    assert turned.components == ("along", "across")
    assert turned.slip @ np.array([[c, s], [-s, c]]) == pytest.approx(plain.slip, abs=1e-9)
    by_azimuth = femcrust.invert(given | {"slip": {"azimuth": 30.0}}, desk)  # that of the strike
    assert by_azimuth.slip == pytest.approx(plain.slip, abs=1e-9)
    alone = femcrust.invert(given | {"slip": {"rake": 60.0, "across": False}}, desk)
    assert alone.slip.shape == (12, 1)


def test_bounds_and_few_patches(desk: Path) -> None:
    given: dict[str, Any] = {"library": "case.nc", "data": {"a": {"offsets": "gnss.csv"}}}
    low = femcrust.invert(given | {"slip": {"bounds": {"dip": (0.2, 0.9)}}}, desk)
    assert low.slip[:, 1].min() >= 0.2
    assert low.slip[:, 1].max() <= 0.9
    assert low.estimate.held.any()
    positive = femcrust.invert(given | {"slip": {"non_negative": True}}, desk)
    assert positive.slip.min() >= 0.0
    sparse = femcrust.invert(given | {"sparsity": 1e6}, desk)
    assert np.abs(sparse.slip).sum() < 0.9 * np.abs(positive.slip).sum()
    assert (sparse.slip == 0.0).sum() > 4


def test_structures_spread_and_are_told_apart(desk: Path) -> None:
    """C_p is the covariance of two predictions: half the square of their difference."""
    given: dict[str, Any] = {"library": "case.nc", "data": {"a": {"offsets": "gnss.csv"}}}
    alone = femcrust.invert(given, desk)
    both = femcrust.invert(given | {"structures": ["layers.nc"], "iterations": 1}, desk)
    other = read_library(desk / "layers.nc")
    assert other.stations == alone.problem.library.stations[::-1]
    moved = [
        np.einsum("pcna,pc->na", library.displacement, alone.slip)
        for library in (alone.problem.library, other)
    ]
    apart = (moved[0] - moved[1][::-1]).ravel()
    assert both.estimate.structure == pytest.approx(np.outer(apart, apart) / 2.0, abs=1e-12)
    sigma = np.sqrt(1e-6 + apart**2 / 2.0)
    assert both.estimate.sigma == pytest.approx(sigma)
    assert [variant.name for variant in both.variants] == ["case.nc", "layers.nc"]
    assert both.variants[0].moment.magnitude == pytest.approx(alone.magnitude)
    assert both.variants[0].apart == 0.0
    assert both.variants[1].apart > 0.01
    assert np.linalg.norm(both.deviation / both.estimate.scale) > np.linalg.norm(
        alone.deviation / alone.estimate.scale
    )


def test_faults_and_components_may_be_chosen(desk: Path) -> None:
    given: dict[str, Any] = {"library": "case.nc", "data": {"a": {"offsets": "gnss.csv"}}}
    found = femcrust.invert(given | {"slip": {"faults": "main", "components": "dip"}}, desk)
    assert found.components == ("dip",)
    assert found.slip.shape == (12, 1)


def test_axes_of_the_data_are_turned_to_those_of_the_library() -> None:
    """Offsets in true axes against a library in axes of a projection, and back."""
    from small_inversion import okada_library  # type: ignore[import-not-found]

    from femcrust.inversion.observations import _directions
    from femcrust.inversion.schema import DataSet
    from femcrust.inversion.table import Table
    from femcrust.station_list import StationList

    library = okada_library(2, 2, stations=np.zeros((1, 3)))
    angle = np.array([0.1])
    for lonlat, sign in ((np.array([[140.0, 38.0]]), -1.0), (None, 0.0)):
        zero = np.zeros(1)
        listed = StationList(("A",), zero, zero, zero, lonlat, angle)
        table = Table(Path("t.csv"), listed, {}, False, [2])
        section = DataSet(offsets="t.csv")
        found = _directions(table, section, library, "data.a", np.array([0]), ("north",))
        # grid north lies 0.1 rad clockwise of true north: true north has azimuth −0.1 in the grid
        assert found[0] == pytest.approx([np.sin(sign * 0.1), np.cos(0.1 * sign), 0.0])


def test_one_epoch_of_a_library_over_time() -> None:
    from femcrust.errors import InputError
    from femcrust.inversion.library import _at

    moved = np.random.default_rng(14_550_721).normal(size=(2, 2, 3, 3, 4))
    found = {"displacement": moved, "epoch": np.array([0.0, 0.5, 2.0, 10.0])}
    year = 365.25 * 86400.0
    assert _at(2 * year, found, Path("g.nc")).tolist() == moved[..., 2].tolist()
    for epoch, message in ((None, "missing; g.nc is over time: give one of 0 yr, 0.5 yr"),
                           (3 * year, "3 yr is none of g.nc")):  # fmt: skip
        with pytest.raises(InputError, match=message):
            _at(epoch, found, Path("g.nc"))
    with pytest.raises(InputError, match="is elastic; remove the key"):
        _at(year, {"displacement": moved[..., 0]}, Path("g.nc"))


def test_moments_of_faults_add_up_to_that_of_all() -> None:
    from small_inversion import offsets, okada_library, problem_of

    from femcrust.inversion.measures import moments

    library = okada_library(4, 2, stations=np.zeros((1, 3)))
    library = replace(
        library,
        fault=np.array(["a", "a", "b", "b"] * 2),
        rigidity=np.linspace(20e9, 50e9, 8),
        area=np.linspace(1.0, 2.0, 8) * 25e6,
    )
    slip = np.random.default_rng(90_113_377).normal(size=(8, 2))
    problem, _ = problem_of(library, [offsets(library, slip, 1e-3)])
    spread = np.diag(np.linspace(0.1, 0.2, 16)) ** 2
    whole, a, b = moments(problem, slip.ravel(), spread)
    assert (whole.name, a.name, b.name) == ("all", "a", "b")
    assert whole.moment == pytest.approx(a.moment + b.moment)
    strength = library.rigidity * library.area
    assert whole.moment == pytest.approx(np.sum(strength * np.hypot(*slip.T)))
    # by a sample of the posterior
    drawn = slip.ravel() + 1e-3 * np.random.default_rng(7_711_093).normal(
        size=(20_000, 16)
    ) * np.sqrt(np.diag(spread))
    sizes = np.hypot(*np.moveaxis(drawn.reshape(-1, 8, 2), 2, 0)) @ strength
    assert whole.deviation == pytest.approx(1e3 * sizes.std(), rel=0.03)
    # one fault with slip that is alike: the summed tensor has all of the moment
    alike, *_ = moments(problem, np.tile([0.6, -0.8], 8), spread)
    assert alike.net == pytest.approx(alike.moment)
    assert alike.net == pytest.approx(strength.sum())


def test_pictures_show_the_slip_that_was_found(desk: Path, monkeypatch: Any) -> None:
    """Colours are slip in the unit of the bar, arrows the motion of the hanging wall."""
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection

    from femcrust.inversion.pictures import slip_picture

    model = femcrust.invert(desk / "inversion.yaml")
    seen: dict[str, Any] = {}
    collection, quiver = PolyCollection.__init__, Axes.quiver

    def cells(self: Any, *given: Any, **named: Any) -> None:
        seen.setdefault("colours", named.get("array"))
        collection(self, *given, **named)

    def arrows(self: Any, *given: Any, **named: Any) -> Any:
        seen["arrows"] = np.stack(given[2:4], axis=1)
        return quiver(self, *given, **named)

    monkeypatch.setattr(PolyCollection, "__init__", cells)
    monkeypatch.setattr(Axes, "quiver", arrows)
    assert slip_picture(model).startswith(PNG)
    assert seen["colours"] == pytest.approx(np.linalg.norm(model.slip, axis=1))
    # the fault dips 70 degrees: seen from the side, along strike and up
    wanted = np.stack([model.slip[:, 0], model.slip[:, 1] * np.sin(np.radians(70.0))], axis=1)
    assert seen["arrows"] == pytest.approx(wanted)


def test_a_view_of_the_library_is_a_line_of_sight(desk: Path) -> None:
    lines = (desk / "los.csv").read_text().splitlines()
    (desk / "seen.csv").write_text("\n".join(",".join(row.split(",")[:5]) for row in lines) + "\n")
    given: dict[str, Any] = {"library": "case.nc", "smoothing": {"weight": 1.0}}
    own = femcrust.invert(given | {"data": {"a": {"los": "los.csv", "ramp": "plane"}}}, desk)
    section = {"los": "seen.csv", "view": "sky", "ramp": "plane"}
    by_view = femcrust.invert(given | {"data": {"a": section}}, desk)
    assert by_view.slip == pytest.approx(own.slip, abs=1e-6)
    assert own.estimate.ramps == pytest.approx([0.05, 0.0, 0.0], abs=5e-3)
    for section, message in (
        ({"los": "seen.csv", "view": "ski"}, "'ski' is no view of .*; did you mean sky"),
        ({"los": "los.csv", "view": "sky"}, "has unit_east too; keep one"),
        ({"los": "seen.csv"}, "has not all of unit_east, unit_north, unit_up"),
    ):
        with pytest.raises(femcrust.InputError, match=message):
            femcrust.invert(given | {"data": {"a": section}}, desk)


def test_correlations_and_errors_alike_nearby_fill_the_covariance(desk: Path) -> None:
    (desk / "few.csv").write_text(
        "name,x_km,y_km,east_mm,north_mm,up_mm,sigma_east_mm,sigma_north_mm,sigma_up_mm,corr_en,"
        "corr_nu\nS00,-24,-24,1,2,3,2,3,5,0.5,-0.2\nS10,-12,-24,1,,3,2,,5,0.5,\n"
    )
    covariance = {"sill": 4e-6, "range": 12e3}
    found = femcrust.invert(
        {
            "library": "case.nc",
            "data": {"a": {"offsets": "few.csv", "covariance": covariance}},
            "smoothing": {"weight": 1.0},
        },
        desk,
    )
    e = np.exp(-1.0)  # the stations are one range apart
    wanted = np.array(
        [  # east, north, up of the first; east, up of the second, mm²
            [4.0 + 4.0, 3.0, 0.0, 4.0 * e, 0.0],
            [3.0, 9.0 + 4.0, -3.0, 0.0, 0.0],
            [0.0, -3.0, 25.0 + 4.0, 0.0, 4.0 * e],
            [4.0 * e, 0.0, 0.0, 4.0 + 4.0, 0.0],
            [0.0, 0.0, 4.0 * e, 0.0, 25.0 + 4.0],
        ]
    )
    assert found.problem.system.covariance * 1e6 == pytest.approx(wanted)
    assert found.problem.data[0].axis == ("east", "north", "up", "east", "up")


def test_the_file_in_the_readme_and_those_of_the_example_are_valid(
    root: Path, tmp_path: Path
) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    section = text.split("## Slip inversion")[1]
    (tmp_path / "inversion.yaml").write_text(section.split("```yaml")[1].split("```")[0])
    found = load_file(Inversion, tmp_path / "inversion.yaml")
    assert found.smoothing.range == 40e3
    assert found.data["track"].covariance is not None
    for name in ("inversion", "both"):
        example = load_file(Inversion, root / "examples" / "gorkha" / f"{name}.yaml")
        assert example.slip.azimuth == 198.0
    # what is written as understood is a valid file again, and means the same
    again = build_section(Inversion, found.model_dump(mode="json", exclude_none=True))
    assert again.model_dump() == found.model_dump()
