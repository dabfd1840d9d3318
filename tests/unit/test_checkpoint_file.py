"""The file of a checkpoint and the two generations of it: what comes back, and what never does."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from femcrust.checkpoint import container
from femcrust.checkpoint.container import Damaged, Stored, read, write
from femcrust.checkpoint.generations import NAMES, Generations
from femcrust.errors import DiskError, InputError
from femcrust.outputs import atomic


def put(path: Path, tree: Any) -> Path:
    with path.open("wb") as file:
        write(file, tree)
    return path


def test_a_tree_comes_back_as_it_was(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    wide = random.normal(size=(7, 5, 3))
    tree = {
        "numbers": [0.1 + 0.2, 5e-324, -0.0, math.inf, 2**50, True, None, np.float64(1 / 3)],
        "text": "μ 岩",
        "arrays": [wide, wide[:, 1:4], wide.astype(np.float32).T, np.arange(5), np.zeros((0, 3))],
        "nan": np.array([np.nan, -0.0]),
        "late": lambda: wide + 1,
        "pairs": [(1.5, wide), (2.5, wide)],
    }
    back = read(Stored(put(tmp_path / "a", tree)).tree)
    assert back["numbers"] == tree["numbers"]
    assert math.copysign(1, back["numbers"][2]) == -1
    assert back["text"] == tree["text"]
    for mine, other in zip(back["arrays"], tree["arrays"], strict=True):
        assert mine.dtype == other.dtype
        np.testing.assert_array_equal(mine, other)
    assert np.signbit(back["nan"][1])
    np.testing.assert_array_equal(back["late"], wide + 1)
    assert back["pairs"][0][1] is back["arrays"][0] is back["pairs"][1][1]


def test_large_arrays_go_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "BLOCK", 64)
    for shape in ((100,), (3, 50), (50, 3), (1, 1, 70)):
        x = np.random.default_rng(0).normal(size=(*shape[:-1], 2 * shape[-1]))
        tree = {"whole": x, "part": x[..., ::2]}
        stored = Stored(put(tmp_path / "a", tree))
        stored.check()
        for name, back in read(stored.tree).items():
            np.testing.assert_array_equal(back, tree[name])


def test_one_array_is_written_once(tmp_path: Path) -> None:
    x = np.zeros(1000)
    once, thrice = (put(tmp_path / n, {"x": [x] * int(n)}).stat().st_size for n in "13")
    assert thrice - once < 100


@pytest.mark.parametrize("what", [object(), np.array(["a"]), np.array([1j]), b"a"])
def test_what_is_no_plain_value_is_refused(what: Any) -> None:
    with pytest.raises(TypeError, match="a checkpoint keeps no"):
        write(io.BytesIO(), {"a": what})


def test_a_flipped_bit_of_any_byte_and_every_cut_is_noticed(tmp_path: Path) -> None:
    path = put(tmp_path / "a", {"x": np.arange(3.0), "y": [1, "z"], "empty": np.zeros(0)})
    sound = path.read_bytes()
    for k in range(len(sound)):
        raw = bytearray(sound)
        raw[k] ^= 1 << k % 8
        path.write_bytes(raw)
        with pytest.raises(Damaged):
            Stored(path).check()
    for k in range(len(sound)):
        for raw in (sound[:k], sound[k + 1 :], sound + sound[: k + 1]):
            path.write_bytes(raw)
            with pytest.raises(Damaged):
                Stored(path).check()
    path.write_bytes(sound)
    Stored(path).check()


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    stored = Stored(put(tmp_path / "a", {"x": np.zeros(3)}))
    stored.check()
    put(tmp_path / "a", {"x": np.ones(3)})
    with pytest.raises(Damaged, match="changed"):
        read(stored.tree)


def numbers(folder: Path) -> list[int]:
    """What the files hold, in the order of their names."""
    return [Stored(folder / name).tree["x"] for name in NAMES if (folder / name).exists()]


def test_the_new_takes_the_place_of_the_older(tmp_path: Path) -> None:
    kept = Generations(tmp_path / "new")
    assert kept.newest(print) is None
    for x in range(5):
        kept.save(lambda x=x: {"x": x})
    assert numbers(tmp_path / "new") == [4, 3]
    other = Generations(tmp_path / "new")
    newest = other.newest(print)
    assert newest is not None
    assert newest.tree["x"] == 4
    other.save(lambda: {"x": 5})
    assert numbers(tmp_path / "new") == [4, 5]
    other.forget()
    assert not list((tmp_path / "new").iterdir())


def test_a_damaged_one_is_told_and_replaced_first(tmp_path: Path) -> None:
    kept = Generations(tmp_path)
    for x in range(2):
        kept.save(lambda x=x: {"x": x})
    (tmp_path / NAMES[1]).write_bytes(b"")
    told: list[str] = []
    other = Generations(tmp_path)
    newest = other.newest(told.append)
    assert newest is not None
    assert newest.tree["x"] == 0
    (line,) = told
    assert line == (
        f"{tmp_path / NAMES[1]}: cannot be used (it is empty): taking the other one, {NAMES[0]}"
    )
    other.save(lambda: {"x": 7})
    assert numbers(tmp_path) == [0, 7]


def test_two_damaged_ones_are_an_error_with_a_remedy(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).write_bytes(b"\x89HDF" * 100)
    with pytest.raises(InputError, match=r"no checkpoint of this .* run the case without --resume"):
        Generations(tmp_path).newest(print)


def test_what_cannot_be_read_is_damaged(tmp_path: Path) -> None:
    (tmp_path / NAMES[0]).mkdir()
    with pytest.raises(InputError, match=r"Is a directory.*no checkpoint is left"):
        Generations(tmp_path).newest(print)


@pytest.mark.parametrize("when", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_those_before(
    when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Generations(tmp_path)
    for x in range(2):
        kept.save(lambda x=x: {"x": x})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if when == "write":
        monkeypatch.setattr("femcrust.checkpoint.generations.write", full)
    else:
        monkeypatch.setattr(atomic.os, when, full)
    with pytest.raises(DiskError, match="the disk is full; free some space"):
        kept.save(lambda: {"x": 2})
    assert numbers(tmp_path) == [0, 1]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)
    monkeypatch.undo()
    (tmp_path / f".{NAMES[0]}-killed__").write_bytes(b"left by a process that was killed")
    kept.save(lambda: {"x": 2})
    assert numbers(tmp_path) == [2, 1]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)
