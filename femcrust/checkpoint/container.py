"""The file of a checkpoint: a tree of plain values and arrays, every byte of it under a digest.

    "femcrust checkpoint 1\\n"
    arrays, one after the other, little-endian, last index fastest
    index, JSON: {"tree": …, "arrays": [[type, shape, SHA-256], …]}; {"$": k} stands for array k
    start of the index (8 bytes), its length (8 bytes), SHA-256 of both and of the index

Arrays go to the disk from where they lie; one that occurs twice is written once. Nothing in the
file is code, and nothing is believed before its digest agrees.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

MAGIC = b"femcrust checkpoint 1\n"  # another number where what is kept changes
TYPES = {"<f8", "<f4", "<i8", "<i4"}
ARRAY = "$"  # no key of a tree
MOST_AXES = 8
BLOCK = 1 << 24  # bytes that are read and written at once
PLACE = struct.Struct("<QQ")
TAIL = PLACE.size + hashlib.sha256().digest_size


class Damaged(Exception):
    """What the file holds is not what was written, and why that is known."""


def write(file: BinaryIO, tree: Any) -> None:
    """Write a tree of dictionaries with texts as keys, lists, texts, numbers, None, arrays, and
    functions that make an array, which is dropped once it is written."""
    writer = _Writer(file)
    encoded = writer.encoded(tree)
    index = json.dumps({"tree": encoded, "arrays": writer.arrays}).encode()
    place = PLACE.pack(writer.at, len(index))
    file.write(index)
    file.write(place + hashlib.sha256(place + index).digest())


class _Writer:
    def __init__(self, file: BinaryIO) -> None:
        self.file, self.arrays = file, list[tuple[str, tuple[int, ...], str]]()
        self._numbers: dict[int, tuple[int, Any]] = {}  # by identity; it holds on to what it names
        file.write(MAGIC)
        self.at = len(MAGIC)

    def encoded(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            number, _ = self._numbers.get(id(value), (-1, None))
            if number < 0:
                number = self._put(value)
                self._numbers[id(value)] = number, value
            return {ARRAY: number}
        if callable(value):
            return {ARRAY: self._put(value())}
        if isinstance(value, dict):
            return {str(key): self.encoded(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.encoded(item) for item in value]
        if isinstance(value, np.generic):
            return value.item()
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        raise TypeError(f"a checkpoint keeps no {type(value).__name__}")

    def _put(self, array: np.ndarray) -> int:
        kind = array.dtype.newbyteorder("<").str
        if kind not in TYPES:
            raise TypeError(f"a checkpoint keeps no array of {array.dtype}")
        digest = hashlib.sha256()
        for block in _blocks(array):
            raw = block.astype(kind, copy=False).data.cast("B")
            self.file.write(raw)
            digest.update(raw)
        self.at += array.nbytes
        self.arrays.append((kind, array.shape, digest.hexdigest()))
        return len(self.arrays) - 1


def _blocks(array: np.ndarray) -> Iterator[np.ndarray]:
    """Parts of an array in the order of its memory, contiguous, of a few megabytes; copies where
    it is not contiguous."""
    if not array.size:
        return
    if array.flags.c_contiguous:
        flat = array.reshape(-1)
        step = BLOCK // array.itemsize
        yield from (flat[i : i + step] for i in range(0, len(flat), step))
    else:
        step = max(1, BLOCK * len(array) // array.nbytes)
        for i in range(0, len(array), step):
            yield np.ascontiguousarray(array[i : i + step]).reshape(-1)


class Stored:
    """A file that was written so. `tree` has functions where arrays were, which read them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        index, self._arrays, self._starts = _index(path)
        self._read: weakref.WeakValueDictionary[int, np.ndarray] = weakref.WeakValueDictionary()
        self.tree = self._decoded(index)
        if not isinstance(self.tree, dict):
            raise Damaged("its tree is none")

    def check(self) -> None:
        """Damaged where an array is not what was written."""
        with self.path.open("rb") as file:
            for start, (kind, shape, wanted) in zip(self._starts, self._arrays, strict=True):
                file.seek(start)
                left, digest = _bytes(kind, shape), hashlib.sha256()
                while left:
                    raw = file.read(min(left, BLOCK))
                    if not raw:
                        raise Damaged("it ends early")
                    digest.update(raw)
                    left -= len(raw)
                if digest.hexdigest() != wanted:
                    raise Damaged(f"the digest of the array at byte {start} does not agree")

    def _array(self, number: int) -> np.ndarray:
        """What is one array in the run is one again, as long as somebody holds it."""
        array = self._read.get(number)
        if array is None:
            kind, shape, wanted = self._arrays[number]
            array = np.empty(shape, kind)
            with self.path.open("rb") as file:
                file.seek(self._starts[number])
                if array.size:
                    file.readinto(array.reshape(-1).data.cast("B"))
            digest = hashlib.sha256()
            for block in _blocks(array):
                digest.update(block.data.cast("B"))
            if digest.hexdigest() != wanted:
                raise Damaged(f"array {number} changed while it was read")
            self._read[number] = array
        return array

    def _decoded(self, value: Any) -> Any:
        if isinstance(value, dict):
            if value.keys() == {ARRAY}:
                number = value[ARRAY]
                if type(number) is not int or not 0 <= number < len(self._arrays):
                    raise Damaged("its tree names an array that is not there")
                return lambda: self._array(number)
            return {key: self._decoded(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._decoded(item) for item in value]
        return value


def read(value: Any) -> Any:
    """A part of `Stored.tree` with its arrays."""
    if isinstance(value, dict):
        return {key: read(item) for key, item in value.items()}
    if isinstance(value, list):
        return [read(item) for item in value]
    return value() if callable(value) else value


Arrays = list[tuple[str, list[int], str]]


def _index(path: Path) -> tuple[Any, Arrays, list[int]]:
    """The tree as it was encoded, its arrays and where each starts."""
    size = path.stat().st_size
    if size < len(MAGIC) + TAIL:
        raise Damaged("it is empty" if size == 0 else "it ends early")
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise Damaged("it is no checkpoint of this version of femcrust")
        file.seek(size - TAIL)
        tail = file.read(TAIL)
        start, length = PLACE.unpack(tail[: PLACE.size])
        if start < len(MAGIC) or start + length + TAIL != size:
            raise Damaged("it ends early")
        file.seek(start)
        index = file.read(length)
    if hashlib.sha256(tail[: PLACE.size] + index).digest() != tail[PLACE.size :]:
        raise Damaged("the digest of its index does not agree")
    try:
        content = json.loads(index)
        tree, arrays = content["tree"], content["arrays"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Damaged("its index cannot be read") from None
    if not isinstance(arrays, list) or not all(map(_is_array, arrays)):
        raise Damaged("its index lists what is no array of numbers")
    starts = [len(MAGIC)]
    for kind, shape, _ in arrays:
        starts.append(starts[-1] + _bytes(kind, shape))
    if starts.pop() != start:
        raise Damaged("its arrays do not fill it")
    return tree, arrays, starts


def _is_array(entry: Any) -> bool:
    """Whether an entry of the index has a type of ours, a shape and a digest. An array of any other
    type, of objects say, would take bytes of the file for addresses."""
    if not (isinstance(entry, list) and len(entry) == 3):
        return False
    kind, shape, digest = entry
    if not (isinstance(kind, str) and kind in TYPES and isinstance(digest, str)):
        return False
    return (
        isinstance(shape, list)
        and len(shape) <= MOST_AXES
        and all(type(n) is int and 0 <= n < 1 << 48 for n in shape)
    )


def _bytes(kind: str, shape: list[int]) -> int:
    return math.prod(shape) * np.dtype(kind).itemsize


Tree = dict[str, Any]
Make = Callable[[], Tree]
