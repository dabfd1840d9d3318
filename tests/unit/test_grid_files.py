"""Damage that makes HDF5 run for ever, take all memory or abort is refused before HDF5 sees it."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from femcrust.errors import InputError
from femcrust.grid_files import contents_of

# In a process of its own: where the check is missing it would take the tests along.
READ = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
from femcrust.grid_files import contents_of
print(contents_of(Path(sys.argv[1]))["mu"][1])
"""


def grid(path: Path) -> bytes:
    """mu(y, x), its unit a text of free length, which HDF5 keeps in a global heap."""
    with h5py.File(path, "w") as file:
        file["mu"] = np.full((2, 3), 3e10)
        file["mu"].attrs["units"] = "Pascal"
        for place, name in enumerate("yx"):
            file[name] = np.arange(2.0 + place)
            file[name].make_scale(name)
            file["mu"].dims[place].attach_scale(file[name])
    return path.read_bytes()


def answer(path: Path) -> tuple[str, str]:
    """What another process prints that reads the file."""
    command = [sys.executable, "-c", READ, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.stdout.strip(), done.stderr.strip().splitlines()[-1] if done.stderr else ""


@pytest.mark.parametrize(
    ("index", "size"), [(0, 0), (3, 2**64 - 16), (3, 2**64 - 20)], ids=["free", "used", "rounded"]
)
def test_object_of_a_heap_that_takes_no_room_is_refused(
    tmp_path: Path, index: int, size: int
) -> None:
    path = tmp_path / "g.nc"
    raw = bytearray(grid(path))
    heap = raw.index(b"GCOL")
    raw[heap + 16 : heap + 18] = struct.pack("<H", index)
    raw[heap + 24 : heap + 32] = struct.pack("<Q", size)
    path.write_bytes(raw)
    said, error = answer(path)
    assert said == ""
    assert f"{path}: is no netCDF grid (the heap at byte {heap} is damaged)" in error


def test_text_longer_than_the_file_is_refused(tmp_path: Path) -> None:
    """HDF5 would clear 4 GiB before it finds out."""
    path = tmp_path / "g.nc"
    raw = bytearray(grid(path))
    name = raw.index(b"units\0")
    length = raw.index(struct.pack("<I", len("Pascal")), name)
    raw[length + 3] = 0xFF
    path.write_bytes(raw)
    _, error = answer(path)
    assert f"(the attribute 'units' at byte {name} is damaged)" in error


def test_type_that_hdf5_does_not_survive_is_refused(tmp_path: Path) -> None:
    """A list of free length of no known kind: neither of numbers (0) nor a text (1)."""
    path = tmp_path / "g.nc"
    raw = bytearray(grid(path))
    kind = raw.index(b"\x19", raw.index(b"units\0"))
    raw[kind + 1] = 0x2D
    path.write_bytes(raw)
    _, error = answer(path)
    assert "(attribute 'units' of /mu is neither text nor number)" in error


def test_length_of_a_list_of_scales_is_never_believed(tmp_path: Path) -> None:
    """The scales themselves say where they belong; the list would take 32 GiB."""
    path = tmp_path / "g.nc"
    raw = bytearray(grid(path))
    heap = struct.pack("<Q", raw.index(b"GCOL"))
    entries = raw.index(b"DIMENSION_LIST")
    first = raw.index(struct.pack("<I", 1) + heap, entries)
    raw[first : first + 4] = b"\xff" * 4
    path.write_bytes(raw)
    assert answer(path) == ("('y', 'x')", "")


def test_more_numbers_than_a_file_can_hold_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "g.nc"
    with h5py.File(path, "w") as file:
        file.create_dataset("mu", (1 << 12, 1 << 12, 1 << 12), "f8", chunks=(8, 8, 8))
    with pytest.raises(InputError, match="/mu has 68719476736 numbers, more than the file holds"):
        contents_of(path)


def test_compressed_constant_is_no_damage(tmp_path: Path) -> None:
    """Nothing deflates better: 16 MB in 20 kB."""
    path = tmp_path / "g.nc"
    with h5py.File(path, "w") as file:
        file.create_dataset("mu", data=np.zeros(1 << 21), compression=9, chunks=(1 << 21,))
    assert path.stat().st_size < 30_000
    assert contents_of(path)["mu"][0].shape == (1 << 21,)


def test_scale_of_a_text_variable_or_of_one_that_is_gone_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "g.nc"
    grid(path)
    with h5py.File(path, "a") as file:
        for name in ("label", "gone"):
            file[name] = np.array([b"a", b"b"])
            file[name].dims[0].attach_scale(file["y"])
        del file["gone"]
    found = contents_of(path)
    assert sorted(found) == ["mu", "x", "y"]
    assert found["mu"][1:] == (("y", "x"), "Pascal")


def test_two_scales_of_one_axis_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "g.nc"
    grid(path)
    with h5py.File(path, "a") as file:
        file["northing"] = np.arange(2.0)
        file["mu"].dims[0].attach_scale(file["northing"])
    with pytest.raises(InputError, match="'northing' and 'y' are scales of one axis"):
        contents_of(path)
