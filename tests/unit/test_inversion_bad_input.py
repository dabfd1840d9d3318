"""What `femcrust invert` refuses: one line, exit 2, nothing written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import netcdf_file

from femcrust.cli import main
from tiny_case import CASE, Desk, matches

SECTION = "greens: {patches: {along_strike: 2, down_dip: 2}}\n"
STATIONS = "name,x_km,y_km\nA,1,12\nB,-10,5\nC,9,-7\nD,-3,-14\nE,14,15\n"
HEAD = "name,x_km,y_km,east_mm,north_mm,sigma_east_mm,sigma_north_mm\n"
ROWS = "A,1,12,3,4,1,1\nB,-10,5,-2,1,1,1\nC,9,-7,0,2,1,1\n"
FILE = "library: greens.nc\ndata: {gnss: {offsets: gnss.csv}}\n"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("greens")
    (folder / "case.yaml").write_text(CASE.replace("output: {", f"{SECTION}output: {{"))
    (folder / "stations.csv").write_text(STATIONS)
    assert main(["greens", str(folder / "case.yaml"), "--quiet", "-o", str(folder / "g.nc")]) == 0
    return (folder / "g.nc").read_bytes()


@pytest.fixture
def work(
    library: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    desk = Desk(folder, capsys)
    desk.put("greens.nc", library)
    desk.put("gnss.csv", HEAD + ROWS)
    desk.put("inversion.yaml", FILE)
    return desk


def told(desk: Desk, *words: str) -> str:
    return desk.told("invert", "inversion.yaml", "--quiet", *words)


def test_what_is_refused_below_is_fine_otherwise(work: Desk) -> None:
    assert main(["invert", "inversion.yaml", "--quiet"]) == 0
    assert (work.folder / "inversion" / "slip.csv").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("librry: greens.nc\n", r"inversion\.yaml:1: librry: unknown key; did you mean library\?"),
        (FILE + "errors: by_sets\n", r":3: errors: 'by_sets' is none of .*did you mean by_set"),
        (FILE + "smoothing: {weight: abc}\n", r"smoothing\.weight: 'abc' is none of abic"),
        (FILE + "smoothing: {model: matern}\n", r"smoothing\.range: missing; write e\.g\. range"),
        (FILE + "smoothing: {range: 3 km}\n", r"range: goes with model: matern only"),
        (FILE + "smoothing: {folds: 1}\n", r"smoothing\.folds: 1"),
        (FILE + "smoothing: {weight: cross_validation}\n", r"folds: 5 folds of 3 stations"),
        (FILE + "sparsity: -1\n", r"sparsity: -1 must be above 0"),
        (FILE + "slip: {rake: 90}\n", r"slip\.rake: 90 has no unit"),
        (FILE + "slip: {bounds: {dip: [1, 2 m]}}\n", r"slip\.bounds\.dip\[0\]: 1 has no unit"),
        (FILE + "slip: {bounds: {dip: [2 m, 1 m]}}\n", r"slip\.bounds\.dip: is no range"),
        (FILE + "slip: {bounds: {dip: [0 m/yr, none]}}\n", r"bounds\.dip: its unit does not fit"),
        (FILE + "slip: {bounds: {rake: [0 m, none]}}\n", r"'rake' is no component here"),
        (FILE + "slip: {faults: mian}\n", r"slip\.faults\[0\]: 'mian' .*did you mean main\?"),
        (FILE + "slip: {components: opening}\n", r"slip\.components\[0\]: 'opening' is no compon"),
        (FILE + "output: {directory: ../up}\n", r"output\.directory: '\.\./up' leaves the folder"),
        (FILE.replace("gnss.csv", "gnss.csv, view: a"), r"data\.gnss\.view: goes with los only"),
        ("library: greens.nc\ndata: {gnss: {los: gnss.csv, offsets: a.csv}}\n", "offsets and los"),
        (
            FILE.replace("gnss.csv", "gnss.csv, covariance: {sill: 4 mm, range: 3 km}"),
            r"sill: '4 mm' is no area or variance",
        ),
        (
            FILE.replace("gnss.csv", "gnss.csv, covariance: {sill: 4 mm^2/yr^2, range: 3 km}"),
            r"sill: its unit does not fit the data",
        ),
        (FILE.replace("offsets", "velocities"), r"east_mm belongs to offsets, not velocities"),
        (FILE.replace("greens.nc", "absent.nc"), r"absent\.nc: cannot be read"),
        (FILE.replace("gnss.csv", "absent.csv"), r"absent\.csv: cannot be read"),
        (FILE + "structures: absent.nc\n", r"absent\.nc: cannot be read"),
    ],
)
def test_the_file(text: str, message: str, work: Desk) -> None:
    work.put("inversion.yaml", text)
    assert matches(message, told(work))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (HEAD + ROWS + "A,1,12,3,4,1,1\n", r"gnss\.csv:5: name 'A' occurs on line 2 already"),
        (HEAD + ROWS + "X,1,12,3,4,1,1\nY,1,1,1,1,1,1\n", r"X, Y: no station of .*greens\.nc; mak"),
        (HEAD + ROWS.replace("A,1,12", "A,1,14"), r"gnss\.csv:2: A is 2 km from where"),
        (HEAD.replace("north_mm", "north", 1) + ROWS, r"gnss\.csv:1: column 'north' has no unit"),
        (
            HEAD.replace(",north_mm", ",north_mm_per_yr", 1) + ROWS,
            r"mixes units: .*north_mm_per_yr",
        ),
        (HEAD.replace(",north_mm", ",nroth_mm", 1) + ROWS, r"'nroth_mm'; did you mean north_mm\?"),
        (HEAD.replace(",north_mm", ",east_cm", 1) + ROWS, r"east stands twice, with two units"),
        (HEAD + ROWS.replace("3,4,1,1", "3,4,0,1"), r"gnss\.csv:2: sigma_east is 0 m"),
        (HEAD + ROWS.replace("3,4,1,1", "3,4,,1"), r"gnss\.csv:2: sigma_east is empty"),
        (HEAD + ROWS.replace("3,4,1,1", "3,x,1,1"), r"gnss\.csv:2: north_mm is 'x'; write a numb"),
        (HEAD + ROWS.replace("3,4,1,1", "3,4,1"), r"gnss\.csv:2: 6 cells under 7 columns"),
        (HEAD.replace("x_km,y_km", "lon,lat") + ROWS, r"the library has no coordinate system"),
        ("name,x_km,y_km,east_mm\nA,1,12,3\n", r"has no sigma_east; add e\.g\. sigma_east_mm"),
        ("name,x_km,y_km\nA,1,12\n", r"has no column of east or north or up"),
        (HEAD, r"no stations"),
        ("", r"is empty"),
        (
            HEAD.replace("\n", ",corr_en\n") + "A,1,12,3,4,1,1,1.2\n",
            r"gnss\.csv:2: corr_en is 1\.2; a correlation is between -1 and 1",
        ),
    ],
)
def test_the_table(table: str, message: str, work: Desk) -> None:
    work.put("gnss.csv", table)
    assert matches(message, told(work))


@pytest.mark.parametrize(
    ("matrix", "unit", "message"),
    [
        (np.ones((6, 6)), "mm^2", r"the covariance is not positive definite \(least eigenvalue"),
        (np.diag([1, 1, 1, -1, 1, 1.0]), "mm^2", r"gnss\.csv: the covariance is not positive def"),
        (np.eye(5), "mm^2", r"c\.csv: is 5 x 5; data\.gnss has 6 numbers: give 6 x 6"),
        (np.eye(6) + np.eye(6, k=1) / 5, "mm^2", r"c\.csv: is not symmetric"),
        (np.diag([1, 1, np.nan, 1, 1, 1]), "mm^2", r"c\.csv: row 3, column 3 is not finite"),
        (np.eye(6), "mm", r"covariance\.unit: 'mm' is no unit of a covariance"),
        (np.eye(6), "mm^2/yr^2", r"covariance\.unit: its unit does not fit"),
        (np.eye(6), "", r"covariance\.unit"),
    ],
)
def test_the_covariance(matrix: np.ndarray, unit: str, message: str, work: Desk) -> None:
    np.savetxt(work.folder / "c.csv", matrix, delimiter=",")
    of = f", unit: {unit}" if unit else ""
    work.put(
        "inversion.yaml", FILE.replace("gnss.csv", f"gnss.csv, covariance: {{file: c.csv{of}}}")
    )
    assert matches(message, told(work))


def test_a_covariance_from_csv_and_netcdf_is_that_of_the_sigmas(work: Desk) -> None:
    """The same numbers by three ways give the same slip."""
    slips = []
    with netcdf_file(work.folder / "c.nc", "w") as file:
        file.createDimension("a", 6)
        file.createDimension("b", 6)
        c = file.createVariable("c", "f8", ("a", "b"))
        c[:] = np.eye(6)
        c.units = "mm^2"
    np.savetxt(work.folder / "c.csv", np.eye(6), delimiter=",")
    for more in ("", ", covariance: {file: c.csv, unit: mm^2}", ", covariance: {file: c.nc}"):
        work.put("inversion.yaml", FILE.replace("gnss.csv", f"gnss.csv{more}"))
        assert main(["invert", "inversion.yaml", "--quiet"]) == 0
        slips.append((work.folder / "inversion" / "slip.csv").read_text())
    assert slips[0] == slips[1] == slips[2]


def test_offsets_do_not_mix_with_velocities(work: Desk) -> None:
    work.put("rates.csv", re.sub(r"_mm", "_mm_per_yr", HEAD) + ROWS)
    work.put("inversion.yaml", FILE.replace("csv}", "csv}, rates: {velocities: rates.csv}"))
    assert matches(r"data: mixes units: gnss has displacements, rates velocities", told(work))


def test_a_truncated_or_bit_flipped_library(work: Desk, library: bytes) -> None:
    work.put("greens.nc", library[: len(library) // 2])
    assert matches(r"greens\.nc: is no library .* or its end is missing", told(work))
    for share in np.linspace(0.05, 0.95, 12):
        raw = bytearray(library)
        raw[int(share * len(raw))] ^= 0x10
        work.put("greens.nc", bytes(raw))
        assert matches(r"greens\.nc: (is damaged|batch|is no library)", told(work))
    work.put("greens.nc", b"name,x\n1,2\n")
    assert matches(r"greens\.nc: is no library", told(work))


def test_a_library_of_other_patches_or_stations_is_no_structure(work: Desk) -> None:
    for change, stations, message in (
        (("length: 20 km", "length: 24 km"), STATIONS, "other patches"),
        (("near: 10 km", "near: 10 km"), STATIONS.replace("D,-3", "D,-2"), r"stations .*\(D\)"),
    ):
        other = work.folder.parent / "other"
        other.mkdir(exist_ok=True)
        text = CASE.replace("output: {", f"{SECTION}output: {{").replace(*change)
        (other / "case.yaml").write_text(text)
        (other / "stations.csv").write_text(stations)
        target = other / f"{len(message)}.nc"
        assert main(["greens", str(other / "case.yaml"), "--quiet", "-o", str(target)]) == 0
        work.put("inversion.yaml", FILE + f"structures: ../other/{target.name}\n")
        assert matches(message, told(work))


def test_results_do_not_replace_their_input(work: Desk) -> None:
    (work.folder / "inversion").mkdir()
    work.put("inversion/fit.csv", HEAD + ROWS)
    work.put("inversion.yaml", FILE.replace("gnss.csv", "inversion/fit.csv"))
    assert matches(r"the result fit\.csv would replace the input", told(work))


def test_a_library_of_points_has_no_slip(work: Desk, tmp_path: Path, capsys: Any) -> None:
    text = CASE.replace(
        "  main:\n",
        "  here: {point: {at: [0 km, 0 km, -9 km]},"
        " moment: {Mw: 6, strike: 0 deg, dip: 30 deg, rake: 90 deg}}\n  main:\n",
    )
    text = text.replace("output: {", "greens: {faults: here}\noutput: {")
    (tmp_path / "case.yaml").write_text(text)
    (tmp_path / "stations.csv").write_text(STATIONS)
    target = work.folder / "greens.nc"
    target.unlink()
    assert main(["greens", str(tmp_path / "case.yaml"), "--quiet", "-o", str(target)]) == 0
    assert matches(r"greens\.nc: has no patches", told(work))
