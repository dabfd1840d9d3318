"""A library in the files of other programs: what goes out can be read back, in the stated order."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import yaml
from small_greens import KM, PLANE, rectangle_case

from femcrust.cli import main
from femcrust.errors import InputError
from femcrust.greens import exports
from femcrust.greens.compute import make
from femcrust.greens.exports.content import content_of
from femcrust.greens.library import read_arrays

COARSE = {"x": (-30 * KM, 30 * KM), "y": (4e6 - 30 * KM, 4e6 + 30 * KM), "z": (-25 * KM, 0.0)}
OTHER = {"top_center": (-9 * KM, 4e6 + 8 * KM, -6 * KM), "length": 8 * KM, "width": 6 * KM}
OTHER |= {"strike": 90.0, "dip": 30.0}
STATIONS = "name,x_km,y_km\nA,1,4012\nB b,-10,4005\nC,9,3993\n"
SLIP = {"strike": 1.0}
YEAR = 365.25 * 86400.0


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two faults, three components, two views, coordinates in UTM; made once."""
    folder = tmp_path_factory.mktemp("library")
    main_plane = PLANE | {"top_center": (0.3 * KM, 4e6, -4 * KM)}
    case = rectangle_case(
        folder,
        STATIONS,
        case={"crs": "EPSG:32654", "title": "two faults"},
        mesh={"box": COARSE | {"size": {"near": 10 * KM, "far": 20 * KM}}},
        faults={
            "main": {"rectangle": main_plane, "slip": SLIP},
            "side": {"rectangle": OTHER, "slip": SLIP},
        },
        greens={
            "patches": {"along_strike": 2, "down_dip": 1}, "refine": False,
            "components": ["dip", "opening", "strike"],
        },
    )  # fmt: skip
    make(case, folder / "lib.nc")
    return folder / "lib.nc"


@pytest.fixture
def arrays(path: Path) -> dict[str, Any]:
    return read_arrays(path)


def exported(path: Path, to: str, folder: Path, *words: str) -> Path:
    assert main(["export", str(path), "--to", to, "-o", str(folder / to), *words]) == 0
    return folder / to


def test_csi_by_the_file(path: Path, arrays: dict[str, Any], tmp_path: Path) -> None:
    folder = exported(path, "csi", tmp_path)
    moved = arrays["displacement"]  # (4, 3, 3, 3)
    names = {"SS": 2, "DS": 0, "TS": 1}  # of the components of this library
    for fault, own in (("main", [0, 1]), ("side", [2, 3])):
        for suffix, component in names.items():
            raw = np.fromfile(folder / f"{fault}_gnss_{suffix}.gf").reshape(9, 2)
            for axis in range(3):
                for station in range(3):
                    found = raw[3 * axis + station]
                    assert found.tolist() == moved[own, component, station, axis].tolist()
            los = np.fromfile(folder / f"{fault}_left_{suffix}.gf").reshape(3, 2)
            assert los.T.tolist() == arrays["los"][own, component, :, 0].tolist()


def test_csi_as_one_matrix(path: Path, arrays: dict[str, Any], tmp_path: Path) -> None:
    g = np.load(exported(path, "csi", tmp_path) / "G_gnss.npy")
    assert g.shape == (9, 12)
    slip = np.random.default_rng(617_220_913).normal(size=(4, 3))  # by components of the library
    strike, dip, opening = slip[:, 2], slip[:, 0], slip[:, 1]
    column = np.concatenate(
        [part[own] for own in ([0, 1], [2, 3]) for part in (strike, dip, opening)]
    )
    wanted = np.einsum("pcsa,pc->as", arrays["displacement"], slip)
    assert (g @ column).reshape(3, 3) == pytest.approx(wanted, rel=1e-12)
    swapped = np.concatenate([part[own] for own in ([0, 1], [2, 3])
                              for part in (dip, strike, opening)])  # fmt: skip
    assert np.abs((g @ swapped).reshape(3, 3) - wanted).max() > 0.1 * np.abs(wanted).max()


def test_csi_patches(path: Path, arrays: dict[str, Any], tmp_path: Path) -> None:
    from femcrust.projection import project

    folder = exported(path, "csi", tmp_path)
    blocks = (folder / "side.patches").read_text().split(">\n")[1:]
    assert len(blocks) == 2
    for patch, block in zip((2, 3), blocks, strict=True):
        lon, lat, depth = np.array([line.split() for line in block.splitlines()], float).T
        xy = project("EPSG:32654", np.stack([lon, lat], axis=1))
        assert xy[:, 0] == pytest.approx(arrays["corner_x"][patch], abs=0.01)
        assert -depth * KM == pytest.approx(arrays["corner_z"][patch], abs=0.01)
    stations = [line.split() for line in (folder / "stations.txt").read_text().splitlines()]
    assert [row[0] for row in stations] == ["A", "B_b", "C"]
    assert "columns SS, DS, TS" in (folder / "README.txt").read_text()


@pytest.mark.parametrize("rake", [90.0, 0.0, 37.0])
def test_beat(rake: float, path: Path, arrays: dict[str, Any], tmp_path: Path) -> None:
    folder = exported(path, "beat", tmp_path, "--rake", str(rake))
    moved = arrays["displacement"]
    angle = np.radians(rake)
    shares = {  # strike, dip, opening
        "uparr": (np.cos(angle), np.sin(angle), 0.0),
        "uperp": (np.cos(angle - np.pi / 2), np.sin(angle - np.pi / 2), 0.0),
        "utens": (0.0, 0.0, 1.0),
    }
    for name, (strike, dip, opening) in shares.items():
        traces = np.load(folder / f"geodetic_{name}_static_0.traces.npy")
        wanted = strike * moved[:, 2] + dip * moved[:, 0] + opening * moved[:, 1]
        assert traces.shape == (4, 15)
        assert traces[:, :9].reshape(4, 3, 3) == pytest.approx(wanted.swapaxes(1, 2), abs=1e-15)
        text = (folder / f"geodetic_{name}_static_0.yaml").read_text()
        assert text.startswith("--- !beat.GeodeticGFLibraryConfig\n")
        config = yaml.safe_load(text.partition("\n")[2])
        assert config["component"] == name
        assert config["dimensions"] == [4, 15]


