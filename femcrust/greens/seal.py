"""A file whose arrays are filled batch by batch, and digests that tell what of it is sound.

    [ HDF5 ] [ layout, JSON ] [ a row for each batch: 1 byte done, 32 bytes digest ] [ footer ]

HDF5 ends where its own header says, so that readers of netCDF never see the rest. After the file is
made, only the arrays and the rows of batches change, in place: the file is whole at every moment. A
batch is written as values, then digest, then its byte, each on the disk before the next. The digest
in the footer is of all that never changes, and is looked at before HDF5 reads anything.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from femcrust.errors import InputError
from femcrust.greens.kinds import LOADS, STATIONS
from femcrust.greens.plan import Batch
from femcrust.mesh.mesh import Floats
from femcrust.outputs.atomic import disk_errors

MAGIC = b"femcrust greens1"
FOOTER = struct.Struct("<QQQ32s16s")  # start and length of the layout, batches, digest, MAGIC
DIGEST = hashlib.sha256().digest_size
ROW = 1 + DIGEST
CHUNK = 1 << 24  # bytes read at a time
DONE = b"\1"


@dataclass(frozen=True)
class Region:
    """An array of doubles (columns, stations, …) inside the file; `family` that its columns are of.

    offset : bytes from the start
    kind : of the batches of stations that fill it
    """

    family: str
    offset: int
    shape: tuple[int, ...]
    kind: str = STATIONS

    @property
    def size(self) -> int:
        return 8 * int(np.prod(self.shape))


def seal(file: BinaryIO, regions: Mapping[str, Region], batches: Sequence[Batch]) -> None:
    """Append layout, empty rows and footer to a finished HDF5 file."""
    layout = {
        "arrays": {name: asdict(region) for name, region in regions.items()},
        "batches": [[batch.kind, batch.first, batch.last] for batch in batches],
    }
    text = json.dumps(layout, sort_keys=True).encode()
    start = file.seek(0, os.SEEK_END)
    file.write(text)
    digest = _digest_outside(file, regions, start + len(text))
    file.seek(0, os.SEEK_END)
    file.write(bytes(ROW * len(batches)))
    file.write(FOOTER.pack(start, len(text), len(batches), digest, MAGIC))


def on_disk(file: BinaryIO) -> None:
    """What was written before is on the disk before anything that is written after."""
    file.flush()
    os.fsync(file.fileno())


class Sealed:
    """A sealed file; InputError where it is damaged. To be closed, best by `with`."""

    def __init__(self, path: Path, *, writing: bool = False) -> None:
        self.path = path
        try:
            self._file: BinaryIO = open(path, "r+b" if writing else "rb")  # noqa: SIM115
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}); check the name") from None
        try:
            if writing:
                self._lock()
            self._read()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Sealed:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def finished(self, i: int) -> bool:
        """Whether batch i has been written."""
        return self._row(i)[:1] == DONE

    def sound(self, i: int) -> bool:
        """Whether the values of a finished batch are those that were written."""
        return self._digest(i) == self._row(i)[1:]

    def check(self) -> None:
        """InputError that names the first finished batch whose values have changed."""
        for i in range(len(self.batches)):
            if self.finished(i) and not self.sound(i):
                raise InputError(
                    f"{self.path}: {self.named(i)} is damaged; run `femcrust greens` again, which"
                    " computes it anew"
                )

    def named(self, i: int) -> str:
        """A batch for people: 'batch 3 of 8 (stations 10 to 14)'."""
        batch = self.batches[i]
        what = f"columns of the {batch.kind} sources"
        if batch.kind in LOADS:
            what = "stations" if batch.kind == STATIONS else f"{batch.kind} at stations"
        return f"batch {i + 1} of {len(self.batches)} ({what} {batch.first} to {batch.last - 1})"

    def write(self, i: int, values: Mapping[str, Floats]) -> None:
        """Keep the values of batch i, by array."""
        with disk_errors(self.path):
            for name, place, count in self._runs(i):
                block = np.ascontiguousarray(values[name], dtype="<f8").reshape(len(count), -1)
                for start, row in zip(place, block, strict=True):
                    self._file.seek(start)
                    self._file.write(row.tobytes())
            on_disk(self._file)
            digest = self._digest(i)
            self._file.seek(self._table + ROW * i + 1)
            self._file.write(digest)
            on_disk(self._file)
            self._file.seek(self._table + ROW * i)
            self._file.write(DONE)
            on_disk(self._file)

    def _lock(self) -> None:
        """One run at a time. This lock of POSIX is none of those that HDF5 takes."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"{self.path}: another run is writing it; wait for its end") from None

    def _read(self) -> None:
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(max(size - FOOTER.size, 0))
        tail = self._file.read()
        if len(tail) != FOOTER.size or not tail.endswith(MAGIC):
            raise InputError(
                f"{self.path}: is no library of `femcrust greens`, or its end is missing; make it"
                " anew under another name"
            )
        start, length, count, digest, _ = FOOTER.unpack(tail)
        self._table = start + length
        if self._table + ROW * count + FOOTER.size != size:
            raise self._damaged("its length is not what its end says")
        self._file.seek(start)
        try:
            layout = json.loads(self._file.read(length))
            self.regions = {
                name: Region(
                    r["family"], int(r["offset"]), tuple(r["shape"]), str(r.get("kind", STATIONS))
                )
                for name, r in layout["arrays"].items()
            }
            self.batches = [Batch(str(k), int(a), int(b)) for k, a, b in layout["batches"]]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._damaged("its layout cannot be read") from None
        if len(self.batches) != count or any(
            not 0 <= r.offset <= r.offset + r.size <= start for r in self.regions.values()
        ):
            raise self._damaged("its layout does not fit")
        if _digest_outside(self._file, self.regions, self._table) != digest:
            raise self._damaged("what describes its arrays has changed")

    def _damaged(self, why: str) -> InputError:
        return InputError(f"{self.path}: is damaged: {why}; remove it and run again")

    def _row(self, i: int) -> bytes:
        self._file.seek(self._table + ROW * i)
        return self._file.read(ROW)

    def _runs(self, i: int) -> Iterator[tuple[str, list[int], list[int]]]:
        """The arrays that hold a part of batch i: name, starts and lengths of its runs, bytes."""
        batch = self.batches[i]
        for name, region in sorted(self.regions.items()):
            n_columns, n_stations = region.shape[:2]
            each = 8 * int(np.prod(region.shape[2:], dtype=np.int64))  # bytes of a station
            if batch.kind in LOADS:
                if batch.kind != region.kind:
                    continue
                size = each * (batch.last - batch.first)
                begin = region.offset + each * batch.first
                rows = [begin + each * n_stations * c for c in range(n_columns)]
            elif batch.kind == region.family:
                size = each * n_stations
                rows = [region.offset + size * c for c in range(batch.first, batch.last)]
            else:
                continue
            if size:
                yield name, rows, [size] * len(rows)

    def _digest(self, i: int) -> bytes:
        digest = hashlib.sha256()
        for _, starts, sizes in self._runs(i):
            for start, size in zip(starts, sizes, strict=True):
                self._file.seek(start)
                digest.update(self._file.read(size))
        return digest.digest()


def _digest_outside(file: Any, regions: Mapping[str, Region], end: int) -> bytes:
    """Of all bytes before `end` that are not in a region."""
    digest = hashlib.sha256()
    at = 0
    spans = sorted((r.offset, r.offset + r.size) for r in regions.values() if r.size)
    for low, high in [*spans, (end, end)]:
        file.seek(at)
        left = low - at
        while left > 0:
            piece = file.read(min(left, CHUNK))
            if not piece:
                break
            digest.update(piece)
            left -= len(piece)
        at = high
    return digest.digest()
