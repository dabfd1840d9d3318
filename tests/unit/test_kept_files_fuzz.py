"""Damaged and forged checkpoints and libraries are refused, or hold what was written: nothing else.

A forged checkpoint has digests that agree: whoever can write one may change numbers, but no more.
"""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from femcrust.checkpoint.container import MAGIC, PLACE, TAIL, Damaged, Stored, read, write
from femcrust.checkpoint.generations import NAMES, Generations
from femcrust.errors import InputError
from femcrust.greens import seal
from femcrust.greens.library import read_arrays
from femcrust.greens.plan import Batch

TREE = {
    "number": 3,
    "text": "μ",
    "u": np.arange(60.0).reshape(20, 3),
    "more": [np.arange(5, dtype=np.int32), {"empty": np.zeros((0, 3)), "x": [1.5, None, True]}],
}
SHAPES = (
    "[]",
    "[0]",
    "[-1]",
    "[999999999999]",
    "[1e3]",
    '["3"]',
    "[1,2,3,4,5,6,7,8]",
    "{}",
    "null",
)
KINDS = ("|O", "<f8", "<M8[s]", "V8", "S1000000000", "x", "", "<f8,<i4", "<i4")
TREES = ('{"$": 7}', '{"$": -1}', '{"$": "0"}', '{"$": [0]}', '{"$": null}', "[]", "1e999", "{}")


def damaged(raw: bytes, chance: random.Random) -> bytes:
    """A few bits flipped, pieces cut out, put in or moved, or the end missing."""
    spoilt = bytearray(raw)
    for _ in range(chance.randint(1, 3)):
        at, how = chance.randrange(len(spoilt) + 1), chance.randrange(4)
        if how == 0 and at < len(spoilt):
            spoilt[at] ^= 1 << chance.randrange(8)
        elif how == 1:
            del spoilt[at : at + chance.choice((1, 8, 100))]
        elif how == 2:
            spoilt[at:at] = chance.randbytes(chance.choice((1, 8)))
        else:
            other = chance.randrange(len(raw))
            spoilt[at : at + 32] = raw[other : other + 32]
        if not spoilt:
            break
    return bytes(spoilt[: chance.randint(0, len(spoilt))] if chance.random() < 0.1 else spoilt)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(np.array_equal(a, b)) and np.asarray(a).dtype == np.asarray(b).dtype


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / NAMES[0]
    with path.open("wb") as file:
        write(file, TREE)
    assert same(read(Stored(path).tree), TREE)
    return path


def told(error: Exception | None, words: str) -> None:
    """What was refused is told in one line that has these words."""
    if error is not None:
        assert words in str(error)
        assert "\n" not in str(error)


@given(seed=st.integers(0, 2**32))
def test_damaged_checkpoints_are_refused_or_whole(checkpoint: Path, seed: int) -> None:
    raw = checkpoint.read_bytes()
    try:
        checkpoint.write_bytes(damaged(raw, random.Random(seed)))
        try:
            stored = Generations(checkpoint.parent).newest(lambda _: None)
            assert stored is not None
            assert same(read(stored.tree), TREE)
        except InputError as error:
            told(error, "cannot be used (")
    finally:
        checkpoint.write_bytes(raw)


def forged(raw: bytes, chance: random.Random) -> bytes:
    """Another index, with a digest that agrees."""
    start, length = PLACE.unpack(raw[-TAIL:][: PLACE.size])
    content = json.loads(raw[start : start + length])
    array = chance.choice(content["arrays"])
    for _ in range(chance.randint(1, 2)):
        kind = chance.randrange(5)
        if kind == 0:
            array[0] = chance.choice(KINDS)
        elif kind == 1:
            array[1] = json.loads(chance.choice(SHAPES))
        elif kind == 2:
            content[chance.choice(("tree", "arrays"))] = json.loads(chance.choice(TREES))
        elif kind == 3 and isinstance(content["tree"], dict):
            content["tree"][chance.choice(list(TREE))] = json.loads(chance.choice(TREES))
        else:
            array[2] = chance.choice((None, "", 7, array[2]))
        if not isinstance(content["arrays"], list):
            break
    index = json.dumps(content).encode()
    if chance.random() < 0.2:
        at = chance.randrange(len(index))
        index = index[:at] + chance.randbytes(1) + index[at + 1 :]
    place = PLACE.pack(start, len(index))
    return raw[:start] + index + place + hashlib.sha256(place + index).digest()


@given(seed=st.integers(0, 2**32))
def test_forged_checkpoints_hold_plain_values(checkpoint: Path, seed: int) -> None:
    raw = checkpoint.read_bytes()
    try:
        checkpoint.write_bytes(forged(raw, random.Random(seed)))
        try:
            stored = Generations(checkpoint.parent).newest(lambda _: None)
            assert stored is not None
            assert plain(read(stored.tree))
        except (InputError, Damaged) as error:
            told(error, "")
    finally:
        checkpoint.write_bytes(raw)


def plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(plain, value.values()))
    if isinstance(value, list):
        return all(map(plain, value))
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fi"
    return value is None or isinstance(value, (bool, int, float, str))


def test_an_array_of_objects_is_refused(checkpoint: Path) -> None:
    """NumPy keeps objects as pickles, which run code when they are read."""
    raw = checkpoint.read_bytes()
    start, length = PLACE.unpack(raw[-TAIL:][: PLACE.size])
    index = raw[start : start + length].replace(b'"<f8"', b'"|O8"')
    assert index != raw[start : start + length]
    place = PLACE.pack(start, len(index))
    forged = checkpoint.with_name("forged")
    forged.write_bytes(raw[:start] + index + place + hashlib.sha256(place + index).digest())
    with pytest.raises(Damaged):
        read(Stored(forged).tree)
    assert raw.startswith(MAGIC)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    path = tmp_path_factory.mktemp("library") / "greens.nc"
    values = np.random.default_rng(553_179).normal(size=(4, 2, 3, 3))
    with h5py.File(path, "w") as file:
        file["displacement"] = np.zeros(values.shape)
        file["name"] = ["A", "B", "C"]
        file.attrs["title"], file.attrs["crs"] = "small", ""
        file.flush()
        offset = file["displacement"].id.get_offset()
    region = seal.Region("patch", offset, (8, 3, 3))
    with path.open("r+b") as whole:
        seal.seal(whole, {"displacement": region}, [Batch("patch", 0, 5), Batch("patch", 5, 8)])
    with seal.Sealed(path, writing=True) as sealed:
        for i, columns in enumerate((slice(0, 5), slice(5, 8))):
            sealed.write(i, {"displacement": values.reshape(8, 3, 3)[columns]})
    found = read_arrays(path)
    assert np.array_equal(found["displacement"], values)
    return path, found


@given(seed=st.integers(0, 2**32))
def test_damaged_libraries_are_refused_or_whole(
    library: tuple[Path, dict[str, Any]], seed: int
) -> None:
    """A batch whose mark of being done is lost is not there, and its values do not count."""
    path, wanted = library
    raw = path.read_bytes()
    try:
        path.write_bytes(damaged(raw, random.Random(seed)))
        try:
            with seal.Sealed(path) as sealed:
                done = all(sealed.finished(i) for i in range(len(sealed.batches)))
            found = read_arrays(path)
            assert not done or all(np.array_equal(found[name], wanted[name]) for name in wanted)
        except InputError as error:
            told(error, str(path))
    finally:
        path.write_bytes(raw)
