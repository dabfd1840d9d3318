"""Damaged tables, clouds, grids and archives are read or refused in one line that names the file.

The other readers have the like beside them: meshes, stations, cases, slip tables.
"""

from __future__ import annotations

import faulthandler
import io
import random
import tempfile
from pathlib import Path
from types import SimpleNamespace

import h5py
import netCDF4
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import netcdf_file

from femcrust.errors import InputError
from femcrust.materials.values import DataFiles, evaluated
from femcrust.outputs.archive import read_archive

POINTS = np.array([[0.0, 0.0, -1e3], [2e3, 1e3, -4e3], [-1e3, 2e3, -9e3]])
TABLE = b"# a profile\ndepth (km),mu (Pa),rho (kg/m^3)\n0,3e10,2600\n5,3.2e10,2700\n20,4e10,2900\n"
CLOUD = b"x,y,z,mu (Pa)\n0,0,0,3e10\n1000,0,-1000,3e10\n0,1000,-5000,4e10\n900,900,-9000,5e10\n"
AXES = {"x": [-4e3, 0.0, 4e3], "y": [-4e3, 4e3], "z": [-1e4, -5e3, 0.0]}


class Kept(io.BytesIO):
    """netcdf_file closes what it writes to."""

    content = b""

    def close(self) -> None:
        self.content = self.content or self.getvalue()
        super().close()


def classic() -> bytes:
    buffer = Kept()
    with netcdf_file(buffer, "w") as file:
        for name, axis in AXES.items():
            file.createDimension(name, len(axis))
            file.createVariable(name, "f8", (name,))[:] = axis
        variable = file.createVariable("mu", "f4", tuple("zyx"))
        variable[:] = 3e10
        variable.units = "Pa"
    return buffer.content


def hdf5() -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, axis in AXES.items():
            file[name] = np.array(axis)
            file[name].make_scale(name)
        file["mu"] = np.full((3, 2, 3), 3e10)
        for place, name in enumerate("zyx"):
            file["mu"].dims[place].attach_scale(file[name])
        file["mu"].attrs["units"] = "Pa"
    return buffer.getvalue()


def compressed() -> bytes:
    """As the netCDF library writes it: in chunks, shuffled and deflated, with packed numbers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "d.nc"
        with netCDF4.Dataset(path, "w") as file:
            for name, axis in AXES.items():
                file.createDimension(name, len(axis))
                file.createVariable(name, "f4", (name,))[:] = axis
            mu = file.createVariable("mu", "i2", tuple("zyx"), zlib=True, chunksizes=(2, 2, 2))
            mu.setncatts({"units": "Pa", "scale_factor": 2e6, "add_offset": 1e10})
            mu[:] = 3e10
        return path.read_bytes()


def archive() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, nodes=np.zeros((4, 3)), joined=np.arange(4), case="{}", summary="{}")
    return buffer.getvalue()


GOOD = {
    "t.csv": TABLE,
    "c.csv": CLOUD,
    "a.nc": classic(),
    "b.nc": hdf5(),
    "d.nc": compressed(),
    "r.npz": archive(),
}
PIECES = (b"", b"nan", b"-1", b"1e999", b",", b"\n", b"\0", b"\xff\xff\xff\xff", b"\x80")
# bytes that say something; the others, most of an HDF5 file, are padding
TELLING = {name: [i for i, byte in enumerate(good) if byte] for name, good in GOOD.items()}
LONGEST = 60  # s; an example takes milliseconds


def damaged(name: str, seed: int) -> bytes:
    """The file with a few pieces cut out, put in or exchanged, or its end missing."""
    chance = random.Random(seed)
    raw = bytearray(GOOD[name])
    for _ in range(chance.randint(1, 4)):
        at = chance.choice(TELLING[name]) if chance.random() < 0.5 else chance.randint(0, len(raw))
        piece = chance.choice((*PIECES, chance.randbytes(1)))
        cut = chance.choice((0, 1, 2, 4, 8))
        if chance.random() < 0.5:  # what follows keeps its place
            piece = (piece * 8)[:cut]
        raw[at : at + cut] = piece
    return bytes(raw[: chance.randint(0, len(raw))] if chance.random() < 0.1 else raw)


def read(name: str, folder) -> None:
    if name.endswith(".npz"):
        read_archive(folder / name)
        return
    reference = SimpleNamespace(
        file=name, variable="mu", column=None, unit="Pa", interpolation=None
    )
    found = evaluated(reference, "mu", POINTS, DataFiles(folder), "materials.rock.mu")
    assert found.shape == (len(POINTS),)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", [name for name in GOOD if not name.endswith(".npz")])
def test_the_files_to_be_damaged_are_good(name, tmp_path) -> None:
    (tmp_path / name).write_bytes(GOOD[name])
    read(name, tmp_path)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.filterwarnings("ignore")  # of numpy, about numbers that overflow on the way
@given(seed=st.integers(0, 2**32))
def test_damaged_files_are_read_or_refused_in_one_line(name, seed, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    (folder / name).write_bytes(damaged(name, seed))
    faulthandler.dump_traceback_later(LONGEST, exit=True)  # a loop of HDF5 listens to no signal
    try:
        read(name, folder)
    except InputError as error:
        message = str(error)
        assert "\n" not in message
        assert name in message or message.startswith("materials.rock.mu: ")
    finally:
        faulthandler.cancel_dump_traceback_later()
