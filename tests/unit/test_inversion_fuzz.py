"""Random tables, matrices and inversion.yaml: either they are read, or one InputError says why."""

from __future__ import annotations

import contextlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import netcdf_file

from femcrust.case.load import load_file
from femcrust.errors import InputError
from femcrust.inversion.covariance import with_covariance
from femcrust.inversion.schema import Covariance, Inversion
from femcrust.inversion.table import read_observations

TABLE = (
    "name,x_km,y_km,east_mm,north_mm,sigma_east_mm,sigma_north_mm\nA,1,2,3,4,1,1\nB,2,,5,6,1,2\n"
)
FILE = """\
library: greens.nc
data: {gnss: {offsets: gnss.csv, covariance: {sill: 4 mm^2, range: 12 km}}, t: {los: a.csv}}
slip: {rake: 90 deg, bounds: {along: [0 m, none]}}
smoothing: {model: matern, range: 40 km, weight: abic}
"""
PIECES = st.sampled_from(
    [
        *",\n\"'#;:{}[]-.0_9eE \t\0\r",
        "nan",
        "inf",
        "1e400",
        "none",
        "abic",
        "_mm",
        "_per_yr",
        "°",
        "m^2",
    ]
)


@st.composite
def spoilt(draw: st.DrawFn, text: str) -> str:
    """The text with a few pieces put in, left out or exchanged."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        gone = draw(st.integers(0, 3))
        text = text[:at] + draw(PIECES) + text[at + gone :]
    return text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@given(text=spoilt(TABLE))
def test_tables(text: str, folder: Path) -> None:
    path = folder / "table.csv"
    path.write_bytes(text.encode())
    with contextlib.suppress(InputError):
        measured = ("east", "north", "up", "sigma_east", "sigma_north", "sigma_up")
        table = read_observations(path, "", measured, ("corr_en",), False)
        assert len(table.lines) == len(table.listed.names)
        for values in table.columns.values():
            assert values.shape == (len(table.lines),)
            assert not np.isinf(values).any()


@given(text=spoilt(FILE))
def test_files(text: str, folder: Path) -> None:
    path = folder / "inversion.yaml"
    path.write_bytes(text.encode())
    with contextlib.suppress(InputError):
        assert load_file(Inversion, path).data


@pytest.mark.parametrize("kind", ["classic", "hdf5"])
@given(data=st.data())
def test_damaged_covariances(kind: str, folder: Path, data: st.DataObject) -> None:
    path = folder / f"{kind}.nc"
    whole = matrix_file(folder / f"whole-{kind}.nc", kind)
    raw = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 3)) if raw else 0):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(bytes(raw))
    section = Covariance(file=path.name, unit="mm^2")
    with contextlib.suppress(InputError):
        found = with_covariance(
            np.eye(3), section, folder, "data.a", np.zeros((3, 2)), "enu", False
        )
        assert found.shape == (3, 3)
        assert np.isfinite(found).all()


def matrix_file(path: Path, kind: str) -> bytes:
    """A netCDF file with one matrix."""
    if path.exists():
        return path.read_bytes()
    if kind == "hdf5":
        with h5py.File(path, "w") as file:
            file["c"] = np.eye(3)
            file["c"].attrs["units"] = "mm^2"
    else:
        with netcdf_file(path, "w") as file:
            file.createDimension("a", 3)
            file.createDimension("b", 3)
            file.createVariable("c", "f8", ("a", "b"))[:] = np.eye(3)
    return path.read_bytes()