def test_pylith(path: Path, arrays: dict[str, Any], tmp_path: Path) -> None:
    folder = exported(path, "pylith", tmp_path)
    with h5py.File(folder / "greens-fault.h5") as file:
        slip = file["vertex_fields/slip"][...]
        assert file["geometry/vertices"][:, 2].tolist() == arrays["patch_z"].tolist()
        assert file["vertex_fields/area"][0, :, 0].tolist() == arrays["patch_area"].tolist()
    with h5py.File(folder / "greens-stations.h5") as file:
        moved = file["vertex_fields/displacement"][...]
        assert file["stations"].asstr()[...].tolist() == ["A", "B b", "C"]
        assert file["time"].shape == (12, 1, 1)
        assert file["geometry/vertices"][:, 0].tolist() == arrays["x"].tolist()
    assert (slip.sum(axis=(1, 2)) == 1.0).all()
    place = {"strike": 1, "dip": 2, "opening": 0}
    for impulse in range(12):
        patch, column = np.argwhere(slip[impulse] == 1.0)[0]
        component = next(i for i, name in enumerate(arrays["component"]) if place[name] == column)
        assert moved[impulse].tolist() == arrays["displacement"][patch, component].tolist()


def test_csv(path: Path, arrays: dict[str, Any], tmp_path: Path) -> None:
    folder = exported(path, "csv", tmp_path)
    rows = list(csv.DictReader(io.StringIO((folder / "displacement.csv").read_text())))
    assert len(rows) == 4 * 3 * 3
    stations, components = arrays["station"].tolist(), arrays["component"].tolist()
    for row in rows:
        at = int(row["patch"]), components.index(row["component"]), stations.index(row["station"])
        found = [float(row[f"{axis}_m"]) for axis in ("east", "north", "up")]
        assert found == arrays["displacement"][at].tolist()
        assert [float(row["los_left_m"]), float(row["los_right_m"])] == arrays["los"][at].tolist()
    patches = list(csv.DictReader(io.StringIO((folder / "patches.csv").read_text())))
    assert [float(row["corner2_z_m"]) for row in patches] == arrays["corner_z"][:, 2].tolist()
    assert [row["fault"] for row in patches] == ["main", "main", "side", "side"]


def test_what_is_asked_wrongly(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torn = tmp_path / "torn.nc"
    torn.write_bytes(path.read_bytes()[:-7])
    for words, message in (
        (["--to", "pilith"], "--to: 'pilith' is no format of a library; did you mean pylith?"),
        ([], "the following arguments are required: --to"),
        (["--to", "beat", "--rake", "steep"], "--rake: 'steep' is no number of degrees"),
        (["--to", "csi", "--epoch", "1yr"], "is elastic and has no epochs"),
    ):
        assert main(["export", str(path), *words, "-o", str(tmp_path / "out")]) == 2
        assert message in capsys.readouterr().err
        assert not (tmp_path / "out").exists()
    assert main(["export", str(torn), "--to", "csv"]) == 2
    assert "torn.nc: is no library of `femcrust greens`, or its end" in capsys.readouterr().err


def test_components_that_are_missing(path: Path, arrays: dict[str, Any]) -> None:
    only = arrays | {
        "component": arrays["component"][:1], "displacement": arrays["displacement"][:, :1],
        "los": arrays["los"][:, :1],
    }  # fmt: skip
    content = content_of(only, path, 30.0, None)
    with pytest.raises(InputError, match=r"--rake: 30 deg needs strike and dip; .* has dip$"):
        exports.FORMATS["beat"](content)
    files = exports.FORMATS["beat"](content_of(only, path, 90.0, None))
    assert [name for name in files if name.endswith(".npy")] == [
        "geodetic_uparr_static_0.traces.npy"
    ]


def test_one_epoch_of_many(path: Path, arrays: dict[str, Any]) -> None:
    years = np.array([0.0, 2.5, 10.0])
    over_time = arrays | {
        "epoch": years,
        **{name: arrays[name][..., None] * (1 + years) for name in ("displacement", "los")},
    }
    found = content_of(over_time, path, 90.0, 2.5 * YEAR)
    assert found.displacement == pytest.approx(3.5 * arrays["displacement"])
    with pytest.raises(InputError, match=r"choose one by --epoch, .*: 0, 2\.5, 10 yr$"):
        content_of(over_time, path, 90.0, None)
    with pytest.raises(InputError, match=r"--epoch: 3 yr is none of those of .*: 0, 2\.5, 10 yr$"):
        content_of(over_time, path, 90.0, 3.0 * YEAR)


def test_a_library_that_is_not_finished(path: Path, tmp_path: Path) -> None:
    from femcrust.greens import seal

    with seal.Sealed(path) as sealed:
        row = sealed._table
    raw = bytearray(path.read_bytes())
    raw[row] = 0
    (tmp_path / "part.nc").write_bytes(raw)
    with pytest.raises(InputError, match=r"part\.nc: 1 of its 1 batches are not there yet"):
        exports.export(tmp_path / "part.nc", "csv")
